//! A session as it is stored, and as a caller sees it.

use crate::store::SessionRow;
use api::sessions::{Session, State};

/// The state of a stored session. What nobody knows counts as failed.
pub fn state(row: &SessionRow) -> State {
    [State::Starting, State::Working, State::Done, State::Stopped]
        .into_iter()
        .find(|state| state.name() == row.state)
        .unwrap_or(State::Failed)
}

/// The session as a caller sees it.
pub fn seen(row: SessionRow) -> Session {
    Session {
        state: state(&row),
        exit: row.exit.as_deref().and_then(|exit| serde_json::from_str(exit).ok()),
        command: serde_json::from_str(&row.command).unwrap_or_default(),
        slot: u32::try_from(row.slot).unwrap_or(0),
        id: row.id,
        identity_id: row.identity_id,
        identity: row.identity,
        project: row.project,
        worktree_id: row.worktree_id,
        worktree: row.worktree,
        branch: row.branch,
        path: row.path,
        agent: row.agent,
        reason: row.reason,
        started_at: row.started_at,
        ended_at: row.ended_at,
        stale: Vec::new(),
    }
}
