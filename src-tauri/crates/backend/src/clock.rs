//! The time, passed in so that a test can hold it.

use api::Millis;
use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Where the rooms read the time.
#[derive(Clone, Copy)]
pub struct Clock {
    wall: fn() -> Millis,
    since_boot: fn() -> Millis,
}

impl Clock {
    /// The clock of the machine.
    pub fn of_the_machine() -> Self {
        let wall = || match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX),
            Err(_) => 0,
        };
        let since_boot = || {
            let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
            time.tv_sec * 1000 + time.tv_nsec / 1_000_000
        };
        Self { wall, since_boot }
    }

    /// A clock that a test holds.
    #[cfg(test)]
    pub fn of_a_test(wall: fn() -> Millis, since_boot: fn() -> Millis) -> Self {
        Self { wall, since_boot }
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub fn now(self) -> Millis {
        (self.wall)()
    }

    /// Milliseconds since the machine was started, its sleep included. Nobody can set this clock, and
    /// another daemon on the same start of the machine reads the same one.
    pub fn since_boot(self) -> Millis {
        (self.since_boot)()
    }
}

/// The minute of the day that a time falls into where this machine is, from 0 to 1439.
pub fn local_minute(at: Millis) -> u16 {
    let seconds: libc::time_t = at.div_euclid(1000);
    // SAFETY: all-zero bytes are a valid `tm`: numbers, and a pointer that may be null.
    let mut local: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both point to values of ours that live through the call.
    if unsafe { libc::localtime_r(&seconds, &mut local) }.is_null() {
        return 0;
    }
    u16::try_from(local.tm_hour * 60 + local.tm_min).unwrap_or(0)
}

/// The time that RFC 3339 text tells.
pub fn from_rfc3339(text: &str) -> Option<Millis> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
    Millis::try_from(at / 1_000_000).ok()
}

/// A time as RFC 3339 text in UTC, for example `2026-11-21T08:00:00.5Z`.
pub fn rfc3339(at: Millis) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_told_in_rfc_3339() {
        assert_eq!(super::rfc3339(1_500), "1970-01-01T00:00:01.5Z");
    }

    #[test]
    fn times_of_others_are_read_with_their_zone() {
        assert_eq!(super::from_rfc3339("1970-01-01T01:00:01.5+01:00"), Some(1_500));
        assert_eq!(super::from_rfc3339("tomorrow"), None);
    }
}
