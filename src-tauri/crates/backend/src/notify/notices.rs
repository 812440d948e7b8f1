//! From what happens to what is worth telling: only changes are told, and a notice ends with its cause.

use super::words::{duration, plain};
use api::approvals::{self, Action, Approval};
use api::notify::{Notice, Occasion};
use api::sessions::{Session, State, Waiting};
use api::{Event, Millis};
use std::collections::{HashMap, HashSet};

/// How many sessions are remembered that have ended.
const ENDED_MAX: usize = 1000;

/// What follows from an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// There is something to tell, as long as its cause stands.
    Stands(Notice),
    /// The cause of this name stands no more.
    Gone(String),
}

/// What is known of every session, and which causes stand.
#[derive(Default)]
pub struct Notices {
    sessions: HashMap<String, Known>,
    standing: HashSet<String>,
}

/// What was last heard of a session.
struct Known {
    slot: u32,
    project: String,
    branch: String,
    state: State,
    waiting: Option<Waiting>,
    since: Millis,
    attention: bool,
    ended: bool,
}

impl From<&Session> for Known {
    fn from(session: &Session) -> Self {
        Self {
            slot: session.slot,
            project: session.project.clone(),
            branch: session.branch.clone(),
            state: session.state,
            waiting: session.waiting,
            since: session.since,
            attention: session.attention.is_some(),
            ended: !session.is_running(),
        }
    }
}

/// The name of what a notice is there for: at most one notice of a cause is shown.
pub fn cause(notice: &Notice) -> String {
    match (&notice.approval, notice.event) {
        (Some(approval), _) => approval.clone(),
        (None, Occasion::Attention) => attention(&notice.session),
        (None, _) => notice.session.clone(),
    }
}

impl Notices {
    /// Remembers how things are, of which nothing is told, and which causes still stand.
    pub fn new(sessions: &[Session], standing: HashSet<String>) -> Self {
        Self { sessions: sessions.iter().map(|one| (one.id.clone(), one.into())).collect(), standing }
    }

