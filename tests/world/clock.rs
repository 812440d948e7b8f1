//! A world's own clocks: a wall clock that is set while programs run, and a machine that has run for longer.
//!
//! `libfaketime` moves the wall clock of programs that ask the C library; the time since the machine was started
//! is asked of the kernel, and a time namespace of the kernel's moves that. So nothing in Lanyard knows of it.

use crate::daemon::Daemon;
use crate::run::run;
use crate::{DEADLINE, World, program};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A wall clock that can be set, as a person or a time server sets the machine's.
pub struct WallClock {
    file: PathBuf,
}

impl World {
    /// From now on what is started in this world reads this wall clock, which goes right until it is set.
    #[track_caller]
    pub fn wall_clock(&mut self) -> WallClock {
        let clock = WallClock { file: self.path("wall-clock") };
        clock.set(0);
        // Where the library lies differs between systems: its own program tells.
        let mut asked = Command::new("faketime");
        asked.args(["-m", "-f", "+0", "sh", "-c", "printf %s \"$LD_PRELOAD\""]);
        let library = run(asked, b"", DEADLINE).ok();
        let file = clock.file.display().to_string();
        for (name, value) in [
            ("LD_PRELOAD", library.as_str()),
            ("FAKETIME_TIMESTAMP_FILE", &file),
            ("FAKETIME_NO_CACHE", "1"),
            // Whoever sets a clock moves neither what is measured since the start, nor the times of files.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("NO_FAKE_STAT", "1"),
            ("FAKETIME_DISABLE_SHM", "1"),
        ] {
            self.set(name, value);
        }
        clock
    }

    /// The daemon, on a machine that has run for so much longer.
    #[track_caller]
    pub fn daemon_later(&self, by: Duration) -> Daemon {
        self.daemon_by(self.later(by))
    }

    /// The daemon on such a machine, to its end.
    #[track_caller]
    pub fn daemon_later_that_ends(&self, by: Duration) -> crate::Outcome {
        run(self.later(by), b"", DEADLINE)
    }

    fn later(&self, by: Duration) -> Command {
        let mut command = self.command("unshare");
        command.args(["--user", "--map-current-user", "--time", "--boottime"]);
        command.arg(by.as_secs().to_string()).arg(program("lanyardd"));
        command
    }
}

impl WallClock {
    /// Sets it so many seconds ahead of the machine's, or behind.
    #[track_caller]
    pub fn set(&self, ahead: i64) {
        let new = self.file.with_extension("new");
        fs::write(&new, format!("{ahead:+}")).expect("the clock is written");
        fs::rename(new, &self.file).expect("the clock is set");
    }
}
