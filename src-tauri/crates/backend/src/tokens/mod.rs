//! The room of tokens: credentials that are issued for a while, and taken back.
//!
//! No token is alive at an issuer without a row here. The row comes first; what is intended is written before
//! the issuer is called, what it answered after that. The call itself is made by a process that outlives the
//! daemon (`minting`). Whatever nobody has in hand is picked up by one loop (`rounds`): a call that a former
//! daemon began, a revocation that its issuer has not confirmed, a token whose time is over.

pub mod issuer;
pub mod issuers;
pub mod minting;

mod ending;
mod forgetting;
mod issuing;
mod life;
mod mints;
mod refreshing;
mod requesting;
mod revoking;
mod rounds;
mod row;
mod slots;

use crate::approvals::Approvals;
use crate::audit::{Audit, By, Fact};
use crate::bus::Bus;
use crate::caller::Caller;
use crate::clock::Clock;
use crate::failpoint::Failpoints;
use crate::safe::Safe;
use crate::store::{self, IdentityRow, Store, TokenRow};
use crate::worktrees::Worktrees;
use anyhow::{Result, bail};
use api::audit::Kind;
use api::names::shown;
use api::tokens::{ListTokens, Token};
use api::{Code, Error, Event};
use issuers::Issuers;
use life::Clocks;
use mints::Mints;
pub use slots::SlotKey;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How many revocations go on at once.
const AT_ONCE: usize = 8;

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Tokens {
    store: Store,
    bus: Bus,
    audit: Audit,
    clocks: Clocks,
    safe: Safe,
    issuers: Issuers,
    approvals: Approvals,
    worktrees: Worktrees,
    tasks: TaskTracker,
    ending: CancellationToken,
    failpoints: Failpoints,
    mints: Arc<Mints>,
    live: Arc<Live>,
}

/// The rooms and things that tokens are made of.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The bus.
    pub bus: Bus,
    /// The audit.
    pub audit: Audit,
    /// The clock.
    pub clock: Clock,
    /// The vault.
    pub safe: Safe,
    /// The room of issuers.
    pub issuers: Issuers,
    /// The room of approvals.
    pub approvals: Approvals,
    /// The room of worktrees.
    pub worktrees: Worktrees,
    /// Where tasks are tracked.
    pub tasks: TaskTracker,
    /// Cancelled when the daemon shall end.
    pub ending: CancellationToken,
    /// Where a test has the daemon killed.
    pub failpoints: Failpoints,
    /// The folder of the calls to issuers.
    pub mints: PathBuf,
    /// `lanyardd` itself.
    pub program: PathBuf,
}

/// What is known of tokens beside the store.
struct Live {
    /// Tokens that a task has in hand; the loop leaves them alone.
    held: Mutex<HashSet<String>>,
    /// Wakes the loop.
    wake: Notify,
    /// Counts changes, for those who wait for one.
    changes: watch::Sender<u64>,
    /// How many revocations may go on.
    turns: Semaphore,
    /// When keys for slots were last asked for.
    tries: slots::Tries,
}

impl Tokens {
    /// Opens the room.
    pub fn new(parts: Parts) -> Self {
        let live = Live {
            held: Mutex::default(),
            wake: Notify::new(),
            changes: watch::Sender::new(0),
            turns: Semaphore::new(AT_ONCE),
            tries: slots::Tries::default(),
        };
        Self {
            mints: Arc::new(Mints::new(parts.mints, parts.program, parts.failpoints.clone())),
            clocks: Clocks::of_the_machine(parts.clock),
            live: Arc::new(live),
            store: parts.store,
            bus: parts.bus,
            audit: parts.audit,
            safe: parts.safe,
            issuers: parts.issuers,
            approvals: parts.approvals,
            worktrees: parts.worktrees,
            tasks: parts.tasks,
            ending: parts.ending,
            failpoints: parts.failpoints,
        }
    }

