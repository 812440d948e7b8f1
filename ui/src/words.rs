//! How the page says things: durations, states and counts, in plain short words.

use api::Millis;
use api::sessions::{Exit, Session, State};

/// A duration as a badge shows it: `42 s`, `7 min`, `3 h 05`, `2 d`.
pub fn duration(millis: Millis) -> String {
    let seconds = millis.max(0) / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min"),
        3600..86400 => format!("{hours} h {:02}", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// How long ago something was: `just now`, `7 min ago`.
pub fn ago(millis: Millis) -> String {
    match millis {
        ..60_000 => "just now".into(),
        60_000..86_400_000 => {
            format!("{} ago", duration(millis).split(" h ").next().map_or_else(String::new, hours))
        }
        _ => format!("{} d ago", millis / 86_400_000),
    }
}

fn hours(text: &str) -> String {
    if text.ends_with("min") { text.into() } else { format!("{text} h") }
}

/// How long a session runs, or ran.
pub fn run_time(session: &Session, now: Millis) -> String {
    duration(session.ended_at.unwrap_or(now) - session.started_at)
}

/// The word for a state.
pub fn state(state: State) -> &'static str {
    match state {
        State::Starting => "Starting",
        State::Working => "Working",
        State::Done => "Done",
        State::Failed => "Failed",
        State::Stopped => "Stopped",
    }
}

/// What runs in a session: the agent's name, or the program of a command.
pub fn agent(session: &Session) -> String {
    let program = session.command.first().filter(|_| session.agent == "command");
    let file = program.and_then(|path| path.rsplit('/').next());
    file.unwrap_or(&session.agent).to_string()
}

/// How a process ended.
pub fn exit(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit {code}"),
        Exit::Signal(signal) => format!("signal {signal}"),
        Exit::Lost => "its keeper was killed, so nobody knows how".into(),
    }
}

/// `Ended: exit 1 after 3 min`.
pub fn ended(session: &Session, now: Millis) -> String {
    let how = match (session.exit, &session.reason) {
        (_, Some(reason)) => reason.clone(),
        (Some(how), None) => exit(how),
        (None, None) => session.state.name().into(),
    };
    format!("Ended: {how} after {}", run_time(session, now))
}

/// What a screen reader is told when a session changes.
pub fn spoken(session: &Session) -> String {
    format!("Slot {}, {}: {}", session.slot, session.identity, state(session.state).to_lowercase())
}

/// `1 file`, `3 files`.
pub fn count(n: u32, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// The one or two letters that stand for a name: `agent-deploy-1` is `AD`.
pub fn monogram(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter_map(|part| part.chars().next());
    parts.take(2).flat_map(char::to_uppercase).collect()
}

/// Splits a command line into its words: blanks separate, quotes and backslashes keep together.
pub fn split(line: &str) -> Result<Vec<String>, api::Error> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(
            api::Error::invalid("a quote in the command is not closed").hint("close it, or leave it out")
        );
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short_and_never_negative() {
        let said = [-5, 42_000, 420_000, 11_100_000, 180_000_000].map(duration);
        assert_eq!(said, ["0 s", "42 s", "7 min", "3 h 05", "2 d 2 h"]);
    }

    #[test]
    fn ago_is_rough() {
        assert_eq!(
            [5_000, 420_000, 11_100_000, 180_000_000].map(ago),
            ["just now", "7 min ago", "3 h ago", "2 d ago"]
        );
    }

    #[test]
    fn a_monogram_takes_the_first_letters_of_two_parts() {
        assert_eq!(["agent-deploy-1", "solo", "a.b"].map(monogram), ["AD", "S", "AB"]);
    }

    #[test]
    fn a_command_line_is_split_as_a_shell_would() {
        assert_eq!(split(r#"sh -c "echo 'a b'" x\ y '' "#).unwrap(), ["sh", "-c", "echo 'a b'", "x y", ""]);
        assert!(split("echo 'a").is_err());
        assert!(split("  ").unwrap().is_empty());
    }
}
