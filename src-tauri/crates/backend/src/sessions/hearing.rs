//! Hearing what a session does: judged by the state machine, written, and told where it changes something.

use super::{Sessions, row};
use crate::state::{self, Heard, Origin, What};
use anyhow::Result;

impl Sessions {
    /// Hears something of a session. What changes nothing is not told, and a session that is gone is no error.
    pub async fn hear(&self, session_id: &str, heard: Heard) -> Result<()> {
        let _writing = self.live.writing.lock().await;
        let Some(mut row) = self.store.session(session_id).await? else { return Ok(()) };
        let before = row::status(&row);
        let after = state::next(&before, heard, self.clock.now());
        if after == before {
            return Ok(());
        }
        row::note(&mut row, after);
        self.store.put_session(&row).await?;
        self.tell(&row);
        Ok(())
    }

    /// The owner looks at a session, or types into it.
    pub(super) async fn look(&self, session_id: &str) -> Result<()> {
        self.hear(session_id, Heard { from: Origin::Owner, what: What::Seen }).await
    }
}
