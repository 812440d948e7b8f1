//! The room of approvals: an agent asks, waits, and hears the owner's answer or none.
//!
//! An answer is bound to the one call that waits: the store settles an approval once, and whoever settled it
//! is the one that counts. What waits is known to this daemon alone; what a former one left is withdrawn.

mod answering;
mod asking;
mod row;

use crate::audit::{Audit, By, Fact};
use crate::bus::Bus;
use crate::caller::{Asker, Caller};
use crate::clock::Clock;
use crate::grants::{Grants, Use};
use crate::store::{ApprovalRow, IdentityRow, Store};
use anyhow::{Result, bail};
use api::approvals::{Action, Answer, Approval, ListApprovals, State};
use api::audit::Kind;
use api::{Error, Event, Role};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// How many approvals a list with the settled ones shows.
const LISTED: i64 = 500;

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Approvals {
    store: Store,
    bus: Bus,
    clock: Clock,
    audit: Audit,
    grants: Grants,
    ending: CancellationToken,
    waiting: Arc<Mutex<HashMap<String, Waiting>>>,
}

/// A call that waits for an answer.
struct Waiting {
    session: String,
    asker: Asker,
    answered: oneshot::Sender<Answer>,
}

/// What an agent wants to do.
pub struct Wanted {
    /// What.
    pub action: Action,
    /// Of what: a key, an issuer, a fingerprint.
    pub subject: String,
    /// As whom.
    pub identity: IdentityRow,
    /// Why, in the agent's words.
    pub reason: Option<String>,
    /// How long it will wait; two minutes if left out.
    pub wait: Option<Duration>,
    /// More that the owner should know, as names and values.
    pub details: Vec<(String, String)>,
}

/// How a use was let pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// Nobody had to be asked.
    Standing,
    /// The owner was asked, and whatever was looked up before may be another thing by now.
    Asked,
}

impl Approvals {
    /// Opens the room, and withdraws what was asked of a former daemon: nobody waits for that any more.
    pub async fn open(
        store: Store,
        bus: Bus,
        clock: Clock,
        audit: Audit,
        grants: Grants,
        ending: CancellationToken,
    ) -> Result<Self> {
        let room = Self { store, bus, clock, audit, grants, ending, waiting: Arc::default() };
        for row in room.store.open_approvals().await? {
            room.settle(&row, State::Withdrawn, "the daemon was started anew").await?;
        }
        Ok(room)
    }

    /// Lets a use pass: the owner's at once, an agent's if a grant allows it or the owner says yes in time.
    pub async fn permit(&self, caller: &Caller, wanted: Wanted) -> Result<Permit> {
        self.permit_unless(caller, wanted, std::future::pending()).await
    }

    /// The same, for what may be given up while the owner is asked: `given_up` then ends with why.
    pub async fn permit_unless(
        &self,
        caller: &Caller,
        wanted: Wanted,
        given_up: impl Future<Output = &'static str>,
    ) -> Result<Permit> {
        let Caller::Agent { session, worktree_id, asker, .. } = caller else {
            return match caller.role() {
                Role::Owner => Ok(Permit::Standing),
                _ => bail!(Error::refused("that is for the owner and for agents who were allowed to")),
            };
        };
        let wanted_use = Use {
            session,
            worktree_id,
            identity_id: &wanted.identity.id,
            action: wanted.action,
            subject: &wanted.subject,
        };
        if let Some(grant) = self.grants.covering(&wanted_use).await? {
            let detail = format!("{}, allowed for the {}", grant.action.thing(), grant.extent.name());
            let used = Fact { detail, ..Fact::done(Kind::Grant, "grants.used", grant.subject) };
            self.audit.note_ahead(By::Caller(caller), used).await?;
            return Ok(Permit::Standing);
        }
        let Some(session) = self.store.session(session).await? else {
            bail!(Error::refused("the session that asks is unknown"));
        };
        let row = self.row(&session, asker, wanted).await?;
        self.ask(caller, asker, row, given_up).await?;
        Ok(Permit::Asked)
    }

    /// The open approvals, oldest first; or the newest of all.
    pub async fn list(&self, call: ListApprovals) -> Result<Vec<Approval>> {
        let rows = match call.all {
            true => self.store.approvals(LISTED).await?,
            false => self.store.open_approvals().await?,
        };
        Ok(rows.into_iter().map(row::seen).collect())
    }

    /// Settles an approval that nobody has answered; false if somebody was quicker.
    async fn settle(&self, row: &ApprovalRow, state: State, because: &str) -> Result<bool> {
        let row = ApprovalRow {
            state,
            because: Some(because.into()),
            answered_at: Some(self.clock.now()),
            ..row.clone()
        };
        let told = fact(&format!("approvals.{}", state.name()), &row);
        let intent = self.audit.intend(By::Daemon, std::slice::from_ref(&told)).await?;
        let settled = self.store.settle_approval(&row, None).await?;
        let facts = if settled { vec![told] } else { Vec::new() };
        self.audit.settle(Some(intent), By::Daemon, facts, false).await?;
        if settled {
            self.tell(row);
        }
        Ok(settled)
    }

    fn tell(&self, row: ApprovalRow) -> Approval {
        let approval = row::seen(row);
        self.bus.publish(Event::ApprovalChanged { approval: Box::new(approval.clone()) });
        approval
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        self.waiting.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// What is recorded of an approval.
fn fact(action: &str, row: &ApprovalRow) -> Fact {
    // Once it is settled, how that came about says more than why it was asked.
    let why = row.because.as_deref().or(row.reason.as_deref()).map(|why| format!(": {why}"));
    Fact {
        identity_id: Some(row.identity_id.clone()),
        session: Some(row.session.clone()),
        slot: u32::try_from(row.slot).ok(),
        worktree_id: Some(row.worktree_id.clone()),
        detail: format!("{}{}", row.action.thing(), why.unwrap_or_default()),
        ..Fact::done(Kind::Approval, action, row.subject.clone())
    }
}
