//! The end of a session: waited for, written once, told to everyone.

use super::{Sessions, row};
use crate::audit::{By, Fact};
use crate::keeper::control::Change;
use crate::state::{self, Heard, Origin, What};
use crate::store::SessionRow;
use anyhow::Result;
use api::audit::Kind;
use api::sessions::{Exit, State};
use std::time::Duration;

/// How long to wait before an end that could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(5);

impl Sessions {
    /// Waits for a session's end in a task of its own.
    pub(super) fn watch(&self, row: SessionRow) {
        let room = self.clone();
        self.tasks.spawn(async move {
            // A session that outlives the daemon is watched by the next one.
            let Some(exit) = room.ending.run_until_cancelled(room.exit_of(&row)).await else { return };
            // A full disk must not lose the end: it is tried until it is written.
            while let Err(e) = room.end(&row.id, exit).await {
                tracing::error!("writing the end of session {}: {e:#}", row.id);
                if room.ending.run_until_cancelled(tokio::time::sleep(AGAIN)).await.is_none() {
                    return;
                }
            }
        });
    }

    async fn exit_of(&self, row: &SessionRow) -> Exit {
        // A watch that breaks is no end: only a keeper that answers no more is gone.
        while let Ok(mut watch) = self.link(row).watch().await {
            while let Some(change) = watch.next().await {
                match change {
                    Change::Signals(signals) => self.hear_terminal(&row.id, signals).await,
                    Change::Ended(ended) => return ended.exit,
                }
            }
            if let Some(ended) = watch.hello.ended {
                return ended.exit;
            }
        }
        Exit::Lost
    }

    /// Writes a session's end, closes its socket and tells everyone. A second time changes nothing.
    pub(super) async fn end(&self, id: &str, exit: Exit) -> Result<SessionRow> {
        let _writing = self.live.writing.lock().await;
        let row = self.store.session(id).await?;
        let mut row = row.ok_or_else(|| api::Error::not_found("session", id))?;
        if row.ended_at.is_some() {
            return Ok(row);
        }
        // Before the end is written: what failed here is tried again with the rest.
        self.grants.end_of_session(id).await?;
        self.store.delete_session_key(id).await?;
        let stopped = self.lock_stopping().contains(id);
        let finished = self.lock_finished().contains(id);
        let at = self.clock.now().max(row.started_at);
        let status = row::status(&row);
        let what = match status.state {
            _ if stopped || !finished => outcome(exit, stopped),
            State::Done => What::Done { message: None },
            State::Failed => What::Failed { reason: status.reason.clone().unwrap_or_default() },
            // It has begun another turn in this moment.
            _ => What::Stopped,
        };
        let status = state::next(&status, Heard { from: Origin::Exit, what }, at);
        row::note(&mut row, status);
        row.exit = Some(serde_json::to_string(&exit)?);
        row.ended_at = Some(at);
        self.record_end(&row).await?;
        self.store.put_session(&row).await?;
        self.lock_stopping().remove(id);
        self.lock_finished().remove(id);
        self.live.hooked.lock().unwrap_or_else(|e| e.into_inner()).remove(id);
        if let Some(door) = self.live.doors.lock().unwrap_or_else(|e| e.into_inner()).remove(id) {
            door.cancel();
        }
        self.tell(&row);
        self.keep_summary(row.clone());
        Ok(row)
    }

    async fn record_end(&self, row: &SessionRow) -> Result<()> {
        let why = row.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let fact = Fact {
            identity_id: Some(row.identity_id.clone()),
            session: Some(row.id.clone()),
            slot: u32::try_from(row.slot).ok(),
            worktree_id: Some(row.worktree_id.clone()),
            detail: format!("{}{why}", row.state),
            ..Fact::done(Kind::Session, "sessions.ended", format!("{} {}", row.project, row.branch))
        };
        self.audit.note(By::Daemon, fact).await
    }
}

/// What an exit says, with the reason of a failure in words.
fn outcome(exit: Exit, stopped: bool) -> What {
    let reason = match exit {
        _ if stopped => return What::Stopped,
        Exit::Code(0) => return What::Done { message: None },
        Exit::Code(127) => "exit status 127: a command was not found".into(),
        Exit::Code(code) => format!("exit status {code}"),
        Exit::Signal(signal) => format!("ended by signal {signal}"),
        Exit::Lost => "its keeper was killed".into(),
    };
    What::Failed { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_says_what_became_of_the_session() {
        for exit in [Exit::Code(0), Exit::Code(1), Exit::Signal(1), Exit::Lost] {
            assert_eq!(outcome(exit, true), What::Stopped);
        }
        assert_eq!(outcome(Exit::Code(0), false), What::Done { message: None });
        for exit in [Exit::Code(1), Exit::Signal(9), Exit::Lost] {
            assert!(matches!(outcome(exit, false), What::Failed { .. }), "{exit:?}");
        }
    }
}
