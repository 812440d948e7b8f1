//! The backend: opens the rooms in order and closes them in reverse.

use crate::approvals::Approvals;
use crate::audit::{Audit, By, Fact};
use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::Config;
use crate::git::Git;
use crate::grants::Grants;
use crate::hidden::hiding;
use crate::identities::Identities;
use crate::keys::{self, Keys};
use crate::members::Members;
use crate::notify::Notifications;
use crate::passwords::Passwords;
use crate::projects::Projects;
use crate::safe::Safe;
use crate::secrets::Secrets;
use crate::sessions::{Door, Parts, Sessions};
use crate::slots::Slots;
use crate::store::Store;
use crate::tokens::issuers::Issuers;
use crate::tokens::issuers::manifest::Manifests;
use crate::walls::Walls;
use crate::worktrees::Worktrees;
use anyhow::{Context, Result};
use api::audit::Kind;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vault::Keychain;

/// How many sessions may wait for their sockets to be served.
const DOORS: usize = 64;

/// All rooms. Cheap to clone.
#[derive(Clone)]
pub struct Backend {
    /// Paths and limits.
    pub config: Arc<Config>,
    /// What happened.
    pub bus: Bus,
    /// Who did what.
    pub audit: Audit,
    /// The vault.
    pub safe: Safe,
    /// Named personas.
    pub identities: Identities,
    /// The identities' SSH keys.
    pub keys: Keys,
    /// Numbered seats.
    pub slots: Slots,
    /// Git repositories.
    pub projects: Projects,
    /// Checkouts.
    pub worktrees: Worktrees,
    /// The vault's contents.
    pub secrets: Secrets,
    /// Open questions to the owner.
    pub approvals: Approvals,
    /// Standing answers.
    pub grants: Grants,
    /// Logins to websites.
    pub passwords: Passwords,
    /// Agent terminals.
    pub sessions: Sessions,
    /// What mints tokens.
    pub issuers: Issuers,
    /// GitHub Apps that are being made.
    pub manifests: Manifests,
    /// Who may come in through the web door.
    pub members: Members,
    /// What protects sessions.
    pub walls: Walls,
    /// Every task that must end before the daemon does.
    pub tasks: TaskTracker,
    /// Cancelled when the daemon shall end.
    pub ending: CancellationToken,
    /// Cancelled when somebody asks for the end; the owner's socket goes first, so that nobody comes late.
    pub asked_to_end: CancellationToken,
    store: Store,
}

impl Backend {
    /// Opens every room. The receiver gets the socket of each session, to be served.
    pub async fn open(config: Config, keychain: Arc<dyn Keychain>) -> Result<(Self, mpsc::Receiver<Door>)> {
        let config = Arc::new(config);
        let (bus, clock, tasks) = (Bus::default(), Clock::of_the_machine(), TaskTracker::new());
        let ending = CancellationToken::new();
        let (doors, served) = mpsc::channel(DOORS);
        link_commands(&config)?;
        let store = Store::open(&config.database()).await?;
        let audit = Audit::open(store.clone(), bus.clone(), clock).await?;
        let passphrase_file = config.passphrase_file.clone();
        let safe = Safe::open(store.clone(), bus.clone(), clock, keychain, passphrase_file).await?;
        let git = {
            let hiding = hiding(&config, vec![config.worktrees()], Vec::new());
            Git::new(config.programs.join("lanyardd"), &config.owner_env, hiding)
        };
        let grants = Grants::new(store.clone(), bus.clone(), clock, audit.clone());
        let approvals =
            Approvals::open(store.clone(), bus.clone(), clock, audit.clone(), grants.clone()).await?;
        let secrets =
            Secrets::new(store.clone(), bus.clone(), clock, safe.clone(), grants.clone(), approvals.clone());
        let keys = Keys::open(keys::Parts {
            store: store.clone(),
            bus: bus.clone(),
            clock,
            safe: safe.clone(),
            approvals: approvals.clone(),
            folder: config.git(),
        })
        .await?;
        let passwords = Passwords::new(
            store.clone(),
            bus.clone(),
            clock,
            safe.clone(),
            grants.clone(),
            approvals.clone(),
        );
        let projects = Projects::new(store.clone(), bus.clone(), clock, git.clone());
        let worktrees = Worktrees::new(store.clone(), bus.clone(), clock, git, config.worktrees());
        let sessions = Sessions::new(Parts {
            store: store.clone(),
            bus: bus.clone(),
            clock,
            config: config.clone(),
            audit: audit.clone(),
            projects: projects.clone(),
            worktrees: worktrees.clone(),
            secrets: secrets.clone(),
            grants: grants.clone(),
            keys: keys.clone(),
            tasks: tasks.clone(),
            ending: ending.clone(),
            doors,
        });
        let issuers = Issuers::new(store.clone(), bus.clone(), clock, safe.clone());
        let domain = config.settings.email_domain.clone();
        let (homes, its_keys) = (config.homes(), keys.clone());
        let backend = Self {
            identities: Identities::new(
                store.clone(),
                bus.clone(),
                clock,
                safe.clone(),
                its_keys,
                homes,
                domain,
            ),
            keys,
            passwords,
            slots: Slots::open(store.clone(), bus.clone()).await?,
            manifests: Manifests::new(issuers.clone(), audit.clone(), clock),
            issuers,
            members: Members::new(clock),
            walls: Walls::new(config.programs.join("lanyardd"), config.settings.hide),
            ending,
            asked_to_end: CancellationToken::new(),
            config,
            bus,
            audit,
            safe,
            projects,
            worktrees,
            secrets,
            approvals,
            grants,
            sessions,
            tasks,
            store,
        };
        Ok((backend, served))
    }

    /// Begins to tell what happens on the desktop, and takes over what a former daemon left.
    pub async fn begin(&self) -> Result<()> {
        self.audit.begin(&self.tasks, self.ending.clone());
        self.audit.record(By::Daemon, Fact::done(Kind::Daemon, "daemon.started", api::VERSION)).await?;
        if self.config.settings.notifications {
            Notifications::new(self.bus.clone()).begin(&self.tasks, self.ending.clone());
        }
        self.sessions.adopt().await
    }

    /// Closes the store. Sessions go on; the next daemon adopts them.
    pub async fn close(self) {
        self.audit.close().await;
        self.store.close().await;
    }
}

/// Puts Lanyard's own commands into the folder that is first on every session's PATH.
fn link_commands(config: &Config) -> Result<()> {
    let folder = config.commands();
    crate::config::make_folder(&folder)?;
    let (target, link) = (config.programs.join("lanyard"), folder.join("lanyard"));
    if std::fs::read_link(&link).ok().as_deref() == Some(target.as_path()) {
        return Ok(());
    }
    replace_link(&target, &link).with_context(|| format!("linking {}", link.display()))
}

fn replace_link(target: &Path, link: &Path) -> std::io::Result<()> {
    let fresh = link.with_extension("new");
    std::fs::remove_file(&fresh).or_else(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(e),
    })?;
    symlink(target, &fresh)?;
    std::fs::rename(&fresh, link)
}
