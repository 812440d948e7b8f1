//! What `lanyard watch --json` prints, line by line, and when.

use crate::{World, program};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long it is waited for before something is made happen again.
const KNOCK: Duration = Duration::from_millis(50);

/// A running `lanyard watch --json`; it ends when this is dropped.
pub struct Watch {
    child: Child,
    lines: Receiver<(Value, Duration)>,
}

impl World {
    /// Starts one, and waits until it tells of what happens.
    #[track_caller]
    pub fn watch(&self) -> Watch {
        self.lanyard(&["status"]).ok();
        let mut command = self.command(program("lanyard"));
        let mut child = command.args(["watch", "--json"]).stdout(Stdio::piped()).spawn().expect("it starts");
        let (send, lines) = channel();
        let printed = BufReader::new(child.stdout.take().expect("its output"));
        std::thread::spawn(move || {
            for line in printed.lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).expect("each line is JSON");
                if send.send((event, now())).is_err() {
                    break;
                }
            }
        });
        let watch = Watch { child, lines };
        // It may not have subscribed yet: something happens until it tells of it.
        for round in 0..1000 {
            self.lanyard(&["slot", "set", "3", "--hue", &(round % 12).to_string()]).ok();
            match watch.lines.recv_timeout(KNOCK) {
                Ok(_) => return watch,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        panic!("`lanyard watch` tells of nothing");
    }
}

impl Watch {
    /// The next event until then and when it was printed; none if there is none, or the daemon has gone.
    pub fn next_by(&self, until: Instant) -> Option<(Value, Duration)> {
        self.lines.recv_timeout(until.saturating_duration_since(Instant::now())).ok()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended with its daemon.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
