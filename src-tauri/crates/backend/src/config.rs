//! Where Lanyard keeps its things and what its owner has set: made by the host, read by the rooms.

pub mod mail;
pub mod on_state;

use crate::failpoint::{self, Failpoints};
use anyhow::{Context, Result, bail};
use api::Error;
use mail::MailSettings;
use on_state::OnState;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The longest path that a Unix socket can have on Linux, in bytes, without its final zero.
const SOCKET_PATH_MAX: usize = 107;

/// What the owner may write into `settings.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The domain of addresses that are given without one.
    pub email_domain: String,
    /// The loopback port of the web door; 0 takes a free one.
    pub web_port: u16,
    /// How many lines of scrollback a terminal keeps, at most 10,000.
    pub scrollback: usize,
    /// Whether a session's state follows what its programs print about themselves, where no hook tells it.
    pub signals: bool,
    /// Whether the desktop is told anything at all.
    pub notifications: bool,
    /// Which secret is for which host, for git: `"git.example.com" = "GITEA_TOKEN"`, or `"user:GITEA_TOKEN"`
    /// where the host looks at the user's name.
    pub git_hosts: BTreeMap<String, String>,
    /// Agents of the owner's own, by their names.
    pub agents: BTreeMap<String, OwnAgent>,
    /// Whether sessions see neither Lanyard's own files nor the owner's logins and runtime sockets. Without
    /// it only the doors and the sealing stand between an agent and another's secrets.
    pub hide: bool,
    /// The mail server on this machine.
    pub inbox: MailSettings,
    /// Commands that are run when a session changes its state.
    pub on_state: Vec<OnState>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            email_domain: "lanyard.localhost".into(),
            web_port: 0,
            scrollback: 10_000,
            signals: true,
            notifications: true,
            git_hosts: BTreeMap::new(),
            agents: BTreeMap::new(),
            hide: true,
            inbox: MailSettings::default(),
            on_state: Vec::new(),
        }
    }
}

/// An agent of the owner's own: `[agents.NAME]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwnAgent {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The arguments that give it a task, with `{prompt}` for the task; the task alone if left out.
    pub prompt: Vec<String>,
    /// The whole command that goes on with a conversation, with `{conversation}` for its id.
    pub resume: Vec<String>,
    /// Variables that it needs. These are no secrets: those belong into the vault.
    pub env: BTreeMap<String, String>,
}

/// Everything that the daemon takes from outside.
#[derive(Clone)]
pub struct Config {
    /// The folder of the database, the worktrees and the identities' homes.
    pub data: PathBuf,
    /// The folder of the sockets.
    pub runtime: PathBuf,
    /// The log file.
    pub log: PathBuf,
    /// What the owner has set.
    pub settings: Settings,
    /// The folder of the settings' file.
    pub settings_folder: Option<PathBuf>,
    /// The file that holds the vault's passphrase, where there is one.
    pub passphrase_file: Option<PathBuf>,
    /// The folder of the page, where one was found.
    pub ui: Option<PathBuf>,
    /// The folder of Lanyard's own programs.
    pub programs: PathBuf,
    /// Where a test has the daemon killed.
    pub failpoints: Failpoints,
    /// The owner's environment, from which sessions take only what is allowed.
    pub owner_env: BTreeMap<OsString, OsString>,
}

impl Config {
    /// Reads paths from `env` and the settings from their file. `exe` is the daemon's own program.
    pub fn read(env: BTreeMap<OsString, OsString>, exe: &Path) -> Result<Self> {
        let places = Places::of(&env)?;
        let programs = exe.parent().context("the daemon's program has no folder")?.to_path_buf();
        let ui = absolute(var(&env, "LANYARD_UI"))?.or_else(|| find_ui(&programs));
        let config = Self {
            settings: read_settings(&places.settings)?,
            settings_folder: places.settings.parent().map(Path::to_path_buf),
            data: places.data,
            runtime: places.runtime,
            log: places.log,
            passphrase_file: absolute(var(&env, "LANYARD_PASSPHRASE_FILE"))?,
            ui,
            programs,
            failpoints: Failpoints::named(env.get(OsStr::new(failpoint::VARIABLE)).map(OsString::as_os_str)),
            owner_env: env,
        };
        check_socket(&config.session_folder("0123456789ab").join("agent.sock"))?;
        Ok(config)
    }

