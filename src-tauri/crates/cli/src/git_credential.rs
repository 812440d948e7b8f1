//! `lanyard git-credential`: what a slot's git asks for a login, by git's own protocol.

use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::output;
use crate::wiped::Wiped;
use api::credentials::{GetCredential, GitCredential};
use std::io::{self, Read};

/// The longest question, in bytes.
const QUESTION_MAX: u64 = 64 * 1024;

/// What git wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Operation {
    /// To be given a login.
    Get,
    /// To keep a login that worked.
    Store,
    /// To forget a login that did not.
    Erase,
}

/// Answers git. Nothing is kept and nothing forgotten: the vault changes by its owner's hand alone.
pub fn run(operation: Operation, hand: &mut Hand) -> Result<()> {
    let mut question = String::new();
    let read = io::stdin().lock().take(QUESTION_MAX).read_to_string(&mut question);
    read.map_err(|e| Failure::system("reading what git asks", e))?;
    if operation != Operation::Get {
        return Ok(());
    }
    let value = |name: &str| {
        let mut lines = question.lines().take_while(|line| !line.is_empty());
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::to_string)
    };
    let (Some(protocol), Some(host)) = (value("protocol"), value("host")) else { return Ok(()) };
    let call = GetCredential { protocol, host, username: value("username") };
    match hand.ask(&call)? {
        Some(credential) => output::write_unbuffered(answer(&credential).as_slice()),
        None => Ok(()),
    }
}

fn answer(credential: &GitCredential) -> Wiped {
    let mut lines = Wiped::new(1024);
    // EXPOSE: the password goes to the git that asked for it.
    for part in ["username=", &credential.username, "\npassword=", credential.password.expose(), "\n"] {
        lines.push(part.as_bytes());
    }
    if let Some(ends) = credential.expires_at {
        lines.push(format!("password_expiry_utc={}\n", ends / 1000).as_bytes());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::SecretText;

    #[test]
    fn git_is_answered_in_its_own_protocol() {
        let password = SecretText::new("p=1".into());
        let credential = GitCredential { username: "u".into(), password, expires_at: Some(1_999_999) };
        assert_eq!(answer(&credential).as_slice(), b"username=u\npassword=p=1\npassword_expiry_utc=1999\n");
    }
}
