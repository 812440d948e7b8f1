//! One connection to the daemon: its hello, the questions and answers, and the events between them.

use crate::failure::{Failure, Result};
use crate::prompt;
use crate::wiped::Wiped;
use api::wire::{FRAME_MAX, Outgoing, Question};
use api::{Call, Code, Error, Event, VERSION};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long a daemon that took the connection may take for its first line.
const HELLO_DEADLINE: Duration = Duration::from_secs(10);
/// How much is asked for with one read.
const READ_SIZE: usize = 16 * 1024;
/// How long an answer may take before a person is told why.
const SOON: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// A connection whose hello was read.
pub struct Connection {
    stream: UnixStream,
    received: Wiped,
    version: String,
    last_id: u64,
    excuse: Option<&'static str>,
}

impl Connection {
    /// Takes over a fresh connection and reads the daemon's hello. Answers may take as long as they need.
    pub fn open(stream: UnixStream) -> Result<Self> {
        let connection = Self::open_within(stream, HELLO_DEADLINE)?;
        connection.stream.set_read_timeout(None).map_err(|e| lost(&e))?;
        Ok(connection)
    }

    /// The same for somebody who waits no longer than this, for the hello and for each answer.
    pub fn open_within(stream: UnixStream, patience: Duration) -> Result<Self> {
        peer::check_daemon(&stream).map_err(|e| not_the_daemon(&e))?;
        let received = Wiped::new(READ_SIZE);
        let mut connection = Self { stream, received, version: String::new(), last_id: 0, excuse: None };
        connection.stream.set_read_timeout(Some(patience)).map_err(|e| lost(&e))?;
        connection.version = match connection.frame()? {
            Outgoing::Hello(hello) => hello.version,
            Outgoing::Answer(answer) => {
                return Err(answer.result.err().unwrap_or_else(strange).into());
            }
            Outgoing::Event(_) => return Err(strange().into()),
        };
        Ok(connection)
    }

    /// Fails if the daemon is of another version than this program.
    pub fn same_version(&self) -> Result<()> {
        if self.version == VERSION {
            return Ok(());
        }
        let message = format!("the daemon that runs is version {}, this is version {VERSION}", self.version);
        Err(Error::new(Code::Version, message)
            .hint("run `lanyard daemon stop`, then repeat the command: a daemon of this version starts, and sessions go on")
            .into())
    }

    /// What to say, once, if an answer does not come soon.
    pub fn excuse(&mut self, excuse: &'static str) {
        self.excuse = Some(excuse);
    }

    /// Asks one question and waits for its answer.
    pub fn call<C: Call>(&mut self, call: &C) -> Result<C::Reply> {
        self.last_id += 1;
        let mut line = Wiped::new(READ_SIZE);
        serde_json::to_writer(&mut line, &Question::new(self.last_id, call))
            .map_err(|e| Failure::system("writing the request", e))?;
        line.push(b"\n");
        if let Err(e) = self.stream.write_all(line.as_slice()) {
            // A daemon that hangs up in the middle of a request says first what is wrong with it.
            return Err(match self.frame() {
                Ok(Outgoing::Answer(answer)) => answer.result.err().map_or_else(|| lost(&e), Failure::from),
                _ => lost(&e),
            });
        }
        if let Some(excuse) = self.excuse
            && poll(&mut [PollFd::new(&self.stream, PollFlags::IN)], Some(&SOON)) == Ok(0)
        {
            prompt::say(excuse)?;
            self.excuse = None;
        }
        loop {
            match self.frame()? {
                // An answer to nothing that was asked says that the request itself could not be read.
                Outgoing::Answer(answer) if answer.id == self.last_id || answer.result.is_err() => {
                    let reply: Box<str> = answer.result?.into();
                    let reply = Zeroizing::new(reply.into_string());
                    return serde_json::from_str(&reply).map_err(|_| strange().into());
                }
                Outgoing::Event(_) => {}
                _ => return Err(strange().into()),
            }
        }
    }

    /// Waits for the next event.
    pub fn event(&mut self) -> Result<Event> {
        match self.frame()? {
            Outgoing::Event(event) => Ok(event),
            _ => Err(strange().into()),
        }
    }