    /// The tokens that may be alive, or the newest of all. An agent sees its own.
    pub async fn list(
        &self,
        caller: &Caller,
        identity: Option<&IdentityRow>,
        call: ListTokens,
    ) -> Result<Vec<Token>> {
        let mut rows = match call.all {
            true => self.store.tokens().await?,
            false => self.store.live_tokens().await?,
        };
        if let Some(identity) = identity {
            rows.retain(|row| row.identity_id == identity.id);
        }
        if let Some(wanted) = call.worktree {
            let named = |row: &TokenRow| {
                row.worktree_id.as_ref() == Some(&wanted) || row.worktree.as_ref() == Some(&wanted)
            };
            rows.retain(named);
        }
        if let Caller::Agent { session, .. } = caller {
            let own = self.seat(session).await?;
            rows.retain(|row| row::belongs(row, &own));
        }
        rows.into_iter().map(row::seen).collect()
    }

    /// One token.
    pub async fn show(&self, caller: &Caller, wanted: &str) -> Result<Token> {
        row::seen(self.find(caller, wanted).await?)
    }

    /// The token that `wanted` names, if the caller may know of it.
    async fn find(&self, caller: &Caller, wanted: &str) -> Result<TokenRow> {
        let wanted = wanted.to_ascii_lowercase();
        let mut rows = match store::is_prefix(&wanted) {
            true => self.store.tokens_by_prefix(&wanted).await?,
            false => Vec::new(),
        };
        if let Caller::Agent { session, .. } = caller {
            // Whether another's token exists is not told either.
            let own = self.seat(session).await?;
            rows.retain(|row| row::belongs(row, &own));
        }
        let none =
            || Error::not_found("token", &wanted).hint("`lanyard tokens list --all` shows what there is");
        match rows.len() {
            0 => bail!(none()),
            1 => Ok(rows.remove(0)),
            _ => bail!(
                Error::new(Code::Ambiguous, format!("{} names several tokens", shown(&wanted)))
                    .hint("give more characters of the id")
            ),
        }
    }

    /// The newest of those that took a token's place one after another.
    async fn newest(&self, mut row: TokenRow) -> Result<TokenRow> {
        while let Some(next) = &row.replaced_by {
            match self.store.token(next).await? {
                Some(next) => row = next,
                None => break,
            }
        }
        Ok(row)
    }

    /// The session of an agent.
    async fn seat(&self, session: &str) -> Result<store::SessionRow> {
        let row = self.store.session(session).await?;
        Ok(row.ok_or_else(|| Error::refused("the session that asks is unknown"))?)
    }

    /// Changes a token by itself and records it, whenever the daemon may be killed.
    async fn noting(
        &self,
        row: &TokenRow,
        action: &str,
        detail: &str,
        change: impl Future<Output = Result<()>>,
    ) -> Result<()> {
        let fact = fact(row, action, detail);
        let intent = self.audit.intend(By::Daemon, std::slice::from_ref(&fact)).await?;
        change.await?;
        self.failpoints.at("note.before");
        self.audit.settle(Some(intent), By::Daemon, vec![fact], true).await
    }

    /// Tells everyone that a token has changed.
    fn tell(&self, id: &str) {
        self.live.changes.send_modify(|n| *n += 1);
        self.bus.publish(Event::TokenChanged { token: id.to_string() });
    }

    fn held(&self) -> MutexGuard<'_, HashSet<String>> {
        self.live.held.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Takes a token in hand; none where somebody else has it.
    fn hold(&self, id: &str) -> Option<Hold> {
        self.held().insert(id.to_string()).then(|| Hold { room: self.clone(), id: id.to_string() })
    }

    /// Takes a token in hand as soon as nobody else has it.
    async fn hold_later(&self, id: &str) -> Result<Hold> {
        let mut changes = self.live.changes.subscribe();
        loop {
            if let Some(hold) = self.hold(id) {
                return Ok(hold);
            }
            changes.changed().await?;
        }
    }
}

/// What is recorded of a token.
fn fact(row: &TokenRow, action: &str, detail: &str) -> Fact {
    Fact {
        identity_id: Some(row.identity_id.clone()),
        session: row.session.clone(),
        slot: row.slot.and_then(|slot| u32::try_from(slot).ok()),
        worktree_id: row.worktree_id.clone(),
        detail: detail.into(),
        ..Fact::done(Kind::Token, action, format!("{} {}", row.issuer, row.id))
    }
}

/// A token that somebody has in hand. Once it is let go, the loop looks whether there is something left to do.
struct Hold {
    room: Tokens,
    id: String,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.room.held().remove(&self.id);
        self.room.live.changes.send_modify(|n| *n += 1);
        self.room.live.wake.notify_one();
    }
}

#[cfg(test)]
pub(crate) use row::tests;
