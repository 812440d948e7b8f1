//! Where sessions and their agents meet: what an agent finds when it starts, and what its hooks say.

use super::{Order, Sessions, row};
use crate::agents::{self, Launch, Started, Told};
use crate::caller::Caller;
use crate::config::write_whole;
use crate::environment;
use crate::state::{Heard, Origin, What};
use crate::store::SessionRow;
use anyhow::{Result, bail};
use api::sessions::{HearHook, PAYLOAD_MAX};
use api::{Code, Done, Error};

impl Sessions {
    /// Hears a hook. It speaks for the session whose socket it came by, and for no other.
    pub async fn hook(&self, caller: &Caller, call: HearHook) -> Result<Done> {
        let Caller::Agent { session, .. } = caller else {
            bail!(Error::refused("only an agent's own session has hooks"));
        };
        if call.payload.len() > PAYLOAD_MAX {
            bail!(Error::new(Code::TooLarge, "the payload is longer than 256 KiB"));
        }
        let agent = self.agents.find(&call.agent)?;
        let row = self.store.session(session).await?.ok_or_else(|| Error::not_found("session", session))?;
        if row.ended_at.is_some() || !self.is_news(session, call.at) {
            return Ok(Done {});
        }
        let status = row::status(&row);
        let told = Told {
            event: call.event.as_deref(),
            payload: &call.payload,
            home: &self.config.home(&row.identity_id),
            waiting: status.waiting,
            conversation: status.conversation.as_deref(),
        };
        if let Some(log) = agent.log(&told) {
            self.follow(&row, &call.agent, log)?;
        }
        let mut heard = Vec::new();
        for what in agent.hear(&told) {
            if self.is_its_own(&row, &what).await? {
                heard.push(Heard { from: Origin::Hook, what });
            }
        }
        self.hear_all(session, heard).await?;
        Ok(Done {})
    }

    /// Whether a hook ran after the last one that was heard: hooks that waited for a daemon come in any order.
    fn is_news(&self, session: &str, at: api::Millis) -> bool {
        let now = self.clock.now();
        let at = if at == 0 { now } else { at.min(now) };
        let mut heard = self.live.hooked.lock().unwrap_or_else(|e| e.into_inner());
        let last = heard.entry(session.into()).or_insert(at);
        let is_news = at >= *last;
        *last = at.max(*last);
        is_news
    }

    /// A conversation that another slot has is not resumed here, whatever a hook says.
    async fn is_its_own(&self, row: &SessionRow, what: &What) -> Result<bool> {
        match what {
            What::Conversation(id) if Some(id) == row.conversation.as_ref() => Ok(false),
            What::Conversation(id) => {
                Ok(agents::is_conversation(id) && !self.store.is_talked_elsewhere(id, row.slot).await?)
            }
            _ => Ok(true),
        }
    }

    /// The command that is shown of a session: the one that was given, or the agent's own.
    pub(super) fn command(&self, agent: &str, given: Vec<String>) -> Result<Vec<String>> {
        let command = match given.is_empty() {
            true => self.agents.find(agent)?.command().to_vec(),
            false => given,
        };
        if command.iter().any(|part| part.contains('\0')) || command[0].is_empty() {
            bail!(Error::invalid("a command cannot be empty or hold a zero byte"));
        }
        let program = &command[0];
        // A path relative to the worktree is known only once that is there: the keeper looks then.
        let later = program.contains('/') && !program.starts_with('/');
        if !later && self.agents.program(program).is_none() && program != "lanyard" {
            bail!(agents::no_program(program));
        }
        Ok(command)
    }

    /// What is run again: the command that was given, or what the agent is started by now.
    pub(super) fn command_again(&self, row: &SessionRow) -> Result<Vec<String>> {
        let given = match row.agent == agents::COMMAND {
            true => serde_json::from_str(&row.command)?,
            false => Vec::new(),
        };
        self.command(&row.agent, given)
    }

    /// Puts what an agent needs into its session's own folder, and tells how it is started.
    pub(super) fn furnish_agent(&self, row: &SessionRow, order: &Order) -> Result<Started> {
        if order.agent == agents::COMMAND {
            return Ok(Started { command: order.command.clone(), ..Started::default() });
        }
        let folder = self.config.session_folder(&row.id);
        let launch = Launch {
            session: &row.id,
            folder: &folder,
            home: &self.config.home(&order.identity.id),
            lanyard: &self.config.commands().join("lanyard"),
            prompt: order.prompt.as_deref(),
            conversation: order.conversation.as_deref().filter(|id| agents::is_conversation(id)),
        };
        let mut started = self.agents.find(&order.agent)?.start(&launch);
        for (name, content) in &started.files {
            write_whole(&folder.join(name), content.as_bytes())?;
        }
        started.env.retain(|(name, _)| !environment::is_reserved(name));
        Ok(started)
    }
}
