//! The room of passwords: an identity's logins to websites, and the one-time codes that go with them.

mod checks;
mod code;
mod domain;
mod elsewhere;
mod generate;

use crate::approvals::{Approvals, Wanted};
use crate::bus::Bus;
use crate::caller::Caller;
use crate::clock::{Clock, rfc3339};
use crate::grants::Grants;
use crate::safe::Safe;
use crate::secrets::{author_of, check_legacy, is_of_agents, read_policy};
use crate::store::{self, IdentityRow, PasswordRow, Store};
use crate::wiped;
use anyhow::{Context, Result, bail};
use api::approvals::Action;
use api::names::shown;
use api::passwords::*;
use api::secrets::Policy;
use api::{Code, Done, Error, Event, SecretText};
use checks::{check_notes, check_policy, check_username, new_password};
pub(crate) use code::Totp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use vault::Secret;

/// The longest name of a user, in bytes.
const USERNAME_MAX: usize = 254;

/// The room.
#[derive(Clone)]
pub struct Passwords {
    store: Store,
    bus: Bus,
    clock: Clock,
    safe: Safe,
    grants: Grants,
    approvals: Approvals,
    // A change reads what is there before it writes: one at a time.
    changing: Arc<Mutex<()>>,
}

/// What is secret of a login; sealed as one.
#[derive(Serialize, Deserialize)]
struct Content {
    password: SecretText,
    notes: SecretText,
    totp: Option<Totp>,
}

impl Passwords {
    /// Opens the room.
    pub fn new(
        store: Store,
        bus: Bus,
        clock: Clock,
        safe: Safe,
        grants: Grants,
        approvals: Approvals,
    ) -> Self {
        Self { store, bus, clock, safe, grants, approvals, changing: Arc::default() }
    }

    /// The logins of an identity, without what is secret of them.
    pub async fn list(&self, identity: &IdentityRow) -> Result<Vec<PasswordEntry>> {
        let rows = self.store.passwords(&identity.id).await?;
        Ok(rows.into_iter().map(|row| entry(identity, row)).collect())
    }

    /// Makes a login, with the password that is given or a new one.
    pub async fn create(
        &self,
        caller: &Caller,
        identity: &IdentityRow,
        call: CreatePassword,
    ) -> Result<PasswordEntry> {
        call.password.as_ref().map_or(Ok(()), check_legacy)?;
        let _changing = self.changing.lock().await;
        Ok(entry(identity, self.make(caller, identity, call).await?))
    }

    /// The same for whoever holds the lock of changes.
    async fn make(
        &self,
        caller: &Caller,
        identity: &IdentityRow,
        call: CreatePassword,
    ) -> Result<PasswordRow> {
        let domain = domain::normalise(&call.domain)?;
        check_username(&call.username)?;
        check_policy(caller, call.policy)?;
        let password = new_password(call.password, Some(call.length.unwrap_or(LENGTH)))?;
        let notes = call.notes.unwrap_or_else(|| SecretText::new(String::new()));
        check_notes(&notes)?;
        let content = Content { password: password.context("a password was made")?, notes, totp: None };
        let rows = self.store.passwords(&identity.id).await?;
        if rows.iter().any(|row| row.domain == domain && row.username == call.username) {
            bail!(
                Error::conflict(format!("{} has that login at {domain} already", identity.name))
                    .hint("change it: lanyard passwords update DOMAIN")
            );
        }
        let now = self.clock.now();
        let row = PasswordRow {
            id: store::new_id(),
            identity_id: identity.id.clone(),
            domain,
            username: call.username,
            policy: call.policy.unwrap_or_default().name().into(),
            has_code: false,
            version: 0,
            set_by: String::new(),
            sealed: Vec::new(),
            created_at: now,
            updated_at: now,
        };
        self.write(caller, identity, row, content).await
    }

    /// Changes a login; what is left out stays.
    pub async fn update(
        &self,
        caller: &Caller,
        identity: &IdentityRow,
        call: UpdatePassword,
    ) -> Result<PasswordEntry> {
        call.password.as_ref().map_or(Ok(()), check_legacy)?;
        let _changing = self.changing.lock().await;
        Ok(entry(identity, self.change(caller, identity, call).await?))
    }

