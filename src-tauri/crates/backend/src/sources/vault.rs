//! An identity's vault here, as a source sees it whose server keeps the same things.

use super::Parts;
use super::source::Failure;
use crate::audit::{By, Fact};
use crate::caller::Caller;
use crate::passwords::Passwords;
use crate::secrets::read_policy;
use crate::store::{IdentityRow, OriginRow, PasswordRow, SecretRow};
use crate::telling::told;
use anyhow::{Context, Result};
use api::audit::Kind;
use api::names::shown;
use api::passwords::CreatePassword;
use api::secrets::{Policy, SetSecret};
use api::{Error, Millis, SecretText};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vault::Secret;

/// What sort of thing a vault holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A value under a key.
    Secret,
    /// A user's name and password at a host.
    Login,
}

/// What a thing is known by: a secret's key, or a login's host and user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// The key, or the host.
    pub first: String,
    /// The user; nothing of a secret.
    pub second: String,
}

/// What a thing holds.
pub struct Content {
    /// The value, or the password.
    pub value: SecretText,
    /// The notes.
    pub notes: SecretText,
}

/// A thing as it is here.
pub enum Held {
    /// A secret for all worktrees.
    Secret(SecretRow),
    /// A login.
    Login(PasswordRow),
}

/// What a thing here and one there have in common.
pub struct Link {
    /// As it is stored.
    pub row: OriginRow,
    /// What both held.
    pub base: Base,
}

/// What both sides held when they were last looked at; not the same if each was changed by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The mark of what was here.
    pub ours: String,
    /// The mark of what was there.
    pub theirs: String,
    /// What it was known by there.
    pub name: Name,
}

/// The vault.
pub struct Vault<'a> {
    parts: &'a Parts,
    source_id: &'a str,
    source: &'a str,
    identity: &'a IdentityRow,
}

impl Sort {
    /// Both.
    pub const ALL: [Sort; 2] = [Sort::Secret, Sort::Login];

    /// Its name in the store.
    pub fn word(self) -> &'static str {
        match self {
            Sort::Secret => "secret",
            Sort::Login => "login",
        }
    }
}

impl Name {
    /// In words.
    pub fn shown(&self) -> String {
        match self.second.is_empty() {
            true => shown(&self.first),
            false => format!("{} at {}", shown(&self.second), shown(&self.first)),
        }
    }
}

impl Content {
    /// Another one of it.
    pub fn copy(&self) -> Content {
        Content { value: self.value.clone(), notes: self.notes.clone() }
    }

    /// What tells one content from another.
    pub fn mark(&self) -> String {
        let mut hash = Sha256::new();
        // EXPOSE: a digest of both is taken, which is kept sealed.
        for part in [self.value.expose(), self.notes.expose()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        data_encoding::HEXLOWER.encode(&hash.finalize())
    }
}

impl Held {
    /// What sort it is.
    pub fn sort(&self) -> Sort {
        match self {
            Held::Secret(_) => Sort::Secret,
            Held::Login(_) => Sort::Login,
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Held::Secret(row) => &row.id,
            Held::Login(row) => &row.id,
        }
    }

    /// What it is known by.
    pub fn name(&self) -> Name {
        let (first, second) = match self {
            Held::Secret(row) => (&row.key, ""),
            Held::Login(row) => (&row.domain, row.username.as_str()),
        };
        Name { first: first.clone(), second: second.to_string() }
    }

    /// Whether agents may have it without asking.
    pub fn is_free(&self) -> bool {
        let policy = match self {
            Held::Secret(row) => &row.policy,
            Held::Login(row) => &row.policy,
        };
        read_policy(policy) == Policy::Auto
    }

    /// Which version it is, and when that was last changed.
    pub fn state(&self) -> (i64, Millis) {
        match self {
            Held::Secret(row) => (row.version, row.updated_at),
            Held::Login(row) => (row.version, row.updated_at),
        }
    }
}

impl Link {
    /// Whether it is here as it was.
    pub fn is_as_it_was(&self, held: &Held) -> bool {
        held.state() == (self.row.version, self.row.held_at)
    }
}

impl<'a> Vault<'a> {
    /// The vault of an identity, for a source.
    pub(super) fn new(
        parts: &'a Parts,
        (source_id, source): (&'a str, &'a str),
        identity: &'a IdentityRow,
    ) -> Self {
        Self { parts, source_id, source, identity }
    }

