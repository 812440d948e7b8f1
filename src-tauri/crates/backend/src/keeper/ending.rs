//! How a session ends: its command first, then everything that it has left behind.

use super::process::Terminal;
use super::tree;
use api::sessions::Exit;
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// How long what the command leaves behind may take to go by itself.
const ORPHANS: Duration = Duration::from_secs(1);
/// How often the rest is killed anew: what was just being started escapes a first round.
const AGAIN: Duration = Duration::from_millis(50);
/// After so many rounds the rest is left alone: the kernel itself holds it.
const ROUNDS: u32 = 100;

/// How far the end has come.
#[derive(Debug, Default)]
pub(super) struct Ending {
    exit: Option<Exit>,
    all_gone: bool,
    /// When what is left is killed.
    kill_at: Option<Instant>,
    rounds: u32,
}

impl Ending {
    /// Asks every process to go, and kills what is left after the grace period. A second call may shorten
    /// the time that is left.
    pub fn begin(&mut self, grace: Duration, terminal: &Terminal) {
        tree::signal_all(Signal::HUP, terminal.foreground());
        let kill_at = Instant::now() + grace;
        self.kill_at = Some(self.kill_at.map_or(kill_at, |before| before.min(kill_at)));
    }

    /// Collects the dead, and goes on with the end where it has begun.
    pub fn tend(&mut self, command: u32, terminal: &Terminal) {
        let harvest = tree::collect(command);
        self.all_gone |= harvest.all_gone;
        if let Some(exit) = harvest.command {
            self.exit = Some(exit);
            if !harvest.all_gone {
                self.begin(ORPHANS, terminal);
            }
        }
        let now = Instant::now();
        if !self.all_gone && self.kill_at.is_some_and(|at| at <= now) {
            tree::signal_all(Signal::KILL, None);
            self.kill_at = Some(now + AGAIN);
            self.rounds += 1;
        }
    }

    /// Whether the command and all that it has started are gone.
    pub fn is_complete(&self) -> bool {
        self.all_gone || self.rounds > ROUNDS
    }

    /// How the command ended.
    pub fn exit(&self) -> Exit {
        self.exit.unwrap_or(Exit::Lost)
    }

    /// When there is something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.kill_at.filter(|_| !self.is_complete())
    }

    /// Whether there is something to do.
    pub fn is_due(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|at| at <= now)
    }
}
