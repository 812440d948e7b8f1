//! A Lanyard of the bench's own: its home, its daemon, an identity, a project.

use super::door::{Door, Terminal};
use crate::daemon::Daemon;
use crate::host::Host;
use crate::shell::run;
use anyhow::{Context, Result, bail};
use api::SecretText;
use api::identities::CreateIdentity;
use api::projects::AddProject;
use api::secrets::SetSecret;
use api::sessions::{ListSessions, Session, StartSession, StopSession};
use api::slots::SetSlot;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The identity and the secret that are measured with.
pub const IDENTITY: &str = "bench";
/// The secret's key.
pub const KEY: &str = "GITHUB_TOKEN";
const VALUE: &str = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";
/// How long a session may take to end.
const DEADLINE: Duration = Duration::from_secs(30);

/// A running Lanyard that nothing else uses.
pub struct World<'a> {
    /// The machine.
    pub host: &'a Host,
    /// Its daemon. It ends before its folder goes.
    pub daemon: Daemon,
    folder: TempDir,
}

impl<'a> World<'a> {
    /// Starts the release daemon in an empty home and gives it what every measurement needs.
    pub fn new(host: &'a Host) -> Result<Self> {
        Self::with_settings(host, "")
    }

    /// The same with these settings.
    pub fn with_settings(host: &'a Host, settings: &str) -> Result<Self> {
        // A socket's path is short, so the folder lies in the system's own temporary one.
        let folder = tempfile::Builder::new().prefix("lanyard-").tempdir().context("making a folder")?;
        let passphrase = folder.path().join("passphrase");
        fs::write(&passphrase, "a passphrase for the bench alone\n")?;
        fs::create_dir(home(&folder))?;
        fs::write(home(&folder).join("settings.toml"), settings)?;
        let mut lanyardd = host.command(host.target.join("release/lanyardd"));
        lanyardd.env("LANYARD_HOME", home(&folder)).env("LANYARD_PASSPHRASE_FILE", passphrase);
        lanyardd.stdout(File::create(folder.path().join("daemon.log"))?);
        let daemon = Daemon::start(&mut lanyardd, &home(&folder).join("run/owner.sock"))?;
        let world = Self { host, daemon, folder };
        world.furnish()?;
        Ok(world)
    }

    fn furnish(&self) -> Result<()> {
        let repository = self.path("project");
        let git = |args: &[&str]| run(self.host.command("git").arg("-C").arg(&repository).args(args));
        fs::create_dir(&repository)?;
        git(&["init", "--quiet", "--initial-branch=main"])?;
        let author = ["-c", "user.name=Bench", "-c", "user.email=bench@lanyard.localhost"];
        git(&[&author[..], &["commit", "--quiet", "--allow-empty", "--message=Start"]].concat())?;
        let mut door = self.door()?;
        let identity = Some(IDENTITY.to_string());
        door.call(&CreateIdentity { name: IDENTITY.into(), ..Default::default() })?;
        door.call(&SetSecret {
            identity: identity.clone(),
            key: KEY.into(),
            value: Some(SecretText::new(VALUE.into())),
            ..Default::default()
        })?;
        door.call(&AddProject { path: repository.display().to_string(), name: Some("project".into()) })?;
        for slot in 1..=12 {
            door.call(&SetSlot { slot, identity: identity.clone(), ..Default::default() })?;
        }
        Ok(())
    }

    /// A new connection of the owner's.
    pub fn door(&self) -> Result<Door> {
        Door::open(&home(&self.folder).join("run/owner.sock"))
    }

    /// A place in the world's folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command `lanyard`, of this world.
    pub fn lanyard(&self, args: &[&str]) -> Command {
        let mut lanyard = self.host.command(self.host.target.join("release/lanyard"));
        lanyard.env("LANYARD_HOME", home(&self.folder)).env_remove("LANYARD_SOCKET").args(args);
        lanyard
    }

    /// Starts a shell script in a slot, each slot in the worktree of its own branch.
    pub fn start(&self, slot: u32, script: &str) -> Result<Session> {
        self.door()?.call(&start_call(slot, script))
    }

    /// Attaches to a session.
    pub fn attach(&self, session: &Session) -> Result<Terminal> {
        self.door()?.attach(&session.id)
    }

    /// Stops a session and waits until it has ended.
    pub fn stop(&self, session: &Session) -> Result<()> {
        let mut door = self.door()?;
        door.call(&StopSession { session: session.id.clone(), grace_ms: None })?;
        let end = Instant::now() + DEADLINE;
        while Instant::now() < end {
            if door.call(&ListSessions { ended: false })?.iter().all(|live| live.id != session.id) {
                return Ok(());
            }
            // Nothing is measured here, so a look now and then will do.
            std::thread::sleep(Duration::from_millis(2));
        }
        bail!("a session of the bench does not end")
    }

    /// Ends every session that runs.
    pub fn stop_all(&self) -> Result<()> {
        for session in self.door()?.call(&ListSessions { ended: false })? {
            self.stop(&session)?;
        }
        Ok(())
    }
}

impl Drop for World<'_> {
    /// Sessions outlive their daemon: those of the bench shall not.
    fn drop(&mut self) {
        if let Err(error) = self.stop_all() {
            eprintln!("the bench's sessions could not be ended: {error:#}");
        }
    }
}

/// The request that starts a shell script in a slot.
pub fn start_call(slot: u32, script: &str) -> StartSession {
    StartSession {
        slot,
        project: "project".into(),
        branch: format!("slot-{slot}"),
        command: ["/bin/sh", "-c", script].map(String::from).to_vec(),
        ..Default::default()
    }
}

fn home(folder: &TempDir) -> PathBuf {
    folder.path().join("home")
}
