//! The hooks that Claude Code introduced and Codex took over: their events, and what each says of a session.

use super::Told;
use crate::state::What;
use api::sessions::Waiting;
use serde::Deserialize;
use serde_json::{Value, json};

/// How long an agent waits for a hook, in seconds. Ours takes milliseconds.
pub(super) const TIMEOUT: u32 = 5;

/// The settings that have a command run at each of these events.
pub(super) fn settings(events: &[&str], command: &str) -> Value {
    let hook = json!([{ "hooks": [{ "type": "command", "command": command, "timeout": TIMEOUT }] }]);
    events.iter().map(|event| (event.to_string(), hook.clone())).collect::<serde_json::Map<_, _>>().into()
}

/// What a hook is given.
#[derive(Deserialize)]
struct Hook {
    hook_event_name: String,
    session_id: Option<String>,
    /// Set where a subagent speaks.
    agent_id: Option<String>,
    source: Option<String>,
    notification_type: Option<String>,
    message: Option<String>,
    tool_name: Option<String>,
    #[serde(default)]
    tool_input: Value,
    last_assistant_message: Option<String>,
    error: Option<String>,
}

/// What a hook says. A subagent works for the session and may ask the owner; its end is not the session's.
pub(super) fn hear(told: &Told<'_>) -> Vec<What> {
    let Ok(hook) = serde_json::from_str::<Hook>(told.payload) else { return Vec::new() };
    let of_subagent = hook.agent_id.is_some();
    let what = match hook.hook_event_name.as_str() {
        "SessionStart" if hook.source.as_deref() != Some("compact") => Some(What::Started),
        "UserPromptSubmit" | "PermissionDenied" => Some(What::Working),
        "PreToolUse" if hook.asks() != Waiting::Permission => Some(hook.waiting()),
        "PreToolUse" if !of_subagent => Some(What::Working),
        "PostToolUse" | "PostToolUseFailure" if of_subagent => Some(What::Resumed),
        "PostToolUse" | "PostToolUseFailure" => Some(What::Working),
        "PermissionRequest" => Some(hook.waiting()),
        "Notification" => hook.notification(told.waiting),
        "Stop" if !of_subagent => Some(What::Done { message: hook.last_assistant_message.clone() }),
        "StopFailure" if !of_subagent => Some(What::Failed { reason: hook.failure() }),
        "Interrupt" => Some(What::Idle),
        _ => None,
    };
    // Before its first prompt there is nothing that a conversation could be resumed by.
    let begun = matches!(hook.hook_event_name.as_str(), "UserPromptSubmit" | "Stop" | "StopFailure");
    let conversation = hook.session_id.filter(|_| begun && !of_subagent).map(What::Conversation);
    conversation.into_iter().chain(what).collect()
}

impl Hook {
    /// What the tool asks the owner for.
    fn asks(&self) -> Waiting {
        match self.tool_name.as_deref() {
            Some("ExitPlanMode") => Waiting::Plan,
            Some("AskUserQuestion" | "request_user_input") => Waiting::Question,
            _ => Waiting::Permission,
        }
    }

    fn waiting(&self) -> What {
        What::Waiting { kind: self.asks(), wants: Some(self.words()) }
    }

    /// What the tool is about to do, as short as it can be said.
    fn words(&self) -> String {
        let text = |name: &str| self.tool_input[name].as_str();
        let questions = || self.tool_input["questions"].as_array().into_iter().flatten();
        match self.asks() {
            Waiting::Plan => text("plan").unwrap_or("a plan").into(),
            Waiting::Question => {
                let asked: Vec<_> = questions().filter_map(|q| q["question"].as_str()).collect();
                asked.join(" ")
            }
            _ => {
                let tool = self.tool_name.as_deref().unwrap_or("a tool");
                let telling = ["command", "file_path", "url", "path", "pattern", "query", "description"];
                match telling.iter().find_map(|name| text(name)) {
                    Some(words) => format!("{tool}: {words}"),
                    None => tool.into(),
                }
            }
        }
    }

    /// A notification follows what it tells of in vaguer words: what is known already stays.
    fn notification(&self, now: Option<Waiting>) -> Option<What> {
        let asks = |kind| {
            let wants = self.message.clone().filter(|_| now.is_none());
            Some(What::Waiting { kind: now.unwrap_or(kind), wants })
        };
        match self.notification_type.as_deref()? {
            "permission_prompt" | "worker_permission_prompt" => asks(Waiting::Permission),
            "elicitation_dialog" | "agent_needs_input" => asks(Waiting::Question),
            "elicitation_complete" | "auth_success" => Some(What::Resumed),
            "idle_prompt" => Some(What::Idle),
            _ => None,
        }
    }

