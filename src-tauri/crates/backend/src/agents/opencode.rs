//! OpenCode: a plugin of this session alone, which its environment names, passes its events on and gives the
//! slot's own environment to its shells.

use super::{Agent, LONGEST, Launch, SKILL, SKILL_FILE, Started, TOOLS, Told, is_conversation};
use crate::state::What;
use api::sessions::Waiting;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The plugin, but for the program that it calls.
const PLUGIN: &str = include_str!("opencode.js");
/// The plugin in the session's own folder.
const FILE: &str = "opencode.js";
/// Settings that are added to those of the identity.
const SETTINGS: &str = "OPENCODE_CONFIG_CONTENT";
/// Where the plugin writes down what is used up: OpenCode itself keeps that in a database, which is not to be read
/// while an agent can write what it likes into it.
const SPENT: &str = ".local/state/lanyard";
/// Before it runs a plugin, OpenCode fetches a package that plugins may lean on: where there is no network, it would
/// wait for over a minute to try again. Ours leans on nothing. The plugin takes these away again.
const STARTING: [(&str, &str); 2] =
    [("npm_config_fetch_retries", "0"), ("npm_config_fetch_timeout", "10000")];

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
            Some(id) => command.push(format!("--session={id}")),
            None => command.extend(launch.prompt.map(|prompt| format!("--prompt={prompt}"))),
        }
        let program = [&*launch.lanyard.to_string_lossy(), "mcp"];
        let environment = json!({ "LANYARD_SOCKET": launch.socket() });
        let server = json!({
            "type": "local", "command": program, "environment": environment, "timeout": LONGEST.as_millis(),
        });
        let settings = json!({
            "plugin": [address(&launch.file(FILE))], "mcp": { TOOLS: server },
            "instructions": [launch.file(SKILL_FILE)],
        });
        let (lanyard, starting) = (launch.lanyard.to_string_lossy(), STARTING.map(|(name, _)| name));
        let given = format!("const LANYARD = {}, STARTING = {}", json!(lanyard), json!(starting));
        let plugin = format!("{given}, SPENT = {};\n{PLUGIN}", json!(launch.home.join(SPENT)));
        let set = |(name, value): (&str, &str)| (name.to_string(), value.to_string());
        Started {
            command,
            env: STARTING.map(set).into_iter().chain([(SETTINGS.into(), settings.to_string())]).collect(),
            files: vec![(FILE, plugin), (SKILL_FILE, SKILL.into())],
            conversation: launch.conversation.map(String::from),
        }
    }

    fn hear(&self, told: &Told<'_>) -> Vec<What> {
        let Ok(event) = serde_json::from_str::<Event>(told.payload) else { return Vec::new() };
        let begins = event.kind == "session.status" && event.agent_id.is_none();
        let conversation = event.properties["sessionID"].as_str().filter(|_| begins);
        conversation.map(|id| What::Conversation(id.into())).into_iter().chain(event.what()).collect()
    }

    fn transcript(&self, _: &Path, conversation: &str) -> Option<PathBuf> {
        is_conversation(conversation).then(|| Path::new(SPENT).join(format!("{conversation}.jsonl")))
    }
}

/// What the plugin passes on.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    properties: Value,
    /// Set where a subagent speaks.
    agent_id: Option<String>,
    /// The last that it said.
    text: Option<String>,
}

impl Event {
    fn what(&self) -> Option<What> {
        let (told, of_subagent) = (&self.properties, self.agent_id.is_some());
        match self.kind.as_str() {
            "started" => Some(What::Started),
            "session.status" if told["status"]["type"] != "idle" && !of_subagent => Some(What::Working),
            "permission.replied" | "question.replied" | "question.rejected" => Some(What::Resumed),
            "permission.asked" | "permission.updated" => {
                Some(What::Waiting { kind: Waiting::Permission, wants: Some(permission(told)) })
            }
            "question.asked" => {
                let asked = told["questions"].as_array().into_iter().flatten();
                let asked: Vec<_> = asked.filter_map(|question| question["question"].as_str()).collect();
                Some(What::Waiting { kind: Waiting::Question, wants: Some(asked.join(" ")) })
            }
            "session.idle" if !of_subagent => Some(What::Done { message: self.text.clone() }),
            "session.error" if !of_subagent => Some(match told["error"]["name"].as_str() {
                // Its owner interrupted it.
                Some("MessageAbortedError") => What::Idle,
                name => {
                    let said = told["error"]["data"]["message"].as_str().or(name);
                    What::Failed { reason: said.unwrap_or("it does not say why").into() }
                }
            }),
            _ => None,
        }
    }
}

