//! `ravi secrets`: the identity's secrets, with the owner's approval where the owner wants to be asked.

use super::Ravi;
use super::errors::refused;
use crate::failure::{Failure, Result};
use crate::prompt;
use api::ravi::{self, Status, key};
use api::secrets::{DeleteSecret, ListSecrets, Policy, ReadSecret, SetSecret, VALUE_MAX};
use api::{Code, SecretText};

/// What can be done with secrets.
#[derive(Debug, clap::Subcommand)]
pub enum SecretsCommand {
    /// List the secrets; the values of those that the owner wants to be asked for stay empty
    List,
    /// Print the bare value of a secret, or with --json all of it
    Get {
        /// Its key
        key: String,
        /// The same without --json, said aloud
        #[arg(long, alias = "value")]
        raw: bool,
    },
    /// Set a secret
    Set {
        /// Its key
        key: String,
        /// Its value; - reads standard input
        #[arg(allow_hyphen_values = true)]
        value: String,
        /// Notes
        #[arg(long)]
        notes: Option<String>,
    },
    /// Delete a secret, by its id or its key
    Delete {
        /// Its id or key
        wanted: String,
    },
}

impl Ravi<'_> {
    pub(super) fn secrets(&mut self, command: SecretsCommand) -> Result<()> {
        match command {
            SecretsCommand::List => self.list_secrets(),
            SecretsCommand::Get { key: wanted, raw } => {
                let secret = self.read_secret(&key(&wanted))?;
                match self.json && !raw {
                    true => self.printing.print(&secret),
                    false => self.printing.bare(&secret.value),
                }
            }
            SecretsCommand::Set { key: wanted, value, notes } => {
                let value = given(value)?;
                let (identity, key) = (self.identity.clone(), key(&wanted));
                let set = SetSecret {
                    identity,
                    key: key.clone(),
                    value: Some(value),
                    notes,
                    ..SetSecret::default()
                };
                self.hand.ask(&set)?;
                let secret = self.read_secret(&key)?;
                self.printing.print(&secret)
            }
            SecretsCommand::Delete { wanted } => {
                let identity = self.identity.clone();
                let all = self.hand.ask(&ListSecrets { identity: identity.clone() })?;
                let upper = key(&wanted);
                let known = all.into_iter().find(|secret| secret.uuid == wanted || secret.key == upper);
                let known = known.ok_or_else(|| unknown(&wanted))?;
                // An agent names no worktree: what applies in its own is what it deletes.
                let worktree = known.worktree_id.filter(|_| !self.in_slot());
                self.hand.ask(&DeleteSecret { identity, key: known.key, worktree })?;
                self.printing.print(&Status { status: "deleted" })
            }
        }
    }

    fn list_secrets(&mut self) -> Result<()> {
        let all = self.hand.ask(&ListSecrets { identity: self.identity.clone() })?;
        // What is guarded for this worktree hides what is free for all: the one that would be read is what counts.
        let is_guarded = |secret: &&api::secrets::SecretEntry| secret.policy != Policy::Auto;
        let guarded: Vec<String> = all.iter().filter(is_guarded).map(|secret| secret.key.clone()).collect();
        let mut shown = Vec::with_capacity(all.len());
        for secret in all {
            // A list must not wait for the owner, once for each.
            shown.push(match self.in_slot() && guarded.contains(&secret.key) || self.printing.human {
                true => secret.into(),
                false => self.read_listed(secret)?,
            });
        }
        self.printing.print(&shown)
    }

    fn read_listed(&mut self, listed: api::secrets::SecretEntry) -> Result<ravi::SecretEntry> {
        // An agent names no worktree: it gets what applies in its own.
        let worktree = listed.worktree_id.clone().filter(|_| !self.in_slot());
        let (identity, key) = (self.identity.clone(), listed.key.clone());
        match self.hand.ask(&ReadSecret { identity, key, worktree, ..ReadSecret::default() }) {
            Ok(secret) if secret.uuid == listed.uuid => Ok(secret.into()),
            Ok(_) => Ok(listed.into()),
            // Deleted, or guarded, since it was listed.
            Err(Failure::Refused(error)) if matches!(error.code, Code::NotFound | Code::Refused) => {
                Ok(listed.into())
            }
            Err(failure) => Err(failure),
        }
    }

    fn read_secret(&mut self, key: &str) -> Result<ravi::SecretEntry> {
        let identity = self.identity.clone();
        let read = ReadSecret { identity, key: key.into(), ..ReadSecret::default() };
        match self.hand.read_patiently(None, |wait_ms| ReadSecret { wait_ms, ..read.clone() }) {
            Err(Failure::Refused(error)) if error.code == Code::NotFound => Err(unknown(key)),
            read => Ok(read?.into()),
        }
    }
}

/// A value as it was given, or standard input.
pub(super) fn given(value: String) -> Result<SecretText> {
    match value.as_str() {
        "-" => prompt::piped(VALUE_MAX),
        _ => Ok(SecretText::new(value)),
    }
}

fn unknown(key: &str) -> Failure {
    refused(format!("secret not found: {key}"))
}
