//! A `lanyardd` in the foreground: started, waited for, ended.

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a daemon may take until it listens.
const DEADLINE: Duration = Duration::from_secs(20);

/// A daemon that runs as long as this value lives.
pub struct Daemon(Child);

impl Daemon {
    /// Starts it and waits until it listens on `socket`.
    pub fn start(lanyardd: &mut Command, socket: &Path) -> Result<Self> {
        // SAFETY: the closure makes one system call, which is safe between fork and exec.
        unsafe {
            lanyardd.pre_exec(|| {
                // Whoever ends xtask alone ends the daemon as well.
                set_parent_process_death_signal(Some(Signal::TERM))?;
                Ok(())
            });
        }
        let mut daemon = Self(lanyardd.stdin(Stdio::null()).spawn().context("starting lanyardd")?);
        daemon.wait_until_it_listens(socket)?;
        Ok(daemon)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Waits for its end, and tells whether it ended well.
    pub fn wait(&mut self) -> Result<bool> {
        Ok(self.0.wait()?.success())
    }

    fn wait_until_it_listens(&mut self, socket: &Path) -> Result<()> {
        let end = Instant::now() + DEADLINE;
        while Instant::now() < end {
            if let Some(status) = self.0.try_wait()? {
                bail!("lanyardd ended before it listened ({status}); what it says stands above");
            }
            if UnixStream::connect(socket).is_ok() {
                return Ok(());
            }
            // It tells nobody when it listens.
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("lanyardd does not listen on {} after {} seconds", socket.display(), DEADLINE.as_secs())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // One that has ended already was waited for, so its number cannot belong to another process.
        if let Ok(None) = self.0.try_wait() {
            let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
            let _ = self.0.wait();
        }
    }
}
