//! The end of a session: waited for, written once, told to everyone.

use super::{Sessions, row};
use crate::audit::{By, Fact};
use crate::keeper::control::Change;
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
        let Ok(mut watch) = self.link(row).watch().await else { return Exit::Lost };
        if let Some(ended) = &watch.hello.ended {
            return ended.exit;
        }
        match watch.next().await {
            Some(Change::Ended(ended)) => ended.exit,
            None => Exit::Lost,
        }
    }

    /// Writes a session's end, closes its socket and tells everyone. A second time changes nothing.
    pub(super) async fn end(&self, id: &str, exit: Exit) -> Result<SessionRow> {
        let _ending = self.live.ending.lock().await;
        let row = self.store.session(id).await?;
        let mut row = row.ok_or_else(|| api::Error::not_found("session", id))?;
        if !row::state(&row).is_live() {
            return Ok(row);
        }
        // Before the end is written: what failed here is tried again with the rest.
        self.grants.end_of_session(id).await?;
        let stopped = self.lock_stopping().contains(id);
        let (state, reason) = outcome(exit, stopped);
        row.state = state.name().into();
        row.reason = reason;
        row.exit = Some(serde_json::to_string(&exit)?);
        row.ended_at = Some(self.clock.now().max(row.started_at));
        self.record_end(&row).await?;
        self.store.put_session(&row).await?;
        self.lock_stopping().remove(id);
        if let Some(door) = self.live.doors.lock().unwrap_or_else(|e| e.into_inner()).remove(id) {
            door.cancel();
        }
        self.tell(&row);
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

/// The state that an exit leads to, and the reason of a failure in words.
fn outcome(exit: Exit, stopped: bool) -> (State, Option<String>) {
    match exit {
        _ if stopped => (State::Stopped, None),
        Exit::Code(0) => (State::Done, None),
        Exit::Code(127) => (State::Failed, Some("exit status 127: a command was not found".into())),
        Exit::Code(code) => (State::Failed, Some(format!("exit status {code}"))),
        Exit::Signal(signal) => (State::Failed, Some(format!("ended by signal {signal}"))),
        Exit::Lost => (State::Failed, Some("its keeper was killed".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_leads_to_its_state() {
        for (exit, stopped, state) in [
            (Exit::Code(0), false, State::Done),
            (Exit::Code(1), false, State::Failed),
            (Exit::Signal(9), false, State::Failed),
            (Exit::Lost, false, State::Failed),
            (Exit::Signal(1), true, State::Stopped),
            (Exit::Code(0), true, State::Stopped),
        ] {
            assert_eq!(outcome(exit, stopped).0, state, "{exit:?} {stopped}");
        }
    }
}
