//! A shell script that runs as the agent of a slot.

use crate::{Outcome, World, text};
use std::path::PathBuf;

/// A script that was started.
pub struct Script<'a> {
    world: &'a World,
    out: PathBuf,
    err: PathBuf,
    /// Its session's id.
    pub session: String,
}

impl World {
    /// Starts a shell script as the agent of a slot.
    ///
    /// The script's own output goes to a file, since a terminal would wrap it.
    #[track_caller]
    pub fn script(&self, slot: u32, branch: &str, script: &str) -> Script<'_> {
        let (out, err) = (self.path(&format!("{branch}.out")), self.path(&format!("{branch}.err")));
        let whole = format!("exec >{} 2>{}\n{script}", out.display(), err.display());
        let session = self.start(slot, branch, &["sh", "-c", &whole]);
        Script { world: self, out, err, session: text(&session, "id").to_string() }
    }
}

impl Script<'_> {
    /// Waits for its end and gives what it wrote, and its exit status.
    #[track_caller]
    pub fn outcome(self) -> Outcome {
        let exit = self.world.ended(&self.session)["exit"].take();
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        Outcome {
            status: exit["code"].as_i64().map(|code| code as i32),
            stdout: read(self.out),
            stderr: read(self.err),
        }
    }
}
