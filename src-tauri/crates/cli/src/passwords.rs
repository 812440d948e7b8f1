//! `lanyard passwords`: an identity's logins to websites, and the one-time codes that go with them.

use crate::failure::Result;
use crate::hand::Hand;
use crate::output::{Output, ago, clean};
use crate::prompt;
use crate::secrets::{Asking, PolicyName, Whose};
use crate::table::Table;
use api::SecretText;
use api::passwords::{
    CreatePassword, DeletePassword, GeneratePassword, LENGTH, ListPasswords, PASSWORD_MAX, PasswordEntry,
    ReadCode, ReadPassword, UpdatePassword,
};
use api::secrets::Policy;
use std::io::IsTerminal;

/// What can be done with passwords.
#[derive(Debug, clap::Subcommand)]
pub enum PasswordsCommand {
    /// Keep a login to a website
    Create(Create),
    /// List the logins, without their passwords
    List {
        #[command(flatten)]
        whose: Whose,
    },
    /// Print the bare password of a login and a newline
    Get(Ask),
    /// Print a new password that is kept nowhere
    Generate {
        /// How long it is, 8 to 128 characters; 24 if left out
        #[arg(long, value_name = "NUMBER")]
        length: Option<u32>,
    },
    /// Change the password, notes or policy of a login
    Update(Update),
    /// Delete a login
    Delete(Which),
    /// Give a login the secret of its one-time codes
    Totp(SetTotp),
    /// Print the one-time code of a login as it is now
    Code(Ask),
}

/// Which login is meant.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// The website's host, for example github.com
    domain: String,
    /// The user's name there, where there are several
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    #[command(flatten)]
    whose: Whose,
}

/// Which login is asked for.
#[derive(Debug, clap::Args)]
pub struct Ask {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    asking: Asking,
}

/// A login to keep.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// The password; `-` reads standard input, and without one it is asked for
    #[arg(allow_hyphen_values = true)]
    password: Option<String>,
    /// The website's host, for example github.com
    #[arg(long)]
    domain: String,
    /// The user's name there
    #[arg(long, value_name = "NAME", default_value = "")]
    username: String,
    #[command(flatten)]
    making: Making,
    #[command(flatten)]
    whose: Whose,
}

/// A login to change.
#[derive(Debug, clap::Args)]
pub struct Update {
    /// The website's host, for example github.com
    domain: String,
    /// The new password; `-` reads standard input
    #[arg(allow_hyphen_values = true)]
    password: Option<String>,
    /// The user's name there, where there are several
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    #[command(flatten)]
    making: Making,
    #[command(flatten)]
    whose: Whose,
}

/// What making and changing a login have in common.
#[derive(Debug, clap::Args)]
struct Making {
    /// Make a new random password
    #[arg(long, conflicts_with = "password")]
    generate: bool,
    /// How long the new password is, 8 to 128 characters; 24 if left out
    #[arg(long, requires = "generate", value_name = "NUMBER")]
    length: Option<u32>,
    /// Notes; they are as secret as the password
    #[arg(long)]
    notes: Option<String>,
    /// auto: its agents may read it; ask: each use is approved; deny: never for an agent
    #[arg(long, value_enum)]
    policy: Option<PolicyName>,
}

/// The secret of one-time codes.
#[derive(Debug, clap::Args)]
pub struct SetTotp {
    /// The website's host, for example github.com
    domain: String,
    /// The secret in base32 or an otpauth:// address; `-` reads standard input, and without one it is asked for
    secret: Option<String>,
    /// Take the one-time codes away
    #[arg(long, conflicts_with = "secret")]
    remove: bool,
    /// The user's name there, where there are several
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    #[command(flatten)]
    whose: Whose,
}

impl PasswordsCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            PasswordsCommand::Create(create) => create.run(hand),
            PasswordsCommand::List { whose } => {
                let passwords = hand.ask(&ListPasswords { identity: whose.identity })?;
                hand.out.show(&passwords, || table(&hand.out, &passwords))
            }
            PasswordsCommand::Get(Ask { which: Which { domain, username, whose }, asking }) => {
                let (identity, reason) = (whose.identity, asking.reason);
                let read = ReadPassword { identity, domain, username, reason, wait_ms: None };
                let call = |wait_ms| ReadPassword { wait_ms, ..read.clone() };
                let read = hand.read_patiently(asking.wait, call)?;
                hand.out.reveal(&read, &read.password)
            }
            PasswordsCommand::Generate { length } => {
                let exclude = String::new();
                let made = hand.ask(&GeneratePassword { length, special: true, digits: true, exclude })?;
                hand.out.reveal(&made, &made.password)
            }
            PasswordsCommand::Update(update) => update.run(hand),
            PasswordsCommand::Delete(Which { domain, username, whose }) => {
                let text = format!("Deleted the login at {}.", clean(&domain));
                hand.ask(&DeletePassword { identity: whose.identity, domain, username })?;
                hand.out.done(&text)
            }
            PasswordsCommand::Totp(set) => set.run(hand),
            PasswordsCommand::Code(Ask { which: Which { domain, username, whose }, asking }) => {
                let (identity, reason) = (whose.identity, asking.reason);
                let read = ReadCode { identity, domain, username, reason, wait_ms: None };
                let call = |wait_ms| ReadCode { wait_ms, ..read.clone() };
                let made = hand.read_patiently(asking.wait, call)?;
                hand.out.reveal(&made, &made.code)
            }
        }
    }
}

