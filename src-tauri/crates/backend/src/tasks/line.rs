//! The line itself: the first task that may have a free slot gets it, and each is started once.
//!
//! Before a session is started, its id is written beside the task. Whoever comes after a crash finds the
//! session's row under that id, or nothing that ran; so no task is started twice, and none is forgotten.

use super::{LOOK, Tasks};
use crate::audit::{By, Fact};
use crate::store::{self, TaskRow};
use crate::telling::told;
use anyhow::Result;
use api::audit::Kind;
use api::sessions::{StartSession, State as Session};
use api::tasks::State;
use api::{Code, Error, Event};
use std::time::Duration;

/// How long the line rests after something broke, or while it waits for what tells nobody.
const AGAIN: Duration = Duration::from_secs(5);

impl Tasks {
    /// Goes through the line whenever something has changed, until the daemon ends.
    pub fn begin(&self) {
        let room = self.clone();
        self.parts.tasks.spawn(async move {
            let ending = room.parts.ending.clone();
            ending.run_until_cancelled(room.go_round()).await;
        });
    }

    async fn go_round(&self) {
        let mut events = self.parts.bus.subscribe();
        loop {
            self.live.rounds.send_modify(|rounds| rounds.begun += 1);
            let rest = match self.round().await {
                Ok(rest) => rest,
                Err(error) => {
                    tracing::error!("going through the line of tasks: {error:#}");
                    Some(AGAIN)
                }
            };
            self.live.rounds.send_modify(|rounds| rounds.ended += 1);
            let woken = async {
                tokio::select! {
                    () = self.live.wake.notified() => {}
                    () = async { while events.next().await.is_some_and(|event| !matters(&event)) {} } => {}
                }
            };
            match rest {
                Some(rest) => drop(tokio::time::timeout(rest, woken).await),
                None => woken.await,
            }
        }
    }

    /// Wakes the line, and waits until it has been gone through once or until that takes long.
    pub(super) async fn wait_for_look(&self) {
        let mut rounds = self.live.rounds.subscribe();
        // A round that goes on now may have read the line before the new task was there; the next one has not.
        let begun = rounds.borrow_and_update().begun;
        self.live.wake.notify_one();
        tokio::time::timeout(LOOK, rounds.wait_for(|rounds| rounds.ended > begun)).await.ok();
    }

    /// Starts whatever can be started, and says when to look again if nothing tells.
    async fn round(&self) -> Result<Option<Duration>> {
        self.settle_starts().await?;
        self.end_finished().await?;
        *self.lock_halted() = None;
        while let Some((task, slot)) = self.next().await? {
            if let Some(reason) = self.start(task, slot).await? {
                *self.lock_halted() = Some(reason);
                return Ok(Some(AGAIN));
            }
        }
        Ok(None)
    }

    /// The first task in line that has a slot to start in.
    async fn next(&self) -> Result<Option<(TaskRow, u32)>> {
        let queued = self.parts.store.queued_tasks().await?;
        if queued.is_empty() {
            return Ok(None);
        }
        let seats = self.seats().await?;
        for task in queued {
            if let Ok(slot) = seats.seat(&task)
                && let Some(task) = self.parts.store.task(&task.id).await?
            {
                return Ok(Some((task, u32::try_from(slot)?)));
            }
        }
        Ok(None)
    }

    /// Starts a task; says so if nothing can be started at all now.
    async fn start(&self, mut task: TaskRow, slot: u32) -> Result<Option<String>> {
        let session = store::new_id();
        if !self.parts.store.intend_task(&task.id, &session).await? {
            return Ok(None);
        }
        task.session = Some(session.clone());
        self.parts.failpoints.at("task.intended");
        let call = StartSession {
            slot,
            project: task.project_id.clone(),
            branch: task.branch.clone(),
            base: task.base.clone(),
            agent: task.agent.clone(),
            command: serde_json::from_str(&task.command)?,
            prompt: task.prompt.clone(),
            ..StartSession::default()
        };
        let started = self.parts.sessions.start_as(session, call).await;
        self.parts.failpoints.at("task.started");
        match started {
            Ok(_) => self.settle_start(&task, Some(slot)).await?,
            Err(error) => return self.not_started(&task, told(&error)).await,
        }
        Ok(None)
    }

    /// What becomes of a task that could not be started: it fails, unless it only has to wait.
    async fn not_started(&self, task: &TaskRow, error: Error) -> Result<Option<String>> {
        let store = &self.parts.store;
        // Somebody else has just taken the slot, or begun to work on the branch.
        let is_overtaken = error.code == Code::Conflict && self.seats().await?.seat(task).is_err();
        let waits = matches!(error.code, Code::Locked | Code::DiskFull);
        if is_overtaken || waits {
            store.requeue_task(&task.id).await?;
            self.tell(&task.id);
            return Ok(waits.then_some(error.message));
        }
        let reason = error.to_string();
        let nothing_ran = TaskRow { session: None, ..task.clone() };
        self.note(&nothing_ran, "tasks.failed", None, &error.message).await?;
        let now = self.parts.clock.now();
        store.settle_task(&task.id, State::Starting, State::Failed, Some(&reason), now).await?;
        tracing::warn!("the task {} could not be started: {reason}", task.id);
        self.tell(&task.id);
        Ok(None)
    }

    /// Finishes what a former round has begun: a task whose session ran was started, any other waits again.
    async fn settle_starts(&self) -> Result<()> {
        for task in self.parts.store.starting_tasks().await? {
            let row = match &task.session {
                Some(session) => self.parts.store.session(session).await?,
                None => None,
            };
            // Without a keeper its command never ran: the daemon was killed before it came to that.
            match row.filter(|row| row.ended_at.is_none() || row.keeper_pid.is_some()) {
                Some(row) => self.settle_start(&task, u32::try_from(row.slot).ok()).await?,
                None => {
                    self.parts.store.requeue_task(&task.id).await?;
                    self.tell(&task.id);
                }
            }
        }
        Ok(())
    }

    async fn settle_start(&self, task: &TaskRow, slot: Option<u32>) -> Result<()> {
        self.note(task, "tasks.started", slot, "").await?;
        let now = self.parts.clock.now();
        self.parts.store.settle_task(&task.id, State::Starting, State::Started, None, now).await?;
        self.parts.failpoints.at("task.settled");
        self.tell(&task.id);
        Ok(())
    }

    /// Ends the sessions whose turn is over and whose task said so.
    async fn end_finished(&self) -> Result<()> {
        for session in self.parts.store.finished_sessions().await? {
            self.parts.sessions.finish(&session);
        }
        Ok(())
    }

    async fn note(&self, task: &TaskRow, action: &str, slot: Option<u32>, detail: &str) -> Result<()> {
        let fact = Fact {
            session: task.session.clone(),
            slot,
            identity_id: task.identity_id.clone(),
            detail: detail.into(),
            ..Fact::done(Kind::Task, action, format!("{} {}", task.project, task.branch))
        };
        self.parts.audit.note(By::Daemon, fact).await
    }
}

/// Whether an event can give a task its slot, or a slot its end.
fn matters(event: &Event) -> bool {
    match event {
        Event::SessionStateChanged { session, .. } => {
            session.ended_at.is_some() || matches!(session.state, Session::Done | Session::Failed)
        }
        Event::SlotChanged { .. } | Event::VaultChanged { .. } | Event::Lagged { .. } => true,
        _ => false,
    }
}
