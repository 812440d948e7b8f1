//! What every command works with: a connection made when it is first needed, the output, and a person to ask.

use crate::connection::Connection;
use crate::daemon;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::place::Place;
use crate::{prompt, unlock};
use api::approvals::{WAIT_BOUNDS_MS, WAIT_MS};
use api::{Call, Code};
use rustix::event::{Timespec, poll};
use std::time::{Duration, Instant};

/// The pause between two looks whether a daemon is back: nothing tells when it takes connections.
const BACK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

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

    /// Asks for something to read that the owner may have to approve first. A question of an agent's that went
    /// with its daemon is put to the next one, as long as the time is not over that it was to wait.
    pub fn read_patiently<C: Call>(
        &mut self,
        wait: Option<Duration>,
        call: impl Fn(Option<u64>) -> C,
    ) -> Result<C::Reply> {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let wait_ms = wait.map(millis);
        let until = Duration::from_millis(wait_ms.unwrap_or(WAIT_MS).min(*WAIT_BOUNDS_MS.end()));
        let until = Instant::now() + until;
        let mut answer = self.ask_patiently(&call(wait_ms));
        while answer.as_ref().is_err_and(Failure::is_of_an_end)
            && self.place.session_socket.is_some()
            && self.connection.take().is_some()
        {
            let Some(left) = self.connect_again(until)? else { return answer };
            answer = self.ask_patiently(&call(Some(millis(left))));
        }
        answer
    }

    /// Waits for what comes by itself, for so long. A wait of an agent's that finds no daemon, or went with it, goes
    /// on with the next one.
    pub fn wait_patiently<C: Call>(
        &mut self,
        wait: Duration,
        call: impl Fn(Option<u64>) -> C,
    ) -> Result<C::Reply> {
        let millis = |time: Duration| u64::try_from(time.as_millis()).ok();
        let until = Instant::now() + wait.min(Duration::from_millis(*WAIT_BOUNDS_MS.end()));
        let mut answer = self.ask(&call(millis(wait)));
        while answer.as_ref().is_err_and(Failure::is_of_an_end) && self.place.session_socket.is_some() {
            self.connection = None;
            let Some(left) = self.connect_again(until)? else { return answer };
            answer = self.ask(&call(millis(left)));
        }
        answer
    }

    /// Waits for the next daemon, and says how much time is left then; none where it is too little to ask.
    fn connect_again(&mut self, until: Instant) -> Result<Option<Duration>> {
        if !self.out.json {
            prompt::say("lanyard: the daemon has ended; the next one is asked again\n")?;
        }
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left < Duration::from_millis(*WAIT_BOUNDS_MS.start()) {
                return Ok(None);
            }
            if let Some(connection) = daemon::connect_to_running(&self.place)? {
                connection.same_version()?;
                self.connection = Some(connection);
                return Ok(Some(left));
            }
            // Being woken early does no harm.
            let _ = poll(&mut [], Some(&BACK));
        }
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
