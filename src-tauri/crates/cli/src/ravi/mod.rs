//! `ravi`: Lanyard by another name, for the scripts that people wrote for Ravi's own command.
//!
//! In a slot it acts for the slot's identity and for no other; elsewhere for the owner, and there `--identity` says
//! for whom. It prints what Ravi's command prints, and ends as that does: 0 or 1.

mod args;
mod auth;
mod contacts;
mod email;
mod errors;
mod get;
mod identity;
mod inbox;
mod passwords;
mod printing;
mod secrets;

use crate::failure::{Failure, Result};
use crate::hand::Hand;
use api::identities::ShowIdentity;
use api::{Error, identities, ravi};
use args::{Args, Command};
use clap::{CommandFactory, Parser};
use printing::Printing;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

/// The arguments behind `ravi`, if we were called by that name, or as `lanyard ravi`.
pub fn arguments(mut args: impl Iterator<Item = OsString>) -> Option<Vec<OsString>> {
    let program = args.next()?;
    let rest: Vec<OsString> = args.collect();
    match Path::new(&program).file_name() == Some(OsStr::new("ravi")) {
        true => Some(rest),
        false => rest.split_first().filter(|(first, _)| *first == "ravi").map(|(_, rest)| rest.to_vec()),
    }
}

/// Does what the arguments say, and says how it went.
pub fn run(arguments: Vec<OsString>, hand: &mut Hand) -> ExitCode {
    let (json, arguments) = without_json(arguments);
    let args = match Args::try_parse_from(std::iter::once(OsString::from("ravi")).chain(arguments.clone())) {
        Ok(args) => args,
        Err(error) => return errors::before(&error, &arguments),
    };
    let printing = Printing { human: args.human };
    let mut ravi = Ravi { hand, identity: args.identity, json, printing };
    match ravi.run(args.command) {
        Ok(()) | Err(Failure::Closed) => ExitCode::SUCCESS,
        Err(failure) => errors::during(&failure, printing.human),
    }
}

/// `--json` may stand anywhere, and changes nothing but one command: everything is JSON already.
fn without_json(arguments: Vec<OsString>) -> (bool, Vec<OsString>) {
    let before = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    let mut json = false;
    let rest = arguments.into_iter().enumerate().filter(|(at, argument)| {
        let asks = *at < before && argument == "--json";
        json |= asks;
        !asks
    });
    let rest = rest.map(|(_, argument)| argument).collect();
    (json, rest)
}

/// One command at work.
struct Ravi<'a> {
    hand: &'a mut Hand,
    identity: Option<String>,
    json: bool,
    printing: Printing,
}

impl Ravi<'_> {
    fn run(&mut self, command: Command) -> Result<()> {
        match command {
            Command::Auth(command) => self.auth(command),
            Command::Login => self.login(),
            Command::Logout => self.logout(),
            Command::Status => self.status(),
            Command::Identity(command) => self.identities(command),
            Command::Get(command) => self.get(command),
            Command::Inbox(command) => self.inbox(command),
            Command::Message(command) => self.message(command),
            Command::Email(command) => self.email(command),
            Command::Sms(command) => self.sms(command),
            Command::Passwords(command) => self.passwords(command),
            Command::Secrets(command) => self.secrets(command),
            Command::Contacts(command) => self.contacts(command),
            Command::Domains => self.domains(),
            Command::Sso { .. } => {
                Err(no("a token of Ravi's single sign-on: only Ravi itself vouches for identities"))
            }
            Command::Feedback { .. } => {
                Err(no("a way to Ravi's feedback: this is Lanyard, and nothing was sent"))
            }
            Command::Call { .. } => Err(no("phone calls")),
            Command::Version => {
                let version = api::VERSION;
                self.say(&format!("ravi version v{version} (commit: lanyard, built: lanyard)"))
            }
            Command::Completion { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Args::command(), "ravi", &mut script);
                crate::output::write(&script)
            }
        }
    }

    /// The identity that is meant: the slot's own, the named one, or the owner's current one.
    fn me(&mut self) -> Result<identities::Identity> {
        self.hand.ask(&ShowIdentity { identity: self.identity.clone() })
    }

    fn shown(&mut self) -> Result<ravi::Identity> {
        Ok(self.me()?.into())
    }

    fn in_slot(&self) -> bool {
        self.hand.place().session_socket.is_some()
    }

    fn say(&self, message: &str) -> Result<()> {
        self.printing.print(&serde_json::json!({ "message": message }))
    }
}

/// The error of what Ravi has and Lanyard has not.
fn no(what: &str) -> Failure {
    Error::new(api::Code::Unsupported, format!("Lanyard has no {}", what.trim_start_matches("a "))).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn it_is_known_by_its_name_and_as_a_word_of_lanyards() {
        let told = |line| arguments(words(line).into_iter());
        assert_eq!(told("/data/bin/ravi email list"), Some(words("email list")));
        assert_eq!(told("lanyard ravi email list"), Some(words("email list")));
        assert_eq!(told("lanyard email ravi"), None);
        assert_eq!(told("/ravi/lanyard"), None);
    }

    #[test]
    fn json_is_taken_anywhere_and_left_alone_behind_the_end_of_the_options() {
        assert_eq!(without_json(words("email list --json --unread")), (true, words("email list --unread")));
        assert_eq!(without_json(words("secrets set A -- --json")), (false, words("secrets set A -- --json")));
    }
}
