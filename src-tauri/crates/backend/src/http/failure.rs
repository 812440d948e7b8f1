//! Why a server did not do what it was asked: whether it may have done it all the same decides what comes next.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Why a server gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// It said no. From a status of 500 on, it may have done it all the same.
    Refused {
        /// The status of its answer.
        status: u16,
        /// Its words.
        message: String,
    },
    /// What was named does not exist there.
    NotFound(String),
    /// It was asked too often.
    RateLimited {
        /// How long it wants to be left alone.
        after: Option<Duration>,
    },
    /// It was not reached: nothing was sent.
    Unreachable(String),
    /// It was asked, and what came back is no answer: nothing, half of one, something else. It may have done
    /// what it was asked for.
    Broken(String),
    /// The request can't be right, and was not sent.
    Invalid(String),
}

impl Failure {
    /// Whether it may have done what it was asked in spite of it.
    pub fn may_have_worked(&self) -> bool {
        matches!(self, Failure::Broken(_) | Failure::Refused { status: 500.., .. })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused { status, message } => write!(f, "it refused ({status}): {message}"),
            Failure::NotFound(what) => write!(f, "it does not know {what}"),
            Failure::RateLimited { after: Some(after) } => {
                write!(f, "it was asked too often, and wants {} s of rest", after.as_secs())
            }
            Failure::RateLimited { after: None } => f.write_str("it was asked too often"),
            Failure::Unreachable(why) => write!(f, "it cannot be reached: {why}"),
            Failure::Broken(what) => write!(f, "its answer is no answer: {what}"),
            Failure::Invalid(why) => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_worked_is_told_from_what_cannot_have() {
        assert!(Failure::Broken("nothing".into()).may_have_worked());
        assert!(Failure::Refused { status: 502, message: String::new() }.may_have_worked());
        assert!(!Failure::Refused { status: 422, message: String::new() }.may_have_worked());
        assert!(!Failure::Unreachable(String::new()).may_have_worked());
    }
}
