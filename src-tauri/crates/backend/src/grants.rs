//! The room of grants: standing answers of the owner, each bound to one use by one session or worktree.

use crate::audit::{Audit, By, Fact, Intent};
use crate::bus::Bus;
use crate::clock::Clock;
use crate::failpoint::Failpoints;
use crate::store::{self, ApprovalRow, GrantRow, Store};
use anyhow::Result;
use api::approvals::Action;
use api::audit::Kind;
use api::grants::{Extent, Grant, RevokeGrant};
use api::names::shown;
use api::{Error, Event, Millis};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long an hour is.
const HOUR: Millis = 60 * 60 * 1000;
/// How long at most until it is looked again whether an hour is over: what is slept by does not count the time
/// that the machine itself sleeps.
const LOOK: Duration = Duration::from_secs(60);

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Grants {
    store: Store,
    bus: Bus,
    clock: Clock,
    audit: Audit,
    failpoints: Failpoints,
    /// Rung when an hour is given.
    given: Arc<Notify>,
    /// Which start of the machine this is.
    boot: String,
}

/// Who wants to do what, as far as a grant looks at it.
pub struct Use<'a> {
    /// The session.
    pub session: &'a str,
    /// Its worktree's id.
    pub worktree_id: &'a str,
    /// Its identity's id.
    pub identity_id: &'a str,
    /// What it wants.
    pub action: Action,
    /// Of what.
    pub subject: &'a str,
}

