//! The terminal on standard input in another mode for a while, put back whatever happens.

use crate::failure::{Failure, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::thread::JoinHandle;

/// A mode that ends with this value, with a panic, or with a signal that ends the process.
pub struct Mode {
    before: Arc<Before>,
    signals: Handle,
    listener: Option<JoinHandle<()>>,
}

/// What is to be put back.
struct Before {
    settings: Option<Termios>,
    farewell: &'static [u8],
}

impl Mode {
    /// Changes the settings of standard input, where that is a terminal; `farewell` is written to standard
    /// output at the end, where that is one.
    pub fn enter(change: impl FnOnce(&mut Termios), farewell: &'static [u8]) -> Result<Self> {
        let broken = |e: &dyn std::fmt::Display| Failure::system("setting up the terminal", e);
        let settings = tcgetattr(io::stdin()).ok();
        let before = Arc::new(Before { settings, farewell });
        let mut ends = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT]).map_err(|e| broken(&e))?;
        let signals = ends.handle();
        let seen = before.clone();
        let listener = std::thread::spawn(move || {
            if let Some(signal) = ends.forever().next() {
                seen.restore();
                // This ends the process the way the signal would have done.
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        });
        let mode = Self { before, signals, listener: Some(listener) };
        if let Some(mut settings) = mode.before.settings.clone() {
            change(&mut settings);
            tcsetattr(io::stdin(), OptionalActions::Now, &settings).map_err(|e| broken(&e))?;
        }
        Ok(mode)
    }
}

impl Before {
    fn restore(&self) {
        if let Some(settings) = &self.settings {
            // There is nobody to tell if the terminal is gone.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, settings);
        }
        if !self.farewell.is_empty() && io::stdout().is_terminal() && can_write() {
            let _ = rustix::io::write(io::stdout(), self.farewell);
        }
    }
}

/// A terminal that takes nothing more must not keep a signal from ending the process.
fn can_write() -> bool {
    let stdout = io::stdout();
    let mut ends = [PollFd::new(&stdout, PollFlags::OUT)];
    poll(&mut ends, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
}

impl Drop for Mode {
    fn drop(&mut self) {
        self.signals.close();
        if let Some(listener) = self.listener.take() {
            // It ends as its handle is closed; a panic of it would change nothing.
            let _ = listener.join();
        }
        self.before.restore();
    }
}
