//! The daemon of a world: started in the foreground or by `lanyard`, killed, and waited for.

use crate::run::{Outcome, wait_for_end};
use crate::{DEADLINE, Door, Process, World, program};
use rustix::process::Signal;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A daemon that runs in the foreground of the test.
pub struct Daemon {
    child: Child,
}

impl Daemon {
    /// Kills it as a crash would.
    pub fn kill(mut self) {
        self.child.kill().expect("the daemon can be killed");
        self.child.wait().expect("the daemon is our child");
    }

    /// Asks it to end as a system does that shuts down, and waits for it.
    pub fn end(mut self) {
        self.process().signal(Signal::TERM);
        assert!(wait_for_end(&self.child, DEADLINE), "the daemon does not end on SIGTERM");
        self.child.wait().expect("the daemon is our child");
    }

    /// Its process.
    pub fn process(&self) -> Process {
        Process::of(self.child.id() as i32).expect("the daemon runs")
    }

    fn ended_within(&mut self, time: Duration) -> bool {
        wait_for_end(&self.child, time)
    }
}

impl World {
    /// Starts `lanyardd` in the foreground and waits until it answers.
    #[track_caller]
    pub fn daemon(&self) -> Daemon {
        self.daemon_by(self.command(program("lanyardd")))
    }

    /// Starts `lanyardd` by this command and waits until it answers.
    #[track_caller]
    pub(crate) fn daemon_by(&self, mut command: Command) -> Daemon {
        // A second one would end at once, and a test that kills it would kill nothing.
        assert!(
            Door::open(&self.owner_socket()).is_err(),
            "a daemon answers already, which `lanyard` has begun"
        );
        let log = std::fs::File::create(self.path("daemon.err")).expect("a file for its complaints");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        let mut daemon = Daemon { child: child.expect("lanyardd starts") };
        let until = Instant::now() + DEADLINE;
        // There is nothing to wait for but its end; a short wait for that is the pause between two tries.
        // What a killed daemon was just starting may hold its socket for a moment, and says no hello.
        while Door::open(&self.owner_socket()).is_err() {
            let told = || std::fs::read_to_string(self.path("daemon.err")).unwrap_or_default();
            assert!(!daemon.ended_within(Duration::from_millis(10)), "the daemon ended: {}", told());
            assert!(Instant::now() < until, "the daemon does not answer: {}", told());
        }
        daemon
    }

    /// Runs `lanyardd` where it cannot start, to its end.
    #[track_caller]
    pub fn daemon_that_ends(&self) -> Outcome {
        crate::run(self.command(program("lanyardd")), b"", DEADLINE)
    }

    /// The process of the daemon that answers now; `lanyard` starts one if there is none.
    #[track_caller]
    pub fn daemon_process(&self) -> Process {
        let status = self.json(&["status"]);
        let pid = status["pid"].as_i64().unwrap_or_else(|| panic!("no pid in {status}"));
        Process::of(pid as i32).expect("the daemon runs")
    }

    /// What the daemon wrote into its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home().join("lanyard.log")).unwrap_or_default()
    }
}