/// What it asks for: the tool, and what that is about to do.
fn permission(told: &Value) -> String {
    let tool = told["permission"].as_str().or(told["type"].as_str()).unwrap_or("a tool");
    let patterns = told["patterns"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let command = told["metadata"]["command"].as_str().or(told["title"].as_str()).map(String::from);
    let words = command.unwrap_or_else(|| patterns.collect::<Vec<_>>().join(" "));
    format!("{tool}: {words}").trim_end_matches([':', ' ']).into()
}

/// A file's address.
fn address(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let part = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    format!("file://{}", path.bytes().map(part).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use super::*;

    fn started(prompt: Option<&str>, conversation: Option<&str>) -> Started {
        let (folder, home) = (Path::new("/run/a b"), Path::new("/home/x"));
        let lanyard = Path::new("/l\"x/lanyard");
        OpenCode::default().start(&Launch { session: "s", folder, home, lanyard, prompt, conversation })
    }

    #[test]
    fn its_plugin_lies_in_the_sessions_own_folder_and_its_environment_names_it() {
        let started = started(Some("-x"), None);
        assert_eq!(started.command, ["opencode", "--prompt=-x"]);
        let (name, settings) = started.env.last().unwrap();
        let settings: Value = serde_json::from_str(settings).unwrap();
        assert_eq!(
            (name.as_str(), &settings["plugin"]),
            (SETTINGS, &json!(["file:///run/a%20b/opencode.js"]))
        );
        assert_eq!(settings["instructions"], json!(["/run/a b/skill.md"]));
        assert_eq!(settings["mcp"]["lanyard"]["command"], json!(["/l\"x/lanyard", "mcp"]));
        assert!(started.files[0].1.starts_with("const LANYARD = \"/l\\\"x/lanyard\", STARTING = [\"npm_"));
    }

    #[test]
    fn it_goes_on_with_its_conversation() {
        assert_eq!(started(Some("x"), Some("ses_1")).command, ["opencode", "--session=ses_1"]);
    }

    #[test]
    fn its_events_say_what_they_mean() {
        let hear = |payload: Value| OpenCode::default().hear(&told(&payload.to_string()));
        let of = |kind: &str, properties: Value| json!({ "type": kind, "properties": properties });
        let busy = of("session.status", json!({ "sessionID": "ses_1", "status": { "type": "busy" } }));
        assert_eq!(hear(busy.clone()), [What::Conversation("ses_1".into()), What::Working]);
        let asked = json!({ "permission": "bash", "patterns": ["ls *"], "metadata": { "command": "ls a" } });
        let waiting = |kind, wants: &str| [What::Waiting { kind, wants: Some(wants.into()) }];
        assert_eq!(hear(of("permission.asked", asked)), waiting(Waiting::Permission, "bash: ls a"));
        let asked = json!({ "permission": "edit", "patterns": ["a", "b"] });
        assert_eq!(hear(of("permission.asked", asked)), waiting(Waiting::Permission, "edit: a b"));
        let asked = json!({ "questions": [{ "question": "Which?" }] });
        assert_eq!(hear(of("question.asked", asked)), waiting(Waiting::Question, "Which?"));
        assert_eq!(hear(of("permission.replied", json!({}))), [What::Resumed]);
        let idle = json!({ "type": "session.idle", "properties": {}, "text": "Built." });
        assert_eq!(hear(idle), [What::Done { message: Some("Built.".into()) }]);
        let error = |name: &str| {
            of("session.error", json!({ "error": { "name": name, "data": { "message": "bad" } } }))
        };
        assert_eq!(hear(error("APIError")), [What::Failed { reason: "bad".into() }]);
        assert_eq!(hear(error("MessageAbortedError")), [What::Idle]);
        for mut of_subagent in [busy, of("session.idle", json!({})), error("APIError")] {
            of_subagent["agent_id"] = json!("ses_2");
            assert_eq!(hear(of_subagent), []);
        }
    }
}
