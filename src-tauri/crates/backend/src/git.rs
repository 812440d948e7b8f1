//! Running the real `git`, confined like an agent: a repository's hooks and filters may be an agent's work.

use crate::keeper::hiding::Hiding;
use anyhow::{Context, Result, bail};
use api::{Code, Error};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

/// How long one git command may take; a checkout of a large repository takes minutes.
const PATIENCE: Duration = Duration::from_secs(600);
/// What git needs of the owner's environment: its programs, and the settings in the owner's home.
const PASSED: [&str; 6] = ["PATH", "HOME", "XDG_CONFIG_HOME", "USER", "LOGNAME", "TMPDIR"];

/// How much one git command may say, in bytes.
const SAID_MAX: u64 = 256 * 1024 * 1024;

/// How long a git command may take, and how much it may say.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// Then it is ended, and that is an error.
    pub time: Duration,
    /// What it says beyond that is not read.
    pub bytes: u64,
}

/// How git is run.
#[derive(Clone)]
pub struct Git {
    launcher: PathBuf,
    env: BTreeMap<OsString, OsString>,
    hiding: Hiding,
}

/// What a git command said.
pub struct Said {
    /// Whether it exited with 0.
    pub success: bool,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Whether it had more to say than it may.
    pub cut: bool,
}

impl Git {
    /// Git as the owner has it; `launcher` is `lanyardd`, which confines it, and `hiding` what it cannot see.
    pub fn new(launcher: PathBuf, owner_env: &BTreeMap<OsString, OsString>, hiding: Hiding) -> Self {
        let passed = |name: &&str| owner_env.get(OsStr::new(name)).map(|v| (OsString::from(name), v.clone()));
        let mut env: BTreeMap<_, _> = PASSED.iter().filter_map(passed).collect();
        for (name, value) in
            [("GIT_TERMINAL_PROMPT", "0"), ("GIT_OPTIONAL_LOCKS", "0"), ("LC_ALL", "C.UTF-8")]
        {
            env.insert(name.into(), value.into());
        }
        Self { launcher, env, hiding }
    }

    /// Runs git in `folder` and gives what it said, however it ended.
    pub async fn ask(&self, folder: &Path, args: &[&str]) -> Result<Said> {
        self.ask_within(Bounds { time: PATIENCE, bytes: SAID_MAX }, folder, args).await
    }

    /// The same within bounds.
    pub async fn ask_within(&self, bounds: Bounds, folder: &Path, args: &[&str]) -> Result<Said> {
        let mut child = self.command(folder, args)?.spawn().context("running git")?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let run = async {
            let (stdout, stderr) = tokio::try_join!(read(stdout, bounds.bytes), read(stderr, bounds.bytes))?;
            anyhow::Ok((stdout, stderr, child.wait().await.context("waiting for git")?))
        };
        let Ok(ended) = tokio::time::timeout(bounds.time, run).await else {
            bail!(Error::new(Code::Git, format!("git {} took too long and was ended", args[0])));
        };
        let (stdout, stderr, status) = ended?;
        let cut = stdout.len() as u64 > bounds.bytes;
        Ok(Said {
            // One whose output is not read any more is ended by that.
            success: status.success() || cut,
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            cut,
        })
    }

    fn command(&self, folder: &Path, args: &[&str]) -> Result<Command> {
        let mut hiding = self.hiding.clone();
        hiding.kept.push(folder.to_path_buf());
        let hiding = serde_json::to_string(&hiding).context("telling what git cannot see")?;
        let mut command = Command::new(&self.launcher);
        command
            .args(["keep", "--confined", &hiding, "--", "git", "-c", "core.fsmonitor=false"])
            .args(args)
            .current_dir(folder)
            .env_clear()
            .envs(&self.env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Ok(command)
    }

    /// Runs git in `folder`; a failure is an error with git's own words.
    pub async fn run(&self, folder: &Path, args: &[&str]) -> Result<String> {
        let said = self.ask(folder, args).await?;
        match said.success {
            true => Ok(said.stdout),
            false => bail!(said.failure(args[0])),
        }
    }

    /// The first line that git prints, or none where it fails.
    pub async fn line(&self, folder: &Path, args: &[&str]) -> Result<Option<String>> {
        let said = self.ask(folder, args).await?;
        let line = said.stdout.lines().next().unwrap_or_default().trim().to_string();
        Ok((said.success && !line.is_empty()).then_some(line))
    }
}

/// Reads what a command says, and one byte too many where it is more than `most`.
async fn read(from: Option<impl AsyncRead + Unpin>, most: u64) -> Result<Vec<u8>> {
    let mut said = Vec::new();
    if let Some(from) = from {
        from.take(most.saturating_add(1)).read_to_end(&mut said).await.context("reading what git says")?;
    }
    Ok(said)
}

impl Said {
    /// The error for a git command that failed, with git's own words.
    pub fn failure(&self, command: &str) -> Error {
        Error::new(Code::Git, format!("git {command}: {}", first_line(&self.stderr)))
    }
}

/// The telling line of git's standard error, short and without control characters.
fn first_line(stderr: &str) -> String {
    let telling = |line: &&str| line.starts_with("fatal:") || line.starts_with("error:");
    let line = stderr.lines().find(telling).or_else(|| stderr.lines().next()).unwrap_or("it failed");
    line.trim_start_matches("fatal: ").trim_start_matches("error: ").escape_debug().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_telling_line_of_an_error_is_found_and_made_harmless() {
        let stderr = "Preparing worktree\nfatal: 'x\x1b[31m' is bad\nmore";
        assert_eq!(first_line(stderr), "\\'x\\u{1b}[31m\\' is bad");
        assert_eq!(first_line(""), "it failed");
    }
}
