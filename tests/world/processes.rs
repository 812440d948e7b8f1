//! The processes of a world: found by what they mention of its folder, watched, and ended one by one.

use crate::DEADLINE;
use crate::run::wait_for_pidfd;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::collections::HashSet;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

/// A process that cannot be mistaken for a later one of the same number.
pub struct Process {
    pid: i32,
    handle: OwnedFd,
}

impl Process {
    /// The process of this number, if it runs.
    pub fn of(pid: i32) -> Option<Self> {
        let handle = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
        // One that has ended and is only not yet collected does not run.
        (!wait_for_pidfd(&handle, Duration::ZERO)).then_some(Self { pid, handle })
    }

    /// Its number.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Whether it still runs.
    pub fn runs(&self) -> bool {
        !wait_for_pidfd(&self.handle, Duration::ZERO)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        // It may have ended by itself in this moment.
        let _gone = pidfd_send_signal(&self.handle, signal);
    }

    /// Ends it at once, as a crash would, and waits until it is gone.
    #[track_caller]
    pub fn kill(&self) {
        self.signal(Signal::KILL);
        self.wait_for_end();
    }

    /// Waits until it has ended.
    #[track_caller]
    pub fn wait_for_end(&self) {
        assert!(wait_for_pidfd(&self.handle, DEADLINE), "process {} does not end", self.pid);
    }

    /// Its command line, one argument a line.
    pub fn command_line(&self) -> String {
        read_lossy(self.pid, "cmdline").replace('\0', "\n")
    }

    /// The processes that it started and that still run.
    pub fn children(&self) -> Vec<Process> {
        let of_us = |process: &Process| parent_of(process.pid) == Some(self.pid);
        numbers().into_iter().filter_map(Process::of).filter(of_us).collect()
    }
}

/// Every process whose command line, environment, folder, open files or sockets mention this text, other
/// than the test itself. A keeper has no environment, but its socket lies in the world's folder.
pub fn mentioning(text: &str) -> Vec<Process> {
    let us = std::process::id() as i32;
    let sockets = sockets_below(text);
    let opens = |pid: i32| {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        files.filter_map(|file| fs::read_link(file.path()).ok()).any(|link| {
            let link = link.to_string_lossy().into_owned();
            link.contains(text) || sockets.contains(&link)
        })
    };
    let mentions = |pid: i32| {
        let folder = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
        read_lossy(pid, "environ").contains(text)
            || read_lossy(pid, "cmdline").contains(text)
            || folder.to_string_lossy().contains(text)
            || opens(pid)
    };
    numbers().into_iter().filter(|pid| *pid != us && mentions(*pid)).filter_map(Process::of).collect()
}

/// The sockets with this text in their path, as the links in `/proc/PID/fd` name them.
fn sockets_below(text: &str) -> HashSet<String> {
    let table = fs::read_to_string("/proc/net/unix").unwrap_or_default();
    let inode = |line: &str| line.split_whitespace().nth(6).map(|inode| format!("socket:[{inode}]"));
    table.lines().filter(|line| line.contains(text)).filter_map(inode).collect()
}

/// Ends every process of a world. Some start others while they end, so it looks again until none is left.
pub(crate) fn end_all_of(folder: &Path) {
    let folder = folder.display().to_string();
    for _ in 0..20 {
        let left = mentioning(&folder);
        if left.is_empty() {
            return;
        }
        left.iter().for_each(|process| process.signal(Signal::KILL));
        for process in left {
            wait_for_pidfd(&process.handle, Duration::from_secs(5));
        }
    }
    eprintln!("processes of {folder} are still there");
}

fn numbers() -> Vec<i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn parent_of(pid: i32) -> Option<i32> {
    // The name in brackets may hold anything, so the fields are counted from its end.
    let stat = read_lossy(pid, "stat");
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn read_lossy(pid: i32, file: &str) -> String {
    String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default()).into_owned()
}
