//! What standard output shows: text for a person or JSON for a program, and nothing that could drive a terminal.

pub use api::names::clean;

use crate::failure::{Failure, Result};
use crate::wiped::Wiped;
use api::{Millis, SecretText};
use serde::Serialize;
use std::io::{self, ErrorKind, Write};
use zeroize::Zeroizing;

/// How results are shown.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// JSON in place of text.
    pub json: bool,
    /// Colours may be used.
    pub colour: bool,
    /// A terminal, where a person reads the JSON as well.
    pub terminal: bool,
    /// The time now, for "2 min ago".
    pub now: Millis,
}

impl Output {
    /// Text without colours.
    #[cfg(test)]
    pub fn plain() -> Self {
        Self { json: false, colour: false, terminal: false, now: 0 }
    }

    /// Shows a result: as JSON, or as the text that `text` makes of it.
    pub fn show<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) -> Result<()> {
        let shown = match (self.json, self.terminal) {
            (false, _) => Ok(text()),
            (true, false) => serde_json::to_string(value),
            (true, true) => serde_json::to_string_pretty(value),
        };
        let mut shown = shown.map_err(|e| Failure::system("writing JSON", e))?;
        if !shown.ends_with('\n') {
            shown.push('\n');
        }
        write(shown.as_bytes())
    }

    /// Says that something was done that has no result; for a program that is an empty object.
    pub fn done(&self, text: &str) -> Result<()> {
        self.show(&api::Done {}, || text.to_string())
    }

    /// Prints a secret by itself, or as JSON with all that belongs to it.
    pub fn reveal<T: Serialize>(&self, value: &T, bare: &SecretText) -> Result<()> {
        if !self.json {
            // EXPOSE: the caller asked for this value, on its own standard output.
            return line(bare.expose());
        }
        let json = serde_json::to_string(value).map(Zeroizing::new);
        line(&json.map_err(|e| Failure::system("writing JSON", e))?)
    }

    /// `text` in a colour or another look, where colours may be used.
    pub fn painted(&self, look: Look, text: &str) -> String {
        match (self.colour, look.code()) {
            (true, Some(code)) => format!("\x1b[{code}m{text}\x1b[0m"),
            _ => text.to_string(),
        }
    }
}

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Like all the rest.
    Plain,
    /// Of lesser weight.
    Dim,
    /// Well and alive.
    Good,
    /// In need of a look.
    Bad,
}

impl Look {
    fn code(self) -> Option<&'static str> {
        match self {
            Look::Plain => None,
            Look::Dim => Some("2"),
            Look::Good => Some("32"),
            Look::Bad => Some("31"),
        }
    }
}

/// Writes to standard output at once; a reader that went away ends the program quietly.
pub fn write(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|e| match e.kind() {
        ErrorKind::BrokenPipe => Failure::Closed,
        _ => Failure::system("writing to standard output", e),
    })
}

/// One write for a whole line, past the buffer of standard output, which nobody wipes.
fn line(text: &str) -> Result<()> {
    let mut line = Wiped::new(text.len() + 1);
    line.push(text.as_bytes());
    line.push(b"\n");
    write_unbuffered(line.as_slice())
}

pub fn write_unbuffered(mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(io::stdout(), bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::PIPE) => return Err(Failure::Closed),
            Err(e) => return Err(Failure::system("writing to standard output", e)),
        }
    }
    Ok(())
}

/// How long before `now` something was, in words.
pub fn ago(now: Millis, then: Millis) -> String {
    match (now - then) / 1000 {
        ..5 => "just now".into(),
        seconds => format!("{} ago", span(seconds)),
    }
}

/// How long something took or takes, in words.
pub fn lasting(from: Millis, to: Millis) -> String {
    span(((to - from) / 1000).max(0))
}

fn span(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// `1 secret`, `2 secrets`.
pub fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_words() {
        let told: Vec<_> = [0, 12, 125, 7200, 200_000].map(|seconds| ago(seconds * 1000, 0)).into();
        assert_eq!(told, ["just now", "12 s ago", "2 min ago", "2 h ago", "2 days ago"]);
        assert_eq!(ago(0, 5000), "just now", "clocks may differ");
    }

    #[test]
    fn colours_are_only_used_where_they_may() {
        let plain = Output::plain();
        assert_eq!(plain.painted(Look::Bad, "failed"), "failed");
        let coloured = Output { colour: true, ..plain };
        assert_eq!(coloured.painted(Look::Bad, "failed"), "\x1b[31mfailed\x1b[0m");
        assert_eq!(coloured.painted(Look::Plain, "x"), "x");
    }
}
