//! OpenCode: a plugin of this session alone, which passes its events on.

use super::{Agent, Launch, Started, Told, own};
use crate::state::What;

/// The agent.
pub struct OpenCode {
    command: Vec<String>,
}

impl Default for OpenCode {
    fn default() -> Self {
        Self { command: vec!["opencode".into()] }
    }
}

impl Agent for OpenCode {
    fn name(&self) -> &str {
        "opencode"
    }

    fn command(&self) -> &[String] {
        &self.command
    }

    fn start(&self, launch: &Launch<'_>) -> Started {
        let mut command = self.command.clone();
        match launch.conversation {
            Some(id) => command.extend(["--session".into(), id.into()]),
            None => command.extend(launch.prompt.map(|prompt| format!("--prompt={prompt}"))),
        }
        Started { command, ..Started::default() }
    }

    fn hear(&self, told: &Told<'_>) -> Vec<What> {
        own::hear(told)
    }
}
