//! The Unix sockets: the owner's, and one for each session.

use super::{connection, ssh};
use crate::audit::{By, Fact, REFUSED};
use crate::backend::Backend;
use crate::caller::{Asker, Caller};
use crate::sessions::Door;
use anyhow::{Context, Result, bail};
use api::{Code, Error, audit};
use peer::{Peer, peer};
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// How many connections one session may have open: more would take them from all others.
const SEATS: usize = 64;
/// How many of those who are refused are told why at once.
const REFUSED_SEATS: usize = 16;
/// How long a daemon that has closed its door may take to end.
const LAST_BREATH: Duration = Duration::from_secs(8);

/// The owner's socket, bound, and the lock that makes this daemon the only one.
pub struct OwnerSocket {
    listener: UnixListener,
    path: PathBuf,
    _lock: File,
}

impl OwnerSocket {
    /// Takes the socket away, so that nobody comes to a daemon that is about to end.
    pub fn close(&self) {
        if let Err(e) = std::fs::remove_file(&self.path) {
            tracing::warn!("taking the owner's socket away: {e}");
        }
    }
}

/// Binds the owner's socket. A daemon that is there already is an error of the code `Conflict`.
pub async fn bind(path: &Path) -> Result<OwnerSocket> {
    let lock_path = path.with_extension("lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&lock_path)
        .with_context(|| format!("opening {}", lock_path.display()))?;
    take(&lock, path).await?;
    // The lock is ours, so a socket that is there was left by a daemon that was killed.
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(e).context("clearing the owner's socket");
        }
        _ => {}
    }
    let listener =
        UnixListener::bind(path).with_context(|| format!("making the socket {}", path.display()))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .context("closing the owner's socket")?;
    Ok(OwnerSocket { listener, path: path.to_path_buf(), _lock: lock })
}

