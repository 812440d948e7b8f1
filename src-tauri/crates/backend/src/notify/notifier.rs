//! What a route is: something that takes a message, or says why it doesn't.

use super::mail::Mail;
use super::ntfy::Ntfy;
use super::twilio::Twilio;
use super::webhook::Webhook;
pub use crate::attempt::BoxFuture;
use api::Millis;
use api::notify::{Notice, RouteKind};

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
pub use crate::attempt::Failure as Undelivered;

/// How a route was set up: what its constructor takes.
pub type Setup = crate::setup::Setup<RouteKind>;

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
