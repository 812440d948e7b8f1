//! The room of tasks: work that waits in line for a free slot.

mod line;
mod seating;

use crate::agents::{self, Agents};
use crate::audit::Audit;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::failpoint::Failpoints;
use crate::projects::Projects;
use crate::sessions::Sessions;
use crate::store::{self, Store, TaskRow};
use crate::worktrees::Worktrees;
use anyhow::{Result, bail};
use api::tasks::{
    AddTask, CancelTask, ListTasks, MoveTask, PROMPT_SHOWN, ShowTask, State, Task, WAITING_MAX,
};
use api::{Code, Error, Event};
use seating::Seats;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How many tasks that have left the line a list shows.
const LISTED: i64 = 200;
/// How long the answer to a new task waits until the line has looked at it.
const LOOK: Duration = Duration::from_secs(2);

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Tasks {
    parts: Parts,
    live: Arc<Live>,
}

/// The rooms and things that the line is made of.
#[derive(Clone)]
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The bus.
    pub bus: Bus,
    /// The clock.
    pub clock: Clock,
    /// The audit.
    pub audit: Audit,
    /// The agents that there are.
    pub agents: Agents,
    /// The room of projects.
    pub projects: Projects,
    /// The room of worktrees.
    pub worktrees: Worktrees,
    /// The room of sessions.
    pub sessions: Sessions,
    /// Where a test has the daemon killed.
    pub failpoints: Failpoints,
    /// Where tasks of the daemon are tracked.
    pub tasks: TaskTracker,
    /// Cancelled when the daemon shall end.
    pub ending: CancellationToken,
}

/// What is known of the line beside the store.
struct Live {
    /// Says that there is something to look at.
    wake: Notify,
    /// How many times somebody has begun and ended to go through the line.
    rounds: watch::Sender<Rounds>,
    /// What the whole line waits for, if anything.
    halted: Mutex<Option<String>>,
}

#[derive(Default)]
struct Rounds {
    begun: u64,
    ended: u64,
}

impl Tasks {
    /// Opens the room.
    pub fn new(parts: Parts) -> Self {
        let rounds = watch::Sender::new(Rounds::default());
        let live = Live { wake: Notify::new(), rounds, halted: Mutex::new(None) };
        Self { parts, live: Arc::new(live) }
    }

    /// Puts a task at the end of the line. Where it can start at once, the answer says so.
    pub async fn add(&self, call: AddTask) -> Result<Task> {
        let row = self.row(call).await?;
        let store = &self.parts.store;
        if store.queued_tasks().await?.len() >= WAITING_MAX {
            bail!(
                Error::conflict(format!("{WAITING_MAX} tasks wait already"))
                    .hint("let some of them start, or cancel some")
            );
        }
        store.insert_task(&row).await?;
        self.tell(&row.id);
        self.wait_for_look().await;
        self.show(ShowTask { task: row.id }).await
    }

    /// The line in its order, and what has left it.
    pub async fn list(&self, call: ListTasks) -> Result<Vec<Task>> {
        let (queued, left) = self.parts.store.all_tasks(if call.all { LISTED } else { 0 }).await?;
        let mut tasks = self.line(queued).await?;
        tasks.extend(left.into_iter().map(seen));
        for task in &mut tasks {
            shorten(&mut task.prompt);
        }
        Ok(tasks)
    }

    /// One task, with its whole prompt.
    pub async fn show(&self, call: ShowTask) -> Result<Task> {
        let row = self.find(&call.task).await?;
        let queued = self.parts.store.queued_tasks().await?;
        let in_line = self.line(queued).await?.into_iter().find(|task| task.id == row.id);
        Ok(match in_line {
            Some(task) => Task { prompt: row.prompt, ..task },
            None => seen(row),
        })
    }

    /// Takes a task out of the line.
    pub async fn cancel(&self, call: CancelTask) -> Result<Task> {
        let row = self.find(&call.task).await?;
        let (store, now) = (&self.parts.store, self.parts.clock.now());
        if !store.settle_task(&row.id, State::Queued, State::Cancelled, None, now).await? {
            bail!(self.not_in_line(&row.id).await?);
        }
        self.tell(&row.id);
        self.show(ShowTask { task: row.id }).await
    }

    /// Gives a task another place in line.
    pub async fn shift(&self, call: MoveTask) -> Result<Task> {
        if call.to == 0 {
            bail!(Error::invalid("there is no place 0").hint("the first place in line is 1"));
        }
        let row = self.find(&call.task).await?;
        let queued = self.parts.store.queued_tasks().await?;
        let mut ids: Vec<&str> = queued.iter().map(|task| task.id.as_str()).collect();
        let Some(from) = ids.iter().position(|id| *id == row.id) else {
            bail!(self.not_in_line(&row.id).await?);
        };
        ids.remove(from);
        let to = usize::try_from(call.to - 1)?.min(ids.len());
        ids.insert(to, &row.id);
        self.parts.store.order_tasks(&ids).await?;
        self.tell(&row.id);
        self.show(ShowTask { task: row.id }).await
    }