    /// The same until a point in time; none once that has come.
    pub fn event_until(&mut self, until: Option<Instant>) -> Result<Option<Event>> {
        while !self.holds_frame() {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let left = left.map(|left| Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(left.subsec_nanos()),
            });
            match poll(&mut [PollFd::new(&self.stream, PollFlags::IN)], left.as_ref()) {
                Ok(0) => return Ok(None),
                Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(Failure::system("waiting for events", e)),
                Ok(_) => break,
            }
        }
        self.event().map(Some)
    }

    /// Whether a whole frame is already here.
    pub fn holds_frame(&self) -> bool {
        self.received.as_slice().contains(&b'\n')
    }

    /// Waits until the daemon has closed the connection, at most as long as a hello may take.
    pub fn wait_for_end(mut self) -> Result<()> {
        self.stream.set_read_timeout(Some(HELLO_DEADLINE)).map_err(|e| lost(&e))?;
        loop {
            match self.received.fill(&mut self.stream, READ_SIZE) {
                Ok(0) => return Ok(()),
                Ok(read) => self.received.consume(read),
                Err(e) if e.kind() == ErrorKind::ConnectionReset => return Ok(()),
                Err(e) => return Err(Failure::system("waiting for the daemon's end", e)),
            }
        }
    }

    /// The socket itself, to wait for it together with other things.
    pub fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// Gives up frames for chunks: the socket, and what was already read from it.
    pub fn into_chunks(self) -> (UnixStream, Wiped) {
        (self.stream, self.received)
    }

    /// Reads one line and what it says.
    fn frame(&mut self) -> Result<Outgoing> {
        let mut searched = 0;
        loop {
            let held = self.received.as_slice();
            if let Some(end) = held[searched..].iter().position(|&byte| byte == b'\n') {
                let end = searched + end;
                let frame = serde_json::from_slice(&held[..end]);
                self.received.consume(end + 1);
                return frame.map_err(|_| strange().into());
            }
            searched = held.len();
            if searched > FRAME_MAX {
                return Err(Error::new(Code::TooLarge, "the daemon's answer is larger than 4 MiB").into());
            }
            match self.received.fill(&mut self.stream, READ_SIZE) {
                Ok(0) => return Err(lost(&"it ended")),
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(lost(&e)),
            }
        }
    }
}

fn lost(cause: &dyn std::fmt::Display) -> Failure {
    Failure::no_daemon(
        format!("the connection to the daemon was lost: {cause}"),
        "run `lanyard status` in a terminal of your own to start it again; sessions go on without it",
    )
}

fn not_the_daemon(error: &std::io::Error) -> Failure {
    Error::refused(format!("whoever listens at the socket is not believed to be the daemon: {error}"))
        .hint("nothing was sent; stop your sessions, remove that socket and start the daemon again")
        .into()
}

fn strange() -> Error {
    Error::new(Code::Version, "the daemon's answer could not be understood")
        .hint("it may be of another version: run `lanyard daemon stop`, then repeat the command")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;
    use api::slots::ListSlots;
    use api::status::StopDaemon;

    fn connect(fake: &Fake) -> Result<Connection> {
        Connection::open(UnixStream::connect(fake.socket()).unwrap())
    }

    #[test]
    fn another_version_is_told_and_can_still_be_stopped() {
        let fake = Fake::with_version("0.0.1", &[r#"{"answer":{"id":1,"result":{"Ok":{}}}}"#]);
        let mut connection = connect(&fake).unwrap();
        let told = connection.same_version().unwrap_err().told(false).unwrap();
        assert!(told.contains("version 0.0.1") && told.contains("lanyard daemon stop"), "{told}");
        connection.call(&StopDaemon {}).unwrap();
    }

    #[test]
    fn events_between_question_and_answer_are_passed_over() {
        let fake = Fake::new(&[concat!(
            r#"{"event":{"SlotChanged":{"slot":3}}}"#,
            "\n",
            r#"{"answer":{"id":1,"result":{"Ok":[]}}}"#
        )]);
        assert!(connect(&fake).unwrap().call(&ListSlots {}).unwrap().is_empty());
    }

    #[test]
    fn a_refusal_in_place_of_the_hello_is_told() {
        let fake = Fake::with_first_line(
            r#"{"answer":{"id":0,"result":{"Err":{"code":"refused","message":"not your door"}}}}"#,
        );
        let Err(failure) = connect(&fake) else { panic!("it was let in") };
        assert_eq!((failure.exit(), failure.told(false).unwrap().as_str()), (1, "lanyard: not your door"));
    }

    #[test]
    fn a_daemon_that_ends_before_it_answers_is_no_daemon() {
        let fake = Fake::new(&[]);
        let failure = connect(&fake).unwrap().call(&ListSlots {}).unwrap_err();
        assert_eq!(failure.exit(), 3);
    }

    #[test]
    fn a_broken_frame_and_an_endless_one_are_errors() {
        let broken = Fake::new(&["{nonsense"]);
        assert_eq!(connect(&broken).unwrap().call(&ListSlots {}).unwrap_err().exit(), 1);
        let endless = Fake::new(&[&"x".repeat(FRAME_MAX + READ_SIZE)]);
        let told = connect(&endless).unwrap().call(&ListSlots {}).unwrap_err().told(false).unwrap();
        assert!(told.contains("larger than 4 MiB"), "{told}");
    }
}
