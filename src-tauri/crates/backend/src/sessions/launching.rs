//! Launching a session: its row, its socket, its environment, its keeper.

use super::{Order, Sessions, seen};
use crate::agents;
use crate::audit::{By, Fact};
use crate::config::make_folder;
use crate::environment::{self, GitFiles, Place, Seat};
use crate::hidden::hiding;
use crate::keeper::control::Guard;
use crate::keeper::hiding::Hiding;
use crate::keeper::launch::launch;
use crate::keeper::link::Link;
use crate::keeper::spec::Spec;
use crate::keys;
use crate::members::Hash;
use crate::projects::allowed_env;
use crate::store::{self, HeldSecret, ProjectRow, SessionRow};
use anyhow::{Context, Result};
use api::audit::Kind;
use api::secrets::Policy;
use api::sessions::{Session, State};
use api::{Event, SecretText};
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;

/// A session's own socket, ready to be served.
pub struct Door {
    /// The session's id.
    pub session: String,
    /// Its slot.
    pub slot: u32,
    /// Its identity's id.
    pub identity_id: String,
    /// Its worktree's id.
    pub worktree_id: String,
    /// The keeper that all its processes descend from.
    pub keeper: u32,
    /// The socket.
    pub listener: UnixListener,
    /// The socket of its SSH agent.
    pub ssh: UnixListener,
    /// Cancelled when the session ends.
    pub closed: CancellationToken,
}

impl Sessions {
    /// Launches an order; the intent is written first, and a launch that fails leaves nothing behind.
    pub(super) async fn launch(&self, project: &ProjectRow, order: Order) -> Result<Session> {
        let row = order.row(project, self.clock.now())?;
        let (env, held, key) = self.environment(project, &order, &row).await?;
        self.store.begin_session(&row, &held, key.as_ref().map(|hash| hash.as_slice())).await?;
        self.config.failpoints.at("session.written");
        match self.launch_keeper(row.clone(), project, &order, env).await {
            Ok(row) => {
                self.watch(row.clone());
                let (room, new) = (self.clone(), row.clone());
                self.tasks.spawn(async move { room.release_former(&new).await });
                Ok(seen(row))
            }
            Err(e) => {
                self.store.delete_session(&row.id).await?;
                remove_folder(&self.config.session_folder(&row.id));
                Err(e)
            }
        }
    }

    /// The variables of one command that is run under an identity, without a session.
    pub async fn command_environment(
        &self,
        identity: &store::IdentityRow,
        project: Option<&ProjectRow>,
    ) -> Result<Vec<(String, SecretText)>> {
        let allowed = project.map(allowed_env).unwrap_or_default();
        Ok(self.build(identity, &allowed, None, None).await?.0)
    }

    async fn environment(
        &self,
        project: &ProjectRow,
        order: &Order,
        row: &SessionRow,
    ) -> Result<(Vec<(String, SecretText)>, Vec<HeldSecret>, Option<Hash>)> {
        let (socket, ssh) = self.sockets(&row.id);
        let (access, hash) = self.make_key()?.unzip();
        let (python, access) = (self.config.python(), access.as_ref());
        let seat =
            Seat { session: &row.id, slot: order.slot, socket: &socket, ssh: &ssh, python: &python, access };
        let (env, held) = self.build(&order.identity, &allowed_env(project), Some(seat), Some(row)).await?;
        Ok((env, held, hash))
    }

    async fn build(
        &self,
        identity: &store::IdentityRow,
        allowed: &[String],
        session: Option<Seat<'_>>,
        row: Option<&SessionRow>,
    ) -> Result<(Vec<(String, SecretText)>, Vec<HeldSecret>)> {
        let worktree = row.map(|row| row.worktree_id.as_str());
        let home = self.config.home(&identity.id);
        environment::furnish(&home)?;
        let (injected, git) = tokio::join!(
            self.secrets.injected(identity, worktree),
            self.git_files(identity, session.is_some())
        );
        let (injected, git) = (injected?, git?);
        let (secrets, held): (Vec<_>, Vec<_>) =
            injected.into_iter().map(|it| ((it.held.key.clone(), it.value), it.held)).unzip();
        self.record_injected(identity, &secrets, row).await?;
        let commands = self.config.commands();
        let place = Place { identity, home: &home, commands: &commands, allowed, git, session };
        Ok((environment::build(&self.config.owner_env, &place, secrets), held))
    }

    /// What git reads of Lanyard. Commits are signed by the session's SSH agent, through OpenSSH's
    /// `ssh-keygen` where it is there.
    async fn git_files(&self, identity: &store::IdentityRow, in_session: bool) -> Result<GitFiles> {
        if let Err(e) = self.gitconfig.refresh().await {
            tracing::error!("taking over the owner's settings for git: {e:#}");
        }
        let policy = keys::policy(&self.keys.of(identity).await?);
        let (key, signers) = self.keys.files(&identity.id);
        let path = self.config.owner_env.get(OsStr::new("PATH")).map(|path| path.as_os_str());
        let can = agents::find_program("ssh-keygen", path).is_some() && policy != Policy::Deny;
        let (settings, known_hosts) = self.gitconfig.files();
        Ok(GitFiles { settings, known_hosts, signs: in_session && can, key, signers })
    }

