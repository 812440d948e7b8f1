//! The room of walls: what this machine's kernel lets Lanyard put round a session, tried once.

use anyhow::{Context, Result};
use api::status::Walls as Found;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use tokio::process::Command;
use tokio::sync::OnceCell;

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Walls {
    launcher: Arc<PathBuf>,
    hide: bool,
    found: Arc<OnceCell<Found>>,
}

impl Walls {
    /// Opens the room; `launcher` is `lanyardd`, and `hide` what the owner's setting says.
    pub fn new(launcher: PathBuf, hide: bool) -> Self {
        Self { launcher: Arc::new(launcher), hide, found: Arc::default() }
    }

    /// What holds. It is tried by a process of its own, which goes behind the walls and does not come back.
    pub async fn found(&self) -> Result<Found> {
        let found = self.found.get_or_try_init(|| async {
            let mut probe = Command::new(&*self.launcher);
            let probe = probe.args(["keep", "--probe"]).stdin(Stdio::null()).env_clear().kill_on_drop(true);
            let output = probe.output().await.context("trying the walls of a session")?;
            let found: Found = serde_json::from_slice(&output.stdout).context("reading which walls hold")?;
            Ok::<_, anyhow::Error>(Found { hidden: found.hidden && self.hide, ..found })
        });
        Ok(*found.await?)
    }
}
