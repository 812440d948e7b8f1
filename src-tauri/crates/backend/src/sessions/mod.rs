//! The room of sessions: one agent terminal each, in one worktree, under one identity.

mod access;
mod adopt;
mod archive;
mod ending;
mod find;
mod finishing;
mod following;
mod hearing;
mod hooks;
mod launching;
mod order;
mod row;

pub use launching::Door;
pub use row::seen;

use crate::agents::{self, Agents};
use crate::audit::Audit;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::Config;
use crate::gitconfig::GitConfig;
use crate::grants::Grants;
use crate::keeper::link::{Knock, Link};
use crate::keys::Keys;
use crate::members::Members;
use crate::projects::Projects;
use crate::secrets::Secrets;
use crate::store::{self, IdentityRow, SessionRow, Store, WorktreeRow};
use crate::summaries::Summaries;
use crate::tokens::Tokens;
use crate::worktrees::Worktrees;
use anyhow::{Result, bail};
use api::names::shown;
use api::sessions::{ListSessions, Screen, SendText, Session, Size, StartSession, StopSession};
use api::{Done, Error, Event};
use order::Order;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How many sessions a list with the ended ones shows.
const LISTED: i64 = 500;
/// How long a stop waits between SIGHUP and SIGKILL where nobody says.
const GRACE_MS: u64 = 5_000;
/// The longest such wait.
const GRACE_MAX_MS: u64 = 60_000;
/// The longest text that one call types, in bytes.
const SEND_MAX: usize = 256 * 1024;

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    bus: Bus,
    clock: Clock,
    config: Arc<Config>,
    audit: Audit,
    agents: Agents,
    projects: Projects,
    worktrees: Worktrees,
    secrets: Secrets,
    grants: Grants,
    keys: Keys,
    gitconfig: GitConfig,
    tokens: Tokens,
    members: Members,
    summaries: Summaries,
    tasks: TaskTracker,
    ending: CancellationToken,
    doors: mpsc::Sender<Door>,
    live: Arc<Live>,
}

/// What is known of running sessions beside the store.
#[derive(Default)]
struct Live {
    /// One start, stop or archive at a time: each looks at what is free before it acts.
    changing: tokio::sync::Mutex<()>,
    /// Closes a session's own socket.
    doors: Mutex<HashMap<String, CancellationToken>>,
    /// When the last hook ran that a session was heard by.
    hooked: Mutex<HashMap<String, api::Millis>>,
    /// Ends the following of a session's log.
    following: Mutex<HashMap<String, CancellationToken>>,
    /// Sessions that the owner has asked to end.
    stopping: Mutex<HashSet<String>>,
    /// Sessions that are ended because their turn is over.
    finished: Mutex<HashSet<String>>,
    /// Held while it is written how a session is, so that no change is lost and an end is written once.
    writing: tokio::sync::Mutex<()>,
}

/// The rooms and things that sessions are made of.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The bus.
    pub bus: Bus,
    /// The clock.
    pub clock: Clock,
    /// Paths and limits.
    pub config: Arc<Config>,
    /// The audit.
    pub audit: Audit,
    /// What can be started.
    pub agents: Agents,
    /// The room of projects.
    pub projects: Projects,
    /// The room of worktrees.
    pub worktrees: Worktrees,
    /// The room of secrets.
    pub secrets: Secrets,
    /// The room of grants.
    pub grants: Grants,
    /// The room of keys.
    pub keys: Keys,
    /// The owner's git settings.
    pub gitconfig: GitConfig,
    /// The room of tokens.
    pub tokens: Tokens,
    /// The room of members, which knows where the web door is.
    pub members: Members,
    /// The room of summaries.
    pub summaries: Summaries,
    /// Where tasks are tracked.
    pub tasks: TaskTracker,
    /// Cancelled when the daemon shall end.
    pub ending: CancellationToken,
    /// Where a session's own socket is handed over to be served.
    pub doors: mpsc::Sender<Door>,
}

