//! The owner's own shell. Its prompt is seen in its terminal; a script may call `lanyard hook shell` as well.

use super::{Agent, Launch, Started, Told, own};
use crate::state::What;

/// The agent.
pub struct Shell {
    command: Vec<String>,
}

impl Shell {
    /// This shell.
    pub fn new(program: &str) -> Self {
        Self { command: vec![program.into()] }
    }
}

impl Agent for Shell {
    fn name(&self) -> &str {
        "shell"
    }

    fn command(&self) -> &[String] {
        &self.command
    }

    fn takes_prompt(&self) -> bool {
        false
    }

    fn start(&self, _: &Launch<'_>) -> Started {
        Started { command: self.command.clone(), ..Started::default() }
    }

    fn hear(&self, told: &Told<'_>) -> Vec<What> {
        own::hear(told)
    }
}
