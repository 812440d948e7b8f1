//! How `ravi` fails: plain text before a command runs, JSON after that, and always with exit status 1.

use super::args::Args;
use crate::failure::{Failure, Result};
use crate::output::clean;
use crate::{output, prompt};
use api::{Code, Error};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};
use serde_json::json;
use std::ffi::OsString;
use std::process::ExitCode;

/// A command line that makes no sense; help is none such.
pub fn before(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let help = [
        ErrorKind::DisplayHelp,
        ErrorKind::DisplayVersion,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
    ];
    if help.contains(&error.kind()) {
        return match output::write(error.render().to_string().as_bytes()) {
            Ok(()) | Err(Failure::Closed) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    tell(&format!("Error: {}\n", said(error, arguments)))
}

/// A failure with these words.
pub fn refused(text: impl Into<String>) -> Failure {
    Failure::Refused(Error::new(Code::Refused, text))
}

/// Fails if one of these flags was not given.
pub fn required(flags: &[(&str, bool)]) -> Result<()> {
    let missing: Vec<String> =
        flags.iter().filter(|(_, given)| !given).map(|(name, _)| format!("\"{name}\"")).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(refused(format!("required flag(s) {} not set", missing.join(", ")))),
    }
}

/// A command that has failed.
pub fn during(failure: &Failure, human: bool) -> ExitCode {
    let text = match failure {
        Failure::Refused(error)
        | Failure::Usage(error)
        | Failure::NoDaemon(error)
        | Failure::NoProgram(error)
        | Failure::Status(_, Some(error)) => error.to_string(),
        Failure::Status(_, None) | Failure::Closed => String::new(),
    };
    match human {
        true => tell(&format!("Error: {}\n", clean(&text))),
        false => tell(&format!("{:#}\n", json!({ "error": text }))),
    }
}

fn tell(text: &str) -> ExitCode {
    // Nobody is left to tell if standard error is gone as well.
    let _ = prompt::say(text);
    ExitCode::FAILURE
}

/// What is wrong with a command line, in the words of Ravi's command.
fn said(error: &clap::Error, arguments: &[OsString]) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    };
    let (path, command) = called(arguments);
    let wanted = command.get_positionals().filter(|positional| positional.is_required_set()).count();
    match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::InvalidSubcommand, _) => {
            format!("unknown command \"{}\" for \"{path}\"", clean(&text(ContextKind::InvalidSubcommand)))
        }
        (ErrorKind::UnknownArgument, _) => match text(ContextKind::InvalidArg) {
            flag if flag.starts_with('-') => format!("unknown flag: {}", clean(&flag)),
            _ => format!("accepts {wanted} arg(s), received {}", wanted + 1),
        },
        (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(missing))) => {
            format!("accepts {wanted} arg(s), received {}", wanted.saturating_sub(missing.len()))
        }
        _ => {
            let whole = error.render().to_string();
            let first = whole.trim_start_matches("error: ").lines().next().unwrap_or_default();
            clean(first).into_owned()
        }
    }
}

/// The command that the first words name, and those words.
fn called(arguments: &[OsString]) -> (String, Command) {
    let (mut path, mut command) = (String::from("ravi"), Args::command());
    for word in arguments.iter().filter_map(|word| word.to_str()) {
        let Some(next) = command.find_subcommand(word).cloned() else { break };
        path = format!("{path} {}", next.get_name());
        command = next;
    }
    (path, command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn told(line: &str) -> String {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        said(&Args::try_parse_from(&words).unwrap_err(), &words[1..])
    }

    #[test]
    fn a_wrong_command_line_is_told_as_ravi_tells_it() {
        assert_eq!(told("ravi nonsense"), "unknown command \"nonsense\" for \"ravi\"");
        assert_eq!(told("ravi email nonsense"), "unknown command \"nonsense\" for \"ravi email\"");
        assert_eq!(told("ravi identity list --wrong"), "unknown flag: --wrong");
        assert_eq!(told("ravi secrets get"), "accepts 1 arg(s), received 0");
        assert_eq!(told("ravi secrets set A"), "accepts 2 arg(s), received 1");
        assert_eq!(told("ravi secrets get A B"), "accepts 1 arg(s), received 2");
    }
}
