//! `lanyard wait`: waits until a session comes to a state, and says by its exit status to which.

use crate::connection::Connection;
use crate::daemon;
use crate::duration::duration;
use crate::failure::{Failure, Result};
use crate::hand::Hand;
use api::sessions::{Session, ShowSession, State};
use api::status::Subscribe;
use api::{Code, Error, Event};
use std::time::{Duration, Instant};

/// The exit statuses of states that are not simply reached; 1 to 3 stay what they are everywhere.
const WAITING: u8 = 4;
const STOPPED: u8 = 5;
const ENDED_OTHERWISE: u8 = 6;
const TIMED_OUT: u8 = 124;

/// What to wait for.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 it is done, or in another state that was asked for; 1 it has failed; 4 it \
                        waits for its owner; 5 it was stopped; 6 it is done, which was not asked for; 124 the time \
                        is over; 2 wrong usage, which an unknown session is too; 3 no daemon."
)]
pub struct WaitCommand {
    /// The session's id, a unique prefix of it, or its slot's number
    id: String,
    /// The states to wait for: starting, working, waiting, idle, done, failed, stopped. The end of the
    /// session always ends the wait
    #[arg(long, value_name = "STATES", value_delimiter = ',', value_parser = state)]
    #[arg(default_value = "done,failed,waiting")]
    until: Vec<State>,
    /// How long to wait at most, for example 90s, 10m or 1h; for ever if left out
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
}

impl WaitCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        // A time that is too long for the clock is for ever.
        let until = self.timeout.and_then(|time| Instant::now().checked_add(time));
        let mut id = self.id.clone();
        let session = loop {
            let mut events = connect(hand)?;
            match self.watch(&mut events, hand, &mut id, until) {
                // Sessions outlive their daemon, and so does who waits for one.
                Err(Failure::NoDaemon(_)) => {}
                ended => break ended?,
            }
        };
        let Some(session) = session else {
            let time = self.timeout.unwrap_or_default().as_secs();
            let error = Error::conflict(format!("it has come to none of these states within {time} s"));
            return Err(Failure::Status(TIMED_OUT, Some(error)));
        };
        hand.out.show(&session, || session.state_text())?;
        match exit(session.state, &self.until) {
            0 => Ok(()),
            status => Err(Failure::Status(status, None)),
        }
    }

    /// Waits over one connection; none once the time is over. From the first answer on `id` is the whole id:
    /// a slot may run another session by the next.
    fn watch(
        &self,
        events: &mut Connection,
        hand: &Hand,
        id: &mut String,
        until: Option<Instant>,
    ) -> Result<Option<Session>> {
        events.call(&Subscribe {})?;
        loop {
            // It is asked elsewhere: an event that comes before the answer, and is newer, is not passed over.
            let session = connect(hand)?.call(&ShowSession { session: id.clone() }).map_err(usage)?;
            id.clone_from(&session.id);
            if self.is_over(&session) {
                return Ok(Some(session));
            }
            loop {
                match events.event_until(until)? {
                    None => return Ok(None),
                    Some(Event::SessionStateChanged { session, .. }) if session.id == *id => {
                        if self.is_over(&session) {
                            return Ok(Some(*session));
                        }
                    }
                    Some(Event::Lagged { .. }) => break,
                    Some(_) => {}
                }
            }
        }
    }

    fn is_over(&self, session: &Session) -> bool {
        !session.is_running() || self.until.contains(&session.state)
    }
}

/// A connection to the daemon that runs, or to one that is started now.
fn connect(hand: &Hand) -> Result<Connection> {
    let connection = daemon::connect(hand.place())?;
    connection.same_version()?;
    Ok(connection)
}

fn exit(state: State, until: &[State]) -> u8 {
    match state {
        State::Failed => 1,
        State::Waiting => WAITING,
        State::Stopped => STOPPED,
        state if !until.contains(&state) => ENDED_OTHERWISE,
        _ => 0,
    }
}

/// A session that does not exist is a mistake in the command, and no outcome of a session.
fn usage(failure: Failure) -> Failure {
    match failure {
        Failure::Refused(error) if matches!(error.code, Code::NotFound | Code::Ambiguous | Code::Invalid) => {
            Failure::Usage(error)
        }
        failure => failure,
    }
}

fn state(text: &str) -> std::result::Result<State, String> {
    let known = State::ALL.map(State::name).join(", ");
    let state = State::ALL.into_iter().find(|state| state.name() == text);
    state.ok_or_else(|| format!("there is no such state; there are {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_has_an_exit_status_of_its_own() {
        let asked = [State::Done, State::Failed, State::Waiting];
        for (state, until, expected) in [
            (State::Done, &asked[..], 0),
            (State::Failed, &asked, 1),
            (State::Waiting, &asked, 4),
            (State::Stopped, &asked, 5),
            (State::Stopped, &[State::Stopped], 5),
            (State::Idle, &[State::Idle], 0),
            (State::Done, &[State::Idle], 6),
            (State::Failed, &[State::Idle], 1),
        ] {
            assert_eq!(exit(state, until), expected, "{state:?} {until:?}");
        }
    }
}
