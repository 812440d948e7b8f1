//! The words between daemon and keeper on `keep.sock`: JSON lines, one question at a time.
//!
//! ```text
//! ← {"protocol":1,"version":"0.1.0","session":"…","keeper":71,"child":72,"guard":"held","ended":null}
//! → {"screen":{}}
//! ← {"Ok":{…}}
//! → {"send":{"len":3}}ls⏎            the bytes follow the line as they are
//! ← {"Ok":null}
//! → {"watch":{}}
//! ← {"Ok":null}
//! ← {"signals":[{"title":{"text":"shop"}}]}       the newest of each kind, also of before the watch
//! ← {"ended":{"exit":{"code":0},"at":1763…}}      also when it ended before the watch
//! → {"attach":{"size":…,"scrollback":true}}       with the client's socket as ancillary data
//! ```
//!
//! **Who answers the terminal's questions.** A program may ask its terminal where the cursor is, what it
//! is and which colours it has. The keeper's own model answers, always and alone, because it is there when
//! nobody is attached, and because two faces would answer twice. Therefore the questions are taken out of
//! the output that clients get (see `queries.rs`), and a face has nothing to suppress. What the faces do not
//! all have, such as kitty's keyboard modes, is not offered; a program that turns it on unasked is passed on,
//! and a repaint repeats it.

use api::Millis;
use api::sessions::{Exit, Size, State, Waiting};
use serde::{Deserialize, Serialize};

/// The version of these words. A keeper may be older than the daemon that adopts it.
pub const PROTOCOL: u32 = 1;
/// The longest line of either side.
pub const LINE_MAX: usize = 16 * 1024 * 1024;
/// The most bytes that one `send` may type.
pub const SEND_MAX: usize = 1024 * 1024;

/// Whether the session's processes are held in their own Landlock domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// They cannot trace, signal or read the memory of anything outside.
    Held,
    /// The kernel has no Landlock that can do it.
    Missing,
}

/// The first line of a keeper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The version of the words.
    pub protocol: u32,
    /// The version of the product that the keeper was started from.
    pub version: String,
    /// The session's id.
    pub session: String,
    /// The keeper's process id.
    pub keeper: u32,
    /// The process id of the session's command.
    pub child: u32,
    /// Whether its processes are held in.
    pub guard: Guard,
    /// How and when the command ended, once it has and its whole process tree is gone.
    pub ended: Option<Ended>,
}

/// How and when a session's command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// How.
    pub exit: Exit,
    /// When.
    pub at: Millis,
}

/// What a keeper can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Tell every change of state from now on, and the end if it is past.
    Watch {},
    /// Type bytes; they follow the line.
    Send {
        /// How many bytes follow.
        len: usize,
    },
    /// What does the terminal show?
    Screen {},
    /// End the whole process tree: SIGHUP, and SIGKILL after the grace period. Answered when all are gone.
    Stop {
        /// The grace period in milliseconds.
        grace_ms: u64,
    },
    /// Show the terminal on the socket that comes along, and take input from it.
    Attach {
        /// The client's size.
        size: Option<Size>,
        /// Send the scrollback before the screen.
        scrollback: bool,
    },
    /// The daemon has recorded the end: the keeper may go, now or once its process has ended.
    Release {},
}

/// What a keeper tells those who watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// What the terminal's output says of the session. A keeper of an older version tells none.
    Signals(Vec<Signal>),
    /// The command ended, and nothing of its process tree is left.
    Ended(Ended),
}

impl Change {
    /// These signals, if there are any.
    pub(super) fn signals(all: Vec<Signal>) -> Option<Self> {
        (!all.is_empty()).then_some(Change::Signals(all))
    }
}

/// Something that a program says of itself in its output. Whatever is printed there can say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// How it is.
    Status {
        /// What it does.
        state: State,
        /// What it waits for.
        waiting: Option<Waiting>,
        /// The same in its own words.
        text: Option<String>,
    },
    /// A shell is at its prompt, after a command that ended with this status.
    Prompt {
        /// Where the shell tells it.
        exit: Option<i32>,
    },
    /// It asks for a look.
    Attention {
        /// In these words; a bell has none.
        text: Option<String>,
    },
    /// The terminal's title.
    Title {
        /// It.
        text: String,
    },
    /// How far it is.
    Progress {
        /// In percent; nothing when it stops to tell.
        percent: Option<u8>,
    },
    /// Somebody typed into the terminal after it had asked for a look.
    Looked {},
}

/// What a keeper reports once, right after its start, on its standard output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// The command runs and the socket listens.
    Running(Hello),
    /// Nothing was started.
    Failed(api::Error),
}
