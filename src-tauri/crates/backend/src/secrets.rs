//! The room of secrets: the contents of the identities' vaults.

use crate::approvals::{Approvals, Wanted};
use crate::bus::Bus;
use crate::caller::Caller;
use crate::clock::{Clock, rfc3339};
use crate::environment::is_reserved;
use crate::grants::Grants;
use crate::safe::Safe;
use crate::store::{self, IdentityRow, SecretRow, Store};
use anyhow::{Context, Result, bail};
use api::approvals::Action;
use api::names::check_key;
use api::secrets::{Policy, ReadSecret, SecretEntry, SecretValue, SetSecret, VALUE_MAX};
use api::{Code, Done, Error, Event, SecretText};
use std::time::Duration;
use vault::Secret;

/// Who set a value, as the store has it.
const BY_OWNER: &str = "owner";
const BY_AGENT: &str = "agent";

/// The room.
#[derive(Clone)]
pub struct Secrets {
    store: Store,
    bus: Bus,
    clock: Clock,
    safe: Safe,
    grants: Grants,
    approvals: Approvals,
}

impl Secrets {
    /// Opens the room.
    pub fn new(
        store: Store,
        bus: Bus,
        clock: Clock,
        safe: Safe,
        grants: Grants,
        approvals: Approvals,
    ) -> Self {
        Self { store, bus, clock, safe, grants, approvals }
    }

    /// The secrets of an identity, without their values.
    pub async fn list(&self, identity: &IdentityRow) -> Result<Vec<SecretEntry>> {
        let rows = self.store.secrets(&identity.id).await?;
        Ok(rows.into_iter().map(|row| entry(identity, row)).collect())
    }

    /// Sets a secret, or changes the policy or notes of one that is there.
    pub async fn set(&self, caller: &Caller, identity: &IdentityRow, call: SetSecret) -> Result<SecretEntry> {
        check_key(&call.key)?;
        let before = self.store.secret(&identity.id, &call.key).await?;
        check_may_set(caller, &call, before.as_ref())?;
        let row = match (call.value, before) {
            (Some(value), before) => self.sealed(caller, identity, &call.key, value, before)?,
            (None, Some(before)) => before,
            (None, None) => bail!(no_such(identity, &call.key)),
        };
        let row = SecretRow {
            policy: call.policy.map_or(row.policy, |policy| policy.name().to_string()),
            notes: call.notes.unwrap_or(row.notes),
            updated_at: self.clock.now(),
            ..row
        };
        self.store.put_secret(&row).await?;
        self.tell(identity, &row.key);
        Ok(entry(identity, row))
    }

    /// Reads a secret's value. An agent gets only what its policy or the owner allows.
    pub async fn read(
        &self,
        caller: &Caller,
        identity: &IdentityRow,
        call: &ReadSecret,
    ) -> Result<SecretValue> {
        let mut row = self.find(identity, &call.key).await?;
        if caller.is_agent() && policy(&row) == Policy::Ask {
            self.approvals.permit(caller, wanted(identity, call)).await?;
            // The owner may have changed it while the agent waited.
            row = self.find(identity, &call.key).await?;
        }
        if caller.is_agent() && policy(&row) == Policy::Deny {
            bail!(
                Error::refused(format!("the owner keeps {} from agents", row.key))
                    .hint("its policy is deny; go on without it, or ask the owner")
            );
        }
        let secret = self.safe.unseal(identity, &row.key, row.version, &row.sealed)?;
        Ok(SecretValue {
            uuid: row.id,
            identity: identity.name.clone(),
            key: row.key,
            value: text(&secret)?,
            notes: row.notes,
            created_dt: rfc3339(row.created_at),
            updated_dt: rfc3339(row.updated_at),
        })
    }

    /// Deletes a secret.
    pub async fn delete(&self, identity: &IdentityRow, key: &str) -> Result<Done> {
        let row = self.find(identity, key).await?;
        // Who sets another secret under this key is asked anew.
        self.grants.end_of_subject(&identity.id, Action::ReadSecret, key).await?;
        self.store.delete_secret(&row.id).await?;
        self.store.flush().await?;
        self.tell(identity, key);
        Ok(Done {})
    }

    /// What is put into the environment of an identity's sessions.
    pub async fn injected(&self, identity: &IdentityRow) -> Result<Vec<(String, SecretText)>> {
        let mut injected = Vec::new();
        for row in self.store.secrets(&identity.id).await? {
            if policy(&row) == Policy::Auto {
                let secret = self.safe.unseal(identity, &row.key, row.version, &row.sealed)?;
                injected.push((row.key, text(&secret)?));
            }
        }
        Ok(injected)
    }

