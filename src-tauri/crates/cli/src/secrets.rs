//! `lanyard secrets`: set, get, list and delete the secrets of an identity.

mod rotation;

use crate::duration::duration;
use crate::failure::Result;
use crate::hand::Hand;
use crate::output::{Output, ago, clean};
use crate::prompt;
use crate::table::Table;
use api::SecretText;
use api::secrets::{DeleteSecret, ListSecrets, Policy, ReadSecret, SecretEntry, SetSecret, VALUE_MAX};
use rotation::{Rotate, Share};
use std::io::IsTerminal;
use std::time::Duration;

/// What can be done with secrets.
#[derive(Debug, clap::Subcommand)]
pub enum SecretsCommand {
    /// Set a secret, or change its policy and notes
    Set(Set),
    /// Print the bare value of a secret and a newline
    Get(Get),
    /// List the secrets, without their values
    List {
        #[command(flatten)]
        whose: Whose,
    },
    /// Delete a secret; who shares it keeps it
    Delete(Which),
    /// Give a secret a new value, for all that share it
    Rotate(Rotate),
    /// Show who set each value of a secret, when and why
    Versions(Which),
    /// Let other identities have a secret, and each newer value of it
    Share(Share),
    /// Take a shared secret away from other identities
    Unshare(Share),
}

/// Which secret is meant.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// Its key
    key: String,
    #[command(flatten)]
    whose: Whose,
    /// The one for this worktree alone
    #[arg(long, value_name = "NAME")]
    worktree: Option<String>,
}

/// A secret to get.
#[derive(Debug, clap::Args)]
pub struct Get {
    /// Its key, for example GITHUB_TOKEN
    pub key: String,
    #[command(flatten)]
    pub whose: Whose,
    /// The one for this worktree alone
    #[arg(long, value_name = "NAME")]
    pub worktree: Option<String>,
    #[command(flatten)]
    pub asking: Asking,
}

/// What the owner is told who is asked.
#[derive(Debug, Default, clap::Args)]
pub struct Asking {
    /// Why; the owner reads it where the policy is ask
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// How long to wait for the owner's answer, for example 90s or 10m; 2m if left out
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub wait: Option<Duration>,
}

impl Asking {
    /// How long to wait, as a call says it.
    pub fn wait_ms(&self) -> Option<u64> {
        self.wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Whose secrets are meant.
#[derive(Debug, clap::Args)]
pub struct Whose {
    /// The identity, by name or id; the current one if left out
    #[arg(long, value_name = "NAME")]
    pub identity: Option<String>,
}

/// A secret to set.
#[derive(Debug, clap::Args)]
pub struct Set {
    /// Its key: the name of an environment variable
    key: String,
    /// Its value; `-` reads standard input, and without one it is asked for
    #[arg(allow_hyphen_values = true)]
    value: Option<String>,
    #[command(flatten)]
    whose: Whose,
    /// For this worktree alone; there it wins over the one for all
    #[arg(long, value_name = "NAME")]
    worktree: Option<String>,
    /// auto: in the environment of its sessions; ask: each use is approved; deny: never for an agent
    #[arg(long, value_enum)]
    policy: Option<PolicyName>,
    /// A note for yourself
    #[arg(long)]
    notes: Option<String>,
}

/// The policies by name.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum PolicyName {
    /// Freely.
    Auto,
    /// Each time with the owner's approval.
    Ask,
    /// Never for an agent.
    Deny,
}

impl From<PolicyName> for Policy {
    fn from(name: PolicyName) -> Self {
        match name {
            PolicyName::Auto => Policy::Auto,
            PolicyName::Ask => Policy::Ask,
            PolicyName::Deny => Policy::Deny,
        }
    }
}

impl SecretsCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            SecretsCommand::Set(set) => set.run(hand),
            SecretsCommand::Get(get) => get.run(hand),
            SecretsCommand::List { whose } => list(hand, whose.identity),
            SecretsCommand::Delete(Which { key, whose, worktree }) => {
                let text = format!("Deleted {}.", clean(&key));
                hand.ask(&DeleteSecret { identity: whose.identity, key, worktree })?;
                hand.out.done(&text)
            }
            SecretsCommand::Rotate(rotate) => rotate.run(hand),
            SecretsCommand::Versions(which) => rotation::versions(hand, which),
            SecretsCommand::Share(share) => share.share(hand),
            SecretsCommand::Unshare(share) => share.unshare(hand),
        }
    }
}