    /// Makes the folders that are missing, for the owner alone.
    pub fn make_folders(&self) -> Result<()> {
        let log_folder = self.log.parent().unwrap_or(&self.data);
        for folder in [
            &self.data,
            &self.runtime,
            &self.worktrees(),
            &self.homes(),
            &self.sessions(),
            &self.keepers(),
            &self.git(),
            &self.mints(),
            log_folder,
        ] {
            make_folder(folder)?;
        }
        Ok(())
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.data.join("lanyard.db")
    }

    /// The folder of the checkouts.
    pub fn worktrees(&self) -> PathBuf {
        self.data.join("worktrees")
    }

    /// The folder of the calls to issuers that are being made.
    pub fn mints(&self) -> PathBuf {
        self.data.join("mints")
    }

    /// The folder of the identities' homes.
    pub fn homes(&self) -> PathBuf {
        self.data.join("homes")
    }

    /// The home of one identity's sessions.
    pub fn home(&self, identity_id: &str) -> PathBuf {
        self.homes().join(identity_id)
    }

    /// The folder of Lanyard's own commands, first on every session's PATH.
    pub fn commands(&self) -> PathBuf {
        self.data.join("bin")
    }

    /// The folder of Lanyard's own Python modules, which sessions see with the commands.
    pub fn python(&self) -> PathBuf {
        self.commands().join("python")
    }

    /// The folder of what git reads of Lanyard: public keys and settings. Sessions see it.
    pub fn git(&self) -> PathBuf {
        self.data.join("git")
    }

    /// Every folder that is Lanyard's alone.
    pub fn own_folders(&self) -> Vec<PathBuf> {
        let log = self.log.parent().map(Path::to_path_buf);
        let folders =
            [Some(self.data.clone()), Some(self.runtime.clone()), log, self.settings_folder.clone()];
        folders.into_iter().flatten().collect()
    }

    /// The owner's socket.
    pub fn owner_socket(&self) -> PathBuf {
        self.runtime.join("owner.sock")
    }

    /// The folder of the sessions' own folders.
    pub fn sessions(&self) -> PathBuf {
        self.runtime.join("s")
    }

    /// The folder of a session's own socket, named by the random end of its id. The session can see it.
    pub fn session_folder(&self, session_id: &str) -> PathBuf {
        self.sessions().join(short(session_id))
    }

    /// The folder of the keepers' sockets, which no session can see.
    pub fn keepers(&self) -> PathBuf {
        self.runtime.join("k")
    }

    /// The socket of a session's keeper.
    pub fn keeper_socket(&self, session_id: &str) -> PathBuf {
        self.keepers().join(format!("{}.sock", short(session_id)))
    }
}

fn short(session_id: &str) -> &str {
    &session_id[session_id.len().saturating_sub(12)..]
}

/// Makes a folder with all that leads to it, for the owner alone.
pub fn make_folder(folder: &Path) -> Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("making the folder {}", folder.display()))
}

/// Writes a file of the owner's that is read meanwhile: the reader sees the old one or the new one, and never a
/// part.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let fresh = path.with_added_extension("new");
    let open = || File::options().write(true).create(true).truncate(true).mode(0o600).open(&fresh);
    open()
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| std::fs::rename(&fresh, path))
        .with_context(|| format!("writing {}", path.display()))
}

struct Places {
    data: PathBuf,
    runtime: PathBuf,
    log: PathBuf,
    settings: PathBuf,
}