impl Grants {
    /// Opens the room.
    pub fn new(store: Store, bus: Bus, clock: Clock, audit: Audit, failpoints: Failpoints) -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        // Where the start of the machine cannot be told, an hour does not outlive this daemon.
        let boot = boot.map_or_else(store::new_id, |id| id.trim().to_string());
        Self { store, bus, clock, audit, failpoints, given: Arc::default(), boot }
    }

    /// Ends each hour when it is over, until the daemon ends; first those that were over while none ran.
    pub fn begin(&self, tasks: &TaskTracker, ending: CancellationToken) {
        let room = self.clone();
        tasks.spawn(async move { ending.run_until_cancelled(room.end_hours()).await });
    }

    /// The grants that hold.
    pub async fn list(&self) -> Result<Vec<Grant>> {
        let rows = self.store.grants().await?;
        Ok(rows.iter().filter(|row| self.holds(row)).cloned().map(seen).collect())
    }

    /// Ends a grant: the next use is asked for again.
    pub async fn revoke(&self, call: RevokeGrant) -> Result<Grant> {
        let row = store::find("grant", &call.grant, self.store.grants().await?.to_vec())?;
        let gone = || Error::conflict(format!("the grant {} has just ended", shown(&call.grant)));
        Ok(self.end(row, "the owner revoked it").await?.ok_or_else(gone)?)
    }

    /// The grant that allows a use, if one does.
    pub async fn covering(&self, wanted: &Use<'_>) -> Result<Option<Grant>> {
        let rows = self.store.grants().await?;
        let is_for = |row: &GrantRow| {
            row.identity_id == wanted.identity_id
                && row.action == wanted.action
                && row.subject == wanted.subject
        };
        let covers = |row: &&GrantRow| {
            is_for(row) && self.holds(row) && reaches(row, wanted.session, wanted.worktree_id)
        };
        Ok(rows.iter().find(covers).cloned().map(seen))
    }

    /// Ends what was granted in a worktree.
    pub async fn end_of_worktree(&self, worktree_id: &str) -> Result<Vec<Grant>> {
        self.end_where("its worktree was archived", |row| row.worktree_id == worktree_id).await
    }

    /// Ends what was granted to a session; what was granted to its worktree stays.
    pub async fn end_of_session(&self, session: &str) -> Result<Vec<Grant>> {
        let is_meant = |row: &GrantRow| row.session == session && row.extent != Extent::Worktree;
        self.end_where("its session has ended", is_meant).await
    }

    /// Ends what was granted of something that is no more: its name may be given to something else.
    pub async fn end_of_subject(
        &self,
        identity_id: &str,
        action: Action,
        subject: &str,
    ) -> Result<Vec<Grant>> {
        let is_meant =
            |row: &GrantRow| row.identity_id == identity_id && row.action == action && row.subject == subject;
        self.end_where("what it allowed is no more", is_meant).await
    }

    /// Ends what was granted to an identity.
    pub async fn end_of_identity(&self, identity_id: &str) -> Result<Vec<Grant>> {
        self.end_where("its identity was deleted", |row| row.identity_id == identity_id).await
    }

    /// Ends what was granted of an issuer's tokens, whatever their scope.
    pub async fn end_of_issuer(&self, issuer: &str) -> Result<Vec<Grant>> {
        let is_meant = |row: &GrantRow| {
            let rest = row.subject.strip_prefix(issuer);
            row.action == Action::RequestToken
                && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(';'))
        };
        self.end_where("its issuer is no more", is_meant).await
    }

    /// The grant that an answer to an approval gives, not yet stored.
    pub(crate) fn fresh(&self, approval: &ApprovalRow, extent: Extent) -> GrantRow {
        let (now, hour) = (self.clock.now(), extent == Extent::Hour);
        GrantRow {
            id: store::new_id(),
            action: approval.action,
            subject: approval.subject.clone(),
            identity_id: approval.identity_id.clone(),
            identity: approval.identity.clone(),
            extent,
            session: approval.session.clone(),
            slot: approval.slot,
            worktree_id: approval.worktree_id.clone(),
            worktree: approval.worktree.clone(),
            approval: approval.id.clone(),
            made_at: now,
            until: hour.then_some(now + HOUR),
            boot: hour.then(|| self.boot.clone()),
            boot_until: hour.then(|| self.clock.since_boot() + HOUR),
            ended_at: None,
        }
    }

    /// Writes down that a grant is about to be given.
    pub(crate) async fn intend(&self, row: &GrantRow, by: By<'_>) -> Result<Intent> {
        self.audit.intend(by, &[given(row)]).await
    }

    /// Records that a grant was given, and tells everyone; nothing if its question was settled before.
    pub(crate) async fn settle(
        &self,
        intent: Intent,
        row: &GrantRow,
        by: By<'_>,
        is_given: bool,
    ) -> Result<()> {
        let facts = if is_given { vec![given(row)] } else { Vec::new() };
        self.audit.settle(Some(intent), by, facts, false).await?;
        if is_given {
            self.tell(row.clone());
            self.given.notify_one();
        }
        Ok(())
    }

    fn tell(&self, row: GrantRow) -> Grant {
        let grant = seen(row);
        self.bus.publish(Event::GrantChanged { grant: Box::new(grant.clone()) });
        grant
    }

    async fn end_hours(&self) {
        loop {
            let next = match self.end_lapsed().await {
                Ok(next) => next.map(|next| next.min(LOOK)),
                Err(e) => {
                    tracing::error!("ending grants whose hour is over: {e:#}");
                    Some(LOOK)
                }
            };
            match next {
                Some(next) => drop(tokio::time::timeout(next, self.given.notified()).await),
                None => self.given.notified().await,
            }
        }
    }

    /// Ends what has run out, and says how long it is until the next one does.
    async fn end_lapsed(&self) -> Result<Option<Duration>> {
        let mut next: Option<Duration> = None;
        for row in self.store.grants().await?.iter() {
            let Some(until) = row.boot_until else { continue };
            if self.holds(row) {
                let left = u64::try_from(until - self.clock.since_boot()).unwrap_or_default();
                let left = Duration::from_millis(left);
                next = Some(next.map_or(left, |next| next.min(left)));
                continue;
            }
            let is_same = row.boot.as_ref() == Some(&self.boot);
            self.end(row.clone(), if is_same { "its hour is over" } else { "the machine was started anew" })
                .await?;
        }
        Ok(next)
    }

    /// Whether a grant that nobody has ended still holds. An hour is measured by a clock that nobody can
    /// set, and sessions do not outlive the start of the machine that they began on.
    fn holds(&self, row: &GrantRow) -> bool {
        match (row.extent, row.boot_until) {
            (Extent::Hour, Some(until)) => {
                row.boot.as_ref() == Some(&self.boot) && self.clock.since_boot() < until
            }
            (Extent::Hour, None) => false,
            _ => true,
        }
    }

    async fn end_where(&self, why: &str, is_meant: impl Fn(&GrantRow) -> bool) -> Result<Vec<Grant>> {
        let mut ended = Vec::new();
        let rows = self.store.grants().await?;
        for row in rows.iter().filter(|row| is_meant(row)) {
            ended.extend(self.end(row.clone(), why).await?);
        }
        Ok(ended)
    }

    async fn end(&self, mut row: GrantRow, why: &str) -> Result<Option<Grant>> {
        let now = self.clock.now();
        let ended = fact(&row, "grants.ended", &format!(": {why}"));
        let intent = self.audit.intend(By::Daemon, std::slice::from_ref(&ended)).await?;
        let is_ended = self.store.end_grant(&row.id, now).await?;
        self.failpoints.at("grant.ended");
        let facts = if is_ended { vec![ended] } else { Vec::new() };
        self.audit.settle(Some(intent), By::Daemon, facts, false).await?;
        row.ended_at = Some(now);
        Ok(is_ended.then(|| self.tell(row)))
    }
}

fn given(row: &GrantRow) -> Fact {
    fact(row, "grants.given", "")
}

