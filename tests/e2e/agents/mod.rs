//! The real agent programs, each in a slot, against a stand-in for their model on loopback.

mod claude;
mod codex;
mod opencode;
mod tools;
mod turns;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tests::{DEADLINE, Process, Watch, World, text};

/// How late a state may be told after the agent's own signal. The goal is 100 ms; a busy machine takes its time.
const LATE: Duration = Duration::from_secs(1);

/// The folder of the agents' programs, if this one was asked for and the test reaches nothing but loopback: it is
/// run again where that is so. Who did not ask is told.
fn asked_for(agent: &str) -> Option<PathBuf> {
    let asked = std::env::var("LANYARD_AGENTS").unwrap_or_default();
    if !asked.split(',').any(|name| name == agent) {
        eprintln!("not run: it needs {agent} itself; ask for it by `cargo xtask test --agents={agent}`");
        return None;
    }
    let folder = PathBuf::from(std::env::var("LANYARD_AGENTS_BIN").expect("xtask says where the agents are"));
    assert!(folder.join(agent).exists(), "{agent} is not in {}", folder.display());
    tests::is_alone().then_some(folder)
}

/// A world whose owner has an agent on the PATH, and an identity `ada` in slot 1 that holds a token.
fn world(agent: &str, programs: &Path) -> World {
    let mut world = World::new();
    let path = format!("{}:{}", programs.display(), world.environment()["PATH"]);
    world.set("PATH", path);
    world.project("work");
    world.seat(1, "ada", "GH_TOKEN", "token-of-ada");
    world.lanyard(&["slot", "set", "1", "--agent", agent]).ok();
    world
}

fn secret(world: &World, name: &str, value: &str) {
    world.lanyard_with(&["secrets", "set", name, "-", "--identity", "ada"], value).ok();
}

/// The home of the identity `ada`.
fn home(world: &World) -> PathBuf {
    let identity = world.json(&["identity", "show", "ada"]);
    world.home().join("homes").join(text(&identity, "id"))
}

/// What `lanyard watch` tells of one slot's session from now on.
struct Watching<'a> {
    world: &'a World,
    watch: Watch,
    slot: u64,
}

impl<'a> Watching<'a> {
    fn slot(world: &'a World, slot: u64) -> Self {
        Self { world, watch: world.watch(), slot }
    }

    /// Waits until the session is in a state, and gives it.
    #[track_caller]
    fn wait_for(&mut self, state: &str) -> Value {
        self.wait_and_tell_when(state).0
    }

    #[track_caller]
    fn wait_and_tell_when(&mut self, state: &str) -> (Value, Duration) {
        let (mut last, until) = (Value::Null, Instant::now() + 2 * DEADLINE);
        loop {
            let Some((mut event, at)) = self.watch.next_by(until) else {
                let screen = self.world.lanyard(&["sessions", "screen", &self.slot.to_string()]).stdout;
                panic!("it does not become {state}: {last}\n{screen}");
            };
            let told = event["SessionStateChanged"]["session"].take();
            if told["slot"] == self.slot {
                last = told;
                if last["state"] == state {
                    return (last, at);
                }
            }
        }
    }

    /// The same, where the session stays as it is: its badge says so too. It is not told late after the agent's
    /// own signal, which this file holds as a time.
    #[track_caller]
    fn wait_in_time(&mut self, state: &str, signal: &Path) -> Value {
        self.wait_in_time_of(state, || noted(signal))
    }

    /// The same, where this tells when the agent signalled.
    #[track_caller]
    fn wait_in_time_of(&mut self, state: &str, signalled: impl FnOnce() -> Duration) -> Value {
        let (session, at) = self.wait_and_tell_when(state);
        let badges = self.world.json(&["slot", "list"]);
        let mut badges = badges.as_array().expect("a list of badges").iter();
        let badge = badges.find(|badge| badge["slot"] == self.slot).expect("the slot's badge");
        assert_eq!(badge["session"]["state"], state, "{badge}");
        let late = at.saturating_sub(signalled());
        eprintln!("{state}: {} ms after the agent's own signal", late.as_millis());
        assert!(late < LATE, "{state} is told {late:?} after the agent's own signal");
        session
    }
}

/// When the agent signalled, as the hook of its own owner has noted it beside ours; the note is taken away.
#[track_caller]
fn noted(signal: &Path) -> Duration {
    let until = Instant::now() + DEADLINE;
    loop {
        let note = std::fs::read_to_string(signal).unwrap_or_default();
        if let Some(nanoseconds) = note.strip_suffix('\n').and_then(|time| time.parse().ok()) {
            std::fs::remove_file(signal).unwrap();
            return Duration::from_nanos(nanoseconds);
        }
        assert!(Instant::now() < until, "no signal in {}: {note:?}", signal.display());
        std::thread::yield_now();
    }
}

/// Types a task into the agent's terminal, as a person does: the words, and Enter once they are there.
#[track_caller]
fn ask(world: &World, session: &str, task: &str) {
    let mut terminal = world.terminal(session);
    terminal.type_in(task);
    terminal.wait_for_screen(task);
    terminal.type_in("\r");
}

/// The first process of a session: the agent itself.
#[track_caller]
fn first_of(session: &Value) -> Process {
    let started = tests::mentioning(text(session, "id"));
    // Numbers go up; whatever the agent has started has a higher one.
    started.into_iter().min_by_key(Process::pid).unwrap_or_else(|| panic!("no process in {session}"))
}

/// The process of a session's keeper: what its agent was started by, however deep.
#[track_caller]
fn keeper_of(world: &World) -> Process {
    let folder = world.home().display().to_string();
    let is_it = |process: &Process| process.command_line().lines().any(|word| word == "keep");
    tests::mentioning(&folder).into_iter().find(is_it).expect("a keeper runs")
}
