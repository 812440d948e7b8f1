//! The room of the audit: who did what, through which door, and what came of it; written before it is answered.
//!
//! One task writes, in the order of the numbers; what waits at the same time is written together. There are
//! two ways in. [`Audit::record`] returns when the record is on the disk. [`Audit::note`] is for what shall
//! not wait for the disk, such as the read of a secret or the start of a session: it returns when the record
//! outlives the daemon and every other process, and reaches the disk within a second, so that only a loss of
//! power in that second could lose it. A disk takes milliseconds for the first; a `secrets get` shall not.
//!
//! What is given out is recorded before it leaves. What is changed is recorded after it is done, since only
//! then is it known what came of it; so that no end of the daemon in between leaves a change without a record,
//! an [`Intent`] is written before, which goes in the same moment as the record comes. The next daemon puts
//! the intents that it finds into the chain, as [`INTERRUPTED`].

mod budget;
pub mod chain;
mod noted;
mod verify;
mod writer;

pub use noted::{Noted, noted};

use crate::bus::Bus;
use crate::caller::Caller;
use crate::clock::Clock;
use crate::store::{self, AuditFilter, AuditNames, AuditRow, IntentRow, Store};
use crate::turns::{Turn, Turns};
use anyhow::{Context, Result, bail};
use api::audit::{Anchor, Door, Kind, ListAudit, PAGE, PAGE_MAX, Record, Who};
use api::{Code, Error};
use budget::Budgets;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use writer::{Ask, Message};

/// How many reads of one session that are not recorded are answered at once.
const READS_AT_ONCE: usize = 4;
/// How many may wait for the writer.
const WAITING: usize = 256;
/// How many facts one ask holds at most.
const FACTS: usize = 16;
/// The longest text of a record, in characters: a name, a key, a sentence.
const TEXT_MAX: usize = 200;
/// The outcome of what was done.
pub const DONE: &str = "done";
/// The outcome of what was refused.
pub const REFUSED: &str = "refused";

/// What is wrong when nobody takes records any more.
const GONE: &str = "the audit's writer has ended";
/// The outcome of what the daemon's end has cut short.
pub const INTERRUPTED: &str = "interrupted";

/// Who did it.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// A caller of the table.
    Caller(&'a Caller),
    /// The daemon, for what happens by itself.
    Daemon,
    /// Somebody whom this door refused.
    Stranger(Door),
}

/// What happened. What the caller says about itself, and every name, is filled in when it is recorded.
#[derive(Debug, Clone)]
pub struct Fact {
    /// What it is about.
    pub kind: Kind,
    /// The call's method, or what happened, for example `tokens.revoked`.
    pub action: String,
    /// The key, name or id that it was about.
    pub subject: String,
    /// The identity's id.
    pub identity_id: Option<String>,
    /// The session's id; an agent's own if left out.
    pub session: Option<String>,
    /// The session's slot; an agent's own if left out.
    pub slot: Option<u32>,
    /// The worktree's id; the session's if left out.
    pub worktree_id: Option<String>,
    /// `done`, or the name of the error's code.
    pub outcome: String,
    /// More, in words, and never a value.
    pub detail: String,
}

impl Fact {
    /// Something that was done.
    pub fn done(kind: Kind, action: &str, subject: impl Into<String>) -> Self {
        Self {
            kind,
            action: action.to_string(),
            subject: subject.into(),
            identity_id: None,
            session: None,
            slot: None,
            worktree_id: None,
            outcome: DONE.into(),
            detail: String::new(),
        }
    }
}

/// A change that is about to be made. It is settled by the record of what came of it, which takes over the names
/// that identities had before: the change may be their end.
#[must_use]
#[derive(Debug)]
pub struct Intent {
    id: String,
    rows: Vec<AuditRow>,
}

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Audit {
    store: Store,
    clock: Clock,
    writer: mpsc::Sender<Message>,
    budgets: Arc<Budgets>,
    turns: Turns,
    verifying: Arc<tokio::sync::Mutex<()>>,
}

impl Audit {
    /// Opens the room, starts its writer, and records what a former daemon has left undecided.
    pub async fn open(store: Store, bus: Bus, clock: Clock) -> Result<Self> {
        let (writer, asks) = mpsc::channel(WAITING);
        writer::begin(store.clone(), bus, asks).await?;
        let (budgets, turns) = (Arc::default(), Turns::new(READS_AT_ONCE));
        let room = Self { store, clock, writer, budgets, turns, verifying: Arc::default() };
        for left in room.store.intents().await? {
            match left.rows() {
                Ok(rows) => room.write(rows, None, Some(left.id), true).await?,
                Err(e) => tracing::error!("what a former daemon was about to change cannot be told: {e:#}"),
            }
        }
        Ok(room)
    }

    /// Records what happened; it is on the disk when this returns.
    pub async fn record(&self, by: By<'_>, fact: Fact) -> Result<()> {
        self.add(by, vec![fact], None, true).await
    }