impl Get {
    fn run(self, hand: &mut Hand) -> Result<()> {
        let (key, identity, worktree) = (self.key, self.whose.identity, self.worktree);
        let read = ReadSecret { identity, key, worktree, reason: self.asking.reason, wait_ms: None };
        let call = |wait_ms| ReadSecret { wait_ms, ..read.clone() };
        let secret = hand.read_patiently(self.asking.wait, call)?;
        hand.out.reveal(&secret, &secret.value)
    }
}

impl Set {
    fn run(self, hand: &mut Hand) -> Result<()> {
        let value = self.read_value()?;
        let policy = self.policy.map(Policy::from);
        let set = SetSecret {
            identity: self.whose.identity,
            key: self.key,
            worktree: self.worktree,
            value,
            policy,
            notes: self.notes,
        };
        let entry = hand.ask(&set)?;
        hand.out.show(&entry, || rotation::told("Set", &entry))
    }

    /// The value, wherever it comes from. An empty answer leaves it as it is if something else changes.
    fn read_value(&self) -> Result<Option<SecretText>> {
        let changes_more = self.policy.is_some() || self.notes.is_some();
        let read = match self.value.as_deref() {
            Some("-") => return prompt::piped(VALUE_MAX).map(Some),
            Some(value) => return Ok(Some(SecretText::new(value.into()))),
            None if !std::io::stdin().is_terminal() => prompt::piped(VALUE_MAX)?,
            None if changes_more => {
                prompt::hidden(&format!("New value of {} (empty keeps it): ", clean(&self.key)))?
            }
            None => prompt::hidden(&format!("Value of {}: ", clean(&self.key)))?,
        };
        // EXPOSE: only its being empty is looked at.
        Ok(Some(read).filter(|value| !(changes_more && value.expose().is_empty())))
    }
}

fn list(hand: &mut Hand, identity: Option<String>) -> Result<()> {
    let secrets = hand.ask(&ListSecrets { identity })?;
    hand.out.show(&secrets, || table(&hand.out, &secrets))
}

fn table(out: &Output, secrets: &[SecretEntry]) -> String {
    if secrets.is_empty() {
        return "No secrets yet. Set one: lanyard secrets set GITHUB_TOKEN".into();
    }
    let mut table = Table::new(["KEY", "POLICY", "IDENTITY", "SET", "WORKTREE", "SHARED WITH", "NOTES"]);
    for secret in secrets {
        table.row([
            (&secret.key).into(),
            secret.policy.name().into(),
            (&secret.identity).into(),
            ago(out.now, secret.updated_at).into(),
            secret.worktree.as_deref().unwrap_or_default().into(),
            secret.shared_with.join(", ").into(),
            (&secret.notes).into(),
        ]);
    }
    let stale: String = secrets.iter().map(rotation::stale_text).collect();
    table.shown(out) + &stale
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Args, Command};
    use clap::Parser;

    fn set(line: &str) -> Set {
        match Args::try_parse_from(line.split(' ')).unwrap().command {
            Command::Secrets(SecretsCommand::Set(set)) => set,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_value_on_the_command_line_is_taken_as_it_is() {
        let value = |line| set(line).read_value().unwrap().map(|v| v.expose().to_string());
        assert_eq!(value("lanyard secrets set A ghp_1").as_deref(), Some("ghp_1"));
        assert_eq!(value("lanyard secrets set A -----BEGIN").as_deref(), Some("-----BEGIN"));
    }

    #[test]
    fn options_may_stand_behind_the_value() {
        let set = set("lanyard secrets set A ghp_1 --policy deny --identity b");
        assert!(matches!(set.policy, Some(PolicyName::Deny)));
        assert_eq!((set.value.as_deref(), set.whose.identity.as_deref()), (Some("ghp_1"), Some("b")));
    }
}
