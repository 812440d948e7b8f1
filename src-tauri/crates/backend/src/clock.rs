//! The time, passed in so that a test can hold it.

use api::Millis;
use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Where the rooms read the time.
#[derive(Clone, Copy)]
pub struct Clock(fn() -> Millis);

impl Clock {
    /// The clock of the machine.
    pub fn of_the_machine() -> Self {
        Self(|| match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX),
            Err(_) => 0,
        })
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub fn now(self) -> Millis {
        (self.0)()
    }
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
}
