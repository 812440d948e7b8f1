//! Running the sources: a task for each, which begins again after a pause when it fails, and ends with the daemon.

use super::Sources;
use super::live::Live;
use super::post::Post;
use super::source::Failure;
use crate::store::SourceRow;
use crate::telling::told;
use anyhow::Result;
use api::sources::{LOCAL, SourceState};
use api::status::VaultState;
use api::{Code, Event, Millis};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After how many seconds a source that failed is run again, one time after the other; the last for all others.
const PAUSES: [u64; 6] = [1, 5, 15, 60, 300, 900];
/// A source that ran for so long is well, and begins with the shortest pause when it fails.
const STEADY: Duration = Duration::from_secs(120);
/// How long counts are gathered before they are written.
const GATHERING: Duration = Duration::from_secs(2);

impl Sources {
    /// Runs all sources, and follows what changes about them until the daemon ends.
    pub async fn begin(&self) -> Result<()> {
        let mut events = self.parts.bus.subscribe();
        self.begin_local().await?;
        for row in self.parts.store.sources().await? {
            if row.id != LOCAL {
                self.start(row);
            }
        }
        self.begin_courier();
        let (room, ending) = (self.clone(), self.parts.ending.clone());
        self.parts.tasks.spawn(async move {
            while let Some(Some(event)) = ending.run_until_cancelled(events.next()).await {
                let followed = match event {
                    Event::IdentityChanged { .. } => room.end_forgotten().await,
                    Event::SecretChanged { .. } | Event::PasswordChanged { .. } => room.stir(),
                    Event::VaultChanged { vault: VaultState::Open { .. } } => room.wake(),
                    Event::Lagged { .. } => {
                        room.end_forgotten().await.and_then(|()| room.wake()).and_then(|()| room.stir())
                    }
                    _ => Ok(()),
                };
                if let Err(e) = followed {
                    tracing::error!("following the sources: {e:#}");
                }
            }
        });
        let (room, ending) = (self.clone(), self.parts.ending.clone());
        self.parts.tasks.spawn(async move {
            while ending.run_until_cancelled(room.counting.notified()).await.is_some() {
                ending.run_until_cancelled(tokio::time::sleep(GATHERING)).await;
                room.count().await;
            }
            room.count().await;
        });
        Ok(())
    }

    /// Runs a source.
    pub(super) fn start(&self, row: SourceRow) {
        let live = self.lively(row);
        let (room, running) = (self.clone(), live.clone());
        let task = self.parts.tasks.spawn(async move {
            running.stop.run_until_cancelled(room.keep(&running)).await;
        });
        live.runs_as(task);
        live.tell();
    }

    /// Puts a source among those that run.
    pub(super) fn lively(&self, row: SourceRow) -> Arc<Live> {
        let (bus, clock) = (self.parts.bus.clone(), self.parts.clock);
        let (counting, stop) = (self.counting.clone(), self.parts.ending.child_token());
        let live = Arc::new(Live::new(row, bus, clock, counting, stop));
        self.lock().insert(live.row.id.clone(), live.clone());
        live
    }

    /// Stops a source, and returns when it has stopped and its counts are written.
    pub(super) async fn end(&self, id: &str) {
        let live = self.lock().remove(id);
        if let Some(live) = live {
            live.end().await;
            self.count_one(&live).await;
        }
    }

    /// A source's connection to the room of messages.
    pub(super) fn post(&self, live: &Arc<Live>) -> Post {
        Post::new(self.parts.clone(), live.clone())
    }

    /// Runs a source over and over.
    async fn keep(&self, live: &Arc<Live>) {
        let mut failures = 0;
        loop {
            live.is(SourceState::Connecting);
            let begun = Instant::now();
            let failure = self.run(live).await;
            if begun.elapsed() > STEADY {
                failures = 0;
            }
            let pause = failure.again.then(|| pause(failures).max(failure.after.unwrap_or_default()));
            failures += 1;
            let again_at = pause.map(|pause| live.now() + millis(pause));
            tracing::warn!("the source {}: {}", live.row.name, failure.said);
            live.is(SourceState::Failed { reason: failure.said, again_at });
            let sleep = async {
                match pause {
                    Some(pause) => tokio::time::sleep(pause).await,
                    // Its owner changes it, or the vault opens.
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = sleep => {}
                () = live.wanted.notified() => {}
            }
        }
    }

    /// Runs a source until it fails.
    async fn run(&self, live: &Arc<Live>) -> Failure {
        let source = match self.opened(&live.row).map_err(|e| told(&e)) {
            Ok(source) => source,
            Err(e) if e.code == Code::Locked => return Failure::lasting(e.message),
            Err(e) => return Failure::lasting(e.to_string()),
        };
        match source.run(&self.post(live)).await {
            Ok(never) => match never {},
            Err(failure) => failure,
        }
    }

    /// Ends the sources that are no more in the database: those of an identity go with it.
    async fn end_forgotten(&self) -> Result<()> {
        let changing = self.changing.lock().await;
        let rows = self.parts.store.sources().await?;
        let is_there = |id: &String| rows.iter().any(|row| row.id == *id);
        let gone: Vec<String> = self.lock().keys().filter(|id| !is_there(id)).cloned().collect();
        for id in gone {
            self.end(&id).await;
            self.parts.bus.publish(Event::SourceChanged { source: id });
        }
        drop(changing);
        Ok(())
    }

    /// Has every source that keeps a vault look at what has changed in it.
    fn stir(&self) -> Result<()> {
        self.lock().values().for_each(|live| live.stirred.notify_one());
        Ok(())
    }

    /// Has every source that waits try at once.
    fn wake(&self) -> Result<()> {
        self.lock().values().for_each(|live| live.wanted.notify_one());
        self.parts.inbox.queue().notify_one();
        Ok(())
    }

    async fn count(&self) {
        let all: Vec<Arc<Live>> = self.lock().values().cloned().collect();
        for live in all {
            self.count_one(&live).await;
        }
    }

    async fn count_one(&self, live: &Live) {
        let Some((more, synced_at)) = live.uncounted() else { return };
        if let Err(e) = self.parts.store.count_source(&live.row.id, more, synced_at).await {
            tracing::error!("counting what {} brought: {e:#}", live.row.name);
        }
        live.tell();
    }
}

fn pause(failures: usize) -> Duration {
    Duration::from_secs(PAUSES[failures.min(PAUSES.len() - 1)])
}

pub(super) fn millis(time: Duration) -> Millis {
    Millis::try_from(time.as_millis()).unwrap_or(Millis::MAX / 2)
}
