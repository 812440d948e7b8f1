//! Approvals: open questions of agents to the owner, and how they were answered.

use crate::{Error, Millis, SecretText};
use serde::{Deserialize, Serialize};

/// How long an agent waits for an answer where it does not say.
pub const WAIT_MS: u64 = 120_000;
/// The shortest and the longest wait.
pub const WAIT_BOUNDS_MS: std::ops::RangeInclusive<u64> = 1_000..=3_600_000;
/// The longest reason and the longest word of the owner's, in characters.
pub const WORDS_MAX: usize = 500;

/// The longest answer to a question, in characters.
pub const ANSWER_MAX: usize = 10_000;

/// The name of the detail that says that the same process has asked this before, and why it asks again.
pub const AGAIN: &str = "asked again";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// To read a secret; the subject is its key.
    ReadSecret,
    /// To be given a token; the subject is its issuer.
    RequestToken,
    /// To sign with a key; the subject is its fingerprint.
    Sign,
    /// To read a password; the subject is its domain.
    ReadPassword,
    /// To send a message; the subject is whom it goes to.
    SendMessage,
    /// To be told something; the subject is the question. It is answered in words, never by a mere yes.
    Ask,
}

impl Action {
    /// Every action.
    pub const ALL: [Action; 6] = [
        Action::ReadSecret,
        Action::RequestToken,
        Action::Sign,
        Action::ReadPassword,
        Action::SendMessage,
        Action::Ask,
    ];

    /// Its name, for example `read_secret`.
    pub fn name(self) -> &'static str {
        match self {
            Action::ReadSecret => "read_secret",
            Action::RequestToken => "request_token",
            Action::Sign => "sign",
            Action::ReadPassword => "read_password",
            Action::SendMessage => "send_message",
            Action::Ask => "ask",
        }
    }

    /// What is wanted, in words that the subject follows.
    pub fn wants(self) -> &'static str {
        match self {
            Action::ReadSecret => "the secret",
            Action::RequestToken => "a token of",
            Action::Sign => "a signature by",
            Action::ReadPassword => "the password of",
            Action::SendMessage => "to send a message to",
            Action::Ask => "an answer to",
        }
    }
}

impl Action {
    /// What is wanted, in words that stand alone.
    pub fn thing(self) -> &'static str {
        match self {
            Action::ReadSecret => "the secret",
            Action::RequestToken => "a token",
            Action::Sign => "a signature",
            Action::ReadPassword => "the password",
            Action::SendMessage => "a message",
            Action::Ask => "an answer",
        }
    }
}

impl TryFrom<String> for Action {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|one| one.name() == name).ok_or_else(|| Error::not_found("action", &name))
    }
}

/// How an approval is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Somebody waits for the answer.
    Open,
    /// The owner said yes.
    Approved,
    /// The owner said no.
    Denied,
    /// Nobody answered in time, which is a denial.
    Expired,
    /// Whoever asked is gone.
    Withdrawn,
}

impl State {
    /// Every state.
    pub const ALL: [State; 5] =
        [State::Open, State::Approved, State::Denied, State::Expired, State::Withdrawn];

    /// Its name, for example `open`.
    pub fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Approved => "approved",
            State::Denied => "denied",
            State::Expired => "expired",
            State::Withdrawn => "withdrawn",
        }
    }
}

impl TryFrom<String> for State {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|one| one.name() == name)
            .ok_or_else(|| Error::not_found("state of an approval", &name))
    }
}

/// The owner's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Yes, to exactly the call that waits.
    Once,
    /// Yes, to this session until it ends.
    Session,
    /// Yes, to this identity in this worktree until it is archived.
    Worktree,
    /// Yes, to this session for an hour at most.
    Hour,
    /// What a question is answered with.
    Words {
        /// The answer. The agent alone gets it: it is empty wherever an approval is kept or told of.
        text: SecretText,
    },
    /// No.
    Deny {
        /// A word to the agent.
        #[serde(default)]
        because: Option<String>,
    },
}

/// A question to the owner. All texts that come from an agent are bounded and hold no control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// UUID v7.
    pub id: String,
    /// What is asked for.
    pub action: Action,
    /// Of what: a key, an issuer, a fingerprint.
    pub subject: String,
    /// The identity's id.
    pub identity_id: String,
    /// The identity's name.
    pub identity: String,
    /// The session that asks.
    pub session: String,
    /// Its slot.
    pub slot: u32,
    /// Its agent.
    pub agent: String,
    /// Its worktree's id.
    pub worktree_id: String,
    /// Its worktree's name.
    pub worktree: String,
    /// The process that asks.
    pub pid: u32,
    /// The command line of that process. A process can say of itself what it likes.
    pub command: Vec<String>,
    /// Why, in the agent's words.
    pub reason: Option<String>,
    /// More to know before an answer, as names and values.
    pub details: Vec<(String, String)>,
    /// When it was asked.
    pub asked_at: Millis,
    /// When no answer becomes a denial.
    pub until: Millis,
    /// How it is.
    pub state: State,
    /// What the owner answered.
    pub answer: Option<Answer>,
    /// The owner's word, or why there was no answer.
    pub because: Option<String>,
    /// When it was answered, ran out or was withdrawn.
    pub answered_at: Option<Millis>,
}

/// The detail of a message that shall be sent which names everybody whom it goes to.
pub const RECIPIENTS: &str = "to";

impl Approval {
    /// Everybody whom a message goes to that shall be sent, where the subject does not name them all.
    pub fn recipients(&self) -> Option<&str> {
        let mut details = self.details.iter().filter(|_| self.action == Action::SendMessage);
        details.find(|(name, _)| name == RECIPIENTS).map(|(_, all)| all.as_str())
    }

    /// Whether the same process has asked this before, of a daemon that ended.
    pub fn is_again(&self) -> bool {
        self.details.iter().any(|(name, _)| name == AGAIN)
    }
}

/// `approvals.list`: the open ones, oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListApprovals {
    /// The answered ones as well, newest first; at most 500.
    #[serde(default)]
    pub all: bool,
}

/// `questions.ask`: asks the owner, and answers once they have.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskQuestion {
    /// The question, at most 500 characters.
    pub question: String,
    /// How long to wait for the answer, in milliseconds; two minutes if left out.
    #[serde(default)]
    pub wait_ms: Option<u64>,
}

/// What the owner said.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OwnersWords {
    /// The answer.
    pub answer: SecretText,
}

/// `approvals.answer`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerApproval {
    /// Which one: its id or a unique prefix of it.
    pub approval: String,
    /// The answer.
    pub answer: Answer,
}
