//! Who asks: made by a door from how the caller came, never from what it says.

use api::Role;
use peer::Peer;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A caller of the table.
#[derive(Debug, Clone)]
pub enum Caller {
    /// The person whose machine this is.
    Owner,
    /// The same person, by a click on a notification of their desktop.
    Notification,
    /// Somebody who came in through the web door; so far that is the owner's own browser.
    Member {
        /// What the member is to the daemon.
        role: Role,
    },
    /// A source that the owner has set up, which keeps the same things here as at its server.
    Source,
    /// A process of one session.
    Agent {
        /// The session's id.
        session: String,
        /// The session's slot.
        slot: u32,
        /// The id of the session's identity.
        identity_id: String,
        /// The id of the session's worktree.
        worktree_id: String,
        /// The process that asks.
        asker: Asker,
    },
}

impl Caller {
    /// What the caller is to the daemon.
    pub fn role(&self) -> Role {
        match self {
            Caller::Owner | Caller::Notification | Caller::Source => Role::Owner,
            Caller::Member { role } => *role,
            Caller::Agent { .. } => Role::Agent,
        }
    }

    /// Whether it is a process of a session.
    pub fn is_agent(&self) -> bool {
        matches!(self, Caller::Agent { .. })
    }

    /// Says that the caller has left once the guard is dropped.
    pub fn leaving(&self) -> Option<DropGuard> {
        match self {
            Caller::Owner | Caller::Notification | Caller::Source | Caller::Member { .. } => None,
            Caller::Agent { asker, .. } => Some(asker.left.clone().drop_guard()),
        }
    }
}

/// The process of an agent that asks, as long as it lives and listens.
#[derive(Clone)]
pub struct Asker {
    peer: Arc<Peer>,
    left: CancellationToken,
}

impl Asker {
    /// The process on the other side of a connection.
    pub fn new(peer: Peer) -> Self {
        Self { peer: Arc::new(peer), left: CancellationToken::new() }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.peer.pid
    }

    /// Whether it still runs and its connection is open.
    pub fn is_there(&self) -> bool {
        !self.left.is_cancelled() && self.peer.is_alive()
    }

    /// Waits until it has ended or its connection is closed.
    pub async fn gone(&self) {
        tokio::select! {
            () = self.left.cancelled() => {}
            () = self.ended() => {}
        }
    }

    /// Where the process cannot be watched, it counts as ended: nothing is handed out to it.
    async fn ended(&self) {
        match self.peer.pidfd.try_clone().and_then(watched) {
            // A pidfd is readable once its process has ended.
            Ok(watched) => drop(watched.readable().await),
            Err(e) => tracing::error!("watching a process that waits: {e}"),
        }
    }

    /// The command lines of the process and of the one that started it; nothing where they cannot be read.
    pub async fn command_lines(&self) -> (Vec<String>, Vec<String>) {
        let peer = self.peer.clone();
        // Reading another process's memory may block, if that process has made it so.
        let read = tokio::task::spawn_blocking(move || peer.command_lines());
        let read = tokio::time::timeout(Duration::from_secs(1), read).await;
        match read {
            Ok(Ok(Ok(lines))) => lines,
            _ => Default::default(),
        }
    }
}

fn watched(pidfd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the descriptor is owned by what watches it, and stays open and the same as long as that lives.
    Ok(unsafe { AsyncFd::register_with_interest(pidfd, Interest::READABLE) }?)
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.peer.pid)
    }
}
