//! The daemon's side of a call to an issuer: the file that says how far it came, and the process that makes it.

use super::minting::{Answer, CALLED, Errand, bound};
use crate::failpoint::Failpoints;
use crate::wiped;
use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::process::setsid;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::Semaphore;
use vault::DataKey;

/// How many issuers are called at once; others wait.
const AT_ONCE: usize = 8;
/// How often a lock is looked at that another daemon's process holds: nobody tells when it is free.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The folder of the calls.
pub struct Mints {
    folder: PathBuf,
    program: PathBuf,
    failpoints: Failpoints,
    turns: Semaphore,
}

/// What became of a call.
pub enum Outcome {
    /// It was not made.
    NotCalled,
    /// It was made, and there is no answer.
    Lost,
    /// It was answered.
    Answered(Answer),
}

impl Mints {
    /// The calls whose files lie in `folder`; `program` is `lanyardd` itself.
    pub fn new(folder: PathBuf, program: PathBuf, failpoints: Failpoints) -> Self {
        Self { folder, program, failpoints, turns: Semaphore::new(AT_ONCE) }
    }

    /// Makes the call and waits for its end. The process goes on when this future, or the daemon, ends.
    pub async fn call(&self, id: &str, errand: Errand, key: &DataKey) -> Result<Outcome> {
        let _turn = self.turns.acquire().await?;
        let told = wiped::json(&errand)?;
        drop(errand);
        // The lock is taken before there is anybody who could call, and handed over: a new daemon that finds
        // it free knows that nobody calls any more.
        let file = self.locked(id)?;
        self.failpoints.at("mint.file.after");
        let mut command = Command::new(&self.program);
        let number = file.as_raw_fd();
        command.args(["mint", &number.to_string()]).current_dir("/").stdin(Stdio::piped());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        // SAFETY: the closure makes two system calls, which are safe between fork and exec; the descriptor
        // lives until the process is started.
        unsafe {
            command.pre_exec(move || {
                fcntl_setfd(std::os::fd::BorrowedFd::borrow_raw(number), FdFlags::empty())?;
                setsid()?;
                Ok(())
            });
        }
        let mut child = command.spawn().context("starting lanyardd mint")?;
        drop(file);
        self.failpoints.at("mint.spawn.after");
        if let Some(mut stdin) = child.stdin.take() {
            // A process that could not read it makes no call, and its file says so.
            let _ = stdin.write_all(&told).await;
        }
        self.failpoints.at("mint.told.after");
        child.wait().await.context("waiting for lanyardd mint")?;
        self.outcome(id, key).await
    }

    /// Waits until nobody makes this call any more, and says what became of it.
    pub async fn outcome(&self, id: &str, key: &DataKey) -> Result<Outcome> {
        let path = self.path(id);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Outcome::NotCalled),
            Err(e) => return Err(e).with_context(|| format!("opening {}", path.display())),
        };
        while !is_free(&file)? {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let content = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let Some(sealed) = content.strip_prefix(CALLED) else { return Ok(Outcome::NotCalled) };
        // An answer that was cut short does not open, and counts as none.
        let Ok(answer) = key.open(sealed, bound(id)) else { return Ok(Outcome::Lost) };
        // EXPOSE: the answer is read.
        Ok(serde_json::from_slice(answer.expose()).map_or(Outcome::Lost, Outcome::Answered))
    }

    /// Forgets a call whose outcome is written down.
    pub fn forget(&self, id: &str) -> Result<()> {
        match std::fs::remove_file(self.path(id)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e).context("removing what a call left"),
            _ => Ok(()),
        }
    }

    /// Whether a call has left a file.
    pub fn has_left(&self, id: &str) -> bool {
        self.path(id).exists()
    }

    /// The ids of the calls that have left a file.
    pub fn left(&self) -> Result<Vec<String>> {
        let entries = std::fs::read_dir(&self.folder).context("reading the folder of the calls")?;
        Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
    }

    fn locked(&self, id: &str) -> Result<File> {
        let path = self.path(id);
        let file = File::options().create_new(true).append(true).mode(0o600).open(&path);
        let file = file.with_context(|| format!("making {}", path.display()))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).context("locking a call")?;
        file.sync_all()?;
        // The name must outlive a crash of the machine as well: by it a call is known that was made.
        File::open(&self.folder)?.sync_all()?;
        Ok(file)
    }

    fn path(&self, id: &str) -> PathBuf {
        self.folder.join(Path::new(id).file_name().unwrap_or_default())
    }
}

/// Whether nobody holds the lock; looking takes none that stays.
fn is_free(file: &File) -> Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => {
            flock(file, FlockOperation::Unlock)?;
            Ok(true)
        }
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(e) => Err(e).context("looking at a call's lock"),
    }
}
