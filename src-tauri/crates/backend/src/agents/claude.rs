//! Claude Code: hooks of this session alone by `--settings`, and a conversation whose id is chosen for it.

use super::{Agent, Launch, SKILL, SKILL_FILE, Started, TOOLS, Told, hooks, is_conversation};
use crate::state::What;
use serde_json::json;
use std::path::{Path, PathBuf};

/// What its hooks are told of.
const EVENTS: [&str; 13] = [
    "SessionStart",
    "SessionEnd",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "PermissionRequest",
    "PermissionDenied",
    "Notification",
    "Stop",
    "StopFailure",
    "SubagentStop",
    "ElicitationResult",
];
/// The settings in the session's own folder.
const FILE: &str = "claude.json";
/// Its tools by MCP, beside those of its owner.
const TOOLS_FILE: &str = "claude-mcp.json";
/// Where it keeps its transcripts, and in how many folders one is looked for.
const PROJECTS: &str = ".claude/projects";
const FOLDERS: usize = 1000;

/// The agent.
pub struct Claude {
    command: Vec<String>,
}

impl Default for Claude {
    fn default() -> Self {
        Self { command: vec!["claude".into()] }
    }
}

impl Agent for Claude {
    fn name(&self) -> &str {
        "claude"
    }

    fn command(&self) -> &[String] {
        &self.command
    }

    fn start(&self, launch: &Launch<'_>) -> Started {
        let mut command = self.command.clone();
        command.extend(["--settings".into(), launch.file(FILE)]);
        command.extend(["--mcp-config".into(), launch.file(TOOLS_FILE)]);
        command.extend(["--append-system-prompt-file".into(), launch.file(SKILL_FILE)]);
        let kept = launch.conversation.filter(|id| is_kept(launch.home, id));
        match kept {
            Some(id) => command.extend(["--resume".into(), id.into()]),
            None => {
                command.extend(["--session-id".into(), launch.session.into()]);
                command.extend(launch.prompt.map(operand));
            }
        }
        let hooks = hooks::settings(&EVENTS, &launch.hook(self.name()));
        // Lanyard asks the owner itself where that is wanted: nobody is asked twice.
        let settings = json!({ "hooks": hooks, "permissions": { "allow": [format!("mcp__{TOOLS}")] } });
        let server = json!({ "type": "stdio", "command": launch.lanyard.to_string_lossy(), "args": ["mcp"] });
        let tools = json!({ "mcpServers": { TOOLS: server } });
        Started {
            command,
            files: vec![
                (FILE, settings.to_string()),
                (TOOLS_FILE, tools.to_string()),
                (SKILL_FILE, SKILL.into()),
            ],
            conversation: Some(kept.unwrap_or(launch.session).into()),
            ..Started::default()
        }
    }

    fn hear(&self, told: &Told<'_>) -> Vec<What> {
        hooks::hear(told)
    }

    fn transcript(&self, home: &Path, conversation: &str) -> Option<PathBuf> {
        found(home, conversation)
    }
}

/// Whether this identity has a conversation of this id: one that nothing was said in cannot be resumed.
fn is_kept(home: &Path, id: &str) -> bool {
    found(home, id).is_some()
}

/// The transcript of a conversation, below the home, in a folder that Claude Code names by the worktree.
fn found(home: &Path, id: &str) -> Option<PathBuf> {
    let name = Some(format!("{id}.jsonl")).filter(|_| is_conversation(id))?;
    let folders = std::fs::read_dir(home.join(PROJECTS)).ok()?.flatten().take(FOLDERS);
    let mut places = folders.map(|folder| Path::new(PROJECTS).join(folder.file_name()).join(&name));
    places.find(|place| home.join(place).is_file())
}

/// A prompt as an argument: a single word could be a command of the program's, and a hyphen begins an option.
fn operand(prompt: &str) -> String {
    match prompt.starts_with('-') || !prompt.contains(char::is_whitespace) {
        true => format!(" {prompt}"),
        false => prompt.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(home: &Path, prompt: Option<&str>, conversation: Option<&str>) -> Started {
        let (folder, lanyard) = (Path::new("/run/s"), Path::new("/it's/lanyard"));
        Claude::default().start(&Launch { session: "0199-a", folder, home, lanyard, prompt, conversation })
    }

    #[test]
    fn its_hooks_are_in_the_sessions_own_folder_and_its_conversation_is_named_first() {
        let started = started(Path::new("/nowhere"), Some("do it"), None);
        assert_eq!(
            started.command[..5],
            ["claude", "--settings", "/run/s/claude.json", "--mcp-config", "/run/s/claude-mcp.json"]
        );
        assert_eq!(started.command[7..], ["--session-id", "0199-a", "do it"]);
        assert_eq!(started.conversation.as_deref(), Some("0199-a"));
        let settings: serde_json::Value = serde_json::from_str(&started.files[0].1).unwrap();
        let stop = &settings["hooks"]["Stop"][0]["hooks"][0];
        assert_eq!(stop["command"], "'/it'\\''s/lanyard' hook claude");
    }

    #[test]
    fn a_conversation_that_is_kept_is_resumed_and_another_begins_anew() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".claude/projects/-work");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("conv-1.jsonl"), "{}").unwrap();
        let resumed = started(home.path(), Some("do it"), Some("conv-1"));
        assert_eq!(resumed.command[7..], ["--resume", "conv-1"]);
        assert_eq!(resumed.conversation.as_deref(), Some("conv-1"));
        for gone in ["conv-2", "../-work/conv-1", "--help"] {
            let anew = started(home.path(), None, Some(gone));
            assert_eq!(anew.command[7..], ["--session-id", "0199-a"], "{gone}");
        }
    }

    #[test]
    fn a_prompt_is_neither_an_option_nor_a_command() {
        for (prompt, argument) in [("-x", " -x"), ("update", " update"), ("fix it", "fix it")] {
            assert_eq!(operand(prompt), argument);
        }
    }
}
