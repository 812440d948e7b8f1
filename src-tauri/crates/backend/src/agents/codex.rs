//! Codex: `notify` for the ends of its turns, and hooks for the rest, both given to this session alone by `-c`.
//!
//! Codex runs hooks only once its owner has trusted them: it asks in the terminal when it first sees them, and
//! remembers the answer in the identity's home. Lanyard does not answer for the owner. Until then, and if the
//! answer is no, the ends of turns are told by `notify`, which needs no trust. A turn that fails is told by
//! neither: it stands in the log of the conversation, which is followed from the turn's beginning on.

use super::{Agent, LONGEST, Launch, SKILL, Started, TOOLS, Told, hooks, is_conversation};
use crate::state::What;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

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
/// The setting that tells it what it has to know beside its task.
const TOLD_IT: &str = "developer_instructions";
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
        for setting in [notify, tools(launch), skill(launch.home)].into_iter().chain(hooks) {
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

    fn log(&self, told: &Told<'_>) -> Option<PathBuf> {
        let begins: Begins = serde_json::from_str(told.payload).ok()?;
        let begins = Some(begins).filter(|hook| hook.hook_event_name == "UserPromptSubmit")?;
        self.transcript(told.home, &begins.session_id)
    }

    fn transcript(&self, home: &Path, conversation: &str) -> Option<PathBuf> {
        found(home, conversation)?.strip_prefix(home).ok().map(Path::to_path_buf)
    }

    fn read(&self, line: &str) -> Option<Vec<What>> {
        let line: Line = serde_json::from_str(line).ok()?;
        match (line.kind.as_str(), line.payload["type"].as_str()?) {
            ("event_msg", "task_complete") => Some(match line.payload["error"]["message"].as_str() {
                Some(error) => vec![What::Failed { reason: reason(error) }],
                None => Vec::new(),
            }),
            ("event_msg", "turn_aborted") => Some(vec![What::Idle]),
            _ => None,
        }
    }
}

/// Our tools, beside those that its settings name. Codex asks nobody before they are called: Lanyard does, where the
/// owner wants that.
fn tools(launch: &Launch<'_>) -> String {
    let (program, socket) = (quoted(&launch.lanyard.to_string_lossy()), quoted(&launch.socket()));
    format!(
        "mcp_servers.{TOOLS}={{command={program},args=[\"mcp\"],env={{LANYARD_SOCKET={socket}}},\
         tool_timeout_sec={},default_tools_approval_mode=\"approve\"}}",
        LONGEST.as_secs()
    )
}

/// What it is told of its slot, behind what the identity's own settings tell it: they have one place for both.
fn skill(home: &Path) -> String {
    let settings = std::fs::read_to_string(home.join(".codex/config.toml")).unwrap_or_default();
    let settings: toml::Table = settings.parse().unwrap_or_default();
    let own = settings.get(TOLD_IT).and_then(|own| own.as_str()).map(|own| format!("{own}\n\n"));
    format!("{TOLD_IT}={}", quoted(&format!("{}{SKILL}", own.unwrap_or_default())))
}

/// The hook that begins a turn.
#[derive(Deserialize)]
struct Begins {
    hook_event_name: String,
    session_id: String,
}

/// A line of a conversation's log.
#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    payload: Value,
}

/// What a server's answer says, where it is JSON.
fn reason(error: &str) -> String {
    let answer: Value = serde_json::from_str(error).unwrap_or_default();
    answer["error"]["message"].as_str().unwrap_or(error).into()
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
    found(home, id).is_some()
}

/// The log of a conversation of this identity.
fn found(home: &Path, id: &str) -> Option<PathBuf> {
    let name = Some(format!("{id}.jsonl")).filter(|_| is_conversation(id))?;
    found_below(&home.join(".codex/sessions"), &name, DEPTH)
}

/// The file of this name, behind the time, so deep below a folder.
fn found_below(folder: &Path, name: &str, depth: u32) -> Option<PathBuf> {
    let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.find_map(|entry| match depth {
        0 => (entry.file_name().to_string_lossy().get(BEFORE..) == Some(name)).then(|| entry.path()),
        _ => entry
            .file_type()
            .ok()
            .filter(|kind| kind.is_dir())
            .and_then(|_| found_below(&entry.path(), name, depth - 1)),
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
        assert_eq!(settings.len(), 3 + EVENTS.len());
        let server = &settings[1]["mcp_servers"]["lanyard"];
        assert_eq!(server["command"].as_str(), Some("/it's/lanyard"));
        assert_eq!(server["env"]["LANYARD_SOCKET"].as_str(), Some("/run/s/agent.sock"));
        assert_eq!(settings[2][TOLD_IT].as_str(), Some(SKILL));
        assert_eq!(settings[0]["notify"][0].as_str(), Some("/it's/lanyard"));
        let stop = settings.iter().find_map(|table| table.get("hooks")?.get("Stop")).unwrap();
        assert_eq!(stop[0]["hooks"][0]["command"].as_str(), Some("'/it'\\''s/lanyard' hook codex"));
    }

    #[test]
    fn what_its_own_settings_tell_it_comes_first() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".codex")).unwrap();
        std::fs::write(home.path().join(".codex/config.toml"), "developer_instructions = \"Be brief.\"")
            .unwrap();
        let told: toml::Table = skill(home.path()).parse().unwrap();
        assert_eq!(told[TOLD_IT].as_str(), Some(format!("Be brief.\n\n{SKILL}").as_str()));
    }

    #[test]
    fn only_a_conversation_of_this_identity_is_resumed() {
        let home = tempfile::tempdir().unwrap();
        keep(home.path(), "01a1-b");
        assert_eq!(started(home.path(), Some("x"), Some("01a1-b"))[25..], ["resume", "01a1-b"]);
        for other in ["01a1-c", "b", "--last"] {
            assert_eq!(started(home.path(), Some("x"), Some(other))[25..], ["--", "x"], "{other}");
        }
    }

    #[test]
    fn a_turn_that_begins_is_followed_in_its_log_to_its_end() {
        let home = tempfile::tempdir().unwrap();
        keep(home.path(), "main");
        let log = |event: &str, id: &str| {
            let payload = serde_json::json!({ "hook_event_name": event, "session_id": id }).to_string();
            Codex::default().log(&Told { home: home.path(), ..told(&payload) })
        };
        let named = ".codex/sessions/2026/11/21/rollout-2026-11-21T16-09-53-main.jsonl";
        assert_eq!(log("UserPromptSubmit", "main"), Some(named.into()));
        assert_eq!(log("UserPromptSubmit", "../main"), None);
        assert_eq!(log("Stop", "main"), None);
        let read = |kind: &str, payload: Value| {
            Codex::default().read(&serde_json::json!({ "type": kind, "payload": payload }).to_string())
        };
        let error = serde_json::json!({ "type": "task_complete", "error": { "message": "{\"error\":{\"message\":\"bad\"}}" } });
        assert_eq!(read("event_msg", error.clone()), Some(vec![What::Failed { reason: "bad".into() }]));
        assert_eq!(read("response_item", error), None);
        assert_eq!(
            read("event_msg", serde_json::json!({ "type": "task_complete", "error": null })),
            Some(Vec::new())
        );
        assert_eq!(read("event_msg", serde_json::json!({ "type": "turn_aborted" })), Some(vec![What::Idle]));
        assert_eq!(read("event_msg", serde_json::json!({ "type": "token_count" })), None);
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
