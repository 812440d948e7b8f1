//! How long a token still lives, by two clocks: what one says alone neither kills it nor brings it back.
//!
//! The wall clock can be set, forwards and backwards. The time since the machine was started can't, and counts
//! while it sleeps, but starts anew with each boot. So a token is given out only where both say that it lives,
//! and counts as dead only where both say that it is dead, with a minute of tolerance. Where they disagree, it
//! is replaced before it is used, and revoked rather than forgotten. What has ended stays so for good.

use crate::clock::Clock;
use crate::store::TokenRow;
use api::Millis;
use std::sync::Arc;
use std::time::Duration;

/// How far the issuer's clock may be from ours.
const TOLERANCE: Millis = 60_000;
/// How long before its end a token is replaced, at most.
const MARGIN: Millis = 300_000;
/// A difference that no clock has by itself: what ended so long ago is dead by one clock alone.
const DAY: Millis = 86_400_000;

/// The machine's two clocks.
#[derive(Clone)]
pub struct Clocks {
    clock: Clock,
    boot: Arc<str>,
}

/// One moment, by both clocks.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Milliseconds since 1970-01-01 UTC.
    pub wall: Millis,
    /// Milliseconds since the machine was started, its sleep included.
    pub up: Millis,
    /// Which start of the machine that was.
    pub boot: Arc<str>,
}

/// How a token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It lives; how long until it should be replaced, where it ends at all.
    Good(Option<Millis>),
    /// It ends soon, or the clocks disagree. Whether it can still be used.
    Due {
        /// Both clocks say that it lives.
        usable: bool,
    },
    /// It is over. Whether that is sure, or one clock says so alone.
    Over {
        /// It is.
        sure: bool,
    },
}

impl Clocks {
    /// The clocks of this machine.
    pub fn of_the_machine(clock: Clock) -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self { clock, boot: boot.trim().into() }
    }

    /// Now.
    pub fn now(&self) -> Moment {
        Moment { wall: self.clock.now(), up: self.clock.since_boot(), boot: self.boot.clone() }
    }
}

/// When a token ends by our own clock. `fixed` is the life of every token of its issuer: then it is known
/// however far the issuer's clock is from ours, up to a day.
pub fn ends_at(expires_at: Option<Millis>, fixed: Option<Duration>, now: Millis) -> Option<Millis> {
    let by_life = fixed.map(|life| now.saturating_add(millis(life)));
    match (expires_at, by_life) {
        (Some(told), Some(known)) if (told - known).abs() > DAY => Some(told),
        (told, known) => known.or(told),
    }
}

/// A duration in milliseconds.
pub fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// How a token stands at this moment.
pub fn life(row: &TokenRow, now: &Moment) -> Life {
    let Some(expires_at) = row.expires_at else { return Life::Good(None) };
    let issued_at = row.issued_at.unwrap_or(row.requested_at);
    let whole = expires_at - issued_at;
    let by_wall = expires_at - now.wall;
    let same_boot = row.issued_boot.as_deref().is_some_and(|boot| !boot.is_empty() && boot == &*now.boot);
    let by_up = row.issued_up.filter(|_| same_boot).map(|then| whole - (now.up - then));
    // A clock that stands before the token's birth was set back, and says nothing.
    let set_back = now.wall < issued_at - TOLERANCE;
    let (least, most) = (by_up.unwrap_or(by_wall).min(by_wall), by_up.unwrap_or(by_wall).max(by_wall));
    let margin = MARGIN.min(whole / 5);
    if most < -TOLERANCE && !set_back {
        return Life::Over { sure: by_up.is_some() || by_wall < -DAY };
    }
    match least > margin && !set_back {
        true => Life::Good(Some(least - margin)),
        false => Life::Due { usable: least > 0 && !set_back },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Millis = 3_600_000;
    const BORN: Millis = 1_800_000_000_000;

    /// A token of one hour, issued when the machine had run for ten seconds.
    fn token() -> TokenRow {
        TokenRow {
            issued_at: Some(BORN),
            issued_boot: Some("b1".into()),
            issued_up: Some(10_000),
            expires_at: Some(BORN + HOUR),
            ..crate::tokens::tests::row("t1")
        }
    }

    fn at(wall: Millis, up: Millis, boot: &str) -> Life {
        life(&token(), &Moment { wall: BORN + wall, up: 10_000 + up, boot: boot.into() })
    }

    #[test]
    fn a_token_ages_while_both_clocks_run() {
        assert_eq!(at(0, 0, "b1"), Life::Good(Some(HOUR - MARGIN)));
        assert_eq!(at(HOUR - MARGIN, HOUR - MARGIN, "b1"), Life::Due { usable: true });
        assert_eq!(at(HOUR, HOUR, "b1"), Life::Due { usable: false });
        assert_eq!(at(HOUR + 60_001, HOUR + 60_001, "b1"), Life::Over { sure: true });
    }

    #[test]
    fn a_clock_that_jumps_forwards_kills_nothing() {
        // Neither given out as it is, nor written off: it is replaced, and the old one revoked.
        assert_eq!(at(HOUR * 30, 0, "b1"), Life::Due { usable: false });
    }

    #[test]
    fn a_clock_that_jumps_backwards_revives_nothing() {
        assert_eq!(at(-HOUR, HOUR * 2, "b1"), Life::Due { usable: false });
        assert_eq!(at(0, HOUR * 2, "b1"), Life::Due { usable: false });
        assert_eq!(at(-HOUR * 1000, 0, "b2"), Life::Due { usable: false });
    }

    #[test]
    fn after_a_new_start_of_the_machine_one_clock_alone_is_not_sure_at_once() {
        assert_eq!(at(0, 0, "b2"), Life::Good(Some(HOUR - MARGIN)));
        assert_eq!(at(HOUR * 2, 0, "b2"), Life::Over { sure: false });
        assert_eq!(at(HOUR * 30, 0, "b2"), Life::Over { sure: true });
    }

    #[test]
    fn a_known_life_outweighs_an_issuers_clock_that_is_off() {
        let hour = Some(Duration::from_secs(3600));
        assert_eq!(ends_at(Some(BORN - HOUR), hour, BORN), Some(BORN + HOUR));
        assert_eq!(ends_at(Some(BORN + HOUR), None, BORN), Some(BORN + HOUR));
        assert_eq!(ends_at(None, hour, BORN), Some(BORN + HOUR));
        assert_eq!(ends_at(None, None, BORN), None);
        let long_ago = BORN - 10 * 365 * DAY;
        assert_eq!(ends_at(Some(long_ago), hour, BORN), Some(long_ago), "that is no clock that is off");
    }
}
