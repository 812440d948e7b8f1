//! `lanyardd examine`: what is found in one message, without a daemon; `lanyard inbox examine` becomes it.

use crate::inbox::finding::find;
use crate::inbox::mail::read_mail;
use api::inbox::{Found, Medium};
use api::{Code, Error};
use serde_json::json;
use std::io::{Read, Write};
use std::process::ExitCode;

/// The largest message, in bytes: more than any server takes.
const MESSAGE_MAX: u64 = 64 * 1024 * 1024;

/// Examines what standard input holds: a mail, or with `--sms` the text of a text message. Errors are told as the
/// command line tells its own, with `--json` for programs.
pub fn examine(options: &[&str]) -> ExitCode {
    let told = message(std::io::stdin().lock()).and_then(|raw| {
        let found = found(&raw, options.contains(&"--sms"));
        let printed = serde_json::to_string(&found).map_err(|e| broken(&e));
        // Whoever reads our output may have gone; there is nobody left to tell.
        let _unread = writeln!(std::io::stdout(), "{}", printed?);
        Ok(())
    });
    let Err(error) = told else { return ExitCode::SUCCESS };
    let hint = error.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    let text = format!("lanyard: {}{hint}", error.message);
    let error = json!({ "error": { "code": error.code, "message": error.message, "hint": error.hint } });
    eprintln!("{}", if options.contains(&"--json") { error.to_string() } else { text });
    ExitCode::FAILURE
}

fn message(from: impl Read) -> Result<Vec<u8>, Error> {
    let mut raw = Vec::new();
    from.take(MESSAGE_MAX + 1).read_to_end(&mut raw).map_err(|e| broken(&e))?;
    if raw.iter().all(u8::is_ascii_whitespace) {
        return Err(
            Error::invalid("the message is empty").hint("give a mail as an .eml file, or a text with --sms")
        );
    }
    if raw.len() as u64 > MESSAGE_MAX {
        return Err(Error::new(
            Code::TooLarge,
            format!("the message is longer than {} MiB", MESSAGE_MAX >> 20),
        ));
    }
    Ok(raw)
}

fn broken(error: &dyn std::fmt::Display) -> Error {
    Error::invalid(format!("the message cannot be read: {error}"))
}

fn found(raw: &[u8], is_text: bool) -> Found {
    match is_text {
        true => find("", &String::from_utf8_lossy(raw), None, Medium::Sms),
        false => read_mail(raw).found,
    }
}