impl Sessions {
    /// Opens the room.
    pub fn new(parts: Parts) -> Self {
        let Parts { store, bus, clock, config, audit, projects, worktrees, secrets, .. } = parts;
        let Parts {
            agents, grants, keys, gitconfig, tokens, members, summaries, tasks, ending, doors, ..
        } = parts;
        let live = Arc::default();
        Self {
            store,
            bus,
            clock,
            config,
            audit,
            agents,
            projects,
            worktrees,
            secrets,
            grants,
            keys,
            gitconfig,
            tokens,
            members,
            summaries,
            tasks,
            ending,
            doors,
            live,
        }
    }

    /// The sessions that run, or the newest of all.
    pub async fn list(&self, call: ListSessions) -> Result<Vec<Session>> {
        let rows = match call.ended {
            true => self.store.sessions(LISTED).await?,
            false => self.store.live_sessions().await?,
        };
        Ok(rows.into_iter().map(seen).collect())
    }

    /// Starts an agent or a command in a slot, in the worktree of a branch.
    pub async fn start(&self, call: StartSession) -> Result<Session> {
        self.start_as(store::new_id(), call).await
    }

    /// The same with an id that the caller has written down before.
    pub async fn start_as(&self, id: String, call: StartSession) -> Result<Session> {
        let _changing = self.live.changing.lock().await;
        let (agent, identity) = self.seat(&call).await?;
        self.check_slot_free(call.slot).await?;
        if let Some(prompt) = &call.prompt {
            self.agents.check_prompt(&agent, prompt)?;
        }
        let project = self.projects.find(&call.project).await?;
        let command = self.command(&agent, call.command)?;
        let prepared = self.worktrees.prepare(&project, &call.branch, call.base.as_deref()).await?;
        let order = Order {
            id,
            slot: call.slot,
            identity,
            worktree: prepared.row.clone(),
            agent,
            command,
            prompt: call.prompt,
            conversation: None,
            size: call.size.unwrap_or(Size::DEFAULT).clamped(),
        };
        let started = match self.check_worktree_free(&order.worktree).await {
            Ok(()) => self.launch(&project, order).await,
            Err(e) => Err(e),
        };
        if started.is_err()
            && let Err(e) = self.worktrees.undo(&project, &prepared).await
        {
            tracing::error!("taking back the worktree {}: {e:#}", prepared.row.path);
        }
        started
    }

    /// Starts the same in the same slot and worktree again; a running one is stopped first. An agent goes on with
    /// its own conversation, by the id that it told or was given.
    pub async fn restart(&self, wanted: &str) -> Result<Session> {
        let row = self.find(wanted).await?;
        if row.ended_at.is_none() {
            self.stop(StopSession { session: row.id.clone(), grace_ms: None }).await?;
        }
        let _changing = self.live.changing.lock().await;
        let slot = u32::try_from(row.slot)?;
        self.check_slot_free(slot).await?;
        let worktree = self.store.worktree(&row.worktree_id).await?.filter(|w| w.archived_at.is_none());
        let gone = || Error::conflict(format!("the worktree {} was archived", shown(&row.worktree)));
        let worktree = worktree.ok_or_else(|| gone().hint("start a new session on its branch"))?;
        self.check_worktree_free(&worktree).await?;
        let project = self.projects.find(&worktree.project_id).await?;
        let identity = self.store.identity(&row.identity_id).await?;
        let identity = identity.ok_or_else(|| Error::not_found("identity", &row.identity))?;
        let order = Order {
            id: store::new_id(),
            slot,
            identity,
            worktree,
            command: self.command_again(&row)?,
            agent: row.agent,
            prompt: row.prompt,
            conversation: row.conversation,
            size: Size::DEFAULT,
        };
        self.launch(&project, order).await
    }

    /// Types into a terminal.
    pub async fn send(&self, call: SendText) -> Result<Done> {
        if call.text.len() > SEND_MAX {
            bail!(
                Error::new(api::Code::TooLarge, "the text is longer than 256 KiB").hint("send it in pieces")
            );
        }
        let row = self.find_live(&call.session).await?;
        self.link(&row).send(call.text.as_bytes()).await?;
        self.look(&row.id).await?;
        Ok(Done {})
    }

