//! Something that was tried at somebody's server and did not work: whether, and when, another try may help.

use crate::http;
use api::Millis;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// After how many seconds something is tried again, one time after the other; then it is given up.
const PAUSES: [u64; 8] = [2, 10, 60, 300, 900, 3600, 3 * 3600, 6 * 3600];

/// What a call gives, some time later.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why it did not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In words, without secrets.
    pub said: String,
    /// Whether another try may help.
    pub again: bool,
    /// How long the server wants to be left alone.
    pub after: Option<Duration>,
}

impl Failure {
    /// One that may be otherwise at the next try.
    pub fn passing(said: impl Into<String>) -> Self {
        Self { said: said.into(), again: true, after: None }
    }

    /// One that stays until somebody changes something.
    pub fn lasting(said: impl Into<String>) -> Self {
        Self { said: said.into(), again: false, after: None }
    }
}

impl From<http::Failure> for Failure {
    fn from(failure: http::Failure) -> Self {
        let (again, after) = match &failure {
            http::Failure::RateLimited { after } => (true, *after),
            http::Failure::Unreachable(_)
            | http::Failure::Broken(_)
            | http::Failure::Refused { status: 408 | 425 | 500.., .. } => (true, None),
            http::Failure::Refused { .. } | http::Failure::NotFound(_) | http::Failure::Invalid(_) => {
                (false, None)
            }
        };
        Self { said: failure.to_string(), again, after }
    }
}

/// How long to wait after so many tries, in milliseconds; none if it is given up.
pub fn pause(tries: i64) -> Option<Millis> {
    let at = usize::try_from(tries - 1).ok()?;
    PAUSES.get(at).map(|seconds| Millis::try_from(seconds * 1000).unwrap_or(Millis::MAX))
}
