//! Times as a person writes them: a span before now, or a moment on the clock of whoever looks.

use api::Millis;

/// How one can be written.
pub const EXAMPLE: &str = "2h, 7d, 2026-11-21 or 2026-11-21 14:00";

/// Reads `2h`, `2026-11-21` or `2026-11-21 14:00`.
pub fn read(text: &str, now: Millis) -> Option<Millis> {
    let text = text.trim();
    span(text).map(|span| now - span).or_else(|| moment(text))
}

/// A number and its unit.
fn span(text: &str) -> Option<Millis> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.trim_end().parse::<u32>().ok().map(|number| Millis::from(number) * unit)
}

/// Year, month, day, hour and minute.
fn parts(text: &str) -> Option<[u32; 5]> {
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "0:0"));
    let mut numbers = date.split('-').chain(time.split(':')).map(str::parse);
    let shape = date.matches('-').count() == 2 && time.matches(':').count() == 1;
    let mut next = || numbers.next()?.ok();
    shape.then_some(())?;
    Some([next()?, next()?, next()?, next()?, next()?])
}

#[expect(clippy::cast_possible_truncation, reason = "a date is a whole number of milliseconds")]
fn moment(text: &str) -> Option<Millis> {
    let [year, month, day, hour, minute] = parts(text)?;
    let date = js_sys::Date::new_with_year_month_day_hr_min(
        year,
        i32::try_from(month).ok()? - 1,
        i32::try_from(day).ok()?,
        i32::try_from(hour).ok()?,
        i32::try_from(minute).ok()?,
    );
    // A day that its month does not have would be one of the next month.
    let same =
        (date.get_full_year(), date.get_month() + 1, date.get_date(), date.get_hours(), date.get_minutes());
    (same == (year, month, day, hour, minute)).then(|| date.get_time() as Millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_before_now() {
        let now = 1_000_000_000;
        assert_eq!(span("2h").map(|span| now - span), Some(now - 7_200_000));
        assert_eq!(["30m", "7d", "5s"].map(span), [Some(1_800_000), Some(604_800_000), Some(5000)]);
        assert!(["", "h", "-2h", "2 weeks", "2026-11-21"].iter().all(|text| span(text).is_none()));
    }

    #[test]
    fn a_moment_has_all_its_parts() {
        assert_eq!(parts("2026-11-21 14:05"), Some([2026, 11, 21, 14, 5]));
        assert_eq!(parts("2026-11-21"), Some([2026, 11, 21, 0, 0]));
        assert!(["yesterday", "2026-11", "2026-11-21 14", "x-y-z"].iter().all(|text| parts(text).is_none()));
    }
}