impl Places {
    fn of(env: &BTreeMap<OsString, OsString>) -> Result<Self> {
        if let Some(home) = var(env, "LANYARD_HOME") {
            let home = std::path::absolute(&home).context("reading LANYARD_HOME")?;
            return Ok(Self {
                runtime: home.join("run"),
                log: home.join("lanyard.log"),
                settings: home.join("settings.toml"),
                data: home,
            });
        }
        let Some(home) = var(env, "HOME") else {
            bail!(
                Error::invalid("neither HOME nor LANYARD_HOME is set").hint("set LANYARD_HOME to a folder")
            );
        };
        let xdg = |name: &str, default: &str| {
            var(env, name).filter(|p| p.is_absolute()).unwrap_or_else(|| home.join(default)).join("lanyard")
        };
        let data = xdg("XDG_DATA_HOME", ".local/share");
        let runtime = var(env, "XDG_RUNTIME_DIR")
            .filter(|run| run.is_absolute())
            .map_or_else(|| data.join("run"), |run| run.join("lanyard"));
        Ok(Self {
            runtime,
            log: xdg("XDG_STATE_HOME", ".local/state").join("lanyard.log"),
            settings: xdg("XDG_CONFIG_HOME", ".config").join("settings.toml"),
            data,
        })
    }
}

fn var(env: &BTreeMap<OsString, OsString>, name: &str) -> Option<PathBuf> {
    env.get(&OsString::from(name)).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// A path that holds when the daemon has left the folder that it was started in.
fn absolute(path: Option<PathBuf>) -> Result<Option<PathBuf>> {
    path.map(std::path::absolute).transpose().context("reading a path of the environment")
}

fn find_ui(programs: &Path) -> Option<PathBuf> {
    ["../ui", "ui", "../share/lanyard/ui"]
        .iter()
        .map(|place| programs.join(place))
        .find(|folder| folder.join("index.html").is_file())
}

fn read_settings(path: &Path) -> Result<Settings> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Settings::default()),
        Err(e) => return Err(e).with_context(|| format!("reading {}", path.display())),
    };
    let settings: Settings = toml::from_str(&text).map_err(|e| {
        Error::invalid(format!("{} cannot be read: {}", path.display(), e.message()))
            .hint("mend the line, or take the file away for the defaults")
    })?;
    settings.on_state.iter().try_for_each(OnState::check)?;
    Ok(Settings { scrollback: settings.scrollback.min(10_000), ..settings })
}

fn check_socket(path: &Path) -> Result<()> {
    let length = path.as_os_str().len();
    if length > SOCKET_PATH_MAX {
        bail!(
            Error::invalid(format!(
                "the socket path {} is {length} bytes long, {SOCKET_PATH_MAX} is the limit",
                path.display()
            ))
            .hint("set LANYARD_HOME or XDG_RUNTIME_DIR to a shorter path")
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<OsString, OsString> {
        pairs.iter().map(|(k, v)| (OsString::from(k), OsString::from(v))).collect()
    }

    #[test]
    fn lanyard_home_moves_everything_under_one_folder() {
        let config =
            Config::read(env(&[("LANYARD_HOME", "/x"), ("HOME", "/h")]), Path::new("/b/lanyardd")).unwrap();
        for path in [&config.data, &config.runtime, &config.log] {
            assert!(path.starts_with("/x"), "{}", path.display());
        }
        assert_eq!(config.database(), Path::new("/x/lanyard.db"));
    }

    #[test]
    fn otherwise_the_xdg_folders_hold() {
        let pairs = [("HOME", "/h"), ("XDG_RUNTIME_DIR", "/run/user/1"), ("XDG_DATA_HOME", "relative")];
        let config = Config::read(env(&pairs), Path::new("/b/lanyardd")).unwrap();
        assert_eq!(config.runtime, Path::new("/run/user/1/lanyard"));
        assert_eq!(config.data, Path::new("/h/.local/share/lanyard"));
    }

    #[test]
    fn a_socket_path_that_is_too_long_is_named_with_a_way_out() {
        let long = format!("/{}", "d".repeat(120));
        let error = Config::read(env(&[("LANYARD_HOME", &long)]), Path::new("/b/lanyardd")).err().unwrap();
        assert!(error.downcast::<Error>().unwrap().hint.unwrap().contains("shorter"));
    }

    #[test]
    fn a_setting_that_does_not_exist_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_str().unwrap();
        std::fs::write(dir.path().join("settings.toml"), "email_domian = \"x\"").unwrap();
        assert!(Config::read(env(&[("LANYARD_HOME", home)]), Path::new("/b/lanyardd")).is_err());
    }
}
