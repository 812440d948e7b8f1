//! A test's own world: its own home, vault, repository, sockets and daemon, and nothing left behind.
//!
//! ```no_run
//! let world = tests::World::new();
//! world.lanyard(&["identity", "create", "--name", "ada"]).ok();
//! ```
//!
//! Every process that a world starts can be told by the world's folder in its environment, and is ended
//! when the world is dropped. Nothing here sleeps: what has to be waited for is an event with a deadline.

mod alone;
mod beside;
mod clock;
mod daemon;
mod door;
mod dovecot;
mod files;
mod forge;
pub mod github;
mod issuer;
mod letters;
mod mail;
pub mod model;
mod owner;
mod processes;
mod programs;
pub mod providers;
pub mod ravi;
pub mod ravi_house;
mod repository;
mod run;
mod script;
pub mod server;
mod shapes;
mod terminal;
mod watch;
mod web;

pub use alone::is_alone;
pub use beside::Beside;
pub use clock::WallClock;
pub use daemon::Daemon;
pub use door::Door;
pub use dovecot::{Dovecot, MAILBOX_PASSWORD};
pub use forge::{HttpForge, SshForge};
pub use github::GitHub;
pub use issuer::Counterpart;
pub use mail::MailServer;
pub use owner::OWNERS_LOGINS;
pub use processes::{Process, mentioning};
pub use programs::{present, program, python};
pub use run::{Outcome, run, wait_for_end};
pub use script::Script;
pub use terminal::Terminal;
pub use watch::Watch;
pub use web::client;

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long anything may take before a test fails. It is generous: the machine may be busy.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// The passphrase of every world's vault.
pub const PASSPHRASE: &str = "correct horse battery";

/// One test's own world.
pub struct World {
    folder: tempfile::TempDir,
    environment: BTreeMap<String, String>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// A world with an owner who has logins of their own, and a vault that a passphrase opens.
    pub fn new() -> Self {
        // The folder is short, since the paths of sockets are limited.
        let folder = tempfile::Builder::new().prefix("ly").tempdir().expect("a folder for the world");
        let mut world = Self { folder, environment: BTreeMap::new() };
        owner::settle(&mut world);
        world
    }

    /// A folder or file of this world.
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Where Lanyard keeps everything.
    pub fn home(&self) -> PathBuf {
        self.path("l")
    }

    /// The owner's socket.
    pub fn owner_socket(&self) -> PathBuf {
        self.home().join("run/owner.sock")
    }

    /// The file with the vault's passphrase.
    pub fn passphrase_file(&self) -> PathBuf {
        self.path("passphrase")
    }

    /// Sets a variable of the owner's environment; what runs already is not changed.
    pub fn set(&mut self, name: &str, value: impl AsRef<str>) {
        self.environment.insert(name.to_string(), value.as_ref().to_string());
    }

    /// Takes a variable out of the owner's environment.
    pub fn unset(&mut self, name: &str) {
        self.environment.remove(name);
    }

    /// The owner's environment.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// A program in the owner's environment.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env_clear().envs(&self.environment).current_dir(self.folder.path());
        command
    }

    /// Runs `lanyard` as the owner, without input.
    pub fn lanyard(&self, args: &[&str]) -> Outcome {
        self.lanyard_with(args, "")
    }

    /// Runs `lanyard` as the owner with this input.
    pub fn lanyard_with(&self, args: &[&str], input: &str) -> Outcome {
        let mut command = self.command(program("lanyard"));
        command.args(args);
        run(command, input.as_bytes(), DEADLINE)
    }

    /// Runs `lanyard … --json` and reads what it prints.
    pub fn json(&self, args: &[&str]) -> Value {
        self.lanyard(&with_json(args)).json()
    }

    /// Makes an identity.
    pub fn identity(&self, name: &str) -> Value {
        self.json(&["identity", "create", "--name", name])
    }

    /// Makes an identity with a secret and seats it in a slot.
    pub fn seat(&self, slot: u32, identity: &str, key: &str, value: &str) {
        self.identity(identity);
        self.lanyard_with(&["secrets", "set", key, "-", "--identity", identity], value).ok();
        self.lanyard(&["slot", "set", &slot.to_string(), "--identity", identity]).ok();
    }

    /// Makes a repository at `name` and adds it as a project of that name.
    pub fn project(&self, name: &str) -> PathBuf {
        let path = self.repository(name);
        self.lanyard(&["project", "add", &path.display().to_string()]).ok();
        path
    }

    /// Starts a command in a slot, in a new worktree of the project `work`, and gives its session.
    pub fn start(&self, slot: u32, branch: &str, command: &[&str]) -> Value {
        let slot = slot.to_string();
        let mut args =
            vec!["start", "--json", "--slot", &slot, "--project", "work", "--branch", branch, "--"];
        args.extend_from_slice(command);
        self.lanyard(&args).json()
    }

    /// Runs a shell script as the agent of a slot to its end, and gives what it wrote, and its exit status.
    pub fn as_agent(&self, slot: u32, branch: &str, script: &str) -> Outcome {
        self.script(slot, branch, script).outcome()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        processes::end_all_of(self.folder.path());
    }
}

/// The text in a field of a JSON object.
#[track_caller]
pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no text {field} in {value}"))
}

// `--` ends the options, so the flag stands before it.
fn with_json<'a>(args: &[&'a str]) -> Vec<&'a str> {
    let end = args.iter().position(|arg| *arg == "--").unwrap_or(args.len());
    let mut all = args.to_vec();
    all.insert(end, "--json");
    all
}
