//! The errors that a caller can see: what happened, and what to do about it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The result of a call.
pub type Result<T> = std::result::Result<T, Error>;

/// What kind of failure it is, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request is malformed: an unknown method, a wrong type, a name or value out of bounds.
    Invalid,
    /// What was named does not exist.
    NotFound,
    /// A prefix names more than one thing.
    Ambiguous,
    /// It exists already, or something else is in the way.
    Conflict,
    /// The caller's role or door does not allow this.
    Refused,
    /// Something would be lost; ask again with `force` to go on.
    Unconfirmed,
    /// The vault is locked, or its key is wrong or missing.
    Locked,
    /// The frame or the value is larger than the limit.
    TooLarge,
    /// No space is left where Lanyard keeps its data.
    DiskFull,
    /// Git said no.
    Git,
    /// What is asked for does not exist in this version.
    Unsupported,
    /// Another version of Lanyard is on the other side.
    Version,
    /// The daemon is ending; the next one may be asked the same.
    Ending,
    /// What was waited for did not come in time.
    Timeout,
    /// Something broke inside Lanyard; the log has the details.
    Internal,
}

/// A failure as callers see it. It never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// The kind of failure.
    pub code: Code,
    /// What happened, one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Error {
    /// An error without a hint.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    /// The same error, with a hint on what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A malformed request.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::Invalid, message)
    }

    /// Something that does not exist: `kind` is its noun, `name` what was asked for.
    pub fn not_found(kind: &str, name: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no {kind} {}", crate::names::shown(name)))
    }

    /// Something that stands in the way.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// A caller that may not do this.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Code::Refused, message)
    }

    /// The error for what nobody expected. The details stay in the log.
    pub fn internal() -> Self {
        Self::new(Code::Internal, "something broke inside Lanyard").hint("the daemon's log has the details")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
