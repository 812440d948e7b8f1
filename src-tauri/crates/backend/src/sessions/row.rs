//! A session as it is stored, as the state machine sees it, and as a caller does.

use crate::state::Status;
use crate::store::SessionRow;
use api::sessions::{Attention, Session, State, Waiting};

/// How much of a prompt is shown, in bytes: every event of a session carries it.
const PROMPT_SHOWN: usize = 1024;

/// How a stored session is. What nobody knows counts as failed.
pub fn status(row: &SessionRow) -> Status {
    let attention = row.attention_at.map(|at| Attention { text: row.attention.clone(), at });
    let waiting = row.waiting.as_deref().and_then(|name| Waiting::ALL.into_iter().find(|w| w.name() == name));
    Status {
        state: State::ALL.into_iter().find(|state| state.name() == row.state).unwrap_or(State::Failed),
        waiting,
        since: row.since,
        reason: row.reason.clone(),
        message: row.message.clone(),
        wants: row.wants.clone(),
        from_terminal: row.from_terminal,
        hooked: row.hooked,
        attention,
        title: row.title.clone(),
        progress: row.progress.and_then(|percent| u8::try_from(percent).ok()),
        conversation: row.conversation.clone(),
        ended: row.ended_at.is_some(),
    }
}

/// Writes into a row how its session is now.
pub fn note(row: &mut SessionRow, status: Status) {
    row.state = status.state.name().into();
    row.waiting = status.waiting.map(|kind| kind.name().into());
    row.since = status.since;
    row.reason = status.reason;
    row.message = status.message;
    row.wants = status.wants;
    row.from_terminal = status.from_terminal;
    row.hooked = status.hooked;
    row.attention_at = status.attention.as_ref().map(|attention| attention.at);
    row.attention = status.attention.and_then(|attention| attention.text);
    row.title = status.title;
    row.progress = status.progress.map(i64::from);
    row.conversation = status.conversation;
}

/// The session as a caller sees it.
pub fn seen(row: SessionRow) -> Session {
    let status = status(&row);
    Session {
        state: status.state,
        waiting: status.waiting,
        since: status.since,
        reason: status.reason,
        message: status.message,
        wants: status.wants,
        from_terminal: status.from_terminal,
        attention: status.attention,
        title: status.title,
        progress: status.progress,
        conversation: status.conversation,
        prompt: row.prompt.map(|prompt| prompt[..prompt.floor_char_boundary(PROMPT_SHOWN)].to_string()),
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
        started_at: row.started_at,
        ended_at: row.ended_at,
        stale: Vec::new(),
    }
}
