//! Times as text, for whoever has no library for it.

use crate::Millis;

const DAY: i64 = 86_400;

/// A time as RFC 3339 text in UTC, for example `2026-11-21T08:00:00.500Z`.
pub fn rfc3339(at: Millis) -> String {
    let seconds = at.div_euclid(1000);
    let ((year, month, day), rest) = (date_of(seconds.div_euclid(DAY)), seconds.rem_euclid(DAY));
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", at.rem_euclid(1000))
}

/// The date that is so many days after 1970-01-01: year, month and day of the Gregorian calendar. Years are counted
/// from March, so that the day that only some have comes last.
pub fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * month + 2) / 5 + 1, (month + 2) % 12 + 1);
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_rfc_3339() {
        assert_eq!(rfc3339(1_795_249_805_020), "2026-11-21T08:30:05.020Z");
        assert_eq!(rfc3339(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999Z");
    }
}
