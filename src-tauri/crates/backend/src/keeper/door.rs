//! A connection on `keep.sock`, as the keeper sees it.

use super::control::{Ask, Hello, LINE_MAX, SEND_MAX};
use api::{Code, Error};
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recvmsg, send};
use serde::Serialize;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};

/// The longest question.
const ASK_MAX: usize = 4096;
/// How many connections may be open at once.
pub(super) const DOORS_MAX: usize = 64;

/// One connection.
pub(super) struct Door {
    /// Its number, which jobs for it carry.
    pub number: u64,
    pub socket: UnixStream,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    /// A descriptor that came along.
    pub gift: Option<OwnedFd>,
    /// Whether it is told of changes.
    pub watches: bool,
    /// Whether the answer to its question is still to come.
    pub waits: bool,
    pub closed: bool,
}

/// A whole question, with the bytes that came with it.
pub(super) struct Question {
    pub ask: Ask,
    pub bytes: Vec<u8>,
}

impl Door {
    /// Takes the next connection, if its peer may be here: it is our own user, and in no session.
    pub fn accept(listener: &UnixListener, number: u64, hello: &Hello) -> io::Result<Option<Self>> {
        let socket = match listener.accept() {
            Ok((socket, _)) => socket,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        };
        socket.set_nonblocking(true)?;
        admit(&socket)?;
        let mut door = Self {
            number,
            socket,
            inbox: Vec::new(),
            outbox: Vec::new(),
            gift: None,
            watches: false,
            waits: false,
            closed: false,
        };
        door.tell(hello);
        Ok(Some(door))
    }

    /// Sends a line.
    pub fn tell(&mut self, line: &impl Serialize) {
        if serde_json::to_writer(&mut self.outbox, line).is_err() {
            self.closed = true;
        }
        self.outbox.push(b'\n');
        self.flush();
        // Whoever lets so much pile up does not read.
        self.closed |= self.outbox.len() > LINE_MAX;
    }

    /// Answers the question.
    pub fn answer(&mut self, result: &api::Result<impl Serialize>) {
        self.waits = false;
        self.tell(result);
    }

    pub fn has_mail(&self) -> bool {
        !self.outbox.is_empty()
    }

    pub fn flush(&mut self) {
        while !self.outbox.is_empty() && !self.closed {
            match send(&self.socket, &self.outbox, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(count) => drop(self.outbox.drain(..count)),
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(_) => self.closed = true,
            }
        }
    }

    /// Reads what has come, and gives the next question once it is whole.
    pub fn read(&mut self) -> Option<Question> {
        let mut bytes = [0u8; 16 * 1024];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
        match recvmsg(&self.socket, &mut [IoSliceMut::new(&mut bytes)], &mut control, flags) {
            Ok(message) if message.bytes > 0 => {
                self.inbox.extend_from_slice(&bytes[..message.bytes]);
                for gift in control.drain() {
                    if let RecvAncillaryMessage::ScmRights(fds) = gift {
                        self.gift = fds.last();
                    }
                }
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            _ => self.closed = true,
        }
        self.next()
    }

    /// The next question, if all of it is there and the one before is answered.
    pub fn next(&mut self) -> Option<Question> {
        if self.waits {
            return None;
        }
        let Some(end) = self.inbox.iter().position(|byte| *byte == b'\n') else {
            self.closed |= self.inbox.len() > ASK_MAX;
            return None;
        };
        let Ok(ask) = serde_json::from_slice::<Ask>(&self.inbox[..end]) else {
            self.answer(&Err::<(), _>(Error::invalid("the keeper does not know this question")));
            self.closed = true;
            return None;
        };
        let len = if let Ask::Send { len } = ask { len } else { 0 };
        if len > SEND_MAX {
            let error = Error::new(Code::TooLarge, "more than 1 MiB cannot be typed at once");
            self.answer(&Err::<(), _>(error));
            self.closed = true;
            return None;
        }
        if self.inbox.len() < end + 1 + len {
            return None;
        }
        let mut rest = self.inbox.split_off(end + 1);
        self.inbox = rest.split_off(len);
        Some(Question { ask, bytes: rest })
    }
}

/// Whether the peer may ask a keeper anything.
fn admit(socket: &UnixStream) -> io::Result<()> {
    let refused = |why: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, why.to_string()));
    let peer = peer::peer(socket)?;
    if peer.uid != rustix::process::getuid().as_raw() {
        return refused("the peer is another user");
    }
    match peer.foreign_keeper()? {
        None => Ok(()),
        Some(_) => refused("the peer lives in a session"),
    }
}