    /// What a terminal shows now, or showed at its end.
    pub async fn screen(&self, wanted: &str) -> Result<Screen> {
        let row = self.find(wanted).await?;
        Ok(self.link(&row).screen().await.map_err(|e| self.terminal_gone(&row, e))?)
    }

    /// The session to attach to, and its keeper.
    pub async fn attach(&self, wanted: &str) -> Result<(Session, Knock)> {
        let row = self.find(wanted).await?;
        // Whoever wants to see a terminal that has ended knows of its end.
        self.bus.publish(Event::SessionOpened { session: row.id.clone() });
        let keeper = self.link(&row).knock().await.map_err(|e| self.terminal_gone(&row, e))?;
        self.look(&row.id).await?;
        Ok((seen(row), keeper))
    }

    /// Ends a session's whole process tree.
    pub async fn stop(&self, call: StopSession) -> Result<Session> {
        let row = self.find_live(&call.session).await?;
        let grace = call.grace_ms.unwrap_or(GRACE_MS).min(GRACE_MAX_MS);
        self.lock_stopping().insert(row.id.clone());
        let stopped = self.link(&row).stop(grace).await;
        let exit = match stopped {
            Ok(ended) => ended.exit,
            Err(e) => {
                self.lock_stopping().remove(&row.id);
                return Err(e.into());
            }
        };
        Ok(seen(self.end(&row.id, exit).await?))
    }

    fn lock_stopping(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.live.stopping.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn lock_finished(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.live.finished.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn link(&self, row: &SessionRow) -> Link {
        Link::new(self.keeper_socket(&row.id))
    }

    fn keeper_socket(&self, id: &str) -> PathBuf {
        self.config.keeper_socket(id)
    }

    /// The agent and the identity of the slot that a start names.
    async fn seat(&self, call: &StartSession) -> Result<(String, IdentityRow)> {
        let slots = self.store.slots().await?;
        let slot = slots.into_iter().find(|s| s.number == i64::from(call.slot));
        let slot = slot.ok_or_else(|| Error::not_found("slot", &call.slot.to_string()))?;
        let identity = match &slot.identity_id {
            Some(id) => self.store.identity(id).await?,
            None => None,
        };
        let empty = Error::conflict(format!("slot {} has no identity", call.slot))
            .hint(format!("seat one: lanyard slot set {} --identity NAME", call.slot));
        let agent = match (&call.agent, call.command.is_empty()) {
            (Some(_), false) => {
                bail!(Error::invalid("an agent and a command were given").hint("give one of them"))
            }
            (_, false) => agents::COMMAND.to_string(),
            (Some(agent), true) => agent.clone(),
            (None, true) => slot.agent,
        };
        Ok((agent, identity.ok_or(empty)?))
    }

    async fn check_slot_free(&self, slot: u32) -> Result<()> {
        let live = self.store.live_sessions().await?;
        let Some(session) = live.iter().find(|s| s.slot == i64::from(slot)) else { return Ok(()) };
        if self.has_just_ended(session).await? {
            return Ok(());
        }
        bail!(
            Error::conflict(format!("slot {slot} runs a session already, on {}", shown(&session.branch)))
                .hint(format!("stop it first (lanyard sessions stop {slot}) or take another slot"))
        )
    }

    /// Whether a session's keeper knows of an end that is not written yet; it is written then.
    async fn has_just_ended(&self, row: &SessionRow) -> Result<bool> {
        let Ok(hello) = self.link(row).hello().await else { return Ok(false) };
        let Some(ended) = hello.ended else { return Ok(false) };
        self.end(&row.id, ended.exit).await?;
        Ok(true)
    }

    async fn check_worktree_free(&self, worktree: &WorktreeRow) -> Result<()> {
        let live = self.store.live_sessions().await?;
        let Some(session) = live.iter().find(|s| s.worktree_id == worktree.id) else { return Ok(()) };
        bail!(
            Error::conflict(format!(
                "slot {} works in the worktree {} already",
                session.slot,
                shown(&worktree.name)
            ))
            .hint("take another branch, or stop that session first")
        )
    }
}
