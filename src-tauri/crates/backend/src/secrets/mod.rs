//! The room of secrets: the contents of the identities' vaults.

mod elsewhere;
mod obeyed;
mod rotation;
mod seen;
mod sharing;

pub use elsewhere::{check_legacy, is_legacy};
pub use seen::{policy, read_policy};

use crate::approvals::{Approvals, Permit, Wanted};
use crate::bus::Bus;
use crate::caller::Caller;
use crate::clock::{Clock, rfc3339};
use crate::environment::is_reserved;
use crate::grants::Grants;
use crate::safe::Safe;
use crate::store::{self, HeldSecret, IdentityRow, SecretRow, Store, WorktreeRow};
use anyhow::{Context, Result, bail};
use api::approvals::Action;
use api::names::check_key;
use api::secrets::{Policy, ReadSecret, SecretEntry, SecretValue, SetSecret, VALUE_MAX};
use api::{Code, Done, Error, Event, SecretText};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use vault::Secret;

/// Who set a value, as the store has it.
const BY_OWNER: &str = "owner";
const BY_AGENT: &str = "agent";
const BY_SOURCE: &str = "source";

/// The room.
#[derive(Clone)]
pub struct Secrets {
    store: Store,
    bus: Bus,
    clock: Clock,
    safe: Safe,
    grants: Grants,
    approvals: Approvals,
    // A change reads what is there before it writes: one at a time.
    changing: Arc<Mutex<()>>,
}

/// Where a secret belongs: to an identity, for all of its worktrees or for one alone.
pub struct Scope {
    /// Whose it is.
    pub identity: IdentityRow,
    /// The worktree that it is for alone.
    pub worktree: Option<WorktreeRow>,
}