    /// Whose it is.
    pub fn owner(&self) -> &str {
        &self.identity.name
    }

    /// What is in it. What is for one worktree alone is nobody else's business.
    pub async fn held(&self, sort: Sort) -> Result<Vec<Held>, Failure> {
        let (store, id) = (&self.parts.store, &self.identity.id);
        Ok(match sort {
            Sort::Secret => {
                let rows = store.secrets(id).await.map_err(|e| failed(&e))?;
                rows.into_iter().filter(|row| row.worktree_id.is_none()).map(Held::Secret).collect()
            }
            Sort::Login => {
                store.passwords(id).await.map_err(|e| failed(&e))?.into_iter().map(Held::Login).collect()
            }
        })
    }

    /// What a thing holds.
    pub fn content(&self, held: &Held) -> Result<Content, Failure> {
        let kept = match held {
            Held::Secret(row) => self
                .parts
                .secrets
                .kept(self.identity, row)
                .map(|value| (value, SecretText::new(row.notes.clone()))),
            Held::Login(row) => self.parts.passwords.kept(self.identity, row),
        };
        kept.map(|(value, notes)| Content { value, notes }).map_err(|e| failed(&e))
    }

    /// What it has in common with the source's server.
    pub async fn links(&self, sort: Sort) -> Result<Vec<Link>, Failure> {
        let rows = self.parts.store.origins(self.source_id, &self.identity.id).await;
        let rows = rows.map_err(|e| failed(&e))?.into_iter().filter(|row| row.sort == sort.word());
        rows.map(|row| self.link(row).map_err(|e| failed(&e))).collect()
    }

    fn link(&self, row: OriginRow) -> Result<Link> {
        let sealed = self.parts.safe.unseal(self.identity, &place(&row), 1, &row.sealed)?;
        // EXPOSE: the digests in it are compared.
        let base =
            serde_json::from_slice(sealed.expose()).ok().context("what came from a source is malformed")?;
        Ok(Link { row, base })
    }

