//! Telling the daemon the terminal's signals, and the program the answers to its questions.

use super::super::control::Change;
use super::super::door::Door;
use super::Pump;
use std::time::Instant;

/// The most bytes of answers that wait for a program: whoever asks more is not listening.
const ANSWERS_MAX: usize = 64 * 1024;

impl Pump {
    /// When there are signals to tell, and somebody to hear them.
    pub(super) fn signals_due(&self) -> Option<Instant> {
        self.state.queries.signals.due().filter(|_| self.is_heard())
    }

    /// Tells those who watch what has settled. What nobody hears waits, and gives way to what is newer.
    pub(super) fn tell_signals(&mut self, now: Instant) {
        if self.signals_due().is_none_or(|due| due > now) {
            return;
        }
        let change = Change::Signals(self.state.queries.signals.take(now));
        self.state.doors.iter_mut().filter(|door| door.watches).for_each(|door| door.tell(&change));
    }

    /// Whether somebody watches, and all who do have read what they were told.
    fn is_heard(&self) -> bool {
        let mut watchers = self.state.doors.iter().filter(|door| door.watches).peekable();
        watchers.peek().is_some() && !watchers.any(Door::has_mail)
    }

    /// Types the terminal's answers to the program.
    pub(super) fn answer(&mut self, bytes: &[u8]) {
        if self.state.input.len() + bytes.len() <= ANSWERS_MAX {
            self.state.input.extend(bytes);
        }
    }
}
