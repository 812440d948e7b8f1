//! The one task that writes: it alone knows the head of the chain, and puts each row behind it.

use super::chain::{self, Hash, START};
use crate::bus::Bus;
use crate::store::{AuditBatch, AuditRow, IntentRow, Store};
use crate::telling::told;
use anyhow::Result;
use api::{Event, Millis};
use sqlx::SqliteConnection;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// How many asks are written together at most.
const TOGETHER: usize = 64;
/// How often those who watch are told that the audit grew.
const TELLING: Duration = Duration::from_millis(500);
/// How many rows may wait for the ask that they are a part of: a disk that is full takes neither.
const AHEAD: usize = 64;
/// How long a row that was written quickly may take to the disk.
const SETTLING: Duration = Duration::from_secs(1);

/// What is asked of the writer.
pub enum Message {
    /// Write rows.
    Write(Ask),
    /// Write a row with the next ask, and before its rows.
    Ahead(Box<AuditRow>),
    /// End, and say so.
    End(oneshot::Sender<()>),
}

/// What to write, and who waits for it.
pub struct Ask {
    /// Rows, without their place in the chain.
    pub rows: Vec<AuditRow>,
    /// What is about to be changed.
    pub begins: Option<IntentRow>,
    /// The intent of which the rows say what came of it.
    pub settles: Option<String>,
    /// Whether it must be on the disk before the answer.
    pub on_disk: bool,
    /// Where the answer goes.
    pub written: oneshot::Sender<api::Result<()>>,
}

struct Head {
    seq: i64,
    high: Millis,
    hash: Hash,
}

struct Writer {
    store: Store,
    bus: Bus,
    quick: SqliteConnection,
    /// None when it has to be read anew, since nobody can say whether a write that failed was done.
    head: Option<Head>,
    /// Rows that wait for the ask that they are a part of.
    ahead: Vec<AuditRow>,
    ahead_at: Option<Instant>,
    tell_at: Option<Instant>,
    told_at: Option<Instant>,
    settle_at: Option<Instant>,
}

/// Starts the writer. It ends when it is told to.
pub async fn begin(store: Store, bus: Bus, asks: mpsc::Receiver<Message>) -> Result<()> {
    let quick = store.quick_connection().await?;
    let mut writer = Writer {
        store,
        bus,
        quick,
        head: None,
        ahead: Vec::new(),
        ahead_at: None,
        tell_at: None,
        told_at: None,
        settle_at: None,
    };
    writer.head().await?;
    // It outlives the tasks that the daemon waits for at its end: they may have something to record.
    tokio::spawn(writer.run(asks));
    Ok(())
}

