//! Running the real `git`, confined like an agent: a repository's hooks and filters may be an agent's work.

use crate::keeper::hiding::Hiding;
use anyhow::{Context, Result, bail};
use api::{Code, Error};
use rustix::fs::OFlags;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
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

/// The longest line that is read of a file of git's.
const LINE_MAX: u64 = 4096;

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

/// The branch that a linked checkout is on, as its files have it. None wherever that is not plain to see, and
/// then git has to be asked. The files may be an agent's work, so nothing is followed and nothing waited for.
pub fn branch_of(checkout: &Path) -> Option<String> {
    let link = read_line(&checkout.join(".git"))?;
    let head = read_line(&checkout.join(link.strip_prefix("gitdir: ")?).join("HEAD"))?;
    head.strip_prefix("ref: refs/heads/").map(String::from)
}

/// The one line of a small file.
fn read_line(path: &Path) -> Option<String> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path).ok()?;
    let mut text = String::new();
    file.metadata().ok()?.is_file().then_some(file)?.take(LINE_MAX).read_to_string(&mut text).ok()?;
    let line = text.strip_suffix('\n')?;
    (!line.contains('\n')).then(|| line.to_string())
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
    fn a_checkout_tells_its_branch_only_by_plain_files() {
        let folder = tempfile::tempdir().unwrap();
        let (checkout, admin) = (folder.path().join("try"), folder.path().join("admin"));
        std::fs::create_dir(&checkout).unwrap();
        std::fs::create_dir(&admin).unwrap();
        assert_eq!(branch_of(&checkout), None, "there is no link");
        std::fs::write(checkout.join(".git"), format!("gitdir: {}\n", admin.display())).unwrap();
        std::fs::write(admin.join("HEAD"), "ref: refs/heads/feat/ünï\n").unwrap();
        assert_eq!(branch_of(&checkout).as_deref(), Some("feat/ünï"));
        std::fs::write(checkout.join(".git"), "gitdir: ../admin\n").unwrap();
        assert_eq!(branch_of(&checkout).as_deref(), Some("feat/ünï"));
        for head in ["0123456789abcdef\n", "ref: refs/heads/a\nb\n", "ref: refs/heads/a", ""] {
            std::fs::write(admin.join("HEAD"), head).unwrap();
            assert_eq!(branch_of(&checkout), None, "{head:?}");
        }
        std::fs::remove_file(admin.join("HEAD")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, admin.join("HEAD"), rustix::fs::Mode::RUSR).unwrap();
        assert_eq!(branch_of(&checkout), None, "a pipe is not waited for");
        std::fs::write(folder.path().join("file"), "ref: refs/heads/a\n").unwrap();
        std::fs::remove_file(admin.join("HEAD")).unwrap();
        std::os::unix::fs::symlink("../file", admin.join("HEAD")).unwrap();
        assert_eq!(branch_of(&checkout), None, "a link is not followed");
    }

    #[test]
    fn the_telling_line_of_an_error_is_found_and_made_harmless() {
        let stderr = "Preparing worktree\nfatal: 'x\x1b[31m' is bad\nmore";
        assert_eq!(first_line(stderr), "\\'x\\u{1b}[31m\\' is bad");
        assert_eq!(first_line(""), "it failed");
    }
}