    /// Records what happened; no end of a process can undo it when this returns, and the disk follows.
    pub async fn note(&self, by: By<'_>, fact: Fact) -> Result<()> {
        self.add(by, vec![fact], None, false).await
    }

    /// Records a part of a call that is recorded itself, with that record and before it: this returns at once,
    /// and what the call gives out waits for its own record.
    pub async fn note_ahead(&self, by: By<'_>, fact: Fact) -> Result<()> {
        let row = Box::new(self.row(by, fact).await?);
        self.writer.send(Message::Ahead(row)).await.ok().context(GONE)
    }

    /// The same for several facts.
    pub async fn note_all(&self, by: By<'_>, facts: Vec<Fact>) -> Result<()> {
        self.add(by, facts, None, false).await
    }

    /// Writes down what is about to be changed: should the daemon end before it is settled, these facts are
    /// recorded as interrupted. No end of a process can undo it when this returns, and it reaches the disk no
    /// later than any change that follows.
    pub async fn intend(&self, by: By<'_>, facts: &[Fact]) -> Result<Intent> {
        let mut rows = Vec::new();
        for fact in facts {
            let about = if fact.detail.is_empty() { String::new() } else { format!(": {}", fact.detail) };
            let detail = format!("the daemon ended before it was known whether it was done{about}");
            rows.push(self.row(by, Fact { outcome: INTERRUPTED.into(), detail, ..fact.clone() }).await?);
        }
        let id = store::new_id();
        self.write(Vec::new(), Some(IntentRow::of(id.clone(), &rows)?), None, false).await?;
        Ok(Intent { id, rows })
    }

    /// Records what came of an intent, if there was one; no facts if there is nothing to tell.
    pub async fn settle(
        &self,
        intent: Option<Intent>,
        by: By<'_>,
        facts: Vec<Fact>,
        on_disk: bool,
    ) -> Result<()> {
        self.add(by, facts, intent, on_disk).await
    }

    /// Whether an agent may do one more thing that is recorded. One that does too much in a short time is
    /// refused, and how often is recorded in place of each try, so that no agent can fill the disk.
    pub fn admit(&self, caller: &Caller, kind: Kind, action: &str) -> api::Result<()> {
        let Caller::Agent { session, .. } = caller else { return Ok(()) };
        match self.budgets.spend(Instant::now(), Door::Session, Some(session), kind, action) {
            true => Ok(()),
            false => Err(Error::refused("this session has asked too often in a short time")
                .hint("wait a few seconds before you ask again")),
        }
    }

    /// Waits for an agent's turn at what is not recorded, of which its budget says nothing.
    pub async fn turn(&self, caller: &Caller) -> Option<Turn> {
        let Caller::Agent { session, .. } = caller else { return None };
        self.turns.take(session).await
    }

    /// Writes down from time to time what was only counted, until the daemon ends.
    pub fn begin(&self, tasks: &TaskTracker, ending: CancellationToken) {
        tasks.spawn(budget::tell_counts(self.clone(), ending));
    }

    /// A page of records.
    pub async fn list(&self, call: ListAudit) -> Result<Vec<Record>> {
        let identity_id = match &call.identity {
            Some(wanted) => Some(self.identity_id_ever(wanted).await?.unwrap_or_else(|| wanted.clone())),
            None => None,
        };
        let limit = call.limit.unwrap_or(PAGE);
        if !(1..=PAGE_MAX).contains(&limit) {
            bail!(Error::invalid(format!("a page holds 1 to {PAGE_MAX} records, not {limit}")));
        }
        if call.subject.as_ref().is_some_and(|words| words.chars().count() > TEXT_MAX) {
            bail!(Error::invalid(format!("no subject has more than {TEXT_MAX} characters")));
        }
        let ListAudit { slot, kind, since, until, worktree, subject, before, after, .. } = call;
        let filter = AuditFilter { identity_id, slot, kind, since, until, worktree, subject, before, after };
        Ok(self.store.audit_page(&filter, limit).await?.into_iter().map(chain::seen).collect())
    }

    /// The newest record's number and hash.
    pub async fn head(&self) -> Result<Anchor> {
        Ok(chain::anchor(self.store.audit_head().await?.as_ref()))
    }

    /// The id of the identity that a call names, if there is one.
    pub async fn identity_id(&self, wanted: &str) -> Result<Option<String>> {
        self.store.identity_id(wanted).await
    }

    /// The same, or the id of the last that had this name where none has it any more.
    async fn identity_id_ever(&self, wanted: &str) -> Result<Option<String>> {
        match self.identity_id(wanted).await? {
            None => self.store.former_identity_id(wanted).await,
            id => Ok(id),
        }
    }

    /// The id of the identity that a call means that names none, if there is one.
    pub async fn current_identity_id(&self) -> Result<Option<String>> {
        self.store.current_identity().await
    }

