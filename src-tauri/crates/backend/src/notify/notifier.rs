//! What a route is: something that takes a message, or says why it doesn't.

use super::mail::Mail;
use super::ntfy::Ntfy;
use super::twilio::Twilio;
use super::webhook::Webhook;
use crate::http::Failure;
use api::Millis;
use api::names::shown;
use api::notify::{Notice, RouteKind};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use vault::Secret;

/// What a call gives, some time later.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One route, as its owner has set it up.
pub trait Notifier: Send + Sync {
    /// Sends a message. Gives what its server said, in words.
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<String, Undelivered>>;
}

/// What is sent.
pub struct Message {
    /// The same at every try.
    pub id: String,
    /// When there was something to tell.
    pub at: Millis,
    /// One line.
    pub title: String,
    /// The rest, in lines.
    pub text: String,
    /// What it tells; none if it is a test.
    pub notices: Vec<Notice>,
}

/// Why a message was not taken.
#[derive(Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// In words.
    pub said: String,
    /// Whether another try may help.
    pub again: bool,
    /// How long the server wants to be left alone.
    pub after: Option<Duration>,
}

impl From<Failure> for Undelivered {
    fn from(failure: Failure) -> Self {
        let (again, after) = match &failure {
            Failure::RateLimited { after } => (true, *after),
            Failure::Unreachable(_)
            | Failure::Broken(_)
            | Failure::Refused { status: 408 | 425 | 500.., .. } => (true, None),
            Failure::Refused { .. } | Failure::NotFound(_) | Failure::Invalid(_) => (false, None),
        };
        Self { said: failure.to_string(), again, after }
    }
}

/// How a route was set up: what its constructor takes.
pub struct Setup {
    /// What kind it is.
    pub kind: RouteKind,
    /// Where its server is.
    pub url: Option<String>,
    /// What else it needs to know.
    pub settings: BTreeMap<String, String>,
    /// Its secret.
    pub secret: Option<Secret>,
}

impl Setup {
    /// A setting that must be there.
    pub fn need(&self, name: &str) -> Result<String, String> {
        self.may(name).ok_or_else(|| format!("a route of the kind {} needs --set {name}=…", self.kind.name()))
    }

    /// A setting that may be there.
    pub fn may(&self, name: &str) -> Option<String> {
        self.settings.get(name).map(|value| value.trim().to_string()).filter(|value| !value.is_empty())
    }

    /// The address, which must be there.
    pub fn need_url(&self) -> Result<&str, String> {
        self.url.as_deref().ok_or_else(|| format!("a route of the kind {} needs --url", self.kind.name()))
    }

    /// The secret, which must be there.
    pub fn need_secret(&mut self) -> Result<Secret, String> {
        let missing = format!("a route of the kind {} needs --secret", self.kind.name());
        self.secret.take().ok_or(missing)
    }

    /// Refuses settings that this kind does not know: a mistyped one would say nothing.
    fn check(&self, known: &[&str]) -> Result<(), String> {
        let stray = self.settings.keys().find(|name| !known.contains(&name.as_str()));
        stray.map_or(Ok(()), |name| {
            Err(format!("there is no setting {}; there is: {}", shown(name), known.join(" ")))
        })
    }
}

/// Makes a route out of its set-up, or says what is wrong with that.
pub fn open(setup: Setup) -> Result<Box<dyn Notifier>, String> {
    setup.check(match setup.kind {
        RouteKind::Mail => &["from", "to", "username", "starttls"],
        RouteKind::Twilio => &["account", "key", "from", "to"],
        RouteKind::Ntfy => &["topic"],
        RouteKind::Webhook => &[],
    })?;
    Ok(match setup.kind {
        RouteKind::Mail => Box::new(Mail::new(setup)?),
        RouteKind::Twilio => Box::new(Twilio::new(setup)?),
        RouteKind::Ntfy => Box::new(Ntfy::new(setup)?),
        RouteKind::Webhook => Box::new(Webhook::new(setup)?),
    })
}
