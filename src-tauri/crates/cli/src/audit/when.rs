//! Times as the audit takes and shows them: UTC, or a span before now.

use crate::duration::duration;
use api::Millis;
use api::dates::date_of;

const DAY: i64 = 86_400;

/// Reads `2h`, `2026-11-21`, `2026-11-21T08:00` or `2026-11-21T08:00:00Z`, all of them UTC.
pub fn read(text: &str, now: Millis) -> Result<Millis, String> {
    if let Ok(span) = duration(text) {
        return Ok(now.saturating_sub(Millis::try_from(span.as_millis()).unwrap_or(Millis::MAX)));
    }
    let wrong = || {
        format!("{} is no time: write 2h, 7d, 2026-11-21 or 2026-11-21T08:00:00Z", api::names::shown(text))
    };
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "0:0:0"));
    let numbers = |text: &str, by: char| -> Option<Vec<i64>> {
        let plain = text
            .split(by)
            .all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
        plain.then(|| text.split(by).filter_map(|part| part.parse().ok()).collect())
    };
    let (date, time) = (numbers(date, '-'), numbers(time.trim_end_matches('Z'), ':'));
    let (Some([year, month @ 1..=12, day @ 1..=31]), Some(time)) = (date.as_deref(), time) else {
        return Err(wrong());
    };
    let (hour, minute, second) = match time[..] {
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return Err(wrong()),
    };
    let days = days(*year, *month, *day);
    // A day that its month does not have would be one of the next month.
    if hour > 23 || minute > 59 || second > 59 || date_of(days) != (*year, *month, *day) {
        return Err(wrong());
    }
    Ok((days * DAY + hour * 3600 + minute * 60 + second) * 1000)
}

/// A time in UTC, for example `2026-11-21 08:00:00`.
pub fn shown(at: Millis) -> String {
    let seconds = at.div_euclid(1000);
    let ((year, month, day), rest) = (date_of(seconds.div_euclid(DAY)), seconds.rem_euclid(DAY));
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that the day
/// that only some have comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_dates_and_times_are_read() {
        let now = 1_000_000_000;
        assert_eq!(read("2h", now), Ok(now - 7_200_000));
        assert_eq!(read("1970-01-02", now), Ok(86_400_000));
        assert_eq!(read("2026-11-21T08:30", now), Ok(1_795_249_800_000));
        assert_eq!(read("2026-11-21T08:30:05Z", now), Ok(1_795_249_805_000));
        assert_eq!(read("2024-02-29", now), Ok(1_709_164_800_000));
        for bad in
            ["", "yesterday", "2026-13-01", "2026-02-30", "2026-11-21T24:00", "2026-11", "-5", "2026-11-21T"]
        {
            assert!(read(bad, now).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for at in [0, 951_782_400_000, 1_795_249_805_000, 4_102_444_799_000, -1000] {
            assert_eq!(read(&shown(at), 0), Ok(at), "{}", shown(at));
        }
    }
}
