//! What a source is: something that brings messages, and perhaps sends them. A kind is a file with this trait.

pub use super::post::Post;
pub use crate::attempt::{BoxFuture, Failure};
pub use crate::inbox::{Content, Letter, Outgoing};

use crate::store::IdentityRow;
use api::Millis;
use api::inbox::Medium;
use api::sources::SourceKind;
use std::convert::Infallible;

/// How a source was set up: what its constructor takes.
pub type Setup = crate::setup::Setup<SourceKind>;

/// A thing that does not happen: a source has no end of its own.
pub type Never = Infallible;

/// One source, as its owner has set it up.
pub trait Source: Send + Sync {
    /// Brings what comes, until it fails; it is run again after a pause where that can help. It may be dropped
    /// wherever it waits, and goes on from its cursor.
    fn run<'a>(&'a self, post: &'a Post) -> BoxFuture<'a, Result<Never, Failure>>;
    /// The way out, where it has one.
    fn sends(&self) -> Option<&dyn Sends> {
        None
    }
    /// The door, where others post to it.
    fn hears(&self) -> Option<&dyn Hears> {
        None
    }
}

/// A way out.
pub trait Sends: Send + Sync {
    /// Whether this sort of message goes this way.
    fn takes(&self, medium: Medium) -> bool;
    /// Sends a message to those of its recipients who are not here and do not have it yet. Where this fails, none of
    /// them has it.
    fn send<'a>(&'a self, outgoing: &'a Outgoing, away: &'a [String])
    -> BoxFuture<'a, Result<Sent, Failure>>;
}

/// What came of sending a message: whoever is not named here has it.
#[derive(Default)]
pub struct Sent {
    /// The provider's own id of it, where there is one.
    pub provider_id: Option<String>,
    /// Who did not get it, and why.
    pub refused: Vec<(String, Failure)>,
}

impl Sent {
    /// Notes what came of sending it to the first of those who are left; whether the next one is worth a try.
    pub fn note(&mut self, left: &[String], came: Result<String, Failure>) -> bool {
        match came {
            Ok(id) => self.provider_id = Some(id),
            Err(failure) if failure.again => {
                self.refused.extend(left.iter().map(|to| (to.clone(), failure.clone())));
                return false;
            }
            Err(failure) => self.refused.extend(left.first().map(|to| (to.clone(), failure))),
        }
        true
    }
}

/// A door for servers that post what there is.
pub trait Hears: Send + Sync {
    /// Takes what was posted, if it is signed as it should be. It is durable when this returns well.
    fn hear<'a>(&'a self, posted: &'a Posted, post: &'a Post) -> BoxFuture<'a, Answer>;
}

/// What was posted to a source's door.
pub struct Posted {
    /// The whole address that it was posted to, as far as we know it.
    pub url: String,
    /// Its headers: names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Posted {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What who posted is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// A message that a source has fetched or was given.
pub struct Brought {
    /// Whose it is.
    pub identity: IdentityRow,
    /// The source's own key of it, which finds what comes twice.
    pub key: Option<String>,
    /// When it came.
    pub at: Millis,
    /// The message.
    pub content: Content,
}
