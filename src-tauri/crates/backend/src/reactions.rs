//! The room of reactions: the owner's `[[on_state]]` commands, run when a session changes its state.
//!
//! A command gets the event on its standard input, as `lanyard watch` prints it, and nothing of it in its
//! arguments or its environment: an agent chooses some of these words. It runs as the owner, outside every
//! session, with a plain environment without credentials.

use crate::bus::Bus;
use crate::config::Config;
use crate::config::on_state::OnState;
use crate::sessions::Sessions;
use anyhow::{Context, Result};
use api::names::clean;
use api::sessions::{ListSessions, Session, State};
use api::{Event, Millis};
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How many commands run at once, and how many more may wait for their turn.
const AT_ONCE: usize = 4;
const WAITING: usize = 60;
/// How much of a command's output goes into the log, in bytes.
const OUTPUT_MAX: usize = 4 * 1024;
/// What a command gets of the owner's environment. None of these carries a login.
const PASSED: [&str; 21] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LC_TIME",
    "TZ",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "LANYARD_HOME",
];

/// The room.
#[derive(Clone)]
pub struct Reactions {
    rules: Arc<Vec<Rule>>,
    env: Arc<BTreeMap<OsString, OsString>>,
    bus: Bus,
    sessions: Sessions,
    tasks: TaskTracker,
    ending: CancellationToken,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

/// One command, and whether it failed the last time: a failure that goes on is logged once.
struct Rule {
    on: OnState,
    fails: AtomicBool,
}

/// The last state of each running session, and since when.
type Known = HashMap<String, (State, Millis)>;

impl Reactions {
    /// Opens the room.
    pub fn new(
        config: &Config,
        bus: Bus,
        sessions: Sessions,
        tasks: TaskTracker,
        ending: CancellationToken,
    ) -> Self {
        let rule = |on: &OnState| Rule { on: on.clone(), fails: AtomicBool::new(false) };
        let env = |name: &&str| Some((OsString::from(name), config.owner_env.get(OsStr::new(name))?.clone()));
        Self {
            rules: Arc::new(config.settings.on_state.iter().map(rule).collect()),
            env: Arc::new(PASSED.iter().filter_map(env).collect()),
            bus,
            sessions,
            tasks,
            ending,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            places: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
        }
    }

    /// Reacts from now on. Sessions are not adopted yet, so that one that ended meanwhile is still a change.
    pub async fn begin(self) -> Result<()> {
        if self.rules.is_empty() {
            return Ok(());
        }
        let mut events = self.bus.subscribe();
        let mut known = Known::new();
        for session in self.sessions.list(ListSessions::default()).await? {
            known.insert(session.id.clone(), (session.state, session.since));
        }
        let tasks = self.tasks.clone();
        tasks.spawn(async move {
            while let Some(Some(event)) = self.ending.run_until_cancelled(events.next()).await {
                match event {
                    Event::SessionStateChanged { session, at } => self.hear(&mut known, *session, at),
                    Event::Lagged { .. } => self.catch_up(&mut known).await,
                    _ => {}
                }
            }
        });
        Ok(())
    }

    /// Looks at every session that may have changed while events were missed.
    async fn catch_up(&self, known: &mut Known) {
        match self.sessions.list(ListSessions { ended: true }).await {
            Ok(sessions) => {
                for session in sessions {
                    if session.is_running() || known.contains_key(&session.id) {
                        let at = session.since;
                        self.hear(known, session, at);
                    }
                }
            }
            Err(e) => tracing::error!("listing the sessions for on_state: {e:#}"),
        }
    }

    fn hear(&self, known: &mut Known, session: Session, at: Millis) {
        let now = (session.state, session.since);
        let before = match session.is_running() {
            true => known.insert(session.id.clone(), now),
            false => known.remove(&session.id),
        };
        if before == Some(now) {
            return;
        }
        let wanted = |rule: &Rule| rule.on.is_for(session.state, session.slot, &session.project);
        let wanted: Vec<usize> = (0..self.rules.len()).filter(|at| wanted(&self.rules[*at])).collect();
        let event = Event::SessionStateChanged { session: Box::new(session), at };
        for at in wanted {
            self.react(at, &event);
        }
    }

