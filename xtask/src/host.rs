//! The machine and the checkout that xtask works on: folders, programs, rights.

use anyhow::{Context, Result};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What xtask knows of its surroundings. Only `main` reads the environment, and hands it in here.
pub struct Host {
    /// The checkout's top folder.
    pub top: PathBuf,
    /// Cargo's target folder.
    pub target: PathBuf,
    /// The cargo that runs us.
    pub cargo: OsString,
    /// Whether a window can be shown.
    pub display: bool,
    /// The socket that a daemon of this person's listens on.
    pub owner_socket: PathBuf,
    path: Vec<PathBuf>,
}

impl Host {
    /// Reads the surroundings through `var`.
    pub fn new(var: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let manifest = var("CARGO_MANIFEST_DIR").context("start xtask by `cargo xtask`")?;
        let top = Path::new(&manifest).parent().context("xtask has no parent folder")?.to_path_buf();
        let target = var("CARGO_TARGET_DIR").map_or_else(|| top.join("target"), |dir| top.join(dir));
        let set = |name| var(name).is_some_and(|value| !value.is_empty());
        let mut path = vec![target.join("tools/bin")];
        path.extend(std::env::split_paths(&var("PATH").unwrap_or_default()));
        Ok(Self {
            cargo: var("CARGO").unwrap_or_else(|| "cargo".into()),
            display: set("DISPLAY") || set("WAYLAND_DISPLAY"),
            owner_socket: owner_socket(&var),
            top,
            target,
            path,
        })
    }

    /// Where a program stands, if it is installed: our own tools first.
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        self.path.iter().map(|dir| dir.join(program)).find(|path| path.is_file())
    }

    /// Whether a program is installed.
    pub fn has(&self, program: &str) -> bool {
        self.find(program).is_some()
    }

    /// A command that runs at the top of the checkout and finds our own tools.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.top);
        // Cargo sets this for the programs that it runs; a compiler of another origin must not see it.
        command.env_remove("LD_LIBRARY_PATH");
        if let Ok(path) = std::env::join_paths(&self.path) {
            command.env("PATH", path);
        }
        command
    }

    /// A command of cargo's.
    pub fn cargo(&self, args: &[&str]) -> Command {
        let mut command = self.command(&self.cargo);
        command.args(args);
        command
    }

    /// Whether we run as root.
    pub fn is_root(&self) -> bool {
        rustix::process::geteuid().is_root()
    }
}

/// Where the daemon listens, by the same rules as its own.
fn owner_socket(var: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let folder = |name| var(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let absolute = |name| folder(name).filter(|path| path.is_absolute());
    let data = || absolute("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")));
    let runtime = folder("LANYARD_HOME")
        .map(|home| home.join("run"))
        .or_else(|| Some(absolute("XDG_RUNTIME_DIR")?.join("lanyard")))
        .or_else(|| Some(data()?.join("lanyard/run")));
    runtime.unwrap_or_default().join("owner.sock")
}
