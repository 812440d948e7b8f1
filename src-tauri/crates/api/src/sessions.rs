//! Sessions: one agent terminal in one worktree under one identity.

use crate::Millis;
use serde::{Deserialize, Serialize};

/// What a session is doing. A session runs as long as it has not ended, see [`Session::is_running`]: an
/// agent whose turn is over is `done` or `failed`, and still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its process is being started.
    Starting,
    /// It has something to do.
    Working,
    /// It can't go on without its owner.
    Waiting,
    /// It has nothing to do yet: an agent that was asked nothing, a shell at its prompt.
    Idle,
    /// The agent's turn is over, or its process ended with exit status 0.
    Done,
    /// The agent's turn failed, or its process ended otherwise.
    Failed,
    /// The owner stopped it.
    Stopped,
}

impl State {
    /// Every state.
    pub const ALL: [State; 7] = [
        State::Starting,
        State::Working,
        State::Waiting,
        State::Idle,
        State::Done,
        State::Failed,
        State::Stopped,
    ];

    /// The state's name, for example `working`.
    pub fn name(self) -> &'static str {
        match self {
            State::Starting => "starting",
            State::Working => "working",
            State::Waiting => "waiting",
            State::Idle => "idle",
            State::Done => "done",
            State::Failed => "failed",
            State::Stopped => "stopped",
        }
    }
}

/// What a session waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Waiting {
    /// Whether it may do something.
    Permission,
    /// The answer to a question.
    Question,
    /// A word on its plan.
    Plan,
    /// Somebody to log it in.
    Auth,
}

impl Waiting {
    /// Everything that a session can wait for.
    pub const ALL: [Waiting; 4] = [Waiting::Permission, Waiting::Question, Waiting::Plan, Waiting::Auth];

    /// Its name, for example `permission`.
    pub fn name(self) -> &'static str {
        match self {
            Waiting::Permission => "permission",
            Waiting::Question => "question",
            Waiting::Plan => "plan",
            Waiting::Auth => "auth",
        }
    }
}

/// Something in the terminal asked for a look. Whatever a program prints can do so, in any words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    /// What it said; nothing if it only rang the bell.
    pub text: Option<String>,
    /// When.
    pub at: Millis,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exit {
    /// It exited with this status.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// Its keeper was killed, so nobody knows.
    Lost,
}

/// The size of a terminal in character cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Lines, 1 to 1000.
    pub rows: u16,
    /// Columns, 1 to 1000.
    pub cols: u16,
}

impl Size {
    /// The size of a terminal that nobody looks at yet.
    pub const DEFAULT: Size = Size { rows: 40, cols: 120 };

    /// The nearest size that a terminal can have.
    pub fn clamped(self) -> Self {
        Size { rows: self.rows.clamp(1, 1000), cols: self.cols.clamp(1, 1000) }
    }
}

/// The longest prompt, in bytes: it becomes one argument of a program, and Linux takes no more than 128 KiB.
pub const PROMPT_MAX: usize = 120 * 1024;
/// The longest payload of a hook, in bytes.
pub const PAYLOAD_MAX: usize = 256 * 1024;