    /// Hears of one thing that happened.
    pub fn hear(&mut self, event: &Event) -> Vec<Change> {
        match event {
            Event::SessionStateChanged { session, at } => self.session(session, *at),
            Event::ApprovalChanged { approval } => self.approval(approval).into_iter().collect(),
            Event::SessionOpened { session } => self.seen(session),
            Event::SlotOpened { slot } => {
                let here = self.sessions.iter().filter(|(_, known)| known.slot == *slot);
                let here: Vec<String> = here.map(|(id, _)| id.clone()).collect();
                here.iter().flat_map(|id| self.seen(id)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Hears how a session is; after a gap this is asked for.
    pub fn session(&mut self, session: &Session, at: Millis) -> Vec<Change> {
        let before = self.sessions.insert(session.id.clone(), session.into());
        self.forget();
        // A turn that is over twice is told twice; that the process of a finished agent ended is nothing new.
        let same = |known: &Known| {
            (known.state, known.waiting) == (session.state, session.waiting)
                && (known.since == session.since || !session.is_running())
        };
        let mut changes = Vec::new();
        if !before.as_ref().is_some_and(same) {
            let worth = occasion(session.state);
            // An agent that falls idle after its turn has still finished.
            let stays =
                session.state == State::Idle && before.as_ref().is_some_and(|k| k.state != State::Waiting);
            if !stays {
                changes.extend(self.gone(&session.id));
            }
            changes.extend(worth.map(|event| self.stands(of_session(session, event, at))));
        }
        let attention_before = before.is_some_and(|known| known.attention);
        match (&session.attention, attention_before) {
            (Some(_), false) => changes.push(self.stands(of_session(session, Occasion::Attention, at))),
            (None, true) => changes.extend(self.gone(&attention(&session.id))),
            _ => {}
        }
        changes
    }

    /// Hears how an approval is.
    pub fn approval(&mut self, approval: &Approval) -> Option<Change> {
        match (approval.state == approvals::State::Open, self.standing.contains(&approval.id)) {
            (true, false) => {
                let notice = self.of_approval(approval);
                Some(self.stands(notice))
            }
            (true, true) => None,
            (false, _) => self.gone(&approval.id),
        }
    }

    /// The approvals that are not among those that are open have lost their cause, whatever was missed.
    pub fn only_open(&mut self, open: &[Approval]) -> Vec<Change> {
        let known = |cause: &&String| {
            let session = cause.strip_suffix(ATTENTION).unwrap_or(cause);
            self.sessions.contains_key(session) || open.iter().any(|approval| approval.id == **cause)
        };
        let lost: Vec<String> = self.standing.iter().filter(|cause| !known(cause)).cloned().collect();
        lost.iter().filter_map(|cause| self.gone(cause)).collect()
    }

    fn seen(&mut self, session: &str) -> Vec<Change> {
        let causes = [session.to_string(), attention(session)];
        causes.iter().filter_map(|cause| self.gone(cause)).collect()
    }

    fn stands(&mut self, notice: Notice) -> Change {
        self.standing.insert(cause(&notice));
        Change::Stands(notice)
    }

    fn gone(&mut self, cause: &str) -> Option<Change> {
        self.standing.take(cause).map(Change::Gone)
    }

    fn forget(&mut self) {
        let ended = self.sessions.values().filter(|known| known.ended).count();
        if ended > ENDED_MAX {
            let Self { sessions, standing } = self;
            sessions.retain(|id, known| !known.ended || standing.contains(id));
        }
    }

    fn of_approval(&self, approval: &Approval) -> Notice {
        let known = self.sessions.get(&approval.session);
        let reason = approval.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        Notice {
            event: Occasion::Approval,
            slot: approval.slot,
            identity: approval.identity.clone(),
            agent: plain(&approval.agent),
            project: known.map(|known| known.project.clone()).unwrap_or_default(),
            branch: known.map_or_else(|| plain(&approval.worktree), |known| plain(&known.branch)),
            session: approval.session.clone(),
            approval: Some(approval.id.clone()),
            asks_words: approval.action == Action::Ask,
            text: plain(&format!("{} {}{reason}", approval.action.wants(), approval.subject)),
            at: approval.asked_at,
        }
    }
}

const ATTENTION: &str = "/attention";

fn attention(session: &str) -> String {
    format!("{session}{ATTENTION}")
}

/// What a state is worth telling as.
fn occasion(state: State) -> Option<Occasion> {
    match state {
        State::Done => Some(Occasion::Finished),
        State::Failed => Some(Occasion::Failed),
        State::Waiting => Some(Occasion::Waiting),
        State::Starting | State::Working | State::Idle | State::Stopped => None,
    }
}

fn of_session(session: &Session, event: Occasion, at: Millis) -> Notice {
    Notice {
        event,
        slot: session.slot,
        identity: session.identity.clone(),
        agent: plain(&session.agent),
        project: session.project.clone(),
        branch: plain(&session.branch),
        session: session.id.clone(),
        approval: None,
        asks_words: false,
        text: text(session, event),
        at,
    }
}

fn text(session: &Session, event: Occasion) -> String {
    let said = |text: &Option<String>| text.as_deref().map(plain).filter(|text| !text.is_empty());
    let words = match event {
        Occasion::Finished => said(&session.message),
        Occasion::Failed => said(&session.reason).or_else(|| said(&session.message)),
        Occasion::Waiting => said(&session.wants),
        // Whatever a program prints can say this, so it is told whose words it is.
        Occasion::Attention => {
            let text = session.attention.as_ref().and_then(|attention| said(&attention.text));
            Some(text.map_or("the terminal rang".into(), |text| format!("from the terminal: {text}")))
        }
        Occasion::Approval => None,
    };
    let usual = match (event, session.waiting) {
        (Occasion::Waiting, Some(Waiting::Permission)) => "it asks whether it may do something",
        (Occasion::Waiting, Some(Waiting::Question)) => "it has a question",
        (Occasion::Waiting, Some(Waiting::Plan)) => "it shows its plan",
        (Occasion::Waiting, Some(Waiting::Auth)) => "somebody must log it in",
        (Occasion::Finished, _) => "done",
        (Occasion::Failed, _) => "it gives no reason",
        _ => "it needs you",
    };
    let words = match words {
        // Hooks are the agent's own; what a terminal shows, any program can print.
        Some(words) if session.from_terminal && event != Occasion::Attention => {
            format!("from the terminal: {words}")
        }
        Some(words) => words,
        None => usual.into(),
    };
    match session.ended_at.filter(|_| event != Occasion::Attention) {
        Some(ended) => format!("{words}, after {}", duration(ended.saturating_sub(session.started_at))),
        None => words,
    }
}

#[cfg(test)]
pub mod tests;
