//! The backend: opens the rooms in order and closes them in reverse.

mod sources;

use crate::agents::Agents;
use crate::approvals::Approvals;
use crate::audit::{Audit, By, Fact};
use crate::bus::Bus;
use crate::clock::Clock;
use crate::commands;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::git::Git;
use crate::gitconfig::GitConfig;
use crate::grants::Grants;
use crate::hidden::hiding;
use crate::identities::Identities;
use crate::inbox::{self, Inbox};
use crate::keys::{self, Keys};
use crate::members::Members;
use crate::notify::{self, Answered, Notifications};
use crate::passwords::Passwords;
use crate::projects::Projects;
use crate::reactions::Reactions;
use crate::safe::Safe;
use crate::secrets::Secrets;
use crate::sessions::{Door, Parts, Sessions};
use crate::slots::Slots;
use crate::sources::Sources;
use crate::store::Store;
use crate::summaries::Summaries;
use crate::tasks::{self, Tasks};
use crate::tokens::issuers::{Issuers, manifest::Manifests};
use crate::tokens::{self, Tokens};
use crate::walls::Walls;
use crate::worktrees::Worktrees;
use anyhow::Result;
use api::audit::Kind;
use std::ffi::OsStr;
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
    /// What slots log in with at git's hosts.
    pub credentials: Credentials,
    /// What can be started in a slot.
    pub agents: Agents,
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
    /// Mail and text messages.
    pub inbox: Inbox,
    /// Agent terminals.
    pub sessions: Sessions,
    /// What waits for a free slot.
    pub line: Tasks,
    /// What mints tokens.
    pub issuers: Issuers,
    /// Credentials that are issued for a while.
    pub tokens: Tokens,
    /// GitHub Apps that are being made.
    pub manifests: Manifests,
    /// Who may come in through the web door.
    pub members: Members,
    /// Where messages come from.
    pub sources: Sources,
    /// How the owner is told.
    pub notify: Notifications,
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
        commands::link(&config)?;
        let (bus, clock) = (Bus::default(), Clock::of_the_machine());
        let store = Store::open(&config.database()).await?;
        let audit = Audit::open(store.clone(), bus.clone(), clock).await?;
        let passphrase_file = config.passphrase_file.clone();
        let safe = Safe::open(store.clone(), bus.clone(), clock, keychain, passphrase_file).await?;
        let (doors, served) = mpsc::channel(DOORS);
        let ground = Ground {
            agents: Agents::new(&config)?,
            config: Arc::new(config),
            store,
            bus,
            clock,
            audit,
            safe,
            members: Members::new(clock),
        };
        Ok((ground.furnish(doors).await?, served))
    }

    /// Begins to tell the owner what happens, and takes over what a former daemon left. What the owner answers on
    /// a notification goes to `answers`.
    pub async fn begin(&self, answers: mpsc::Sender<Answered>) -> Result<()> {
        self.audit.begin(&self.tasks, self.ending.clone());
        self.audit.record(By::Daemon, Fact::done(Kind::Daemon, "daemon.started", api::VERSION)).await?;
        self.notify.begin(answers, &self.tasks, &self.ending).await?;
        let (bus, sessions) = (self.bus.clone(), self.sessions.clone());
        let reactions = Reactions::new(&self.config, bus, sessions, self.tasks.clone(), self.ending.clone());
        reactions.begin().await?;
        self.sessions.adopt().await?;
        self.inbox.begin(&self.tasks);
        self.grants.begin(&self.tasks, self.ending.clone());
        self.line.begin();
        self.tokens.begin();
        self.sources.begin().await?;
        Ok(())
    }

    /// Closes the store. Sessions go on; the next daemon adopts them.
    pub async fn close(self) {
        let ended = self.audit.record(By::Daemon, Fact::done(Kind::Daemon, "daemon.ended", api::VERSION));
        if let Err(e) = ended.await {
            tracing::error!("recording the end: {e:#}");
        }
        self.audit.close().await;
        self.store.close().await;
    }
}

/// What the rooms stand on.
struct Ground {
    agents: Agents,
    config: Arc<Config>,
    store: Store,
    bus: Bus,
    clock: Clock,
    audit: Audit,
    safe: Safe,
    members: Members,
}

