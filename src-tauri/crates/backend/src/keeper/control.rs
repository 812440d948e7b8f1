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
use api::sessions::{Exit, Size};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The command ended, and nothing of its process tree is left.
    Ended(Ended),
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
