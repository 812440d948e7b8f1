//! How a command fails: its exit code, and what is told on standard error.

use crate::output::clean;
use api::{Code, Error};
use serde_json::json;

/// The result of a command or a part of it.
pub type Result<T> = std::result::Result<T, Failure>;

/// Why a command ends without having done its work.
#[derive(Debug)]
pub enum Failure {
    /// The daemon said no, or the work went wrong.
    Refused(Error),
    /// The command line makes no sense.
    Usage(Error),
    /// No daemon can be reached.
    NoDaemon(Error),
    /// What was to be run is not there.
    NoProgram(Error),
    /// What was waited for came out otherwise than well: an exit status of its own, and words if need be.
    Status(u8, Option<Error>),
    /// Whoever read our output went away; there is nobody left to tell.
    Closed,
}

impl Failure {
    /// A failure because no daemon can be reached.
    pub fn no_daemon(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Failure::NoDaemon(Error::new(api::Code::Internal, message).hint(hint))
    }

    /// A failure because of something on this machine, with what was being done.
    pub fn system(doing: &str, error: impl std::fmt::Display) -> Self {
        Failure::Refused(Error::new(api::Code::Internal, format!("{doing}: {error}")))
    }

    /// Whether it came about because the daemon ended.
    pub fn is_of_an_end(&self) -> bool {
        match self {
            Failure::NoDaemon(_) => true,
            Failure::Refused(error) => error.code == Code::Ending,
            _ => false,
        }
    }

    /// The process's exit code.
    pub fn exit(&self) -> u8 {
        match self {
            Failure::Refused(_) => 1,
            Failure::Usage(_) => 2,
            Failure::NoDaemon(_) => 3,
            Failure::NoProgram(_) => 127,
            Failure::Status(status, _) => *status,
            Failure::Closed => 0,
        }
    }

    /// What standard error shows, for a person or as JSON.
    pub fn told(&self, json: bool) -> Option<String> {
        let (code, error) = match self {
            Failure::Refused(error) => (json!(error.code), error),
            Failure::Usage(error) => (json!("usage"), error),
            Failure::NoDaemon(error) => (json!("no_daemon"), error),
            Failure::NoProgram(error) => (json!("no_program"), error),
            Failure::Status(_, Some(error)) => (json!(error.code), error),
            Failure::Status(_, None) | Failure::Closed => return None,
        };
        if json {
            let error = json!({ "code": code, "message": error.message, "hint": error.hint });
            return Some(json!({ "error": error }).to_string());
        }
        if let Failure::Usage(_) = self {
            return Some(usage(error));
        }
        let hint = error.hint.as_ref().map(|hint| format!("\nhint: {}", clean(hint)));
        Some(format!("lanyard: {}{}", clean(&error.message), hint.unwrap_or_default()))
    }
}

/// What is told of wrong usage: it is our own text, of many lines.
fn usage(error: &Error) -> String {
    let lines = |text: &str| text.lines().map(clean).collect::<Vec<_>>().join("\n");
    let hint = error.hint.as_deref().map(|hint| format!("\n\n{}", lines(hint.trim())));
    format!("lanyard: {}{}", lines(&error.message), hint.unwrap_or_default())
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Refused(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_the_message_and_then_the_hint() {
        let failure = Failure::from(Error::refused("you may not").hint("ask the owner"));
        assert_eq!(failure.told(false).unwrap(), "lanyard: you may not\nhint: ask the owner");
    }

    #[test]
    fn a_program_reads_code_message_and_hint() {
        let told = Failure::no_daemon("nobody answers", "start it").told(true).unwrap();
        assert_eq!(told, r#"{"error":{"code":"no_daemon","hint":"start it","message":"nobody answers"}}"#);
    }

    #[test]
    fn an_error_cannot_write_control_characters_to_a_terminal() {
        let failure = Failure::from(Error::refused("bad \x1b[2J branch"));
        assert_eq!(failure.told(false).unwrap(), "lanyard: bad \\u{1b}[2J branch");
    }
}