    /// Runs a command in a task of its own, when it is its turn.
    fn react(&self, at: usize, event: &Event) {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            return tracing::warn!(
                "on_state: too many commands wait, {:?} is not run",
                self.rules[at].on.command
            );
        };
        let told = match serde_json::to_string(event) {
            Ok(told) => told + "\n",
            Err(e) => return tracing::error!("on_state: writing the event: {e}"),
        };
        let room = self.clone();
        self.tasks.spawn(async move {
            let run = async {
                let _turn = room.turns.acquire().await;
                room.run(&room.rules[at], told.as_bytes()).await;
            };
            room.ending.run_until_cancelled(run).await;
            drop(place);
        });
    }

    async fn run(&self, rule: &Rule, told: &[u8]) {
        let command = &rule.on.command;
        match self.ran(&rule.on, told).await {
            Ok(output) => {
                rule.fails.store(false, Ordering::Relaxed);
                tracing::info!("on_state: {command:?} has ended well{}", shown(&output));
            }
            Err(e) if !rule.fails.swap(true, Ordering::Relaxed) => {
                tracing::warn!("on_state: {command:?} {e:#}; told again when it has succeeded in between");
            }
            Err(_) => {}
        }
    }

    /// Runs a command to its end and gives the beginning of what it printed.
    async fn ran(&self, on: &OnState, told: &[u8]) -> Result<Vec<u8>> {
        let (output, input) = std::io::pipe().context("could not be given a pipe")?;
        let mut child = self.spawn(on, input).context("does not start")?;
        let group = Group(child.id());
        let output = pipe::Receiver::from_owned_fd(output.into()).context("could not be listened to")?;
        let (mut kept, mut status) = (Vec::new(), None);
        let talk = talk(&mut child, told, output, &mut kept, &mut status);
        let in_time = tokio::time::timeout(on.patience(), talk).await.is_ok();
        if in_time {
            std::mem::forget(group);
        } else {
            drop(group);
            // What is killed now is no outcome of its own; it is only waited for.
            child.wait().await.ok();
        }
        let said = shown(&kept);
        match status {
            Some(status) if status.success() => Ok(kept),
            Some(status) => anyhow::bail!("has failed ({status}){said}"),
            None => anyhow::bail!("did not end within {} s and was killed{said}", on.timeout),
        }
    }

    fn spawn(&self, on: &OnState, output: std::io::PipeWriter) -> Result<Child> {
        let home = self.env.get(OsStr::new("HOME")).map(PathBuf::from).filter(|home| home.is_dir());
        let mut command = Command::new(&on.command[0]);
        command
            .args(&on.command[1..])
            .env_clear()
            .envs(self.env.iter())
            .current_dir(home.unwrap_or_else(|| "/".into()))
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .kill_on_drop(true);
        Ok(command.spawn()?)
    }
}

/// Tells the command what has happened and takes in what it prints, both at once, to the end of both.
async fn talk(
    child: &mut Child,
    told: &[u8],
    mut output: pipe::Receiver,
    kept: &mut Vec<u8>,
    status: &mut Option<std::process::ExitStatus>,
) {
    let stdin = child.stdin.take();
    let tell = async move {
        if let Some(mut stdin) = stdin {
            // A command that does not read its input has closed it; that is its own affair.
            stdin.write_all(told).await.ok();
        }
    };
    let listen = async move {
        let mut piece = [0; 4096];
        while let Ok(read @ 1..) = output.read(&mut piece).await {
            let room = OUTPUT_MAX.saturating_sub(kept.len()).min(read);
            kept.extend_from_slice(&piece[..room]);
        }
    };
    let end = async { *status = child.wait().await.ok() };
    tokio::join!(tell, listen, end);
}

/// Everything that the command has started in its group ends when this is dropped.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let leader = self.0.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        if let Some(leader) = leader {
            // It may have ended by itself in this moment.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// What a command printed, as one line of the log that cannot look like two.
fn shown(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let text = text.trim_end();
    if text.is_empty() { String::new() } else { format!(": {}", clean(text)) }
}