    /// The same for whoever holds the lock of changes.
    async fn change(
        &self,
        caller: &Caller,
        identity: &IdentityRow,
        call: UpdatePassword,
    ) -> Result<PasswordRow> {
        check_policy(caller, call.policy)?;
        let mut row = self.find(identity, &call.domain, call.username.as_deref()).await?;
        self.check_may_change(caller, &row).await?;
        let mut content = self.content(identity, &row)?;
        if let Some(password) = new_password(call.password, call.length)? {
            content.password = password;
        }
        if let Some(notes) = call.notes {
            check_notes(&notes)?;
            content.notes = notes;
        }
        if let Some(totp) = call.totp {
            // EXPOSE: only its being empty is looked at.
            content.totp = if totp.expose().is_empty() { None } else { Some(Totp::read(&totp)?) };
        }
        if let Some(policy) = call.policy {
            row.policy = policy.name().into();
        }
        self.write(caller, identity, row, content).await
    }

    /// Reads a login. An agent gets only what its policy allows.
    pub async fn read(
        &self,
        caller: &Caller,
        identity: &IdentityRow,
        call: ReadPassword,
    ) -> Result<PasswordValue> {
        let question =
            Question { domain: &call.domain, username: call.username.as_deref(), what: "password" };
        let row = self.permitted(caller, identity, question, call.reason, call.wait_ms).await?;
        let content = self.content(identity, &row)?;
        check_legacy(&content.password)?;
        Ok(PasswordValue {
            uuid: row.id,
            identity: identity.name.clone(),
            domain: row.domain,
            username: row.username,
            password: content.password,
            notes: content.notes,
            created_dt: rfc3339(row.created_at),
            updated_dt: rfc3339(row.updated_at),
        })
    }

    /// The one-time code of a login, now.
    pub async fn code(&self, caller: &Caller, identity: &IdentityRow, call: ReadCode) -> Result<OneTimeCode> {
        let question =
            Question { domain: &call.domain, username: call.username.as_deref(), what: "one-time code" };
        let row = self.permitted(caller, identity, question, call.reason, call.wait_ms).await?;
        let totp = self.content(identity, &row)?.totp.ok_or_else(|| {
            Error::new(Code::NotFound, format!("the login at {} has no one-time codes", row.domain))
                .hint("give it their secret: lanyard passwords totp DOMAIN -")
        })?;
        let (code, seconds_left) = totp.code(self.clock.now())?;
        Ok(OneTimeCode { domain: row.domain, username: row.username, code, seconds_left })
    }

    /// Makes a password that is kept nowhere.
    pub async fn generate(&self, call: &GeneratePassword) -> Result<GeneratedPassword> {
        Ok(GeneratedPassword { password: generate::of(call)? })
    }

    /// Deletes a login.
    pub async fn delete(
        &self,
        caller: &Caller,
        identity: &IdentityRow,
        call: DeletePassword,
    ) -> Result<Done> {
        let _changing = self.changing.lock().await;
        let row = self.find(identity, &call.domain, call.username.as_deref()).await?;
        self.check_may_change(caller, &row).await?;
        // Who keeps another login under this name is asked anew.
        self.grants.end_of_subject(&identity.id, Action::ReadPassword, &subject(&row)).await?;
        self.store.delete_password(&row.id).await?;
        self.store.flush().await?;
        self.tell(identity);
        Ok(Done {})
    }

    /// The login that a host, and the user's name where there are several, or an id names.
    async fn find(
        &self,
        identity: &IdentityRow,
        wanted: &str,
        username: Option<&str>,
    ) -> Result<PasswordRow> {
        let mut rows = self.store.passwords(&identity.id).await?;
        if let Some(at) = rows.iter().position(|row| row.id == wanted) {
            return Ok(rows.swap_remove(at));
        }
        let domain = domain::normalise(wanted)?;
        rows.retain(|row| row.domain == domain && username.is_none_or(|name| name == row.username));
        match rows.len() {
            0 => bail!(
                Error::not_found("login", username.unwrap_or(&domain))
                    .hint(format!("`lanyard passwords list` shows those of {}", identity.name))
            ),
            1 => Ok(rows.swap_remove(0)),
            n => {
                let names: Vec<_> = rows.iter().map(|row| shown(&row.username)).collect();
                bail!(
                    Error::new(Code::Ambiguous, format!("{} has {n} logins at {domain}", identity.name))
                        .hint(format!("say which one with --username: {}", names.join(", ")))
                )
            }
        }
    }

