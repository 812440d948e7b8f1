//! What a session came to, and the end of one whose turn is over.

use super::{GRACE_MS, Sessions};
use crate::store::SessionRow;
use anyhow::Result;
use api::sessions::ShowSession;
use api::summaries::Summary;

impl Sessions {
    /// What a session came to, or has come to so far.
    pub async fn summary(&self, wanted: &str) -> Result<Summary> {
        let row = self.find(wanted).await?;
        let session = self.show(ShowSession { session: row.id.clone() }).await?;
        let found = self.summaries.of(&row).await?;
        let lasted_ms = row.ended_at.unwrap_or_else(|| self.clock.now()) - row.started_at;
        let (work, used, asked, usage) = (found.work, found.used, found.asked, found.usage);
        Ok(Summary { session, lasted_ms: lasted_ms.max(0), work, used, asked, usage })
    }

    /// Ends a session whose turn is over, in a task of its own; how its turn ended stays its state.
    pub fn finish(&self, id: &str) {
        if !self.lock_finished().insert(id.to_string()) {
            return;
        }
        let (room, id) = (self.clone(), id.to_string());
        self.tasks.spawn(async move {
            if let Err(e) = room.finish_now(&id).await {
                tracing::error!("ending the finished session {id}: {e:#}");
                room.lock_finished().remove(&id);
            }
        });
    }

    async fn finish_now(&self, id: &str) -> Result<()> {
        let Some(row) = self.store.session(id).await? else { return Ok(()) };
        let ended = self.link(&row).stop(GRACE_MS).await?;
        self.end(id, ended.exit).await?;
        Ok(())
    }

    /// Keeps what a session came to, as soon as it has ended.
    pub(super) fn keep_summary(&self, row: SessionRow) {
        let room = self.clone();
        self.tasks.spawn(async move {
            let kept = room.ending.run_until_cancelled(room.summaries.keep(&row)).await;
            if let Some(Err(e)) = kept {
                tracing::error!("keeping the summary of session {}: {e:#}", row.id);
            }
        });
    }

    /// Keeps what those came to that ended when no daemon was there to do so.
    pub(super) async fn keep_late_summaries(&self) -> Result<()> {
        for row in self.store.last_sessions().await?.into_iter().filter(|row| row.ended_at.is_some()) {
            if self.store.summary(&row.id).await?.is_none() {
                self.keep_summary(row);
            }
        }
        Ok(())
    }
}
