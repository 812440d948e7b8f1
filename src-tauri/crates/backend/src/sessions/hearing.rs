//! Hearing what a session does: judged by the state machine, written, and told where it changes something.

use super::{Sessions, row};
use crate::keeper::control::Signal;
use crate::state::{self, Heard, Origin, What};
use anyhow::Result;
use api::sessions::{State, Waiting};

impl Sessions {
    /// Hears something of a session. What changes nothing is not told, and a session that is gone is no error.
    pub async fn hear(&self, session_id: &str, heard: Heard) -> Result<()> {
        self.hear_all(session_id, vec![heard]).await
    }

    /// Hears several things, one after the other, and tells what they come to.
    pub async fn hear_all(&self, session_id: &str, heard: Vec<Heard>) -> Result<()> {
        if heard.is_empty() {
            return Ok(());
        }
        let _writing = self.live.writing.lock().await;
        let Some(mut row) = self.store.session(session_id).await? else { return Ok(()) };
        let (before, now) = (row::status(&row), self.clock.now());
        let after = heard.into_iter().fold(before.clone(), |status, heard| state::next(&status, heard, now));
        if after == before {
            return Ok(());
        }
        let seen_before = row::seen(row.clone());
        row::note(&mut row, after);
        self.store.put_session_quickly(&row).await?;
        if row::seen(row.clone()) != seen_before {
            self.tell(&row);
        }
        Ok(())
    }

    /// The owner looks at a session, or types into it.
    pub(super) async fn look(&self, session_id: &str) -> Result<()> {
        self.hear(session_id, Heard { from: Origin::Owner, what: What::Seen }).await
    }

    /// Hears what a session's terminal says.
    pub(super) async fn hear_terminal(&self, session_id: &str, signals: Vec<Signal>) {
        let heard = signals.into_iter().flat_map(heard).collect();
        if let Err(e) = self.hear_all(session_id, heard).await {
            tracing::error!("writing what the terminal of session {session_id} says: {e:#}");
        }
    }
}

/// What a signal says of a session.
fn heard(signal: Signal) -> Vec<Heard> {
    let from = Origin::Terminal;
    let all = match signal {
        Signal::Status { state: State::Working, text, .. } => {
            [Some(What::Working), text.map(What::Message)].into_iter().flatten().collect()
        }
        Signal::Status { state: State::Waiting, waiting, text } => {
            vec![What::Waiting { kind: waiting.unwrap_or(Waiting::Question), wants: text }]
        }
        Signal::Status { state: State::Done, text, .. } => vec![What::Done { message: text }],
        Signal::Status { state: State::Failed, text, .. } => {
            vec![What::Failed { reason: text.unwrap_or_else(|| "it said that it failed".into()) }]
        }
        Signal::Status { .. } => vec![What::Idle],
        Signal::Prompt { exit } => vec![What::Prompt { exit }],
        Signal::Attention { text } => vec![What::Attention { text }],
        Signal::Title { text } => vec![What::Title(text)],
        Signal::Progress { percent } => vec![What::Progress(percent)],
        Signal::Looked {} => return vec![Heard { from: Origin::Owner, what: What::Seen }],
    };
    all.into_iter().map(|what| Heard { from, what }).collect()
}
