//! What shall be started, and the row that is written of it.

use crate::store::{IdentityRow, ProjectRow, SessionRow, WorktreeRow};
use anyhow::Result;
use api::sessions::Size;

/// What shall be started.
pub(super) struct Order {
    pub(super) id: String,
    pub(super) slot: u32,
    pub(super) identity: IdentityRow,
    pub(super) worktree: WorktreeRow,
    pub(super) agent: String,
    pub(super) command: Vec<String>,
    pub(super) prompt: Option<String>,
    pub(super) conversation: Option<String>,
    pub(super) size: Size,
}

impl Order {
    pub(super) fn row(&self, project: &ProjectRow, now: api::Millis) -> Result<SessionRow> {
        Ok(SessionRow {
            id: self.id.clone(),
            slot: i64::from(self.slot),
            identity_id: self.identity.id.clone(),
            identity: self.identity.name.clone(),
            project: project.name.clone(),
            worktree_id: self.worktree.id.clone(),
            worktree: self.worktree.name.clone(),
            branch: self.worktree.branch.clone(),
            path: self.worktree.path.clone(),
            agent: self.agent.clone(),
            command: serde_json::to_string(&self.command)?,
            state: api::sessions::State::Starting.name().into(),
            waiting: None,
            since: now,
            reason: None,
            message: None,
            wants: None,
            from_terminal: false,
            hooked: false,
            attention: None,
            attention_at: None,
            title: None,
            progress: None,
            conversation: None,
            prompt: self.prompt.clone(),
            exit: None,
            keeper_pid: None,
            started_at: now,
            ended_at: None,
        })
    }
}
