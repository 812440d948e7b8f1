//! The table that a bench prints, and the few sums behind it.

use std::fmt::Write;
use std::time::Duration;

/// One line of the table.
pub struct Row {
    what: String,
    measured: String,
    beside: String,
    goal: String,
    met: Option<bool>,
}

impl Row {
    /// A figure with a goal; `beside` says what it is measured against.
    pub fn new(what: &str, measured: String, beside: String, goal: &str, met: bool) -> Self {
        Self { what: what.into(), measured, beside, goal: goal.into(), met: Some(met) }
    }

    /// A figure without a goal.
    pub fn plain(what: &str, measured: String, beside: String) -> Self {
        Self { what: what.into(), measured, beside, goal: String::new(), met: None }
    }

    /// A peer that this machine lacks.
    pub fn missing(what: &str, peer: &str) -> Self {
        Self::plain(what, String::new(), format!("{peer} is not installed"))
    }

    /// A measurement that could not be made.
    pub fn failed(what: &str, error: &anyhow::Error) -> Self {
        Self::plain(what, "not measured".into(), format!("{error:#}"))
    }
}

/// The table in Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = String::from("| what | Lanyard | beside | goal | met |\n|---|---|---|---|---|\n");
    for row in rows {
        let met = match row.met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        let _ = writeln!(text, "| {} | {} | {} | {} | {met} |", row.what, row.measured, row.beside, row.goal);
    }
    text
}

/// The middle of some figures; of an even number, the upper one of the two in the middle.
pub fn median<T: PartialOrd + Copy>(figures: &[T]) -> T {
    let mut sorted = figures.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    sorted[sorted.len() / 2]
}

/// A duration in milliseconds, for people.
pub fn millis(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

/// How many times `of` goes into `duration`.
pub fn ratio(duration: Duration, of: Duration) -> f64 {
    duration.as_secs_f64() / of.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_wild_figure() {
        assert_eq!(median(&[3, 1, 2, 1000, 2]), 2);
        assert_eq!(median(&[7.5]), 7.5);
    }

    #[test]
    fn a_missed_goal_stands_out() {
        let row = Row::new("a", "2".into(), "b".into(), "≤ 1", false);
        assert!(markdown(&[row]).ends_with("| a | 2 | b | ≤ 1 | **no** |\n"));
    }
}