/// A secret on its way into a session's environment.
pub struct Injected {
    /// Which one it is.
    pub held: HeldSecret,
    /// Its value.
    pub value: SecretText,
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
        Self { store, bus, clock, safe, grants, approvals, changing: Arc::default() }
    }

    /// Sets a secret, or changes the policy or notes of one that is there. A value is set for all that share it.
    pub async fn set(&self, caller: &Caller, scope: &Scope, call: SetSecret) -> Result<SecretEntry> {
        call.value.as_ref().map_or(Ok(()), check_legacy)?;
        let changing = self.changing.lock().await;
        let row = self.write(caller, scope, call).await?;
        drop(changing);
        self.entry(caller, row).await
    }

    /// The same for whoever holds the lock of changes.
    async fn write(&self, caller: &Caller, scope: &Scope, call: SetSecret) -> Result<SecretRow> {
        check_key(&call.key)?;
        let before = self.look_up(caller, scope, &call.key).await?;
        if before.is_none() {
            obeyed::check(caller, &call.key)?;
        }
        let others = match &before {
            Some(row) => self.others(row).await?,
            None => Vec::new(),
        };
        self.check_may_set(caller, &call, before.as_ref(), !others.is_empty()).await?;
        let row = match (before, &call.value) {
            (Some(row), _) => row,
            (None, Some(_)) => self.fresh(scope, &call.key).await?,
            (None, None) => bail!(no_such(scope, &call.key)),
        };
        let row = SecretRow {
            policy: call.policy.map_or(row.policy, |policy| policy.name().to_string()),
            notes: call.notes.unwrap_or(row.notes),
            updated_at: self.clock.now(),
            ..row
        };
        match call.value {
            Some(value) => self.renew(caller, row, others, &value, None).await,
            None => {
                self.store.put_secrets(std::slice::from_ref(&row), None).await?;
                self.tell(&row);
                Ok(row)
            }
        }
    }

    /// Reads a secret's value. An agent gets only what its policy or the owner allows.
    pub async fn read(&self, caller: &Caller, scope: &Scope, call: &ReadSecret) -> Result<SecretValue> {
        let identity = &scope.identity;
        let mut row = self.find(caller, scope, &call.key).await?;
        if caller.is_agent()
            && policy(&row) == Policy::Ask
            && self.approvals.permit(caller, wanted(identity, call)).await? == Permit::Asked
        {
            // The owner may have changed it while the agent waited.
            row = self.find(caller, scope, &call.key).await?;
        }
        if caller.is_agent() && policy(&row) == Policy::Deny {
            bail!(
                Error::refused(format!("the owner keeps {} from agents", row.key))
                    .hint("its policy is deny; go on without it, or ask the owner")
            );
        }
        let value = text(&self.unsealed(identity, &row)?)?;
        check_legacy(&value)?;
        Ok(SecretValue {
            uuid: row.id,
            identity: identity.name.clone(),
            key: row.key,
            value,
            notes: row.notes,
            created_dt: rfc3339(row.created_at),
            updated_dt: rfc3339(row.updated_at),
        })
    }

    /// Deletes a secret. Whoever shares it keeps it; an agent deletes only what an agent has set.
    pub async fn delete(&self, caller: &Caller, scope: &Scope, key: &str) -> Result<Done> {
        let _changing = self.changing.lock().await;
        let row = self.find(caller, scope, key).await?;
        let shared = !self.others(&row).await?.is_empty();
        let call = SetSecret { key: row.key.clone(), ..SetSecret::default() };
        self.check_may_set(caller, &call, Some(&row), shared).await?;
        self.destroy(&[row]).await?;
        Ok(Done {})
    }

    /// Deletes the secrets that are for one worktree alone, and says which they were.
    pub async fn remove_of_worktree(&self, worktree_id: &str) -> Result<Vec<String>> {
        let _changing = self.changing.lock().await;
        let rows = self.store.secrets_of_worktree(worktree_id).await?;
        if !rows.is_empty() {
            self.destroy(&rows).await?;
        }
        Ok(rows.into_iter().map(|row| row.key).collect())
    }

    /// What is put into the environment of an identity's sessions in a worktree. The worktree's own wins.
    pub async fn injected(&self, identity: &IdentityRow, worktree_id: Option<&str>) -> Result<Vec<Injected>> {
        let rows = self.store.secrets(&identity.id).await?;
        let applies =
            |row: &SecretRow| row.worktree_id.is_none() || row.worktree_id.as_deref() == worktree_id;
        // Those for all worktrees come first, so that the worktree's own take their places.
        let rows: BTreeMap<String, SecretRow> =
            rows.into_iter().filter(applies).map(|row| (row.key.clone(), row)).collect();
        let auto = rows.into_values().filter(|row| policy(row) == Policy::Auto);
        let injected = |row: SecretRow| {
            let value = text(&self.unsealed(identity, &row)?)?;
            Ok(Injected { held: HeldSecret { key: row.key, secret_id: row.id, version: row.version }, value })
        };
        let injected = auto.map(injected).collect::<Result<Vec<Injected>>>()?;
        Ok(injected.into_iter().filter(|one| !is_legacy(&one.value)).collect())
    }

    async fn find(&self, caller: &Caller, scope: &Scope, key: &str) -> Result<SecretRow> {
        check_key(key)?;
        Ok(self.look_up(caller, scope, key).await?.ok_or_else(|| no_such(scope, key))?)
    }

    /// The secret that a caller means: an agent's is the one that applies in its worktree.
    async fn look_up(&self, caller: &Caller, scope: &Scope, key: &str) -> Result<Option<SecretRow>> {
        let identity = &scope.identity.id;
        match caller {
            Caller::Agent { session, .. } => self.store.secret_of_session(identity, key, session).await,
            _ => self.store.secret(identity, key, scope.worktree_id()).await,
        }
    }

    /// A secret that has no value yet.
    async fn fresh(&self, scope: &Scope, key: &str) -> Result<SecretRow> {
        if is_reserved(key) {
            bail!(
                Error::invalid(format!("{key} is set by Lanyard itself"))
                    .hint("a secret becomes a variable of the session; choose another name")
            );
        }
        // What was granted of another secret under this key, for all worktrees, is not granted of this one.
        self.grants.end_of_subject(&scope.identity.id, Action::ReadSecret, key).await?;
        let now = self.clock.now();
        Ok(SecretRow {
            id: store::new_id(),
            identity_id: scope.identity.id.clone(),
            worktree_id: scope.worktree_id().map(String::from),
            group_id: None,
            key: key.to_string(),
            policy: Policy::Auto.name().into(),
            notes: String::new(),
            version: 0,
            set_by: String::new(),
            sealed: Vec::new(),
            created_at: now,
            updated_at: now,
        })
    }

    async fn destroy(&self, rows: &[SecretRow]) -> Result<()> {
        for row in rows {
            // Who sets another secret under this key is asked anew.
            self.grants.end_of_subject(&row.identity_id, Action::ReadSecret, &row.key).await?;
        }
        self.store.delete_secrets(rows).await?;
        rows.iter().for_each(|row| self.tell(row));
        Ok(())
    }

    fn unsealed(&self, identity: &IdentityRow, row: &SecretRow) -> Result<Secret> {
        self.safe.unseal(identity, &place(row), row.version, &row.sealed)
    }

    /// An agent may add secrets and change those that an agent set; the owner's it may not touch, nor what others
    /// share.
    async fn check_may_set(
        &self,
        caller: &Caller,
        call: &SetSecret,
        before: Option<&SecretRow>,
        shared: bool,
    ) -> Result<()> {
        if !caller.is_agent() {
            return Ok(());
        }
        if call.policy.is_some() {
            bail!(Error::refused("only the owner sets a policy").hint("leave --policy out"));
        }
        let hint = "choose another key, or ask the owner to change it";
        if shared {
            let why = format!("other identities share {}, so only the owner changes it", call.key);
            bail!(Error::refused(why).hint(hint));
        }
        let Some(row) = before else { return Ok(()) };
        if policy(row) != Policy::Auto || !is_of_agents(&self.store, &row.set_by, &row.id).await? {
            bail!(Error::refused(format!("{} was set by the owner", call.key)).hint(hint));
        }
        Ok(())
    }

    fn tell(&self, row: &SecretRow) {
        self.bus.publish(Event::SecretChanged { identity: row.identity_id.clone(), key: row.key.clone() });
    }
}

