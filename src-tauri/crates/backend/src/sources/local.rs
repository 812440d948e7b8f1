//! The source that is always there: the mail server on this machine.

use super::Sources;
use super::live::Live;
use super::smtp::Door;
use super::source::Failure;
use crate::store::SourceRow;
use anyhow::Result;
use api::sources::{LOCAL, SourceKind, SourceState};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How long it waits until it tries again to listen.
const AGAIN: Duration = Duration::from_secs(15);

impl Sources {
    /// Where the mail server listens.
    pub fn smtp(&self) -> Option<String> {
        let address = *self.smtp.read().unwrap_or_else(PoisonError::into_inner);
        address.map(|address| address.to_string())
    }

    /// Opens the mail server, and serves until the daemon ends.
    pub(super) async fn begin_local(&self) -> Result<()> {
        let live = self.lively(self.local_row().await?);
        // Whoever asks as soon as the daemon answers is told the address.
        let opened = self.open_local(&live).await;
        let (room, running) = (self.clone(), live.clone());
        let task = self.parts.tasks.spawn(async move {
            running.stop.run_until_cancelled(room.keep_local(&running, opened)).await;
        });
        live.runs_as(task);
        Ok(())
    }

    async fn keep_local(&self, live: &Arc<Live>, mut opened: Result<Door, Failure>) {
        loop {
            match opened {
                Ok(door) => {
                    live.is(SourceState::Listening);
                    match door.serve(Arc::new(self.post(live)), &live.stop, &self.parts.tasks).await {}
                }
                Err(failure) => {
                    tracing::warn!("the mail server on this machine: {}", failure.said);
                    let again = failure.again.then_some(AGAIN);
                    let again_at = again.map(|again| live.now() + super::running::millis(again));
                    live.is(SourceState::Failed { reason: failure.said, again_at });
                    match again {
                        Some(again) => tokio::time::sleep(again).await,
                        None => std::future::pending().await,
                    }
                }
            }
            opened = self.open_local(live).await;
        }
    }

    async fn open_local(&self, live: &Live) -> Result<Door, Failure> {
        let before = live.row.cursor.as_deref().and_then(|port| port.parse().ok());
        let door = Door::open(&self.parts.mail, &self.parts.domain, before).await?;
        let address = door.address();
        let port = address.port().to_string();
        if live.row.cursor.as_ref() != Some(&port)
            && let Err(e) = self.parts.store.set_source_cursor(LOCAL, Some(&port)).await
        {
            tracing::error!("keeping the mail server's port: {e:#}");
        }
        *self.smtp.write().unwrap_or_else(PoisonError::into_inner) = Some(address);
        Ok(door)
    }

    async fn local_row(&self) -> Result<SourceRow> {
        let rows = self.parts.store.sources().await?;
        if let Some(row) = rows.into_iter().find(|row| row.id == LOCAL) {
            return Ok(row);
        }
        let now = self.parts.clock.now();
        let row = SourceRow {
            id: LOCAL.into(),
            name: LOCAL.into(),
            kind: SourceKind::Smtp.name().into(),
            identity_id: None,
            url: None,
            settings: "{}".into(),
            wrapped_key: Vec::new(),
            sealed: None,
            cursor: None,
            messages: 0,
            synced_at: None,
            created_at: now,
            updated_at: now,
        };
        self.parts.store.put_source(&row).await?;
        Ok(row)
    }
}