impl Ground {
    /// Opens the rooms, those first that others lean on.
    async fn furnish(self, doors: mpsc::Sender<Door>) -> Result<Backend> {
        let (tasks, ending, git) = (TaskTracker::new(), CancellationToken::new(), self.git());
        let (store, bus, audit, grants) = (&self.store, &self.bus, &self.audit, self.grants());
        let approvals = self.approvals(&grants, &ending).await?;
        let (secrets, passwords) = (self.secrets(&grants, &approvals), self.passwords(&grants, &approvals));
        let (keys, inbox) = (self.keys(&approvals).await?, self.inbox(&approvals, &ending).await?);
        let ((projects, worktrees), issuers) = (self.checkouts(&git), self.issuers());
        let tokens = self.tokens(&issuers, &approvals, &worktrees, &tasks, &ending);
        let sessions = Sessions::new(Parts {
            store: store.clone(),
            bus: bus.clone(),
            clock: self.clock,
            config: self.config.clone(),
            audit: audit.clone(),
            agents: self.agents.clone(),
            projects: projects.clone(),
            worktrees: worktrees.clone(),
            secrets: secrets.clone(),
            grants: grants.clone(),
            keys: keys.clone(),
            summaries: self.summaries(&git),
            gitconfig: GitConfig::new(git, &self.config.owner_env, &self.config.git()),
            tokens: tokens.clone(),
            members: self.members.clone(),
            tasks: tasks.clone(),
            ending: ending.clone(),
            doors,
        });
        Ok(Backend {
            line: self.line(&projects, &worktrees, &sessions, &tasks, &ending),
            sources: self.sources(&inbox, &tokens, &secrets, &passwords, (&tasks, &ending)),
            notify: self.notify(&sessions, &approvals).await?,
            identities: self.identities(&keys),
            credentials: self.credentials(&tokens, &secrets, &passwords),
            passwords,
            inbox,
            slots: Slots::open(store.clone(), bus.clone(), self.agents.clone()).await?,
            agents: self.agents,
            manifests: Manifests::new(issuers.clone(), audit.clone(), self.clock),
            issuers,
            tokens,
            members: self.members,
            walls: Walls::new(self.config.programs.join("lanyardd"), self.config.settings.hide),
            asked_to_end: CancellationToken::new(),
            ending,
            keys,
            projects,
            worktrees,
            secrets,
            approvals,
            grants,
            sessions,
            tasks,
            config: self.config,
            bus: self.bus,
            audit: self.audit,
            safe: self.safe,
            store: self.store,
        })
    }

    fn line(
        &self,
        projects: &Projects,
        worktrees: &Worktrees,
        sessions: &Sessions,
        tasks: &TaskTracker,
        ending: &CancellationToken,
    ) -> Tasks {
        Tasks::new(tasks::Parts {
            store: self.store.clone(),
            bus: self.bus.clone(),
            clock: self.clock,
            audit: self.audit.clone(),
            agents: self.agents.clone(),
            projects: projects.clone(),
            worktrees: worktrees.clone(),
            sessions: sessions.clone(),
            failpoints: self.config.failpoints.clone(),
            tasks: tasks.clone(),
            ending: ending.clone(),
        })
    }

    fn issuers(&self) -> Issuers {
        Issuers::new(self.store.clone(), self.bus.clone(), self.clock, self.safe.clone())
    }

    fn git(&self) -> Git {
        let hiding = hiding(&self.config, vec![self.config.worktrees()], Vec::new());
        Git::new(self.config.programs.join("lanyardd"), &self.config.owner_env, hiding)
    }

    fn summaries(&self, git: &Git) -> Summaries {
        let (homes, agents) = (self.config.homes(), self.agents.clone());
        Summaries::new(self.store.clone(), self.clock, git.clone(), homes, agents)
    }

    fn credentials(&self, tokens: &Tokens, secrets: &Secrets, passwords: &Passwords) -> Credentials {
        let hosts = self.config.settings.git_hosts.clone();
        Credentials::new(tokens.clone(), secrets.clone(), passwords.clone(), hosts)
    }