    /// The login that is asked for, where the policy or the owner lets the caller have it.
    async fn permitted(
        &self,
        caller: &Caller,
        identity: &IdentityRow,
        question: Question<'_>,
        reason: Option<String>,
        wait_ms: Option<u64>,
    ) -> Result<PasswordRow> {
        let mut row = self.find(identity, question.domain, question.username).await?;
        if caller.is_agent() && read_policy(&row.policy) == Policy::Ask {
            let wanted = Wanted {
                action: Action::ReadPassword,
                subject: subject(&row),
                identity: identity.clone(),
                reason,
                wait: wait_ms.map(Duration::from_millis),
                details: vec![("what".into(), question.what.into())],
            };
            self.approvals.permit(caller, wanted).await?;
            // The owner may have changed it while the agent waited. What was approved was this one login.
            row = self.find(identity, &row.id, None).await?;
        }
        if caller.is_agent() && read_policy(&row.policy) == Policy::Deny {
            bail!(
                Error::refused(format!("the owner keeps the login at {} from agents", row.domain))
                    .hint("its policy is deny; go on without it, or ask the owner")
            );
        }
        Ok(row)
    }

    /// Seals a login as its next version. The last one is destroyed.
    async fn write(
        &self,
        caller: &Caller,
        identity: &IdentityRow,
        row: PasswordRow,
        content: Content,
    ) -> Result<PasswordRow> {
        let version = row.version + 1;
        let has_code = content.totp.is_some();
        let content = Secret::new(std::mem::take(&mut *wiped::json(&content)?));
        let row = PasswordRow {
            sealed: self.safe.seal(identity, &place(&row), version, &content)?,
            has_code,
            version,
            set_by: author_of(caller).into(),
            updated_at: self.clock.now(),
            ..row
        };
        self.store.put_password(&row).await?;
        self.store.flush().await?;
        self.tell(identity);
        Ok(row)
    }

    fn content(&self, identity: &IdentityRow, row: &PasswordRow) -> Result<Content> {
        let content = self.safe.unseal(identity, &place(row), row.version, &row.sealed)?;
        // EXPOSE: it is taken apart into fields that are wiped.
        serde_json::from_slice(content.expose()).ok().context("a stored login is malformed")
    }

    /// An agent may change what an agent made; the owner's it may not touch.
    async fn check_may_change(&self, caller: &Caller, row: &PasswordRow) -> Result<()> {
        let is_free = read_policy(&row.policy) == Policy::Auto;
        if caller.is_agent() && !(is_free && is_of_agents(&self.store, &row.set_by, &row.id).await?) {
            bail!(
                Error::refused(format!("the login at {} is the owner's", row.domain))
                    .hint("make one with another --username, or ask the owner to change it")
            );
        }
        Ok(())
    }

    fn tell(&self, identity: &IdentityRow) {
        self.bus.publish(Event::PasswordChanged { identity: identity.id.clone() });
    }
}

/// Which login is asked for, and what of it.
struct Question<'a> {
    domain: &'a str,
    username: Option<&'a str>,
    what: &'static str,
}

/// What approvals and grants call a login.
fn subject(row: &PasswordRow) -> String {
    format!("{} {}", row.domain, row.username).trim_end().to_string()
}

/// What a sealed login is bound to. A blank stands in no key of a secret, and in no domain.
fn place(row: &PasswordRow) -> String {
    format!("password {} {}", row.domain, row.username)
}

fn entry(identity: &IdentityRow, row: PasswordRow) -> PasswordEntry {
    PasswordEntry {
        policy: read_policy(&row.policy),
        uuid: row.id,
        identity: identity.name.clone(),
        domain: row.domain,
        username: row.username,
        has_code: row.has_code,
        version: row.version,
        created_dt: rfc3339(row.created_at),
        updated_dt: rfc3339(row.updated_at),
        updated_at: row.updated_at,
    }
}
