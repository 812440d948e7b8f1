//! Tasks: work that waits in line for a free slot, and starts by itself when there is one.

use crate::{Error, Millis};
use serde::{Deserialize, Serialize};

/// How many tasks may wait.
pub const WAITING_MAX: usize = 1000;
/// How much of a prompt a list shows, in characters; `tasks.show` tells all of it.
pub const PROMPT_SHOWN: usize = 200;

/// How a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It waits in line.
    Queued,
    /// Its session is being started.
    Starting,
    /// Its session was started; how that goes on is the session's matter.
    Started,
    /// It could not be started.
    Failed,
    /// The owner took it out of the line.
    Cancelled,
}

impl State {
    /// Every state.
    pub const ALL: [State; 5] =
        [State::Queued, State::Starting, State::Started, State::Failed, State::Cancelled];

    /// Its name, for example `queued`.
    pub fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Starting => "starting",
            State::Started => "started",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }
}

impl TryFrom<String> for State {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|one| one.name() == name)
            .ok_or_else(|| Error::not_found("state of a task", &name))
    }
}

/// What becomes of a task's session when the agent's turn is over and its process still runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenDone {
    /// It goes on, and its slot is taken until it ends.
    #[default]
    Keep,
    /// It is ended, so that the next task gets its slot. How its turn ended stays its state.
    Stop,
}

impl WhenDone {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            WhenDone::Keep => "keep",
            WhenDone::Stop => "stop",
        }
    }
}

impl TryFrom<String> for WhenDone {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        [WhenDone::Keep, WhenDone::Stop]
            .into_iter()
            .find(|one| one.name() == name)
            .ok_or_else(|| Error::not_found("end of a task", &name))
    }
}

/// Work that waits for a slot, or has got one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// UUID v7.
    pub id: String,
    /// Its place in line, from 1; none once it has left it.
    pub place: Option<u32>,
    /// How it is.
    pub state: State,
    /// What it waits for while it is in line, or why it failed.
    pub reason: Option<String>,
    /// The project's name when it was added.
    pub project: String,
    /// The branch to work on.
    pub branch: String,
    /// Where a new branch starts.
    pub base: Option<String>,
    /// The agent; its slot's if left out.
    pub agent: Option<String>,
    /// A command in place of an agent.
    pub command: Vec<String>,
    /// The only slot that it may run in.
    pub slot: Option<u32>,
    /// The name of the only identity that it may run under.
    pub identity: Option<String>,
    /// What the agent shall do; in a list cut after [`PROMPT_SHOWN`] characters.
    pub prompt: Option<String>,
    /// What becomes of its session when the agent's turn is over.
    pub when_done: WhenDone,
    /// The session that was started for it.
    pub session: Option<String>,
    /// When it was added.
    pub added_at: Millis,
    /// When it left the line.
    pub left_at: Option<Millis>,
}

/// `tasks.add`: the new task stands last in line; where a slot is free, it is started at once.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddTask {
    /// The project to work on.
    pub project: String,
    /// The branch: a new one, or one that exists.
    pub branch: String,
    /// Where a new branch starts; the project's default branch if left out.
    #[serde(default)]
    pub base: Option<String>,
    /// The agent; the slot's if left out.
    #[serde(default)]
    pub agent: Option<String>,
    /// A command and its arguments in place of an agent.
    #[serde(default)]
    pub command: Vec<String>,
    /// The only slot that will do; any if left out.
    #[serde(default)]
    pub slot: Option<u32>,
    /// The only identity that will do; any if left out.
    #[serde(default)]
    pub identity: Option<String>,
    /// What the agent shall do.
    #[serde(default)]
    pub prompt: Option<String>,
    /// What becomes of its session when the agent's turn is over.
    #[serde(default)]
    pub when_done: WhenDone,
}

/// `tasks.list`: those that wait, in order; with `all` then those that have left the line, the newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListTasks {
    /// Those that have left the line as well, at most 200 of them.
    #[serde(default)]
    pub all: bool,
}

/// `tasks.show`: one task, with its whole prompt.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowTask {
    /// Its id, or a unique prefix of it.
    pub task: String,
}

/// `tasks.cancel`: takes a task that waits out of the line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelTask {
    /// Its id, or a unique prefix of it.
    pub task: String,
}

/// `tasks.move`: gives a task that waits another place in line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoveTask {
    /// Its id, or a unique prefix of it.
    pub task: String,
    /// Its new place, from 1; one beyond the end is the last.
    pub to: u32,
}
