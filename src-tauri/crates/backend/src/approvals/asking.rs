//! An agent's side: the question is written down, told to the owner, and waited for.

use super::{Approvals, Waiting, Wanted, fact};
use crate::audit::By;
use crate::caller::{Asker, Caller};
use crate::store::{self, ApprovalRow, IdentityRow, SessionRow};
use anyhow::{Result, bail};
use api::approvals::{
    AGAIN, Action, Answer, AskQuestion, OwnersWords, RECIPIENTS, State, WAIT_BOUNDS_MS, WAIT_MS, WORDS_MAX,
};
use api::names::{clean, shown};
use api::{Code, Error, Millis};
use std::time::Duration;
use tokio::sync::oneshot;

/// How many questions of one session may be open. Less than the calls that one connection may have open,
/// so that a connection full of questions still hears its client leave.
const OPEN_MAX: usize = 20;
/// How many details are told, and how many characters of each argument and detail.
const DETAILS_MAX: usize = 16;
const TEXT_MAX: usize = 200;

impl Approvals {
    /// Asks the owner, and waits.
    pub(super) async fn ask(
        &self,
        caller: &Caller,
        asker: &Asker,
        row: ApprovalRow,
        given_up: impl Future<Output = &'static str>,
    ) -> Result<Answer> {
        let answer = self.take_place(&row, asker)?;
        // Whatever happens to this call, its place is given up with it.
        let _place = Place { room: self, id: &row.id };
        self.audit.note(By::Caller(caller), fact("approvals.asked", &row)).await?;
        self.store.insert_approval(&row).await?;
        self.tell(row.clone());
        match self.wait_for(&row, asker, answer, given_up).await? {
            Answer::Deny { because } => bail!(denied(&row, because)),
            answer if asker.is_there() => Ok(answer),
            _ => bail!(withdrawn()),
        }
    }

    /// Asks the owner a question of an agent's, and gives the answer.
    pub async fn question(
        &self,
        caller: &Caller,
        identity: IdentityRow,
        call: AskQuestion,
    ) -> Result<OwnersWords> {
        let Caller::Agent { session, asker, .. } = caller else {
            bail!(Error::refused("only an agent asks its owner"));
        };
        let question = call.question.split_whitespace().collect::<Vec<_>>().join(" ");
        let subject = words("question", &question)?;
        if subject.is_empty() {
            bail!(Error::invalid("the question is empty"));
        }
        let Some(session) = self.store.session(session).await? else {
            bail!(Error::refused("the session that asks is unknown"));
        };
        let wait = call.wait_ms.map(Duration::from_millis);
        let wanted =
            Wanted { action: Action::Ask, subject, identity, reason: None, wait, details: Vec::new() };
        let row = self.row(&session, asker, wanted).await?;
        match self.ask(caller, asker, row, std::future::pending()).await? {
            Answer::Words { text } => Ok(OwnersWords { answer: text }),
            _ => bail!("a question was answered without words"),
        }
    }

    async fn wait_for(
        &self,
        row: &ApprovalRow,
        asker: &Asker,
        mut answer: oneshot::Receiver<Answer>,
        given_up: impl Future<Output = &'static str>,
    ) -> Result<Answer> {
        let wait = Duration::from_millis(u64::try_from(row.until - row.asked_at)?);
        let (state, because, error) = tokio::select! {
            biased;
            () = self.ending.cancelled() => (State::Withdrawn, "the daemon was stopped", ending()),
            () = asker.gone() => (State::Withdrawn, "the process that asked is gone", withdrawn()),
            answered = &mut answer => return Ok(answered?),
            why = given_up => (State::Withdrawn, why, unwanted(why)),
            () = tokio::time::sleep(wait) => (State::Expired, "nobody answered in time", expired(row, wait)),
        };
        if self.settle(row, state, because).await? {
            bail!(error);
        }
        // The owner was quicker by a moment, and the answer is on its way.
        Ok(answer.await?)
    }

    /// The question as it is stored.
    pub(super) async fn row(
        &self,
        session: &SessionRow,
        asker: &Asker,
        wanted: Wanted,
    ) -> Result<ApprovalRow> {
        let wait = wait(wanted.wait)?;
        let reason = wanted.reason.map(|reason| words("reason", &reason)).transpose()?;
        let reason = reason.filter(|reason| !reason.is_empty());
        let (mut command, mut starter) = asker.command_lines().await;
        if wanted.action == Action::SendMessage {
            command = without_arguments(command);
            starter.clear();
        }
        let mut details = wanted.details;
        if !starter.is_empty() {
            details.push(("started by".into(), starter.join(" ")));
        }
        let before =
            self.store.withdrawn_because(&session.id, asker.pid(), wanted.action, &wanted.subject).await?;
        if let Some(because) = before {
            details.insert(0, (AGAIN.into(), format!("its last question was withdrawn: {because}")));
        }
        // The owner is asked about all of them, or about none: the room that asks lets no more through than fit.
        let is_whole = |name: &str| wanted.action == Action::SendMessage && name == RECIPIENTS;
        let detail = |(name, value): &(String, String)| match is_whole(name) {
            true => (name.clone(), clean(value).into_owned()),
            false => (cut(name), cut(value)),
        };
        let details: Vec<_> = details.iter().take(DETAILS_MAX).map(detail).collect();
        let command: Vec<_> = command.iter().map(|argument| cut(argument)).collect();
        let now = self.clock.now();
        Ok(ApprovalRow {
            id: store::new_id(),
            action: wanted.action,
            subject: wanted.subject,
            identity_id: wanted.identity.id,
            identity: wanted.identity.name,
            session: session.id.clone(),
            slot: session.slot,
            agent: session.agent.clone(),
            worktree_id: session.worktree_id.clone(),
            worktree: session.worktree.clone(),
            pid: i64::from(asker.pid()),
            command: serde_json::to_string(&command)?,
            reason,
            details: serde_json::to_string(&details)?,
            asked_at: now,
            until: now.saturating_add(Millis::try_from(wait.as_millis())?),
            state: State::Open,
            answer: None,
            because: None,
            answered_at: None,
        })
    }

