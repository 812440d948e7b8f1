//! Archiving a worktree: what runs in it is stopped, what would be lost is named first.

use super::Sessions;
use crate::audit::{By, Fact};
use crate::store::{SecretRow, WorktreeRow};
use anyhow::{Result, bail};
use api::audit::Kind;
use api::names::shown;
use api::sessions::StopSession;
use api::worktrees::{ArchiveWorktree, Archived, Loss};
use api::{Code, Error};
use std::time::Duration;

/// How many files and commits an error names.
const NAMED: usize = 5;
/// How long an archive waits for the word of issuers; what they have not confirmed by then goes on by itself.
const ISSUERS_PATIENCE: Duration = Duration::from_secs(10);

impl Sessions {
    /// Archives a worktree. Without `force`, anything that would be lost is an error that names it. What was
    /// handed out for it is taken back before the checkout goes.
    pub async fn archive(&self, call: ArchiveWorktree) -> Result<Archived> {
        let row = self.worktrees.find(&call.worktree).await?;
        let live = self.store.live_sessions().await?.into_iter().find(|s| s.worktree_id == row.id);
        if !call.force {
            if let Some(session) = &live {
                let message = format!("slot {} still works in {}", session.slot, shown(&row.name));
                bail!(
                    Error::new(Code::Unconfirmed, message).hint("--force stops it and archives the worktree")
                );
            }
            check_loss(&row, &self.worktrees.loss(&row).await?)?;
            self.tokens.check_end_of_worktree(&row.id).await?;
        }
        if let Some(session) = live {
            self.stop(StopSession { session: session.id, grace_ms: None }).await?;
        }
        let tokens = self.tokens.end_of_worktree(&row.id, ISSUERS_PATIENCE).await?;
        let _changing = self.live.changing.lock().await;
        for ended in self.store.last_sessions().await?.iter().filter(|s| s.worktree_id == row.id) {
            self.release(&ended.id).await;
        }
        let grants = self.grants.end_of_worktree(&row.id).await?;
        let secrets = self.remove_secrets(&row.id).await?;
        // What its sessions came to can be told only as long as it is there.
        if let Err(e) = self.summaries.keep_of_worktree(&row.id).await {
            tracing::error!("keeping the summaries of the worktree {}: {e:#}", row.name);
        }
        let id = row.id.clone();
        let worktree = self.worktrees.archive(row).await?;
        // A request that came between the two is condemned as well.
        self.tokens.end_of_worktree(&id, Duration::ZERO).await?;
        Ok(Archived { worktree, tokens, grants, secrets })
    }

    /// Removes the secrets that are for a worktree alone; each is recorded with whose it was.
    async fn remove_secrets(&self, worktree_id: &str) -> Result<Vec<String>> {
        let removed = |row: SecretRow| Fact {
            identity_id: Some(row.identity_id),
            worktree_id: row.worktree_id,
            detail: "its worktree was archived".into(),
            ..Fact::done(Kind::Secret, "secrets.removed", row.key)
        };
        let facts: Vec<Fact> =
            self.store.secrets_of_worktree(worktree_id).await?.into_iter().map(removed).collect();
        if facts.is_empty() {
            return Ok(Vec::new());
        }
        let intent = self.audit.intend(By::Daemon, &facts).await?;
        let keys = self.secrets.remove_of_worktree(worktree_id).await?;
        self.audit.settle(Some(intent), By::Daemon, facts, false).await?;
        Ok(keys)
    }
}

fn check_loss(row: &WorktreeRow, loss: &Loss) -> Result<()> {
    let mut parts = Vec::new();
    if loss.uncommitted_count > 0 {
        let files = named(&loss.uncommitted, loss.uncommitted_count);
        parts.push(format!("{} ({files})", counted(loss.uncommitted_count, "uncommitted file")));
    }
    if loss.unpushed_count > 0 {
        let commits = named(&loss.unpushed, loss.unpushed_count);
        parts.push(format!("{} ({commits})", counted(loss.unpushed_count, "unpushed commit")));
    }
    if parts.is_empty() {
        return Ok(());
    }
    let message = format!("the worktree {} has {}", shown(&row.name), parts.join(" and "));
    bail!(
        Error::new(Code::Unconfirmed, message).hint(
            "--force archives it all the same: uncommitted changes are lost, commits stay on the branch"
        )
    )
}

fn counted(count: u32, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

fn named(things: &[String], count: u32) -> String {
    let first: Vec<String> = things.iter().take(NAMED).map(|t| t.escape_debug().take(80).collect()).collect();
    let more = if count as usize > first.len() { ", …" } else { "" };
    format!("{}{more}", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_named_but_not_endlessly() {
        let things: Vec<String> = (0..9).map(|n| format!("f{n}")).collect();
        assert_eq!(named(&things, 9), "f0, f1, f2, f3, f4, …");
        assert_eq!(named(&things[..2], 2), "f0, f1");
    }
}
