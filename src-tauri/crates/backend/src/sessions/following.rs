//! Following an agent's own log to the end of a turn: some ends are told there and by no hook.

use super::Sessions;
use crate::state::{Heard, Origin, What};
use crate::store::SessionRow;
use anyhow::{Context, Result, bail};
use rustix::fs::{Mode, OFlags, ResolveFlags, inotify, openat2};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The longest line that is looked at, in bytes; a longer one is passed over.
const LINE_MAX: usize = 1024 * 1024;

impl Sessions {
    /// Follows a log, below the identity's home, from here on until it tells that the turn is over.
    pub(super) fn follow(&self, row: &SessionRow, agent: &str, log: PathBuf) -> Result<()> {
        let mut log = Log::open(&self.config.home(&row.identity_id), &log)?;
        let Some(until) = self.following(&row.id) else { return Ok(()) };
        let (room, id, agent) = (self.clone(), row.id.clone(), agent.to_string());
        self.tasks.spawn(async move {
            let over = async {
                loop {
                    let line = log.line().await?;
                    if let Some(told) = room.agents.find(&agent)?.read(&line) {
                        return anyhow::Ok(told);
                    }
                }
            };
            let over = until.run_until_cancelled(room.ending.run_until_cancelled(over)).await.flatten();
            match over {
                Some(Ok(told)) => room.hear_of_log(&id, told).await,
                Some(Err(e)) => tracing::warn!("following the log of session {id}: {e:#}"),
                None => {}
            }
        });
        Ok(())
    }

    async fn hear_of_log(&self, id: &str, told: Vec<What>) {
        let heard = told.into_iter().map(|what| Heard { from: Origin::Hook, what }).collect();
        if let Err(e) = self.hear_all(id, heard).await {
            tracing::error!("hearing the log of session {id}: {e:#}");
        }
    }

    /// Until when a session's log is followed: its end, or the next turn.
    fn following(&self, id: &str) -> Option<tokio_util::sync::CancellationToken> {
        let doors = self.live.doors.lock().unwrap_or_else(|e| e.into_inner());
        let until = doors.get(id)?.child_token();
        let mut following = self.live.following.lock().unwrap_or_else(|e| e.into_inner());
        following.retain(|_, before| !before.is_cancelled());
        if let Some(before) = following.insert(id.into(), until.clone()) {
            before.cancel();
        }
        Some(until)
    }
}

/// A file that grows, read in lines.
struct Log {
    file: File,
    changes: AsyncFd<OwnedFd>,
    held: Vec<u8>,
}

impl Log {
    /// Opens a file at its end. It is the agent's own, who shall not have the daemon read another one by it.
    fn open(home: &Path, log: &Path) -> Result<Self> {
        let below = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let home = File::open(home).context("opening the identity's home")?;
        let mut file =
            File::from(openat2(&home, log, flags, Mode::empty(), below).context("opening the log")?);
        if !file.metadata()?.is_file() {
            bail!("the log is no file");
        }
        file.seek(SeekFrom::End(0))?;
        let changes = inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC)?;
        let itself = format!("/proc/self/fd/{}", file.as_raw_fd());
        inotify::add_watch(&changes, itself, inotify::WatchFlags::MODIFY)?;
        // SAFETY: the descriptor is owned by what watches it, and stays open and the same as long as that lives.
        let changes = unsafe { AsyncFd::register_with_interest(changes, Interest::READABLE) }?;
        Ok(Self { file, changes, held: Vec::new() })
    }

    /// The next whole line.
    async fn line(&mut self) -> Result<String> {
        let mut part = vec![0; 64 * 1024];
        loop {
            if let Some(end) = self.held.iter().position(|byte| *byte == b'\n') {
                let line = self.held.drain(..=end).collect::<Vec<_>>();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_string());
            }
            if self.held.len() > LINE_MAX {
                self.held.clear();
            }
            match self.file.read(&mut part)? {
                0 => self.changed().await?,
                read => self.held.extend_from_slice(&part[..read]),
            }
        }
    }

    /// Waits until somebody has written.
    async fn changed(&self) -> Result<()> {
        let mut ready = self.changes.readable().await?;
        let mut events = [0; 4096];
        // What happened is always the same; it is only taken away.
        while rustix::io::read(&self.changes, &mut events).is_ok() {}
        ready.clear_ready();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[tokio::test]
    async fn a_log_is_read_from_where_it_is_opened_line_by_line() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("log");
        std::fs::write(&path, "before\n").unwrap();
        let mut log = Log::open(home.path(), Path::new("log")).unwrap();
        let mut writer = File::options().append(true).open(&path).unwrap();
        writer.write_all(b"one\ntw").unwrap();
        assert_eq!(log.line().await.unwrap(), "one");
        let (second, ()) = tokio::join!(log.line(), async {
            tokio::task::yield_now().await;
            writer.write_all(b"o\n").unwrap();
        });
        assert_eq!(second.unwrap(), "two");
    }

    #[tokio::test]
    async fn a_log_is_a_file_below_its_home_and_nothing_else() {
        let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let secret = other.path().join("secret");
        std::fs::write(&secret, "x\n").unwrap();
        std::os::unix::fs::symlink(&secret, home.path().join("link")).unwrap();
        for path in ["link", "../secret", secret.to_str().unwrap(), "", "."] {
            assert!(Log::open(home.path(), Path::new(path)).is_err(), "{path}");
        }
    }
}
