//! The kinds of sources: one line for each.

use super::imap::Imap;
use super::ravi::{Linked, Ravi, Rest};
use super::relay::Relay;
use super::source::{Setup, Source};
use super::twilio::Twilio;
use super::webhook::Webhook;
use api::sources::SourceKind;

/// Makes a source out of its set-up, or says what is wrong with that. All that are made of one row share its rest.
pub fn open(setup: Setup, linked: Linked, rest: Rest) -> Result<Box<dyn Source>, String> {
    Ok(match setup.kind {
        SourceKind::Smtp => Box::new(Relay::new(setup)?),
        SourceKind::Imap => Box::new(Imap::new(setup)?),
        SourceKind::Webhook => Box::new(Webhook::new(setup)?),
        SourceKind::Twilio => Box::new(Twilio::new(setup)?),
        SourceKind::Ravi => Box::new(Ravi::new(setup, linked, rest)?),
    })
}
