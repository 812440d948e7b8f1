//! What an issuer is: something that mints tokens, takes them back, and can sometimes find what it minted.
//!
//! `mint` runs in a process of its own (`lanyardd mint`), `revoke` and `find` in the daemon. Each of them may
//! be called again after a crash: a token that is gone already is revoked, and that is no failure.

pub use crate::http::Failure;

use api::issuers::Kind;
use api::{Code, Error, Millis, SecretText};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use vault::Secret;

/// What an issuer's call gives, some time later.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One issuer, as its owner has set it up.
pub trait Issuer: Send + Sync {
    /// Makes a token.
    fn mint<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Minted, Failure>>;
    /// Takes a token back for good. One that is gone already is `Ok`.
    fn revoke<'a>(&'a self, held: &'a Held) -> BoxFuture<'a, Result<(), Failure>>;
    /// Looks for the token that was ordered under this name, whose answer never came.
    fn find<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Found, Failure>>;
    /// What can be asked of it.
    fn limits(&self) -> Limits;
    /// The git server that its tokens open, where there is one.
    fn login(&self) -> Option<Login> {
        None
    }
}

/// How an issuer was set up: what its constructor takes.
pub struct Setup {
    /// What kind it is.
    pub kind: Kind,
    /// Where its API is; the kind's usual place if none.
    pub base_url: Option<String>,
    /// What else it needs to know.
    pub settings: BTreeMap<String, String>,
    /// Its secret.
    pub secret: Option<Secret>,
}

impl Setup {
    /// A setting that must be there.
    pub fn need(&self, name: &str) -> Result<&str, Failure> {
        let value = self.settings.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        value.ok_or_else(|| {
            Failure::Invalid(format!("an issuer of the kind {} needs the setting {name}", self.kind.name()))
        })
    }
}

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The token's id with us.
    pub id: String,
    /// `lanyard-IDENTITY-…`: goes to the issuer, so that an orphan can be found.
    pub name: String,
    /// Whom at the issuer it is for, where that has identities of its own.
    #[serde(default)]
    pub account: Option<String>,
    /// The repositories to limit it to; empty for no limit.
    pub repositories: Vec<String>,
    /// What it shall be able to do.
    pub permissions: BTreeMap<String, String>,
    /// How long it shall live.
    pub ttl: Option<Duration>,
    /// The time now.
    pub now: Millis,
}

/// A token that was made.
pub struct Minted {
    /// Its value. Its shape is the issuer's affair.
    pub value: Secret,
    /// Its id at the issuer, where revoking takes one.
    pub upstream_id: Option<String>,
    /// When its time is over, by the issuer's clock.
    pub expires_at: Option<Millis>,
    /// The repositories that it was limited to.
    pub repositories: Vec<String>,
    /// What it can do.
    pub permissions: BTreeMap<String, String>,
}

/// A token to be taken back.
pub struct Held {
    /// Its value; none where the issuer's answer was lost.
    pub value: Option<Secret>,
    /// Its id at the issuer.
    pub upstream_id: Option<String>,
    /// The name that it was ordered under.
    pub name: String,
    /// When its time is over.
    pub expires_at: Option<Millis>,
    /// The time now.
    pub now: Millis,
}

/// What an issuer says of a token that may have been made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It was, and this is its id.
    Is(String),
    /// It was not.
    None,
    /// The issuer can't list its tokens.
    CannotTell,
}

/// What can be asked of an issuer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// The shortest life.
    pub shortest: Option<Duration>,
    /// The longest life. Where it is the shortest as well, every token lives exactly so long.
    pub longest: Option<Duration>,
    /// Whether a new token can be made after one was revoked; false for a stored one, which is gone for good.
    pub undoable: bool,
    /// Whether a token can be limited to repositories.
    pub repositories: bool,
}

/// A login at a git server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The server's host, with its port where that is not the usual one.
    pub host: String,
    /// The user name that goes with the token.
    pub username: String,
}

impl Failure {
    /// The failure as a caller sees it; `issuer` is the issuer's name.
    pub fn told(&self, issuer: &str) -> Error {
        let text = format!("the issuer {}: {self}", api::names::shown(issuer));
        let (code, hint) = match self {
            Failure::Invalid(why) => {
                return Error::invalid(why.clone()).hint("see: lanyard tokens request --help");
            }
            Failure::Refused { status: 401, .. } => (Code::Refused, "its own secret may be wrong or expired"),
            Failure::Refused { status: 403, .. } => {
                (Code::Refused, "its own secret may not be allowed to do this")
            }
            Failure::Refused { .. } => {
                (Code::Refused, "the owner sees the issuer with: lanyard issuers list")
            }
            Failure::NotFound(_) => (Code::NotFound, "look at the name, and at what the issuer can see"),
            Failure::RateLimited { .. } => (Code::Refused, "try again later"),
            Failure::Unreachable(_) => (Code::Refused, "look at the network and at the issuer's --url"),
            Failure::Broken(_) => {
                (Code::Refused, "look at the issuer's --url; what it may have made is revoked")
            }
        };
        Error::new(code, text).hint(hint)
    }
}

impl Limits {
    /// Checks an order before anything is sent.
    pub fn check(&self, ttl: Option<Duration>, repositories: &[String]) -> Result<(), Failure> {
        if let Some(ttl) = ttl {
            let told = |what: &str, limit: Duration| {
                Failure::Invalid(format!(
                    "a life of {} s is {what} this issuer's {} s",
                    ttl.as_secs(),
                    limit.as_secs()
                ))
            };
            if ttl.is_zero() {
                return Err(Failure::Invalid("a life of 0 s is none".into()));
            }
            if let Some(shortest) = self.shortest.filter(|shortest| ttl < *shortest) {
                return Err(told("shorter than", shortest));
            }
            if let Some(longest) = self.longest.filter(|longest| ttl > *longest) {
                return Err(told("longer than", longest));
            }
        }
        if !repositories.is_empty() && !self.repositories {
            return Err(Failure::Invalid("this issuer's tokens cannot be limited to repositories".into()));
        }
        Ok(())
    }

    /// The life of every token, where they all live equally long.
    pub fn fixed_life(&self) -> Option<Duration> {
        self.longest.filter(|longest| self.shortest == Some(*longest))
    }
}

/// A secret as it goes into a process of ours.
pub(super) fn lent(secret: &Secret) -> Result<SecretText, Failure> {
    // EXPOSE: the process that calls the issuer, or the owner's own program, needs the value itself.
    let text =
        secret.expose_str().ok_or_else(|| Failure::Invalid("a secret of an issuer is not text".into()))?;
    Ok(SecretText::new(text.to_string()))
}

/// A secret that came out of a process.
pub(super) fn taken(text: &SecretText) -> Secret {
    // EXPOSE: the value goes into the type that is wiped and cannot be printed.
    Secret::from(text.expose().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_out_of_bounds_is_told_with_the_bound() {
        let hour = Duration::from_secs(3600);
        let limits = Limits { shortest: Some(hour), longest: Some(2 * hour), ..Limits::default() };
        let told = |ttl: u64| limits.check(Some(Duration::from_secs(ttl)), &[]).unwrap_err().to_string();
        assert_eq!(told(0), "a life of 0 s is none");
        assert!(told(3599).contains("shorter than this issuer's 3600 s"));
        assert!(told(7201).contains("longer than this issuer's 7200 s"));
        assert!(limits.check(Some(hour), &[]).is_ok());
        assert!(limits.check(None, &["a".into()]).is_err());
        assert_eq!(limits.fixed_life(), None);
    }
}
