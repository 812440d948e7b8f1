//! Secrets as a caller sees them: without their values, with who shares them and who still holds old ones.

use super::Secrets;
use crate::caller::Caller;
use crate::clock::rfc3339;
use crate::store::{IdentityRow, SecretRow, StaleRow, WorktreeRow};
use anyhow::Result;
use api::secrets::{Policy, SecretEntry, StaleSession};

/// What has to be known to show secrets.
struct View {
    identities: Vec<IdentityRow>,
    worktrees: Vec<WorktreeRow>,
    shared: Vec<SecretRow>,
    stale: Vec<StaleRow>,
}

impl Secrets {
    /// The secrets of an identity, without their values. An agent sees those that can be its own.
    pub async fn list(&self, caller: &Caller, identity: &IdentityRow) -> Result<Vec<SecretEntry>> {
        let mut rows = self.store.secrets(&identity.id).await?;
        if let Caller::Agent { session, .. } = caller {
            let worktree = self.store.session(session).await?.map(|row| row.worktree_id);
            rows.retain(|row| row.worktree_id.is_none() || row.worktree_id == worktree);
        }
        let view = self.view().await?;
        Ok(rows.into_iter().map(|row| view.entry(caller, row)).collect())
    }

    /// One secret, without its value.
    pub(super) async fn entry(&self, caller: &Caller, row: SecretRow) -> Result<SecretEntry> {
        Ok(self.view().await?.entry(caller, row))
    }

    async fn view(&self) -> Result<View> {
        Ok(View {
            identities: self.store.identities().await?,
            worktrees: self.store.worktrees().await?,
            shared: self.store.shared_secrets().await?,
            stale: self.store.stale().await?,
        })
    }
}

impl View {
    fn entry(&self, caller: &Caller, row: SecretRow) -> SecretEntry {
        let others: Vec<&SecretRow> = self.shared.iter().filter(|other| shares(&row, other)).collect();
        let worktree = self.worktrees.iter().find(|w| Some(&w.id) == row.worktree_id.as_ref());
        let all = !caller.is_agent();
        let shown = |held: &&StaleRow| {
            let own = held.identity_id == row.identity_id;
            (own && replaced(held, &row)) || (all && others.iter().any(|other| replaced(held, other)))
        };
        let shared_with = others.iter().filter(|_| all).map(|other| self.name(&other.identity_id)).collect();
        SecretEntry {
            policy: policy(&row),
            identity: self.name(&row.identity_id),
            worktree: worktree.map(|w| w.name.clone()),
            shared_with,
            stale: self.stale.iter().filter(shown).map(seen).collect(),
            uuid: row.id,
            worktree_id: row.worktree_id,
            key: row.key,
            notes: row.notes,
            version: row.version,
            created_dt: rfc3339(row.created_at),
            updated_dt: rfc3339(row.updated_at),
            updated_at: row.updated_at,
        }
    }

    fn name(&self, identity_id: &str) -> String {
        let found = self.identities.iter().find(|identity| identity.id == identity_id);
        found.map(|identity| identity.name.clone()).unwrap_or_default()
    }
}

fn shares(row: &SecretRow, other: &SecretRow) -> bool {
    row.group_id.is_some() && row.group_id == other.group_id && row.id != other.id
}

/// Whether what a session holds has been replaced by this secret's value.
fn replaced(held: &StaleRow, row: &SecretRow) -> bool {
    let same_name = held.identity_id == row.identity_id && held.key == row.key;
    match &row.worktree_id {
        _ if held.secret_id == row.id => held.version != row.version,
        Some(worktree) => same_name && *worktree == held.worktree_id,
        None => same_name && !held.exists,
    }
}

fn seen(held: &StaleRow) -> StaleSession {
    StaleSession {
        session: held.session_id.clone(),
        slot: u32::try_from(held.slot).unwrap_or(0),
        identity: held.identity.clone(),
        worktree: held.worktree.clone(),
        version: held.version,
    }
}

/// The policy of a stored secret. What nobody knows is never given out.
pub fn policy(row: &SecretRow) -> Policy {
    read_policy(&row.policy)
}

/// Reads a policy's name. What nobody knows is never given out.
pub fn read_policy(name: &str) -> Policy {
    [Policy::Auto, Policy::Ask].into_iter().find(|p| p.name() == name).unwrap_or(Policy::Deny)
}
