//! The constructor of each kind of issuer.

use super::command::CommandIssuer;
use crate::tokens::issuer::{Failure, Issuer, Setup};
use api::issuers::Kind;

/// Makes an issuer out of its set-up, or says what is wrong with that.
pub fn open(setup: Setup) -> Result<Box<dyn Issuer>, Failure> {
    match setup.kind {
        Kind::Command => Ok(Box::new(CommandIssuer::new(setup)?)),
        other => Err(Failure::Invalid(format!(
            "this version cannot talk to an issuer of the kind {}",
            other.name()
        ))),
    }
}