impl Create {
    fn run(self, hand: &mut Hand) -> Result<()> {
        let password = match self.making.generate {
            true => None,
            false => {
                let question = format!("Password at {}: ", clean(&self.domain));
                Some(given(self.password.as_deref(), &question)?)
            }
        };
        let Making { length, notes, policy, .. } = self.making;
        let create = CreatePassword {
            identity: self.whose.identity,
            domain: self.domain,
            username: self.username,
            password,
            length,
            notes: notes.map(SecretText::new),
            policy: policy.map(Policy::from),
        };
        let entry = hand.ask(&create)?;
        told(hand, &entry, "Keeps")
    }
}

impl Update {
    fn run(self, hand: &mut Hand) -> Result<()> {
        let Making { generate, length, notes, policy } = self.making;
        let changes_more = notes.is_some() || policy.is_some();
        let password = match self.password.as_deref() {
            None if generate || changes_more => None,
            password => Some(given(password, &format!("New password at {}: ", clean(&self.domain)))?),
        };
        let update = UpdatePassword {
            identity: self.whose.identity,
            domain: self.domain,
            username: self.username,
            password,
            length: generate.then(|| length.unwrap_or(LENGTH)),
            notes: notes.map(SecretText::new),
            totp: None,
            policy: policy.map(Policy::from),
        };
        let entry = hand.ask(&update)?;
        told(hand, &entry, "Changed")
    }
}

impl SetTotp {
    fn run(self, hand: &mut Hand) -> Result<()> {
        let question = format!("Secret of the one-time codes at {}: ", clean(&self.domain));
        let secret = match self.remove {
            true => SecretText::new(String::new()),
            false => {
                let secret = given(self.secret.as_deref(), &question)?;
                // EXPOSE: only its being empty is looked at, which would take the codes away.
                if secret.expose().trim().is_empty() {
                    return Err(api::Error::invalid("no secret was given")
                        .hint("--remove takes the codes away")
                        .into());
                }
                secret
            }
        };
        let update = UpdatePassword {
            identity: self.whose.identity,
            domain: self.domain,
            username: self.username,
            totp: Some(secret),
            ..UpdatePassword::default()
        };
        let entry = hand.ask(&update)?;
        told(
            hand,
            &entry,
            if entry.has_code { "Makes one-time codes for" } else { "Makes no more codes for" },
        )
    }
}

/// What was typed as an argument, comes by standard input, or is asked for.
fn given(argument: Option<&str>, question: &str) -> Result<SecretText> {
    match argument {
        Some(text) if text != "-" => Ok(SecretText::new(text.into())),
        None if std::io::stdin().is_terminal() => prompt::hidden(question),
        _ => prompt::piped(PASSWORD_MAX),
    }
}

fn told(hand: &Hand, entry: &PasswordEntry, done: &str) -> Result<()> {
    let user =
        if entry.username.is_empty() { "a login".into() } else { format!("the login {}", entry.username) };
    let text = format!("{done} {user} at {} of {} ({}).", entry.domain, entry.identity, entry.policy.name());
    hand.out.show(entry, || clean(&text).into_owned())
}

fn table(out: &Output, passwords: &[PasswordEntry]) -> String {
    if passwords.is_empty() {
        return "No passwords yet. Keep one: lanyard passwords create --domain github.com --username NAME"
            .into();
    }
    let mut table = Table::new(["DOMAIN", "USER", "POLICY", "CODES", "IDENTITY", "SET"]);
    for password in passwords {
        table.row([
            (&password.domain).into(),
            (&password.username).into(),
            password.policy.name().into(),
            if password.has_code { "yes" } else { "" }.into(),
            (&password.identity).into(),
            ago(out.now, password.updated_at).into(),
        ]);
    }
    table.shown(out)
}
