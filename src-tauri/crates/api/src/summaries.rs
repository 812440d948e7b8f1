//! Summaries: what a session came to, in numbers and in the agent's last words.

use crate::Millis;
use crate::approvals::Action;
use crate::sessions::Session;
use serde::{Deserialize, Serialize};

/// What a session came to, or has come to so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The session as `sessions.show` tells it: how it ended and its last message stand there.
    #[serde(flatten)]
    pub session: Session,
    /// How long it ran, or has run.
    pub lasted_ms: Millis,
    /// What changed in its worktree; none where git could not tell.
    pub work: Option<Work>,
    /// The credentials that it used.
    pub used: Vec<Used>,
    /// What it asked the owner for.
    pub asked: Vec<Asked>,
    /// What its agent reports to have used up; none where it reports nothing.
    pub usage: Option<Usage>,
}

/// What changed in a worktree, against the branch that it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The branch that it is compared with; none where there is none, and then no commits are told.
    pub base: Option<String>,
    /// The commits that the base does not have, newest first, one line each; at most 50.
    pub commits: Vec<String>,
    /// How many such commits there are.
    pub commit_count: u32,
    /// The files that these commits changed; at most 100.
    pub files: Vec<Changed>,
    /// How many such files there are.
    pub file_count: u32,
    /// How many lines these commits added.
    pub added: u32,
    /// How many lines they took away.
    pub deleted: u32,
    /// Files that are changed and not committed; at most 100.
    pub uncommitted: Vec<String>,
    /// How many such files there are.
    pub uncommitted_count: u32,
    /// Whether there was more than git may tell here: then each number is "at least".
    pub cut: bool,
}

/// A file that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Its path in the repository.
    pub path: String,
    /// How many lines were added; none for a binary file.
    pub added: Option<u32>,
    /// How many were taken away.
    pub deleted: Option<u32>,
}

/// A credential that a session used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// What it is.
    pub what: Credential,
    /// Its name: a secret's key, a login's domain, a git host, an issuer, a key's fingerprint.
    pub name: String,
    /// How often; 1 for a secret that was in the environment from the start.
    pub times: u32,
}

/// A kind of credential, and how it came to the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// A secret that was in its environment from the start.
    Injected,
    /// A secret that it read.
    Secret,
    /// A token that it asked for or read; the name is the issuer's.
    Token,
    /// A login for a git host.
    Git,
    /// A password that it read.
    Password,
    /// A one-time code that it read.
    Code,
    /// A key that signed for it.
    Key,
}

/// What a session asked the owner for, and how often with which outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What was asked for.
    pub action: Action,
    /// Of what.
    pub subject: String,
    /// How often the owner said yes.
    pub approved: u32,
    /// How often the owner said no.
    pub denied: u32,
    /// How often nobody answered, or it was withdrawn, or is open.
    pub unanswered: u32,
}

/// What an agent says that it has used up. It is the agent's own word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens that went in, without those from a cache.
    pub input: u64,
    /// Tokens that came out.
    pub output: u64,
    /// Tokens that were read from a cache.
    pub cached: u64,
    /// The cost in millionths of a US dollar, where the agent tells one.
    pub cost_micros: Option<u64>,
}

/// `sessions.summary`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SummarizeSession {
    /// Its id, a unique prefix of it, or a slot's number.
    pub session: String,
}
