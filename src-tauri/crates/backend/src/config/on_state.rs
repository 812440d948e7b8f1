//! What the owner may write as `[[on_state]]` into `settings.toml`: commands for when a session changes its state.

use api::sessions::State;
use api::{Error, Result};
use serde::Deserialize;
use std::time::Duration;

/// The longest time that a command may be given, in seconds.
const TIMEOUT_MAX: u64 = 3600;

/// One command, and when it is run. It is told everything on its standard input, and nothing by its arguments.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnState {
    /// The states that a session comes to.
    pub states: Vec<State>,
    /// Only in these slots; in all if left out.
    #[serde(default)]
    pub slots: Vec<u32>,
    /// Only in projects of these names; in all if left out.
    #[serde(default)]
    pub projects: Vec<String>,
    /// The program and its arguments, as they stand.
    pub command: Vec<String>,
    /// How long it may take, in seconds; then it is killed with all that it has started.
    #[serde(default = "half_a_minute")]
    pub timeout: u64,
}

fn half_a_minute() -> u64 {
    30
}

impl OnState {
    /// Fails if it could never run, or for too long.
    pub fn check(&self) -> Result<()> {
        let bad = |what: &str| Err(Error::invalid(format!("an [[on_state]] of the settings {what}")));
        if self.command.first().is_none_or(String::is_empty) || self.command.iter().any(|w| w.contains('\0'))
        {
            return bad("has no command");
        }
        if self.states.is_empty() {
            return bad("names no state");
        }
        if !(1..=TIMEOUT_MAX).contains(&self.timeout) {
            return bad(&format!("has a timeout that is not 1 to {TIMEOUT_MAX} seconds"));
        }
        Ok(())
    }

    /// How long the command may take.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    /// Whether it is for a session of this slot and project that has come to this state.
    pub fn is_for(&self, state: State, slot: u32, project: &str) -> bool {
        self.states.contains(&state)
            && (self.slots.is_empty() || self.slots.contains(&slot))
            && (self.projects.is_empty() || self.projects.iter().any(|name| name == project))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> std::result::Result<OnState, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn a_command_is_run_for_the_states_slots_and_projects_that_it_names() {
        let all = read("states = [\"done\", \"failed\"]\ncommand = [\"say\"]").unwrap();
        assert!(all.check().is_ok() && all.patience() == Duration::from_secs(30));
        assert!(all.is_for(State::Failed, 7, "shop") && !all.is_for(State::Stopped, 7, "shop"));
        let some =
            read("states = [\"done\"]\nslots = [1, 2]\nprojects = [\"shop\"]\ncommand = [\"say\"]").unwrap();
        for (slot, project, expected) in [(1, "shop", true), (3, "shop", false), (2, "site", false)] {
            assert_eq!(some.is_for(State::Done, slot, project), expected, "{slot} {project}");
        }
    }

    #[test]
    fn what_could_never_run_is_an_error() {
        for text in ["states = [\"done\"]\ncommand = []", "states = []\ncommand = [\"say\"]"] {
            assert!(read(text).unwrap().check().is_err(), "{text}");
        }
        assert!(read("states = [\"done\"]\ncommand = [\"say\"]\ntimeout = 0").unwrap().check().is_err());
        assert!(read("states = [\"finished\"]\ncommand = [\"say\"]").is_err(), "there is no such state");
        assert!(read("states = [\"done\"]\ncommand = [\"say\"]\nslot = 1").is_err(), "a word too many");
    }
}
