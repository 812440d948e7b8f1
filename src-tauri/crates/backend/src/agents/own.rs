//! An agent of the owner's, from `[agents.NAME]` in the settings, and the plain words that any program can tell.
//!
//! ```text
//! lanyard hook NAME done
//! lanyard hook NAME '{"state":"waiting","kind":"question","text":"Which one?","conversation":"42"}'
//! ```

use super::{Agent, Launch, Started, Told};
use crate::config::OwnAgent;
use crate::state::What;
use anyhow::{Result, bail};
use api::Error;
use api::sessions::Waiting;
use serde::Deserialize;

/// What stands in the settings for the task.
const PROMPT: &str = "{prompt}";
/// What stands in the settings for the conversation's id.
const CONVERSATION: &str = "{conversation}";

/// The agent.
pub struct Own {
    name: String,
    settings: OwnAgent,
}

impl Own {
    /// The agent that the settings describe.
    pub fn new(name: &str, settings: &OwnAgent) -> Result<Self> {
        let named = settings.command.first().is_some_and(|program| !program.is_empty());
        if !named {
            bail!(Error::invalid(format!("[agents.{name}] in the settings has no command")));
        }
        Ok(Self { name: name.into(), settings: settings.clone() })
    }
}

impl Agent for Own {
    fn name(&self) -> &str {
        &self.name
    }

    fn command(&self) -> &[String] {
        &self.settings.command
    }

    fn start(&self, launch: &Launch<'_>) -> Started {
        let OwnAgent { command, prompt, resume, env } = &self.settings;
        let filled = |words: &[String], mark: &str, value: &str| -> Vec<String> {
            words.iter().map(|word| word.replace(mark, value)).collect()
        };
        let command = match (launch.conversation, launch.prompt) {
            (Some(id), _) if !resume.is_empty() => filled(resume, CONVERSATION, id),
            (_, Some(task)) if prompt.is_empty() => [&command[..], &[task.to_string()]].concat(),
            (_, Some(task)) => [command.clone(), filled(prompt, PROMPT, task)].concat(),
            (_, None) => command.clone(),
        };
        let env = env.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        Started { command, env, ..Started::default() }
    }

    fn hear(&self, told: &Told<'_>) -> Vec<What> {
        hear(told)
    }
}

/// The plain words.
#[derive(Deserialize, Default)]
struct Plain {
    state: Option<String>,
    kind: Option<Waiting>,
    text: Option<String>,
    conversation: Option<String>,
}

/// What a program says in plain words.
pub(super) fn hear(told: &Told<'_>) -> Vec<What> {
    let plain: Plain = serde_json::from_str(told.payload).unwrap_or_default();
    let text = plain.text;
    let what = match plain.state.as_deref().or(told.event) {
        Some("started") => Some(What::Started),
        Some("working") => Some(What::Working),
        Some("idle") => Some(What::Idle),
        Some("waiting") => Some(What::Waiting { kind: plain.kind.unwrap_or(Waiting::Question), wants: text }),
        Some("done") => Some(What::Done { message: text }),
        Some("failed") => Some(What::Failed { reason: text.unwrap_or_else(|| "it says no more".into()) }),
        _ => text.map(What::Message),
    };
    plain.conversation.map(What::Conversation).into_iter().chain(what).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use super::*;
    use std::path::Path;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| word.to_string()).collect()
    }

    fn started(prompt: Option<&str>, conversation: Option<&str>, settings: OwnAgent) -> Vec<String> {
        let path = Path::new("/x");
        let launch = Launch { session: "s", folder: path, home: path, lanyard: path, prompt, conversation };
        Own::new("mine", &settings).unwrap().start(&launch).command
    }

    #[test]
    fn it_is_started_with_its_task_and_goes_on_with_its_conversation() {
        let settings = OwnAgent { command: words(&["mine", "-v"]), ..OwnAgent::default() };
        assert_eq!(started(None, None, settings.clone()), words(&["mine", "-v"]));
        assert_eq!(started(Some("do it"), None, settings.clone()), words(&["mine", "-v", "do it"]));
        assert_eq!(started(None, Some("42"), settings.clone()), words(&["mine", "-v"]));
        let settings = OwnAgent {
            prompt: words(&["--task={prompt}"]),
            resume: words(&["mine", "--resume", "{conversation}"]),
            ..settings
        };
        assert_eq!(started(Some("do it"), None, settings.clone()), words(&["mine", "-v", "--task=do it"]));
        assert_eq!(started(Some("do it"), Some("42"), settings), words(&["mine", "--resume", "42"]));
    }

    #[test]
    fn plain_words_are_heard() {
        let hear = |event, payload| hear(&Told { event, ..told(payload) });
        assert_eq!(hear(Some("working"), ""), [What::Working]);
        assert_eq!(
            hear(None, r#"{"state":"done","text":"Built."}"#),
            [What::Done { message: Some("Built.".into()) }]
        );
        assert_eq!(
            hear(None, r#"{"state":"waiting","kind":"plan","text":"Shall I?","conversation":"42"}"#),
            [
                What::Conversation("42".into()),
                What::Waiting { kind: Waiting::Plan, wants: Some("Shall I?".into()) }
            ]
        );
        for nothing in ["", "no json", r#"{"state":"odd"}"#, r#"{"state":3}"#, "[]"] {
            assert_eq!(hear(None, nothing), [], "{nothing}");
        }
    }
}
