//! What `ravi` prints: JSON with two blanks of indent and an empty line behind it, or text for a person.

use crate::failure::{Failure, Result};
use crate::output::{clean, write_unbuffered};
use crate::wiped::Wiped;
use api::SecretText;
use serde::Serialize;

/// How results are printed.
#[derive(Debug, Clone, Copy)]
pub struct Printing {
    /// Text in place of JSON.
    pub human: bool,
}

impl Printing {
    /// Prints a value by itself.
    pub fn bare(self, value: &SecretText) -> Result<()> {
        let mut line = Wiped::new(4096);
        // EXPOSE: the caller asked for this value, on its own standard output.
        line.push(value.expose().as_bytes());
        line.push(b"\n");
        write_unbuffered(line.as_slice())
    }

    /// Prints a result. It may hold secrets: what is written is wiped.
    pub fn print<T: Serialize>(self, value: &T) -> Result<()> {
        let mut json = Wiped::new(4096);
        serde_json::to_writer_pretty(&mut json, value).map_err(|e| Failure::system("writing JSON", e))?;
        if !self.human {
            json.push(b"\n\n");
            return write_unbuffered(json.as_slice());
        }
        let mut text = Wiped::new(json.as_slice().len());
        // JSON of ours is UTF-8.
        for line in std::str::from_utf8(json.as_slice()).unwrap_or_default().lines() {
            if let Some((indent, line)) = readable(line) {
                text.push(indent.as_bytes());
                text.push(clean(line).as_bytes());
                text.push(b"\n");
            }
        }
        write_unbuffered(text.as_slice())
    }
}

/// A line of JSON without its punctuation: `  "name": "ada",` is `name": "ada`, and then `name: ada`.
fn readable(line: &str) -> Option<(&str, &str)> {
    let trimmed = line.trim();
    let indent = &line[..(line.len() - line.trim_start().len()).saturating_sub(2)];
    match trimmed.trim_end_matches(',') {
        "{" | "[" | "]" | "[]" | "{}" => None,
        // Between two things of a list there is an empty line.
        "}" => Some(("", "")),
        line => Some((indent, line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_no_lines_for_a_person() {
        assert_eq!(readable("  {"), None);
        assert_eq!(readable("    \"name\": \"ada\","), Some(("  ", "\"name\": \"ada\"")));
        assert_eq!(readable("  },"), Some(("", "")));
    }
}