impl Writer {
    async fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        let mut waiting = Vec::new();
        loop {
            let chore = self.tell_at.into_iter().chain(self.settle_at).chain(self.ahead_at).min();
            tokio::select! {
                count = messages.recv_many(&mut waiting, TOGETHER) => {
                    let end = self.take(&mut waiting).await;
                    if count == 0 || end.is_some() {
                        self.write_ahead().await;
                        self.settle().await;
                        return end.map_or((), |end| { end.send(()).ok(); });
                    }
                }
                () = until(chore), if chore.is_some() => self.chores().await,
            }
        }
    }

    /// Writes what waits; gives whoever asks for the end.
    async fn take(&mut self, waiting: &mut Vec<Message>) -> Option<oneshot::Sender<()>> {
        let (mut asks, mut end) = (Vec::new(), None);
        for message in waiting.drain(..) {
            match message {
                Message::Write(ask) => asks.push(ask),
                Message::Ahead(row) => self.keep_ahead(*row),
                Message::End(ended) => end = Some(ended),
            }
        }
        if asks.is_empty() {
            return end;
        }
        let mut written = self.write(&asks).await;
        if written.as_ref().is_err_and(is_taken) {
            // Somebody else has written into the database: their rows are part of the chain now.
            written = self.write(&asks).await;
        }
        let answer = written.map_err(|e| told(&e));
        for ask in asks {
            ask.written.send(answer.clone()).ok();
        }
        end
    }

    async fn write(&mut self, asks: &[Ask]) -> Result<()> {
        let asked = asks.iter().flat_map(|ask| &ask.rows);
        let mut batch = AuditBatch {
            rows: self.ahead.iter().chain(asked).cloned().collect(),
            begins: asks.iter().filter_map(|ask| ask.begins.clone()).collect(),
            settles: asks.iter().filter_map(|ask| ask.settles.clone()).collect(),
        };
        let Head { mut seq, mut high, mut hash } = self.head().await?;
        for row in &mut batch.rows {
            (seq, high) = (seq + 1, high.max(row.at));
            (row.seq, row.high, row.previous) = (seq, high, hash.to_vec());
            hash = chain::hash(row);
            row.hash = hash.to_vec();
        }
        match asks.iter().any(|ask| ask.on_disk) {
            true => self.store.add_audit(&batch).await?,
            false => {
                self.store.add_audit_quickly(&mut self.quick, &batch).await?;
                self.settle_at.get_or_insert(Instant::now() + SETTLING);
            }
        }
        self.head = Some(Head { seq, high, hash });
        (self.ahead_at, self.ahead) = (None, Vec::new());
        if !batch.rows.is_empty() {
            self.tell_soon();
        }
        Ok(())
    }

    /// What it is a part of is not answered before it is written as well, so a row that finds no room is one of
    /// something that did not happen.
    fn keep_ahead(&mut self, row: AuditRow) {
        match self.ahead.len() < AHEAD {
            true => self.ahead.push(row),
            false => tracing::error!(action = row.action, "a part of what could not be recorded is dropped"),
        }
        self.ahead_at.get_or_insert(Instant::now() + SETTLING);
    }

    /// Writes what waits for an ask that did not come.
    async fn write_ahead(&mut self) {
        if self.ahead_at.take().is_some()
            && let Err(e) = self.write(&[]).await
        {
            tracing::error!("recording what came without the rest: {e:#}");
            self.ahead_at = Some(Instant::now() + SETTLING);
        }
    }

    /// The head of the chain, taken: whoever has written puts the new one back.
    async fn head(&mut self) -> Result<Head> {
        if let Some(head) = self.head.take() {
            return Ok(head);
        }
        let Some(row) = self.store.audit_head().await? else {
            return Ok(Head { seq: 0, high: Millis::MIN, hash: START });
        };
        // A hash of another length was altered; what follows hangs on it all the same, and `verify` tells.
        let hash = row.hash.as_slice().try_into().unwrap_or(START);
        Ok(Head { seq: row.seq, high: row.high, hash })
    }

    /// The first of many is told at once, the others together.
    fn tell_soon(&mut self) {
        let now = Instant::now();
        let next = self.told_at.map_or(now, |told| told + TELLING);
        match next <= now {
            true => self.tell(),
            false => self.tell_at = Some(next),
        }
    }

    fn tell(&mut self) {
        (self.tell_at, self.told_at) = (None, Some(Instant::now()));
        self.bus.publish(Event::AuditGrew {});
    }

    async fn chores(&mut self) {
        let now = Instant::now();
        if self.tell_at.is_some_and(|at| at <= now) {
            self.tell();
        }
        if self.ahead_at.is_some_and(|at| at <= now) {
            self.write_ahead().await;
        }
        if self.settle_at.is_some_and(|at| at <= now) {
            self.settle().await;
        }
    }

    async fn settle(&mut self) {
        if self.settle_at.take().is_some()
            && let Err(e) = self.store.settle().await
        {
            tracing::error!("{e:#}");
            self.settle_at = Some(Instant::now() + SETTLING);
        }
    }
}

async fn until(chore: Option<Instant>) {
    if let Some(chore) = chore {
        tokio::time::sleep_until(chore).await;
    }
}

fn is_taken(error: &anyhow::Error) -> bool {
    let database = error.chain().find_map(|cause| cause.downcast_ref::<sqlx::Error>());
    let database = database.and_then(sqlx::Error::as_database_error);
    database.is_some_and(|database| database.is_unique_violation())
}