    /// Records each secret before its value goes into an environment.
    async fn record_injected(
        &self,
        identity: &store::IdentityRow,
        secrets: &[(String, SecretText)],
        row: Option<&SessionRow>,
    ) -> Result<()> {
        let fact = |(key, _): &(String, SecretText)| Fact {
            identity_id: Some(identity.id.clone()),
            session: row.map(|row| row.id.clone()),
            slot: row.and_then(|row| u32::try_from(row.slot).ok()),
            worktree_id: row.map(|row| row.worktree_id.clone()),
            ..Fact::done(Kind::Secret, "secrets.injected", key)
        };
        self.audit.note_all(By::Daemon, secrets.iter().map(fact).collect()).await
    }

    async fn launch_keeper(
        &self,
        mut row: SessionRow,
        project: &ProjectRow,
        order: &Order,
        mut env: Vec<(String, SecretText)>,
    ) -> Result<SessionRow> {
        make_folder(&self.config.session_folder(&row.id))?;
        let started = self.furnish_agent(&row, order)?;
        env.retain(|(name, _)| started.env.iter().all(|(set, _)| set != name));
        env.extend(started.env.into_iter().map(|(name, value)| (name, SecretText::new(value))));
        row.conversation = started.conversation;
        let listeners = self.bind(&row.id)?;
        let spec = Spec {
            hiding: self.hiding(project, order, &row.id),
            session: row.id.clone(),
            socket: self.keeper_socket(&row.id),
            command: started.command,
            env,
            cwd: PathBuf::from(&row.path),
            size: order.size,
            scrollback: self.config.settings.scrollback,
            listens: self.config.settings.signals,
        };
        let hello = launch(&self.config.programs.join("lanyardd"), &spec).await?;
        if hello.guard == Guard::Missing {
            tracing::warn!(
                "session {} runs without the kernel's guard: see the log of its keeper's start",
                row.id
            );
        }
        row.state = State::Working.name().into();
        self.config.failpoints.at("session.launched");
        row.keeper_pid = Some(i64::from(hello.keeper));
        self.store.put_session_quickly(&row).await?;
        // Before the agent can say how it is by a hook.
        self.tell(&row);
        self.open_door(&row, hello.keeper, listeners).await;
        Ok(row)
    }

    /// A session sees its worktree, its repository, its identity's home, its own socket and Lanyard's commands.
    fn hiding(&self, project: &ProjectRow, order: &Order, id: &str) -> Hiding {
        let kept = vec![
            PathBuf::from(&order.worktree.path),
            PathBuf::from(&project.path),
            self.config.home(&order.identity.id),
        ];
        let shown = vec![self.config.session_folder(id), self.config.commands(), self.config.git()];
        hiding(&self.config, kept, shown)
    }

    /// Binds a session's own socket and that of its SSH agent, which only its own processes can use.
    pub(super) fn bind(&self, id: &str) -> Result<(UnixListener, UnixListener)> {
        let (socket, ssh) = self.sockets(id);
        Ok((bind(&socket)?, bind(&ssh)?))
    }

    /// Hands a session's sockets over to be served.
    pub(super) async fn open_door(
        &self,
        row: &SessionRow,
        keeper: u32,
        (listener, ssh): (UnixListener, UnixListener),
    ) {
        let closed = CancellationToken::new();
        let door = Door {
            session: row.id.clone(),
            slot: u32::try_from(row.slot).unwrap_or(0),
            identity_id: row.identity_id.clone(),
            worktree_id: row.worktree_id.clone(),
            keeper,
            listener,
            ssh,
            closed: closed.clone(),
        };
        self.live.doors.lock().unwrap_or_else(|e| e.into_inner()).insert(row.id.clone(), closed);
        if self.doors.send(door).await.is_err() {
            tracing::warn!("the daemon is ending: the socket of session {} is not served", row.id);
        }
    }

    fn sockets(&self, id: &str) -> (PathBuf, PathBuf) {
        let folder = self.config.session_folder(id);
        (folder.join(agents::SOCKET), folder.join("ssh.sock"))
    }

    /// Lets the keeper go of the session that a slot had before this one, whose terminal was kept to be read.
    async fn release_former(&self, new: &SessionRow) {
        match self.store.former_session(new.slot, &new.id).await {
            Ok(Some(id)) => self.release(&id).await,
            Ok(None) => {}
            Err(e) => tracing::error!("finding the former session of slot {}: {e:#}", new.slot),
        }
    }

    /// Lets an ended session's keeper go.
    pub(super) async fn release(&self, id: &str) {
        let socket = self.keeper_socket(id);
        if socket.exists() {
            // A keeper that does not answer is gone already.
            Link::new(&socket).release().await.ok();
            std::fs::remove_file(&socket).ok();
        }
        remove_folder(&self.config.session_folder(id));
    }

    /// Tells the bus how a session is now.
    pub(super) fn tell(&self, row: &SessionRow) {
        let session = Box::new(seen(row.clone()));
        self.bus.publish(Event::SessionStateChanged { session, at: self.clock.now() });
    }
}

fn bind(socket: &Path) -> Result<UnixListener> {
    match std::fs::remove_file(socket) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(e).context("clearing a session's socket");
        }
        _ => {}
    }
    let listener =
        UnixListener::bind(socket).with_context(|| format!("making the socket {}", socket.display()))?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))
        .context("closing a session's socket")?;
    Ok(listener)
}

/// Removes a session's folder with its sockets.
pub(super) fn remove_folder(folder: &Path) {
    if let Err(e) = std::fs::remove_dir_all(folder)
        && e.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!("removing {}: {e}", folder.display());
    }
}
