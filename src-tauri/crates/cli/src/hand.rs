//! What every command works with: a connection made when it is first needed, the output, and a person to ask.

use crate::connection::Connection;
use crate::daemon;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::place::Place;
use crate::unlock;
use api::{Call, Code};

/// The hand that does what a command says.
pub struct Hand {
    /// Where results go.
    pub out: Output,
    place: Place,
    connection: Option<Connection>,
    person: bool,
}

impl Hand {
    /// A hand at `place`; `person` says whether somebody sits there who can be asked.
    pub fn new(place: Place, out: Output, person: bool) -> Self {
        Self { out, place, connection: None, person }
    }

    /// Where things are.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether somebody can be asked.
    pub fn has_person(&self) -> bool {
        self.person
    }

    /// Asks the daemon. A locked vault is opened on the way if its owner is there to give the passphrase.
    pub fn ask<C: Call>(&mut self, call: &C) -> Result<C::Reply> {
        match self.ask_once(call) {
            Err(Failure::Refused(error)) if error.code == Code::Locked && self.can_unlock() => {
                unlock::with_person(self, error)?;
                self.ask_once(call)
            }
            answer => answer,
        }
    }

    /// Asks the daemon for what the owner may have to approve first; says so if no answer comes soon.
    pub fn ask_patiently<C: Call>(&mut self, call: &C) -> Result<C::Reply> {
        if !self.out.json {
            self.connection()?.excuse("lanyard: no answer yet; the owner may be asked to approve this\n");
        }
        self.ask(call)
    }

    /// Asks the daemon, and takes its answer as it is.
    pub fn ask_once<C: Call>(&mut self, call: &C) -> Result<C::Reply> {
        self.connection()?.call(call)
    }

    /// The connection, made now if there was none.
    pub fn connection(&mut self) -> Result<&mut Connection> {
        if self.connection.is_none() {
            let connection = daemon::connect(&self.place)?;
            connection.same_version()?;
            self.connection = Some(connection);
        }
        self.connection.as_mut().ok_or(Failure::Closed)
    }

    /// Gives the connection away, for what needs it as a whole.
    pub fn take_connection(&mut self) -> Result<Connection> {
        self.connection()?;
        self.connection.take().ok_or(Failure::Closed)
    }

    fn can_unlock(&self) -> bool {
        // Inside a session nobody but an agent asks, and an agent can't open the vault.
        self.person && self.place.session_socket.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;
    use api::identities::{ListIdentities, ShowIdentity};

    /// A hand at a fake daemon, with nobody to ask.
    pub fn at(fake: &Fake) -> Hand {
        let place = Place { lanyard_home: Some(fake.home().into()), ..Place::default() };
        Hand::new(place, Output::plain(), false)
    }

    #[test]
    fn a_locked_vault_is_an_error_where_nobody_can_be_asked() {
        let fake = Fake::new(&[
            r#"{"answer":{"id":1,"result":{"Err":{"code":"locked","message":"the vault is locked"}}}}"#,
        ]);
        let failure = at(&fake).ask(&ListIdentities {}).unwrap_err();
        assert_eq!(failure.told(false).unwrap(), "lanyard: the vault is locked");
    }

    #[test]
    fn one_connection_serves_all_questions() {
        let fake = Fake::new(&[
            r#"{"answer":{"id":1,"result":{"Ok":[]}}}"#,
            r#"{"answer":{"id":2,"result":{"Err":{"code":"not_found","message":"there is none"}}}}"#,
        ]);
        let mut hand = at(&fake);
        assert!(hand.ask(&ListIdentities {}).unwrap().is_empty());
        assert_eq!(hand.ask(&ShowIdentity { identity: Some("a".into()) }).unwrap_err().exit(), 1);
        assert_eq!(fake.asked()["method"], "identities.list");
        assert_eq!(fake.asked()["params"]["identity"], "a");
    }
}
