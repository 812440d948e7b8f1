//! The session's whole process tree: finds it, signals it, and collects its dead.

use api::sessions::Exit;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, pidfd_open, pidfd_send_signal, wait,
};

/// What was found when the dead were collected.
pub(super) struct Harvest {
    /// How the session's command itself ended, if it was among them.
    pub command: Option<Exit>,
    /// Nothing is left: neither the command nor anything that it has started.
    pub all_gone: bool,
}

/// Collects every child that has ended. Orphans of the session become the keeper's children, because it is
/// their subreaper; so when no child is left, no descendant is.
pub(super) fn collect(command: u32) -> Harvest {
    let mut harvest = Harvest { command: None, all_gone: false };
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) if pid.as_raw_nonzero().get().unsigned_abs() == command => {
                harvest.command = Some(exit_of(status));
            }
            Ok(Some(_)) => {}
            Ok(None) => return harvest,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => {
                harvest.all_gone = true;
                return harvest;
            }
        }
    }
}

fn exit_of(status: WaitStatus) -> Exit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Lost,
    }
}

/// Sends a signal to every descendant of this process, and to the foreground group of its terminal.
pub(super) fn signal_all(signal: Signal, foreground: Option<i32>) {
    if let Some(group) = foreground.and_then(Pid::from_raw) {
        // The group may have gone meanwhile, which is what is wanted.
        let _ = rustix::process::kill_process_group(group, signal);
    }
    for pid in peer::descendants(std::process::id()) {
        send(pid, signal);
    }
}

/// Signals one process, provided that its number still belongs to a descendant of ours.
fn send(pid: u32, signal: Signal) {
    let Some(raw) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
    let Ok(fd) = pidfd_open(raw, PidfdFlags::empty()) else { return };
    // The descriptor holds the process, so what is true of the number now stays true of the descriptor.
    if peer::descends_from(pid, std::process::id()).unwrap_or(false) {
        let _ = pidfd_send_signal(&fd, signal);
        if signal == Signal::HUP {
            // A stopped process can't react before it goes on.
            let _ = pidfd_send_signal(&fd, Signal::CONT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    #[test]
    fn grandchildren_are_descendants() {
        let mut child = Command::new("sh")
            .args(["-c", "sleep 60 & echo $!; wait"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let grandchild: u32 = line.trim().parse().unwrap();
        let found = peer::descendants(std::process::id());
        assert!(found.contains(&child.id()) && found.contains(&grandchild));
        child.kill().unwrap();
        child.wait().unwrap();
        send_to_orphan(grandchild);
    }

    fn send_to_orphan(pid: u32) {
        let pid = Pid::from_raw(pid.cast_signed()).unwrap();
        let _ = rustix::process::kill_process(pid, Signal::KILL);
    }
}