    /// The task that `wanted` names.
    async fn find(&self, wanted: &str) -> Result<TaskRow> {
        let wanted = wanted.to_ascii_lowercase();
        let rows = match store::is_prefix(&wanted) {
            true => self.parts.store.tasks_by_prefix(&wanted).await?,
            false => Vec::new(),
        };
        store::find("task", &wanted, rows).map_err(|e| match e.downcast::<Error>() {
            Ok(error) if error.code == Code::NotFound => {
                error.hint("`lanyard tasks list --all` shows what there is").into()
            }
            Ok(error) => error.into(),
            Err(e) => e,
        })
    }

    /// A row for a call, if everything that it names is there.
    async fn row(&self, call: AddTask) -> Result<TaskRow> {
        if call.agent.is_some() && !call.command.is_empty() {
            bail!(Error::invalid("an agent and a command were given").hint("give one of them"));
        }
        if let Some(agent) = &call.agent {
            self.parts.agents.find(agent)?;
        }
        if let Some(prompt) = &call.prompt {
            let agent = call.agent.as_deref().unwrap_or(match call.command.is_empty() {
                // Which agent it will be is known when there is a slot; what none takes is told at once.
                true => "claude",
                false => agents::COMMAND,
            });
            self.parts.agents.check_prompt(agent, prompt)?;
        }
        let (store, project) = (&self.parts.store, self.parts.projects.find(&call.project).await?);
        self.parts.worktrees.check_name(&project, &call.branch).await?;
        if let Some(slot) = call.slot
            && store.slots().await?.iter().all(|row| row.number != i64::from(slot))
        {
            bail!(
                Error::not_found("slot", &slot.to_string())
                    .hint(format!("`lanyard slot set {slot}` adds it"))
            );
        }
        let identity = match &call.identity {
            Some(wanted) => Some(store::find("identity", wanted, store.identities().await?)?),
            None => None,
        };
        Ok(TaskRow {
            id: store::new_id(),
            rank: 0,
            state: State::Queued,
            reason: None,
            project_id: project.id,
            project: project.name,
            branch: call.branch,
            base: call.base,
            agent: call.agent,
            command: serde_json::to_string(&call.command)?,
            slot: call.slot.map(i64::from),
            identity_id: identity.as_ref().map(|row| row.id.clone()),
            identity: identity.map(|row| row.name),
            prompt: call.prompt,
            when_done: call.when_done,
            session: None,
            added_at: self.parts.clock.now(),
            left_at: None,
        })
    }

    /// The tasks that wait, each with its place and with what it waits for.
    async fn line(&self, queued: Vec<TaskRow>) -> Result<Vec<Task>> {
        let mut seats = self.seats().await?;
        let halted = self.lock_halted().clone();
        let placed = |(place, row): (u32, TaskRow)| {
            let reason = match seats.seat(&row) {
                Ok(slot) => {
                    seats.take(slot, &row);
                    halted.clone()
                }
                Err(reason) => Some(reason),
            };
            Task { place: Some(place), reason, ..seen(row) }
        };
        Ok((1..).zip(queued).map(placed).collect())
    }

    async fn seats(&self) -> Result<Seats> {
        let store = &self.parts.store;
        Ok(Seats::new(store.slots().await?, &store.live_sessions().await?))
    }

    /// The error for a task that has left the line.
    async fn not_in_line(&self, id: &str) -> Result<Error> {
        let state = self.parts.store.task(id).await?.map_or("gone", |row| row.state.name());
        Ok(Error::conflict(format!("the task does not wait any more: it is {state}"))
            .hint("a session that was started for it is stopped by `lanyard sessions stop`"))
    }

    fn lock_halted(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.live.halted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, id: &str) {
        self.parts.bus.publish(Event::TaskChanged { task: id.to_string() });
    }
}

/// The task as a caller sees it.
fn seen(row: TaskRow) -> Task {
    Task {
        id: row.id,
        place: None,
        state: row.state,
        reason: row.reason,
        project: row.project,
        branch: row.branch,
        base: row.base,
        agent: row.agent,
        command: serde_json::from_str(&row.command).unwrap_or_default(),
        slot: row.slot.and_then(|slot| u32::try_from(slot).ok()),
        identity: row.identity,
        prompt: row.prompt,
        when_done: row.when_done,
        session: row.session,
        added_at: row.added_at,
        left_at: row.left_at,
    }
}

/// Cuts a prompt for a list.
fn shorten(prompt: &mut Option<String>) {
    if let Some(prompt) = prompt
        && let Some((end, _)) = prompt.char_indices().nth(PROMPT_SHOWN)
    {
        prompt.truncate(end);
    }
}
