//! Codex: `notify` for the ends of its turns, and hooks for the rest, both given to this session alone by `-c`.
//!
//! Codex runs hooks only once its owner has trusted them: it asks in the terminal when it first sees them, and
//! remembers the answer in the identity's home. Lanyard does not answer for the owner. Until then, and if the
//! answer is no, the ends of turns are told by `notify`, which needs no trust.

use super::{Agent, Launch, Started, Told, hooks, is_conversation};
use crate::state::What;
use serde::Deserialize;
use std::path::Path;

/// What its hooks are told of.
const EVENTS: [&str; 9] = [
    "SessionStart",
    "SessionEnd",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "PermissionRequest",
    "Stop",
    "SubagentStop",
    "Interrupt",
];
/// How deep below `sessions` its conversations are kept: by year, month and day.
const DEPTH: u32 = 3;
/// What stands before the id in their files' names.
const BEFORE: usize = "rollout-2026-11-21T16-09-53-".len();

/// The agent.
pub struct Codex {
    command: Vec<String>,
}

impl Default for Codex {
    fn default() -> Self {
        Self { command: vec!["codex".into()] }
    }
}

impl Agent for Codex {
    fn name(&self) -> &str {
        "codex"
    }

    fn command(&self) -> &[String] {
        &self.command
    }

    fn start(&self, launch: &Launch<'_>) -> Started {
        let mut command = self.command.clone();
        let hook = quoted(&launch.hook(self.name()));
        let notify = format!("notify=[{},\"hook\",\"codex\"]", quoted(&launch.lanyard.to_string_lossy()));
        let hooks = EVENTS.map(|event| {
            format!(
                "hooks.{event}=[{{hooks=[{{type=\"command\",command={hook},timeout={}}}]}}]",
                hooks::TIMEOUT
            )
        });
        for setting in [notify].into_iter().chain(hooks) {
            command.extend(["-c".into(), setting]);
        }
        let kept = launch.conversation.filter(|id| is_kept(launch.home, id));
        match kept {
            Some(id) => command.extend(["resume".into(), id.into()]),
            None => command.extend(launch.prompt.into_iter().flat_map(|prompt| ["--".into(), prompt.into()])),
        }
        Started { command, conversation: kept.map(String::from), ..Started::default() }
    }

    fn hear(&self, told: &Told<'_>) -> Vec<What> {
        let Ok(turn) = serde_json::from_str::<Turn>(told.payload) else { return hooks::hear(told) };
        // Codex thinks of a title in a conversation of its own, which it does not keep.
        let ours =
            told.conversation.map_or_else(|| is_kept(told.home, &turn.thread), |ours| ours == turn.thread);
        match ours && turn.kind == "agent-turn-complete" {
            true => vec![What::Conversation(turn.thread), What::Done { message: turn.message }],
            false => Vec::new(),
        }
    }
}

/// What `notify` is given.
#[derive(Deserialize)]
struct Turn {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "thread-id")]
    thread: String,
    #[serde(rename = "last-assistant-message")]
    message: Option<String>,
}

/// Whether this identity has a conversation of this id.
fn is_kept(home: &Path, id: &str) -> bool {
    is_conversation(id) && holds(&home.join(".codex/sessions"), &format!("{id}.jsonl"), DEPTH)
}

/// Whether a file of this name, behind the time, lies so deep below a folder.
fn holds(folder: &Path, name: &str, depth: u32) -> bool {
    let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.any(|entry| match depth {
        0 => entry.file_name().to_string_lossy().get(BEFORE..) == Some(name),
        _ => entry.file_type().is_ok_and(|kind| kind.is_dir()) && holds(&entry.path(), name, depth - 1),
    })
}

/// A text as TOML has it, in which JSON's escapes mean the same.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use super::*;

    fn started(home: &Path, prompt: Option<&str>, conversation: Option<&str>) -> Vec<String> {
        let (folder, lanyard) = (Path::new("/run/s"), Path::new("/it's/lanyard"));
        let launch = Launch { session: "0199-a", folder, home, lanyard, prompt, conversation };
        Codex::default().start(&launch).command
    }

    fn keep(home: &Path, id: &str) {
        let folder = home.join(".codex/sessions/2026/11/21");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("rollout-2026-11-21T16-09-53-{id}.jsonl")), "{}").unwrap();
    }

    #[test]
    fn its_settings_are_toml_that_names_our_hook() {
        let command = started(Path::new("/nowhere"), Some("--fix it"), None);
        assert_eq!(command[command.len() - 2..], ["--", "--fix it"]);
        let settings: Vec<toml::Table> = command
            .iter()
            .skip_while(|word| *word != "-c")
            .step_by(2)
            .zip(command.iter().skip(2).step_by(2))
            .take_while(|(flag, _)| *flag == "-c")
            .map(|(_, setting)| setting.parse().unwrap())
            .collect();
        assert_eq!(settings.len(), 1 + EVENTS.len());
        assert_eq!(settings[0]["notify"][0].as_str(), Some("/it's/lanyard"));
        let stop = settings.iter().find_map(|table| table.get("hooks")?.get("Stop")).unwrap();
        assert_eq!(stop[0]["hooks"][0]["command"].as_str(), Some("'/it'\\''s/lanyard' hook codex"));
    }

    #[test]
    fn only_a_conversation_of_this_identity_is_resumed() {
        let home = tempfile::tempdir().unwrap();
        keep(home.path(), "01a1-b");
        assert_eq!(started(home.path(), Some("x"), Some("01a1-b"))[21..], ["resume", "01a1-b"]);
        for other in ["01a1-c", "b", "--last"] {
            assert_eq!(started(home.path(), Some("x"), Some(other))[21..], ["--", "x"], "{other}");
        }
    }

    #[test]
    fn the_end_of_a_turn_counts_in_the_sessions_own_conversation() {
        let home = tempfile::tempdir().unwrap();
        keep(home.path(), "main");
        let hear = |thread: &str, conversation| {
            let payload = serde_json::json!({
                "type": "agent-turn-complete", "thread-id": thread, "last-assistant-message": "Built."
            });
            Codex::default().hear(&Told { home: home.path(), conversation, ..told(&payload.to_string()) })
        };
        let done = [What::Conversation("main".into()), What::Done { message: Some("Built.".into()) }];
        assert_eq!(hear("main", None), done);
        assert_eq!(hear("main", Some("main")), done);
        assert_eq!(hear("title", None), []);
        assert_eq!(hear("title", Some("main")), []);
    }
}