    /// Whether something was changed here that the server does not know yet, or does not have.
    pub async fn owes(&self, pushes: bool) -> Result<bool, Failure> {
        let sourced = self.parts.store.sourced(&self.identity.id).await.map_err(|e| failed(&e))?;
        for sort in Sort::ALL {
            let (held, links) = (self.held(sort).await?, self.links(sort).await?);
            let as_it_was = |link: &Link| {
                held.iter().any(|held| held.id() == link.row.held_id && link.is_as_it_was(held))
            };
            let is_new = |held: &Held| held.is_free() && sourced.iter().all(|id| id != held.id());
            if !links.iter().all(as_it_was) || (pushes && held.iter().any(is_new)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The ids of all that any source's server has as well.
    pub async fn sourced(&self) -> Result<Vec<String>, Failure> {
        self.parts.store.sourced(&self.identity.id).await.map_err(|e| failed(&e))
    }

    /// Writes what both hold now.
    pub async fn agree(
        &self,
        (their_id, seat): (&str, &str),
        held: &Held,
        base: &Base,
        open: bool,
    ) -> Result<(), Failure> {
        let (version, held_at) = held.state();
        let mut row = OriginRow {
            source_id: self.source_id.to_string(),
            sort: held.sort().word().to_string(),
            their_id: their_id.to_string(),
            seat: seat.to_string(),
            identity_id: self.identity.id.clone(),
            held_id: held.id().to_string(),
            version,
            held_at,
            open,
            sealed: Vec::new(),
        };
        let json = serde_json::to_vec(base).map_err(|e| Failure::passing(e.to_string()))?;
        let sealed = self.parts.safe.seal(self.identity, &place(&row), 1, &Secret::new(json));
        row.sealed = sealed.map_err(|e| failed(&e))?;
        self.parts.store.put_origin(&row).await.map_err(|e| failed(&e))
    }

    /// Forgets that both have it; what is here stays.
    pub async fn forget(&self, link: &Link) -> Result<(), Failure> {
        self.parts.store.delete_origin(&link.row).await.map_err(|e| failed(&e))
    }

    /// Takes over a thing that is not here yet.
    pub async fn take_new(&self, sort: Sort, name: &Name, content: Content, policy: Policy) -> Result<Held> {
        let Content { value, notes } = content;
        let held = match sort {
            Sort::Secret => {
                let call = SetSecret { policy: Some(policy), ..self.setting(&name.first, value, notes) };
                let row = self.parts.secrets.take_over(self.identity, None, call).await?;
                let meanwhile = || Error::conflict("it was set here at the same moment");
                Held::Secret(row.ok_or_else(meanwhile)?)
            }
            Sort::Login => {
                let call = CreatePassword {
                    domain: name.first.clone(),
                    username: name.second.clone(),
                    password: Some(value),
                    notes: Some(notes),
                    policy: Some(policy),
                    ..CreatePassword::default()
                };
                Held::Login(self.parts.passwords.take_over_new(self.identity, call).await?)
            }
        };
        self.note(sort, "set", &held.name(), "from").await;
        Ok(held)
    }

    /// Takes over what a thing holds there; nothing if it was changed here meanwhile.
    pub async fn take(&self, held: &Held, content: Content) -> Result<Option<Held>> {
        let Content { value, notes } = content;
        let taken = match held {
            Held::Secret(row) => {
                let call = self.setting(&row.key, value, notes);
                let taken = self.parts.secrets.take_over(self.identity, Some(row.version), call).await?;
                taken.map(Held::Secret)
            }
            Held::Login(row) => {
                let taken = self.parts.passwords.take_over(self.identity, row, value, notes).await?;
                taken.map(Held::Login)
            }
        };
        if let Some(taken) = &taken {
            self.note(taken.sort(), "set", &taken.name(), "from").await;
        }
        Ok(taken)
    }

    /// Deletes a thing here that is there no more; not if it was changed here meanwhile.
    pub async fn give_up(&self, held: &Held) -> Result<bool> {
        let gone = match held {
            Held::Secret(row) => self.parts.secrets.give_up(row.clone()).await?,
            Held::Login(row) => self.parts.passwords.give_up(self.identity, row).await?,
        };
        if gone {
            self.note(held.sort(), "delete", &held.name(), "since it is gone at").await;
        }
        Ok(gone)
    }

    /// Records what was done between here and there.
    pub async fn note(&self, sort: Sort, did: &str, name: &Name, how: &str) {
        let (kind, room) = match sort {
            Sort::Secret => (Kind::Secret, "secrets"),
            Sort::Login => (Kind::Password, "passwords"),
        };
        let fact = Fact {
            identity_id: Some(self.identity.id.clone()),
            detail: format!("{how} the source {}", self.source),
            ..Fact::done(kind, &format!("{room}.{did}"), name.first.clone())
        };
        if let Err(e) = self.parts.audit.note(By::Caller(&Caller::Source), fact).await {
            tracing::error!("recording what came from a source: {e:#}");
        }
    }

    fn setting(&self, key: &str, value: SecretText, notes: SecretText) -> SetSecret {
        SetSecret {
            key: key.to_string(),
            value: Some(value),
            // EXPOSE: the notes of a secret are kept in clear, here as there.
            notes: Some(notes.expose().to_string()),
            ..SetSecret::default()
        }
    }
}

/// The spelling of a host that logins are kept under.
pub fn host(text: &str) -> Option<String> {
    Passwords::domain(text)
}

/// What the sealed part of a row is bound to.
fn place(row: &OriginRow) -> String {
    format!("origin {} {} {}", row.source_id, row.sort, row.their_id)
}

fn failed(error: &anyhow::Error) -> Failure {
    Failure::passing(told(error).to_string())
}