    fn failure(&self) -> String {
        let said = self.last_assistant_message.as_deref().filter(|said| !said.trim().is_empty());
        said.or(self.error.as_deref()).unwrap_or("it does not say why").into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use super::*;

    fn waiting(kind: Waiting, wants: &str) -> What {
        What::Waiting { kind, wants: Some(wants.into()) }
    }

    #[track_caller]
    fn heard(payload: Value, expected: &[What]) {
        let payload = payload.to_string();
        assert_eq!(hear(&told(&payload)), expected, "{payload}");
    }

    #[test]
    fn every_event_says_what_it_means() {
        let of = |event: &str| json!({ "hook_event_name": event });
        heard(
            json!({"hook_event_name": "SessionStart", "source": "startup", "session_id": "a"}),
            &[What::Started],
        );
        heard(json!({"hook_event_name": "SessionStart", "source": "compact"}), &[]);
        heard(
            json!({"hook_event_name": "UserPromptSubmit", "session_id": "a", "prompt": "x"}),
            &[What::Conversation("a".into()), What::Working],
        );
        heard(json!({"hook_event_name": "PreToolUse", "tool_name": "Bash"}), &[What::Working]);
        heard(of("PostToolUse"), &[What::Working]);
        heard(
            json!({"hook_event_name": "Stop", "last_assistant_message": "Built."}),
            &[What::Done { message: Some("Built.".into()) }],
        );
        heard(
            json!({"hook_event_name": "StopFailure", "error": "unknown", "last_assistant_message": "API Error: 400"}),
            &[What::Failed { reason: "API Error: 400".into() }],
        );
        heard(
            json!({"hook_event_name": "StopFailure", "error": "rate_limit"}),
            &[What::Failed { reason: "rate_limit".into() }],
        );
        heard(of("Interrupt"), &[What::Idle]);
        for silent in ["SessionEnd", "SubagentStop", "Unheard"] {
            heard(of(silent), &[]);
        }
    }

    #[test]
    fn what_it_waits_for_is_told_in_its_own_words() {
        let ask = |tool: &str, input: Value| json!({"hook_event_name": "PermissionRequest", "tool_name": tool, "tool_input": input});
        heard(
            ask("Bash", json!({"command": "curl -s x", "description": "d"})),
            &[waiting(Waiting::Permission, "Bash: curl -s x")],
        );
        heard(
            ask("Write", json!({"file_path": "/a", "content": "c"})),
            &[waiting(Waiting::Permission, "Write: /a")],
        );
        heard(ask("Odd", Value::Null), &[waiting(Waiting::Permission, "Odd")]);
        heard(ask("ExitPlanMode", json!({"plan": "1. Build"})), &[waiting(Waiting::Plan, "1. Build")]);
        let questions = json!({"questions": [{"question": "Which?"}, {"question": "When?"}]});
        heard(
            json!({"hook_event_name": "PreToolUse", "tool_name": "AskUserQuestion", "tool_input": questions}),
            &[waiting(Waiting::Question, "Which? When?")],
        );
    }

    #[test]
    fn a_subagents_end_is_not_the_sessions_but_its_question_is() {
        let of = |event: &str| json!({"hook_event_name": event, "agent_id": "sub", "session_id": "a", "tool_name": "Bash"});
        for silent in ["Stop", "StopFailure", "SubagentStop", "PreToolUse"] {
            heard(of(silent), &[]);
        }
        heard(of("PermissionRequest"), &[waiting(Waiting::Permission, "Bash")]);
        heard(of("PostToolUse"), &[What::Resumed]);
    }

    #[test]
    fn a_notification_takes_nothing_away_from_the_request_before_it() {
        let hear = |kind: &str, waiting| {
            let payload =
                json!({"hook_event_name": "Notification", "notification_type": kind, "message": "m"});
            hear(&Told { waiting, ..told(&payload.to_string()) })
        };
        assert_eq!(hear("permission_prompt", None), [waiting(Waiting::Permission, "m")]);
        assert_eq!(
            hear("permission_prompt", Some(Waiting::Plan)),
            [What::Waiting { kind: Waiting::Plan, wants: None }]
        );
        assert_eq!(hear("elicitation_dialog", None), [waiting(Waiting::Question, "m")]);
        assert_eq!(hear("idle_prompt", None), [What::Idle]);
        assert_eq!(hear("push_notification", None), []);
    }
}