    /// Takes a place among those that wait, if the session has not too many there already.
    fn take_place(&self, row: &ApprovalRow, asker: &Asker) -> Result<oneshot::Receiver<Answer>> {
        let mut waiting = self.lock();
        if waiting.values().filter(|other| other.session == row.session).count() >= OPEN_MAX {
            bail!(
                Error::conflict(format!("{OPEN_MAX} questions of this session wait for the owner already"))
                    .hint("wait for their answers, then ask again")
            );
        }
        let (answered, answer) = oneshot::channel();
        let place = Waiting { session: row.session.clone(), asker: asker.clone(), answered };
        waiting.insert(row.id.clone(), place);
        Ok(answer)
    }
}

/// A place among those that wait, as long as this lives.
struct Place<'a> {
    room: &'a Approvals,
    id: &'a str,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.room.lock().remove(self.id);
    }
}

fn wait(wanted: Option<Duration>) -> Result<Duration> {
    let wait = wanted.unwrap_or(Duration::from_millis(WAIT_MS));
    match u64::try_from(wait.as_millis()).is_ok_and(|ms| WAIT_BOUNDS_MS.contains(&ms)) {
        true => Ok(wait),
        false => bail!(Error::invalid("a wait lasts from one second to one hour").hint("try --wait 120s")),
    }
}

/// Words of a person or an agent: bounded, and without anything that could drive a terminal.
pub(super) fn words(kind: &str, text: &str) -> Result<String> {
    if text.chars().count() > WORDS_MAX {
        bail!(Error::invalid(format!("the {kind} is longer than {WORDS_MAX} characters")).hint("be brief"));
    }
    Ok(clean(text.trim()).into_owned())
}

/// The program alone, and which command of ours it is: what a message says may stand in any argument, and stands in no
/// question. The owner reads it in the inbox, where it is sealed.
fn without_arguments(command: Vec<String>) -> Vec<String> {
    let is_ours =
        |program: &str| ["lanyard", "ravi"].contains(&program.rsplit('/').next().unwrap_or_default());
    let words = if command.first().is_some_and(|program| is_ours(program)) { 3 } else { 1 };
    let is_word = |word: &str| word.chars().all(|c| c.is_ascii_lowercase());
    let mut at = 0..words;
    command.into_iter().take_while(|word| at.next().is_some_and(|at| at == 0 || is_word(word))).collect()
}

fn cut(text: &str) -> String {
    let cut: String = text.chars().take(TEXT_MAX).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{more}", clean(&cut))
}

fn what(row: &ApprovalRow) -> String {
    match row.action {
        Action::ReadSecret => row.subject.clone(),
        Action::Ask => "to answer".into(),
        action => format!("{} {}", action.wants(), shown(&row.subject)),
    }
}

fn denied(row: &ApprovalRow, because: Option<String>) -> Error {
    let word = because.map(|because| format!(": {because}")).unwrap_or_default();
    Error::refused(format!("the owner denied {}{word}", what(row)))
        .hint("go on without it, or tell the owner why you need it before you ask again")
}

fn expired(row: &ApprovalRow, wait: Duration) -> Error {
    let seconds = wait.as_secs();
    if row.action == Action::Ask {
        return Error::new(Code::Timeout, format!("nobody answered within {seconds} s"))
            .hint("go on by your own judgement where that is safe, or ask again and wait longer");
    }
    Error::refused(format!("nobody approved {} within {seconds} s, and no answer is a denial", what(row)))
        .hint("go on without it, or ask again with a longer --wait when the owner is there")
}

fn ending() -> Error {
    Error::new(Code::Ending, "the daemon is ending, and with it the question")
        .hint("ask again when the owner has started it again")
}

fn unwanted(why: &str) -> Error {
    Error::conflict(format!("the question was withdrawn: {why}")).hint("ask again if it is still needed")
}

fn withdrawn() -> Error {
    Error::refused("the process that asked is gone, and with it the question")
        .hint("whoever asks must stay until it is answered")
}
