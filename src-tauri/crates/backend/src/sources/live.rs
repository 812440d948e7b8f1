//! A source that runs: how it is, what it has brought, and the way to stop it.

use crate::bus::Bus;
use crate::clock::Clock;
use crate::store::SourceRow;
use api::sources::SourceState;
use api::{Event, Millis};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How often the progress of a source is told at most.
const TELLING: Duration = Duration::from_millis(300);

/// A source that runs.
pub struct Live {
    /// How it was set up.
    pub row: SourceRow,
    /// Notified when it shall look now.
    pub wanted: Notify,
    /// Notified when something in the vaults here has changed.
    pub stirred: Notify,
    /// Cancelled when it shall end.
    pub stop: CancellationToken,
    bus: Bus,
    clock: Clock,
    /// Notified when there is something to count.
    counting: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
    now: Mutex<Now>,
}

/// How it is now.
struct Now {
    state: SourceState,
    notes: Vec<String>,
    told: Option<Instant>,
    /// What it has brought, the row's number included, and how much of it is not written yet.
    messages: i64,
    uncounted: i64,
    synced_at: Option<Millis>,
    unwritten: bool,
}

impl Live {
    /// A source that is about to run.
    pub fn new(
        row: SourceRow,
        bus: Bus,
        clock: Clock,
        counting: Arc<Notify>,
        stop: CancellationToken,
    ) -> Self {
        let now = Now {
            state: SourceState::Connecting,
            notes: Vec::new(),
            told: None,
            messages: row.messages,
            uncounted: 0,
            synced_at: row.synced_at,
            unwritten: false,
        };
        Self {
            row,
            wanted: Notify::new(),
            stirred: Notify::new(),
            stop,
            bus,
            clock,
            counting,
            task: Mutex::default(),
            now: Mutex::new(now),
        }
    }

    /// The task that runs it.
    pub fn runs_as(&self, task: JoinHandle<()>) {
        *self.task.lock().unwrap_or_else(|e| e.into_inner()) = Some(task);
    }

    /// Stops it, and returns when it has stopped.
    pub async fn end(&self) {
        self.stop.cancel();
        let task = self.task.lock().unwrap_or_else(|e| e.into_inner()).take();
        if let Some(task) = task {
            // It ends by being cancelled, and has nothing more to say.
            let _ended = task.await;
        }
    }

    /// The time.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// How it is, how many messages it has brought, and when it last looked.
    pub fn seen(&self) -> (SourceState, u64, Option<Millis>) {
        let now = self.lock();
        (now.state.clone(), u64::try_from(now.messages).unwrap_or(0), now.synced_at)
    }

    /// What it could not do, in words.
    pub fn notes(&self) -> Vec<String> {
        self.lock().notes.clone()
    }

    /// It could not do this.
    pub fn could_not(&self, notes: Vec<String>) {
        let mut now = self.lock();
        if now.notes != notes {
            now.notes = notes;
            drop(now);
            self.tell();
        }
    }

    /// It is so now. Progress is not told at every step.
    pub fn is(&self, state: SourceState) {
        let mut now = self.lock();
        if now.state == state {
            return;
        }
        let steps =
            matches!((&now.state, &state), (SourceState::Syncing { .. }, SourceState::Syncing { .. }));
        now.state = state;
        if steps && now.told.is_some_and(|told| told.elapsed() < TELLING) {
            return;
        }
        now.told = Some(Instant::now());
        drop(now);
        self.tell();
    }

    /// It has looked, and nothing was wrong.
    pub fn looked(&self) {
        let mut now = self.lock();
        now.synced_at = Some(self.clock.now());
        now.unwritten = true;
        drop(now);
        self.counting.notify_one();
    }

    /// It has brought so many messages that were not there yet.
    pub fn brought(&self, new: usize) {
        let new = i64::try_from(new).unwrap_or(0);
        let mut now = self.lock();
        now.messages += new;
        now.uncounted += new;
        now.synced_at = Some(self.clock.now());
        now.unwritten = true;
        drop(now);
        self.counting.notify_one();
    }

    /// What is to be written of its counts, if anything is.
    pub fn uncounted(&self) -> Option<(i64, Option<Millis>)> {
        let mut now = self.lock();
        let is = std::mem::take(&mut now.unwritten);
        is.then(|| (std::mem::take(&mut now.uncounted), now.synced_at))
    }

    /// Tells everyone that something about it has changed.
    pub fn tell(&self) {
        self.bus.publish(Event::SourceChanged { source: self.row.id.clone() });
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(|e| e.into_inner())
    }
}
