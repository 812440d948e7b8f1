//! Durations as people type them: `90s`, `10m`, `1h`.

use std::time::Duration;

/// Reads a duration; a bare number is seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err("write it like 90s, 10m, 1h or 7d".into()),
    };
    let number: u64 = digits.parse().map_err(|_| "write it like 90s, 10m, 1h or 7d".to_string())?;
    number.checked_mul(unit).map(Duration::from_secs).ok_or_else(|| "that is too long".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_units() {
        for (text, seconds) in
            [("120s", 120), ("90", 90), ("2m", 120), ("1h", 3600), ("7d", 604_800), ("0s", 0)]
        {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "s", "-1s", "1.5h", "1 h", "1y", "é", "99999999999999999999s", "999999999999999999h"]
        {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
