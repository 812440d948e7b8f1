//! An approval as it is stored, and as a caller sees it.

use crate::store::ApprovalRow;
use api::approvals::Approval;

/// The approval as a caller sees it.
pub fn seen(row: ApprovalRow) -> Approval {
    Approval {
        id: row.id,
        action: row.action,
        subject: row.subject,
        identity_id: row.identity_id,
        identity: row.identity,
        session: row.session,
        slot: u32::try_from(row.slot).unwrap_or(0),
        agent: row.agent,
        worktree_id: row.worktree_id,
        worktree: row.worktree,
        pid: u32::try_from(row.pid).unwrap_or(0),
        command: serde_json::from_str(&row.command).unwrap_or_default(),
        reason: row.reason,
        details: serde_json::from_str(&row.details).unwrap_or_default(),
        asked_at: row.asked_at,
        until: row.until,
        state: row.state,
        answer: row.answer.as_deref().and_then(|answer| serde_json::from_str(answer).ok()),
        because: row.because,
        answered_at: row.answered_at,
    }
}