/// What is recorded of a grant.
fn fact(row: &GrantRow, action: &str, why: &str) -> Fact {
    Fact {
        identity_id: Some(row.identity_id.clone()),
        session: Some(row.session.clone()),
        slot: u32::try_from(row.slot).ok(),
        worktree_id: Some(row.worktree_id.clone()),
        detail: format!("{} for the {}{why}", row.action.thing(), row.extent.name()),
        ..Fact::done(Kind::Grant, action, row.subject.clone())
    }
}

/// Whether a grant was given to this session, or to its worktree.
pub(crate) fn reaches(row: &GrantRow, session: &str, worktree_id: &str) -> bool {
    match row.extent {
        Extent::Worktree => row.worktree_id == worktree_id,
        Extent::Session | Extent::Hour => row.session == session,
    }
}

fn seen(row: GrantRow) -> Grant {
    Grant {
        id: row.id,
        action: row.action,
        extent: row.extent,
        subject: row.subject,
        identity_id: row.identity_id,
        identity: row.identity,
        session: row.session,
        slot: u32::try_from(row.slot).unwrap_or(0),
        worktree_id: row.worktree_id,
        worktree: row.worktree,
        approval: row.approval,
        made_at: row.made_at,
        until: row.until,
        ended_at: row.ended_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::IdentityRow;
    use api::approvals::State;
    use std::sync::atomic::{AtomicI64, Ordering};

    static WALL: AtomicI64 = AtomicI64::new(1_700_000_000_000);
    static SINCE_BOOT: AtomicI64 = AtomicI64::new(500_000);

    fn approval() -> ApprovalRow {
        ApprovalRow {
            id: "approval".into(),
            action: Action::ReadSecret,
            subject: "KEY".into(),
            identity_id: "ada".into(),
            identity: "ada".into(),
            session: "session".into(),
            slot: 1,
            agent: "shell".into(),
            worktree_id: "worktree".into(),
            worktree: "one".into(),
            pid: 1,
            command: "[]".into(),
            reason: None,
            details: "[]".into(),
            asked_at: 0,
            until: 1,
            state: State::Open,
            answer: None,
            because: None,
            answered_at: None,
        }
    }

    async fn room(folder: &std::path::Path) -> Grants {
        let store = Store::open(&folder.join("lanyard.db")).await.unwrap();
        let clock = Clock::of_a_test(|| WALL.load(Ordering::SeqCst), || SINCE_BOOT.load(Ordering::SeqCst));
        let bus = Bus::default();
        let audit = Audit::open(store.clone(), bus.clone(), clock).await.unwrap();
        Grants::new(store, bus, clock, audit, Failpoints::default())
    }

    async fn covers(grants: &Grants) -> bool {
        let wanted = Use {
            session: "session",
            worktree_id: "worktree",
            identity_id: "ada",
            action: Action::ReadSecret,
            subject: "KEY",
        };
        grants.covering(&wanted).await.unwrap().is_some()
    }

    #[tokio::test]
    async fn an_hour_is_an_hour_whatever_the_wall_clock_says() {
        let folder = tempfile::tempdir().unwrap();
        let grants = room(folder.path()).await;
        let ada = IdentityRow {
            id: "ada".into(),
            name: "ada".into(),
            email: "ada@lanyard.localhost".into(),
            phone: None,
            author_name: "ada".into(),
            author_email: "ada@lanyard.localhost".into(),
            wrapped_key: Vec::new(),
            created_at: 0,
            updated_at: 0,
        };
        grants.store.insert_identity(&ada, None).await.unwrap();
        grants.store.insert_approval(&approval()).await.unwrap();
        let grant = grants.fresh(&approval(), Extent::Hour);
        let answered = ApprovalRow { state: State::Approved, ..approval() };
        assert!(grants.store.settle_approval(&answered, Some(&grant)).await.unwrap());
        assert!(covers(&grants).await);

        WALL.fetch_add(2 * HOUR, Ordering::SeqCst);
        assert!(covers(&grants).await, "a clock that was set forward ends nothing");
        SINCE_BOOT.fetch_add(HOUR - 1, Ordering::SeqCst);
        assert!(covers(&room(folder.path()).await).await, "another daemon measures the same hour");
        SINCE_BOOT.fetch_add(1, Ordering::SeqCst);
        WALL.fetch_sub(4 * HOUR, Ordering::SeqCst);
        assert!(!covers(&grants).await, "a clock that was set back revives nothing");
        assert!(grants.list().await.unwrap().is_empty());

        SINCE_BOOT.store(1, Ordering::SeqCst);
        let mut rebooted = room(folder.path()).await;
        rebooted.boot = "another start of the machine".into();
        assert!(!covers(&rebooted).await);
    }
}