/// One agent terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// UUID v7.
    pub id: String,
    /// The slot that it runs in.
    pub slot: u32,
    /// The identity's id.
    pub identity_id: String,
    /// The identity's name when the session started.
    pub identity: String,
    /// The project's name.
    pub project: String,
    /// The worktree's id.
    pub worktree_id: String,
    /// The worktree's name.
    pub worktree: String,
    /// The worktree's branch.
    pub branch: String,
    /// Where it runs.
    pub path: String,
    /// The agent: `shell`, `claude`, `codex`, `opencode` or `command`.
    pub agent: String,
    /// The command and its arguments.
    pub command: Vec<String>,
    /// What it is doing.
    pub state: State,
    /// What it waits for, while it does.
    pub waiting: Option<Waiting>,
    /// Since when it does so.
    pub since: Millis,
    /// Why it failed, in words, where that is known.
    pub reason: Option<String>,
    /// The last that the agent said, at most 4 KiB.
    pub message: Option<String>,
    /// What it waits for, in its own words, at most 4 KiB.
    pub wants: Option<String>,
    /// State and words come from what the terminal printed, which whatever runs there can forge.
    #[serde(default)]
    pub from_terminal: bool,
    /// Something in the terminal asked for a look, and nobody has looked since.
    pub attention: Option<Attention>,
    /// The terminal's title, as the program has set it.
    pub title: Option<String>,
    /// How far it says that it is, in percent.
    pub progress: Option<u8>,
    /// The agent's own id of its conversation.
    pub conversation: Option<String>,
    /// The task that it was given, or how that begins.
    pub prompt: Option<String>,
    /// How its process ended.
    pub exit: Option<Exit>,
    /// When it was started.
    pub started_at: Millis,
    /// When it ended.
    pub ended_at: Option<Millis>,
    /// The keys whose older values it still holds in its environment; told by `sessions.show` alone.
    #[serde(default)]
    pub stale: Vec<String>,
}

impl Session {
    /// Whether its process runs or is about to.
    pub fn is_running(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Its state in words: `waiting (permission)`.
    pub fn state_text(&self) -> String {
        match self.waiting {
            Some(kind) => format!("{} ({})", self.state.name(), kind.name()),
            None => self.state.name().into(),
        }
    }
}

/// `sessions.list`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSessions {
    /// Those that ended as well.
    #[serde(default)]
    pub ended: bool,
}

/// `sessions.show`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowSession {
    /// Its id, a unique prefix of it, or a slot's number.
    pub session: String,
}

/// `sessions.start`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartSession {
    /// The slot to run in.
    pub slot: u32,
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
    /// The task that the agent begins with, at most 120 KiB.
    #[serde(default)]
    pub prompt: Option<String>,
    /// The terminal's first size.
    #[serde(default)]
    pub size: Option<Size>,
}

/// `sessions.hook`: what a hook of the agent says, about the session whose socket it came by.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HearHook {
    /// The agent whose words these are.
    pub agent: String,
    /// The event, where it stands beside the payload.
    #[serde(default)]
    pub event: Option<String>,
    /// What the agent gave to its hook, at most 256 KiB.
    #[serde(default)]
    pub payload: String,
    /// When the hook ran. It may come late, where no daemon was there to hear it.
    #[serde(default)]
    pub at: Millis,
}

/// `sessions.send`: types into the terminal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendText {
    /// Its id, a unique prefix of it, or a slot's number.
    pub session: String,
    /// What to type, byte for byte.
    pub text: String,
}

/// `sessions.screen`: what the terminal shows now, as text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadScreen {
    /// Its id, a unique prefix of it, or a slot's number.
    pub session: String,
}

/// What a terminal shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screen {
    /// The terminal's size.
    pub size: Size,
    /// One string a line, without trailing blanks; as many as the terminal has lines.
    pub lines: Vec<String>,
    /// The cursor's line and column, from 0.
    pub cursor: (u16, u16),
    /// The title that the program has set.
    pub title: String,
    /// How many lines of scrollback are kept above.
    pub scrollback: u32,
}

/// `sessions.attach`: after the answer the connection carries chunks (see [`crate::wire`]).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachSession {
    /// Its id, a unique prefix of it, or a slot's number.
    pub session: String,
    /// The client's size; the terminal takes it over when this client types or resizes.
    #[serde(default)]
    pub size: Option<Size>,
    /// Send the scrollback before the screen.
    #[serde(default)]
    pub scrollback: bool,
}

/// `sessions.stop`: SIGHUP, and SIGKILL after the grace period, for the whole process tree.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopSession {
    /// Its id, a unique prefix of it, or a slot's number.
    pub session: String,
    /// How long to wait before SIGKILL, 0 to 60000 ms; 5000 if left out.
    #[serde(default)]
    pub grace_ms: Option<u64>,
}

/// `sessions.restart`: the same agent or command in the same slot and worktree, as a new session. An agent goes
/// on with its conversation if it can.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestartSession {
    /// Its id, a unique prefix of it, or a slot's number.
    pub session: String,
}