/// Takes the lock. One that is held by a daemon that no longer listens is free in a moment.
async fn take(lock: &File, path: &Path) -> Result<()> {
    let until = tokio::time::Instant::now() + LAST_BREATH;
    while flock(lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        if tokio::time::Instant::now() > until || answers(path, until).await {
            bail!(Error::new(Code::Conflict, format!("a daemon serves {} already", path.display())));
        }
        // Nobody tells when a lock is free.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Whether a daemon says hello there. A process that a killed daemon was just starting holds its lock and its
/// socket until it runs its own program, and says nothing.
async fn answers(path: &Path, until: tokio::time::Instant) -> bool {
    let Ok(mut stream) = UnixStream::connect(path).await else { return false };
    matches!(tokio::time::timeout_at(until, stream.read_u8()).await, Ok(Ok(_)))
}

/// Serves the owner until the daemon ends.
pub async fn serve_owner(backend: Backend, socket: Arc<OwnerSocket>) {
    let check = |stream: &UnixStream| check_owner(stream).map(|()| Caller::Owner);
    let serve = |stream, caller| connection::serve(backend.clone(), stream, caller);
    let door = Crowd::new(audit::Door::Owner, Semaphore::MAX_PERMITS);
    accept(&backend, &door, &socket.listener, &backend.ending, check, serve).await;
}

/// Serves each session's own sockets as they are opened, until the daemon ends.
pub async fn serve_agents(backend: Backend, mut doors: mpsc::Receiver<Door>) {
    let ending = backend.ending.clone();
    while let Some(Some(door)) = ending.run_until_cancelled(doors.recv()).await {
        let backend = backend.clone();
        backend.tasks.clone().spawn(async move {
            let closed = backend.ending.child_token();
            let agent = |peer| Caller::Agent {
                session: door.session.clone(),
                slot: door.slot,
                identity_id: door.identity_id.clone(),
                worktree_id: door.worktree_id.clone(),
                asker: Asker::new(peer),
            };
            let check = |stream: &UnixStream| check_agent(stream, door.keeper).map(agent);
            let calls = |stream, caller| connection::serve(backend.clone(), stream, caller);
            let signs = |stream, caller| ssh::serve(backend.clone(), stream, caller);
            let crowd = Crowd::new(audit::Door::Session, SEATS);
            tokio::select! {
                () = door.closed.cancelled() => {}
                () = accept(&backend, &crowd, &door.listener, &closed, check, calls) => {}
                () = accept(&backend, &crowd, &door.ssh, &closed, check, signs) => {}
            }
        });
    }
}

/// Those who are at a door.
struct Crowd {
    door: audit::Door,
    seats: Arc<Semaphore>,
    refused: Arc<Semaphore>,
}

impl Crowd {
    fn new(door: audit::Door, seats: usize) -> Self {
        let free = |seats| Arc::new(Semaphore::new(seats));
        Self { door, seats: free(seats), refused: free(REFUSED_SEATS) }
    }

    /// A seat for whoever comes, as whom. None where not even a refusal can be told.
    fn seat(&self, caller: api::Result<Caller>) -> Option<(api::Result<Caller>, OwnedSemaphorePermit)> {
        let error = match (caller, self.seats.clone().try_acquire_owned()) {
            (Ok(caller), Ok(seat)) => return Some((Ok(caller), seat)),
            (Ok(_), Err(_)) => Error::refused(format!("this session has {SEATS} connections open already"))
                .hint("end some of what waits or is connected there, then try again"),
            (Err(error), _) => error,
        };
        Some((Err(error), self.refused.clone().try_acquire_owned().ok()?))
    }
}

/// Accepts connections until the end; each is checked, and served in a task of its own.
async fn accept<S: Future<Output = ()> + Send + 'static>(
    backend: &Backend,
    crowd: &Crowd,
    listener: &UnixListener,
    end: &tokio_util::sync::CancellationToken,
    check: impl Fn(&UnixStream) -> api::Result<Caller>,
    serve: impl Fn(UnixStream, api::Result<Caller>) -> S,
) {
    while let Some(accepted) = end.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => {
                let caller = check(&stream);
                if let Err(error) = &caller {
                    let refused = refused(backend.clone(), crowd.door, peer(&stream).ok(), error.clone());
                    backend.tasks.spawn(refused);
                }
                if let Some((caller, seat)) = crowd.seat(caller) {
                    let served = serve(stream, caller);
                    backend.tasks.spawn(async move {
                        served.await;
                        drop(seat);
                    });
                }
            }
            Err(e) => {
                // Too many open files: those that are open must be served before new ones are taken.
                tracing::error!("accepting a connection: {e}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Records whom a socket refused, and of which session the process is.
async fn refused(backend: Backend, door: audit::Door, peer: Option<Peer>, error: Error) {
    let keeper = peer.and_then(|peer| peer.foreign_keeper().ok().flatten());
    let session = match keeper {
        Some(keeper) => backend.sessions.kept_by(keeper).await.unwrap_or_default(),
        None => None,
    };
    let fact = Fact {
        outcome: REFUSED.into(),
        detail: error.message,
        identity_id: session.as_ref().map(|session| session.identity_id.clone()),
        slot: session.as_ref().map(|session| session.slot),
        session: session.map(|session| session.id),
        ..Fact::done(audit::Kind::Door, "door.refused", door.name())
    };
    if let Err(e) = backend.audit.note(By::Stranger(door), fact).await {
        tracing::error!("recording a refusal at a socket: {e:#}");
    }
}

/// The owner is of our user id and in no session's process tree.
fn check_owner(stream: &UnixStream) -> api::Result<()> {
    let peer = peer(stream).map_err(|e| unknown(&e))?;
    check_uid(peer.uid)?;
    match peer.foreign_keeper() {
        Ok(None) => Ok(()),
        Ok(Some(keeper)) => Err(Error::refused(format!(
            "process {} belongs to a session (keeper {keeper}), and this is the owner's socket",
            peer.pid
        ))
        .hint("in a slot, use the session's own socket: LANYARD_SOCKET")),
        Err(e) => Err(unknown(&e)),
    }
}

/// An agent is of our user id and descends from its session's keeper.
fn check_agent(stream: &UnixStream, keeper: u32) -> api::Result<Peer> {
    let peer = peer(stream).map_err(|e| unknown(&e))?;
    check_uid(peer.uid)?;
    match peer.descends_from(keeper) {
        Ok(true) => Ok(peer),
        Ok(false) => Err(Error::refused(format!("process {} is not of this session", peer.pid))
            .hint("each session has a socket of its own: LANYARD_SOCKET")),
        Err(e) => Err(unknown(&e)),
    }
}

fn check_uid(uid: u32) -> api::Result<()> {
    match uid == rustix::process::getuid().as_raw() {
        true => Ok(()),
        false => Err(Error::refused(format!("user {uid} is not the owner of this daemon"))),
    }
}

fn unknown(error: &std::io::Error) -> Error {
    Error::refused(format!("it cannot be told who asks: {error}"))
        .hint("the process that connected must stay until it is answered")
}
