//! Adopting what a former daemon left: living keepers go on, dead ones are written down.

use super::{Sessions, launching::remove_folder};
use crate::keeper::link::Link;
use crate::store::SessionRow;
use anyhow::Result;
use api::sessions::{Exit, State};
use std::collections::HashSet;

impl Sessions {
    /// Takes over every session that a former daemon left, and tidies the folders of those that are gone.
    pub async fn adopt(&self) -> Result<()> {
        for row in self.store.live_sessions().await? {
            let id = row.id.clone();
            if let Err(e) = self.adopt_one(row).await {
                tracing::error!("adopting session {id}: {e:#}");
            }
        }
        self.keep_late_summaries().await?;
        self.tidy().await
    }

    async fn adopt_one(&self, mut row: SessionRow) -> Result<()> {
        let Ok(hello) = self.link(&row).hello().await else {
            tracing::warn!("the keeper of session {} is gone", row.id);
            self.end(&row.id, Exit::Lost).await?;
            return Ok(());
        };
        if row.state == State::Starting.name() {
            row.state = State::Working.name().into();
        }
        row.keeper_pid = Some(i64::from(hello.keeper));
        self.store.put_session(&row).await?;
        if hello.ended.is_none() {
            self.open_door(&row, hello.keeper, self.bind(&row.id)?).await;
        }
        tracing::info!("adopted session {} of slot {}", row.id, row.slot);
        self.tell(&row);
        self.watch(row);
        Ok(())
    }

    /// Lets go the keepers of sessions that no slot shows any more, and removes what they left.
    async fn tidy(&self) -> Result<()> {
        let shown = self.store.last_sessions().await?;
        let sockets: HashSet<_> = shown.iter().map(|row| self.config.keeper_socket(&row.id)).collect();
        for entry in std::fs::read_dir(self.config.keepers())?.flatten() {
            let socket = entry.path();
            if !sockets.contains(&socket) {
                Link::new(&socket).release().await.ok();
                std::fs::remove_file(&socket).ok();
            }
        }
        let folders: HashSet<_> = shown.iter().map(|row| self.config.session_folder(&row.id)).collect();
        for entry in std::fs::read_dir(self.config.sessions())?.flatten() {
            if !folders.contains(&entry.path()) {
                remove_folder(&entry.path());
            }
        }
        Ok(())
    }
}
