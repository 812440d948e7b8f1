//! How fast a client gets on: each step has its time, and so have a whole mail and all that is said before one. Whoever
//! sends a byte now and then is sent away like one who says nothing.

use std::time::Duration;
use tokio::time::Instant;

/// How large a piece of a mail is one step, in bytes.
const PIECE: usize = 16 * 1024;
/// How many times as long as a step a mail may take, and all that is said before one.
const STEPS: u32 = 10;

/// The pace of one client.
pub struct Pace {
    /// How long a step may take.
    patience: Duration,
    /// When it must have got on.
    until: Instant,
    /// When it must have begun to send a mail.
    said_until: Instant,
    /// When the mail that it sends must be whole.
    mail_until: Option<Instant>,
    /// How much of that mail has come since it last got on.
    piece: usize,
}

impl Pace {
    /// The pace of one who comes now.
    pub fn new(patience: Duration, now: Instant) -> Self {
        let said_until = now + patience * STEPS;
        Self { patience, until: now + patience, said_until, mail_until: None, piece: 0 }
    }

    /// It got on.
    pub fn gets_on(&mut self, now: Instant) {
        (self.until, self.piece) = (now + self.patience, 0);
    }

    /// It has brought a mail.
    pub fn has_brought(&mut self, now: Instant) {
        self.gets_on(now);
        self.said_until = now + self.patience * STEPS;
    }

    /// So much of its mail has come; whether that was a step.
    pub fn sends(&mut self, count: usize) -> bool {
        self.piece += count;
        self.piece >= PIECE
    }

    /// Until when something must come.
    pub fn until(&mut self, is_reading_mail: bool, now: Instant) -> Instant {
        let begun = self.mail_until.unwrap_or(now + self.patience * STEPS);
        self.mail_until = is_reading_mail.then_some(begun);
        self.until.min(self.mail_until.unwrap_or(self.said_until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How long one is heard who sends so many bytes every second, each of them a command if `ends`.
    fn heard(bytes: usize, ends: bool, is_mail: bool) -> Duration {
        let begun = Instant::now();
        let (mut now, mut pace) = (begun, Pace::new(60 * SECOND, begun));
        while now < pace.until(is_mail, now) {
            now += SECOND;
            if is_mail && pace.sends(bytes) || ends {
                pace.gets_on(now);
            }
        }
        now - begun
    }

    #[test]
    fn whoever_drips_is_sent_away_in_bounded_time() {
        assert_eq!(heard(1, false, false), 60 * SECOND, "a byte of a command every second");
        assert_eq!(heard(1, true, false), 600 * SECOND, "a command every second, and no mail");
        assert_eq!(heard(200, false, true), 60 * SECOND, "a mail by bytes");
        assert_eq!(heard(PIECE, false, true), 600 * SECOND, "a mail that does not end");
    }

    #[test]
    fn whoever_brings_mails_is_heard_for_as_long_as_there_are_any() {
        let begun = Instant::now();
        let (mut now, mut pace) = (begun, Pace::new(SECOND, begun));
        for _ in 0..1000 {
            for is_mail in [false, true] {
                assert!(now < pace.until(is_mail, now));
                now += SECOND / 2;
                pace.gets_on(now);
            }
            pace.has_brought(now);
        }
    }
}