impl Scope {
    fn worktree_id(&self) -> Option<&str> {
        self.worktree.as_ref().map(|row| row.id.as_str())
    }
}

/// Who a caller is, as the store has it.
pub fn author_of(caller: &Caller) -> &'static str {
    match caller {
        Caller::Agent { .. } => BY_AGENT,
        Caller::Source => BY_SOURCE,
        Caller::Owner | Caller::Notification | Caller::Member { .. } => BY_OWNER,
    }
}

/// Whether an agent may change what this one has set: what an agent has, and what came from a source whose owner has
/// opened it to agents.
pub async fn is_of_agents(store: &Store, set_by: &str, id: &str) -> Result<bool> {
    match set_by {
        BY_AGENT => Ok(true),
        BY_SOURCE => store.is_open(id).await,
        _ => Ok(false),
    }
}

/// The name that a value is sealed for. A blank stands in no key.
fn place(row: &SecretRow) -> String {
    match &row.worktree_id {
        Some(worktree) => format!("{} {worktree}", row.key),
        None => row.key.clone(),
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

fn no_such(scope: &Scope, key: &str) -> Error {
    let alone = scope.worktree.as_ref().map(|row| format!(" for the worktree {} alone", row.name));
    Error::not_found("secret", key).hint(format!(
        "{} holds none of that key{}: lanyard secrets list",
        scope.identity.name,
        alone.unwrap_or_default()
    ))
}