    async fn find(&self, identity: &IdentityRow, key: &str) -> Result<SecretRow> {
        check_key(key)?;
        Ok(self.store.secret(&identity.id, key).await?.ok_or_else(|| no_such(identity, key))?)
    }

    fn sealed(
        &self,
        caller: &Caller,
        identity: &IdentityRow,
        key: &str,
        value: SecretText,
        before: Option<SecretRow>,
    ) -> Result<SecretRow> {
        check_value(&value)?;
        if is_reserved(key) {
            bail!(
                Error::invalid(format!("{key} is set by Lanyard itself"))
                    .hint("a secret becomes a variable of the session; choose another name")
            );
        }
        let now = self.clock.now();
        let version = before.as_ref().map_or(1, |row| row.version + 1);
        // EXPOSE: the value is about to be sealed.
        let secret = Secret::from(value.expose().to_string());
        Ok(SecretRow {
            sealed: self.safe.seal(identity, key, version, &secret)?,
            id: before.as_ref().map_or_else(store::new_id, |row| row.id.clone()),
            identity_id: identity.id.clone(),
            key: key.to_string(),
            policy: before.as_ref().map_or(Policy::Auto.name().into(), |row| row.policy.clone()),
            notes: before.as_ref().map_or_else(String::new, |row| row.notes.clone()),
            version,
            set_by: author_of(caller).into(),
            created_at: before.as_ref().map_or(now, |row| row.created_at),
            updated_at: now,
        })
    }

    fn tell(&self, identity: &IdentityRow, key: &str) {
        self.bus.publish(Event::SecretChanged { identity: identity.id.clone(), key: key.to_string() });
    }
}

fn wanted(identity: &IdentityRow, call: &ReadSecret) -> Wanted {
    Wanted {
        action: Action::ReadSecret,
        subject: call.key.clone(),
        identity: identity.clone(),
        reason: call.reason.clone(),
        wait: call.wait_ms.map(Duration::from_millis),
        details: Vec::new(),
    }
}

/// Who a caller is, as the store has it.
pub fn author_of(caller: &Caller) -> &'static str {
    if caller.is_agent() { BY_AGENT } else { BY_OWNER }
}

/// The policy of a stored secret. What nobody knows is never given out.
pub fn policy(row: &SecretRow) -> Policy {
    read_policy(&row.policy)
}

/// Reads a policy's name. What nobody knows is never given out.
pub fn read_policy(name: &str) -> Policy {
    [Policy::Auto, Policy::Ask].into_iter().find(|p| p.name() == name).unwrap_or(Policy::Deny)
}

/// An agent may add secrets and change those that an agent set; the owner's it may not touch.
fn check_may_set(caller: &Caller, call: &SetSecret, before: Option<&SecretRow>) -> Result<()> {
    if !caller.is_agent() {
        return Ok(());
    }
    if call.policy.is_some() {
        bail!(Error::refused("only the owner sets a policy").hint("leave --policy out"));
    }
    if before.is_some_and(|row| row.set_by != BY_AGENT || policy(row) != Policy::Auto) {
        bail!(
            Error::refused(format!("{} was set by the owner", call.key))
                .hint("choose another key, or ask the owner to change it")
        );
    }
    Ok(())
}

fn check_value(value: &SecretText) -> Result<()> {
    // EXPOSE: its length is checked, and that an environment can hold it.
    let bytes = value.expose().as_bytes();
    match bytes.len() {
        0 => bail!(
            Error::invalid("a secret cannot be empty").hint("delete it instead: lanyard secrets delete KEY")
        ),
        n if n > VALUE_MAX => bail!(
            Error::new(Code::TooLarge, format!("the value has {n} bytes, {VALUE_MAX} (64 KiB) is the limit"))
                .hint("keep large files elsewhere and store the key to them")
        ),
        _ if bytes.contains(&0) => bail!(Error::invalid("a secret cannot hold a zero byte")),
        _ => Ok(()),
    }
}

fn text(secret: &Secret) -> Result<SecretText> {
    // EXPOSE: the value goes to a caller that may have it.
    let text = secret.expose_str().context("a stored secret is not UTF-8")?;
    Ok(SecretText::new(text.to_string()))
}

fn no_such(identity: &IdentityRow, key: &str) -> Error {
    Error::not_found("secret", key)
        .hint(format!("{} holds none of that key: lanyard secrets list", identity.name))
}

fn entry(identity: &IdentityRow, row: SecretRow) -> SecretEntry {
    SecretEntry {
        policy: policy(&row),
        uuid: row.id,
        identity: identity.name.clone(),
        key: row.key,
        notes: row.notes,
        version: row.version,
        created_dt: rfc3339(row.created_at),
        updated_dt: rfc3339(row.updated_at),
        updated_at: row.updated_at,
    }
}
