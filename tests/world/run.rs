//! Running a program to its end, with input, with all its output, and never for longer than a deadline.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde_json::Value;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How a program ended and what it said.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The exit status; none if a signal ended it.
    pub status: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained.
    pub stderr: String,
}

impl Outcome {
    /// What it printed; the test fails if it did not succeed.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.status, Some(0), "it failed: {}{}", self.stderr, self.stdout);
        self.stdout
    }

    /// What it printed, as JSON.
    #[track_caller]
    pub fn json(self) -> Value {
        let out = self.ok();
        serde_json::from_str(&out).unwrap_or_else(|e| panic!("no JSON ({e}): {out}"))
    }

    /// What it complained; the test fails unless it ended with this exit status and said why.
    #[track_caller]
    pub fn fails(self, status: i32) -> String {
        assert_eq!(self.status, Some(status), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        assert!(!self.stderr.trim().is_empty(), "it failed and did not say why");
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self.stderr
    }
}

/// Runs a program with `input` and ends it when the deadline has passed, which fails the test.
#[track_caller]
pub fn run(mut command: Command, input: &[u8], deadline: Duration) -> Outcome {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
    let (mut stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = (reader(stdout), reader(stderr));
    if let Some(stdin) = &mut stdin {
        // A program that does not read its input has closed it; that is its own affair.
        let _unread = stdin.write_all(input);
    }
    drop(stdin);
    let ended = wait_for_end(&child, deadline);
    if !ended {
        child.kill().expect("the program can be ended");
    }
    let status = child.wait().expect("the program is our child").code();
    assert!(ended, "{command:?} did not end within {deadline:?}");
    // A daemon that the program started must not hold its output open: then this would wait for ever.
    let take = |from: std::sync::mpsc::Receiver<Vec<u8>>| {
        let bytes =
            from.recv_timeout(deadline).unwrap_or_else(|_| panic!("{command:?} left its output open"));
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Outcome { status, stdout: take(stdout), stderr: take(stderr) }
}

fn reader(from: Option<impl Read + Send + 'static>) -> std::sync::mpsc::Receiver<Vec<u8>> {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            let _partial = from.read_to_end(&mut bytes);
        }
        let _gone = send.send(bytes);
    });
    receive
}

/// Waits until a child has ended; false if the deadline passes first.
pub fn wait_for_end(child: &Child, deadline: Duration) -> bool {
    let pid = Pid::from_child(child);
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => wait_for_pidfd(&pidfd, deadline),
        Err(_) => true,
    }
}

/// Waits until a process has ended; false if the deadline passes first.
pub(crate) fn wait_for_pidfd(pidfd: &OwnedFd, deadline: Duration) -> bool {
    let until = Instant::now() + deadline;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        match poll(&mut [PollFd::new(pidfd, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return false,
            Err(rustix::io::Errno::INTR) => {}
            _ => return true,
        }
    }
}