    /// The ids of the other identities that share a secret.
    pub async fn sharers(&self, identity_id: &str, key: &str) -> Result<Vec<String>> {
        self.store.sharers(identity_id, key).await
    }

    /// Ends the writer, when all that waits is written.
    pub async fn close(&self) {
        let (ended, end) = oneshot::channel();
        if self.writer.send(Message::End(ended)).await.is_ok() {
            end.await.ok();
        }
    }

    async fn add(&self, by: By<'_>, facts: Vec<Fact>, settles: Option<Intent>, on_disk: bool) -> Result<()> {
        let mut rows = Vec::new();
        for fact in facts {
            if rows.len() == FACTS {
                self.write(std::mem::take(&mut rows), None, None, on_disk).await?;
            }
            if self.affords(by, &fact) {
                let row = self.row(by, fact).await?;
                let before = settles.iter().flat_map(|intent| &intent.rows);
                let named = before.filter(|known| known.identity_id == row.identity_id);
                let identity = named.filter_map(|known| known.identity.clone()).next();
                rows.push(AuditRow { identity: row.identity.or(identity), ..row });
            }
        }
        match (rows.is_empty(), settles) {
            (true, None) => Ok(()),
            (_, settles) => self.write(rows, None, settles.map(|intent| intent.id), on_disk).await,
        }
    }

    async fn write(
        &self,
        rows: Vec<AuditRow>,
        begins: Option<IntentRow>,
        settles: Option<String>,
        on_disk: bool,
    ) -> Result<()> {
        let (written, answer) = oneshot::channel();
        let ask = Ask { rows, begins, settles, on_disk, written };
        self.writer.send(Message::Write(ask)).await.ok().context(GONE)?;
        Ok(answer.await.context(GONE)??)
    }

    /// What a door refuses is recorded one by one only as long as it is not a flood.
    fn affords(&self, by: By<'_>, fact: &Fact) -> bool {
        let By::Stranger(door) = by else { return true };
        self.budgets.spend(Instant::now(), door, fact.session.as_deref(), fact.kind, &fact.action)
    }

    /// A row with everything but its place in the chain.
    async fn row(&self, by: By<'_>, fact: Fact) -> Result<AuditRow> {
        let (who, door) = names(by);
        let Fact { mut identity_id, mut session, mut slot, mut worktree_id, .. } = fact;
        if let By::Caller(Caller::Agent {
            session: own,
            slot: seat,
            identity_id: wears,
            worktree_id: place,
            ..
        }) = by
        {
            if session.get_or_insert_with(|| own.clone()) == own {
                worktree_id.get_or_insert_with(|| place.clone());
            }
            slot.get_or_insert(*seat);
            identity_id.get_or_insert_with(|| wears.clone());
        }
        let ids = [&identity_id, &session, &worktree_id].map(|id| id.as_deref());
        let known = match ids {
            [None, None, None] => AuditNames::default(),
            [identity, session, worktree] => self.store.audit_names(identity, session, worktree).await?,
        };
        Ok(AuditRow {
            seq: 0,
            at: self.clock.now(),
            high: 0,
            who: who.name().into(),
            door: door.name().into(),
            kind: fact.kind.name().into(),
            action: plain(&fact.action),
            subject: plain(&fact.subject),
            identity: known.identity,
            worktree: known.worktree,
            worktree_id: known.worktree_id.or(worktree_id),
            identity_id,
            session,
            slot: slot.map(i64::from),
            outcome: plain(&fact.outcome),
            detail: plain(&fact.detail),
            previous: Vec::new(),
            hash: Vec::new(),
        })
    }
}

fn names(by: By<'_>) -> (Who, Door) {
    match by {
        By::Caller(Caller::Owner) => (Who::Owner, Door::Owner),
        By::Caller(Caller::Notification) => (Who::Owner, Door::Notification),
        By::Caller(Caller::Source) => (Who::Source, Door::Inside),
        By::Caller(Caller::Member { .. }) => (Who::Member, Door::Web),
        By::Caller(Caller::Agent { .. }) => (Who::Agent, Door::Session),
        By::Daemon => (Who::Daemon, Door::Inside),
        By::Stranger(door) => (Who::Stranger, door),
    }
}

/// Text that drives no terminal and turns no line round, and is not longer than a sentence.
fn plain(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut plain = String::new();
    for (at, c) in text.chars().enumerate() {
        match c {
            _ if at == TEXT_MAX => {
                plain.push('…');
                break;
            }
            c if hidden(c) => plain.extend(c.escape_default()),
            c => plain.push(c),
        }
    }
    plain
}

/// The outcome of a call that failed.
pub fn outcome(code: Code) -> String {
    // The name on the wire is the name in the record.
    let name = serde_json::to_string(&code).unwrap_or_default();
    name.trim_matches('"').to_string()
}

#[cfg(test)]
mod tests;