    fn identities(&self, keys: &Keys) -> Identities {
        let domain = self.config.settings.email_domain.clone();
        let (store, bus, safe) = (self.store.clone(), self.bus.clone(), self.safe.clone());
        Identities::new(store, bus, self.clock, safe, keys.clone(), self.config.homes(), domain)
    }

    fn checkouts(&self, git: &Git) -> (Projects, Worktrees) {
        let (store, bus, folder) = (self.store.clone(), self.bus.clone(), self.config.worktrees());
        let projects = Projects::new(store.clone(), bus.clone(), self.clock, git.clone());
        (projects, Worktrees::new(store, bus, self.clock, git.clone(), folder))
    }

    async fn approvals(&self, grants: &Grants, ending: &CancellationToken) -> Result<Approvals> {
        let (store, bus, audit) = (self.store.clone(), self.bus.clone(), self.audit.clone());
        Approvals::open(store, bus, self.clock, audit, grants.clone(), ending.clone()).await
    }

    fn grants(&self) -> Grants {
        let (store, bus, audit) = (self.store.clone(), self.bus.clone(), self.audit.clone());
        Grants::new(store, bus, self.clock, audit, self.config.failpoints.clone())
    }

    fn secrets(&self, grants: &Grants, approvals: &Approvals) -> Secrets {
        let (store, bus, safe) = (self.store.clone(), self.bus.clone(), self.safe.clone());
        Secrets::new(store, bus, self.clock, safe, grants.clone(), approvals.clone())
    }

    fn passwords(&self, grants: &Grants, approvals: &Approvals) -> Passwords {
        let (store, bus, safe) = (self.store.clone(), self.bus.clone(), self.safe.clone());
        Passwords::new(store, bus, self.clock, safe, grants.clone(), approvals.clone())
    }

    fn tokens(
        &self,
        issuers: &Issuers,
        approvals: &Approvals,
        worktrees: &Worktrees,
        tasks: &TaskTracker,
        ending: &CancellationToken,
    ) -> Tokens {
        Tokens::new(tokens::Parts {
            store: self.store.clone(),
            bus: self.bus.clone(),
            audit: self.audit.clone(),
            clock: self.clock,
            safe: self.safe.clone(),
            issuers: issuers.clone(),
            approvals: approvals.clone(),
            worktrees: worktrees.clone(),
            tasks: tasks.clone(),
            ending: ending.clone(),
            failpoints: self.config.failpoints.clone(),
            mints: self.config.mints(),
            program: self.config.programs.join("lanyardd"),
        })
    }

    async fn notify(&self, sessions: &Sessions, approvals: &Approvals) -> Result<Notifications> {
        let screen = ["DISPLAY", "WAYLAND_DISPLAY"].map(OsStr::new);
        let has_screen = screen.iter().any(|name| self.config.owner_env.contains_key(*name));
        let window = notify::Window {
            program: has_screen.then(|| self.config.programs.join("lanyard-desktop")),
            socket: self.config.runtime.join("window.sock"),
        };
        Notifications::open(notify::Parts {
            window,
            store: self.store.clone(),
            bus: self.bus.clone(),
            clock: self.clock,
            safe: self.safe.clone(),
            sessions: sessions.clone(),
            approvals: approvals.clone(),
            has_desktop: self.config.settings.notifications,
        })
        .await
    }

    async fn inbox(&self, approvals: &Approvals, ending: &CancellationToken) -> Result<Inbox> {
        Inbox::open(inbox::Parts {
            store: self.store.clone(),
            bus: self.bus.clone(),
            clock: self.clock,
            safe: self.safe.clone(),
            approvals: approvals.clone(),
            audit: self.audit.clone(),
            domain: self.config.settings.email_domain.clone(),
            data: self.config.data.clone(),
            ending: ending.clone(),
        })
        .await
    }

    async fn keys(&self, approvals: &Approvals) -> Result<Keys> {
        Keys::open(keys::Parts {
            store: self.store.clone(),
            bus: self.bus.clone(),
            clock: self.clock,
            safe: self.safe.clone(),
            approvals: approvals.clone(),
            audit: self.audit.clone(),
            folder: self.config.git(),
        })
        .await
    }
}
