//! Carries bytes between a session's terminal and ours, both ways at once, without a thread.

use crate::attach::size;
use crate::chunks::{Chunks, Piece};
use crate::failure::{Failure, Result};
use api::sessions::Exit;
use api::wire::{Kind, chunk_head, size_payload};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

/// How much is read at once from the session: a chunk with its head, so that a flood takes few system calls.
const READ_SIZE: usize = 256 * 1024 + 5;
/// How much is read at once of what is typed or piped in.
const TYPED_SIZE: usize = 16 * 1024;
/// Ctrl-] as a byte, and as terminals send it where a program asked for unambiguous keys.
const LEAVE: [&[u8]; 5] = [b"\x1d", b"\x1b[93;5u", b"\x1b[93;5:1u", b"\x1b[27;5;93~", b"\x1b[93;69u"];

/// Why it stopped.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending {
    /// The person left.
    Left,
    /// The session ended.
    Exit(Exit),
    /// The other side went away without a word.
    Lost,
}

/// Both directions.
pub struct Relay {
    stream: UnixStream,
    resized: UnixStream,
    /// A person types, who can leave; else bytes are piped through as they are.
    typing: bool,
    /// Standard input has not ended.
    input: bool,
    /// Chunks that the other side has not taken yet. No more input is read until it has.
    unsent: Vec<u8>,
    chunks: Chunks,
    screen: Screen,
}

/// What is ready.
struct Ready {
    stream: PollFlags,
    input: bool,
    resized: bool,
    reader_gone: bool,
}

impl Relay {
    /// A relay over `stream`, which hears through `resized` that the terminal's size changed.
    pub fn new(stream: UnixStream, resized: UnixStream, typing: bool) -> Self {
        let screen = Screen { terminal: io::stdout().is_terminal(), begun: false };
        Self { stream, resized, typing, input: true, unsent: Vec::new(), chunks: Chunks::default(), screen }
    }

    /// Carries bytes until one side ends; `received` was already read from the stream.
    pub fn run(mut self, received: &[u8]) -> Result<Ending> {
        let mut buffer = vec![0; READ_SIZE];
        if let Some(exit) = self.show(received)? {
            return Ok(Ending::Exit(exit));
        }
        loop {
            let ready = self.wait()?;
            if ready.reader_gone {
                return Err(Failure::Closed);
            }
            if ready.resized {
                self.resize();
            }
            if ready.input && self.take_input()? {
                self.send()?;
                return Ok(Ending::Left);
            }
            if !self.unsent.is_empty() && !self.send()? {
                return Ok(self.drain(&mut buffer)?.map_or(Ending::Lost, Ending::Exit));
            }
            if ready.stream.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
                match self.receive(&mut buffer)? {
                    Received::Bytes => {}
                    Received::Exit(exit) => return Ok(Ending::Exit(exit)),
                    Received::End => return Ok(Ending::Lost),
                }
            }
        }
    }

    fn wait(&self) -> Result<Ready> {
        let (stdin, stdout) = (io::stdin(), io::stdout());
        let sending = if self.unsent.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        let mut ends = vec![
            PollFd::new(&self.stream, PollFlags::IN | sending),
            PollFd::new(&self.resized, PollFlags::IN),
            PollFd::new(&stdout, PollFlags::empty()),
        ];
        if self.input && self.unsent.is_empty() {
            ends.push(PollFd::new(&stdin, PollFlags::IN));
        }
        loop {
            match poll(&mut ends, None) {
                Err(Errno::INTR) => {}
                Err(e) => return Err(Failure::system("waiting for the terminal", e)),
                Ok(_) => break,
            }
        }
        let seen = |at: usize| ends.get(at).map_or(PollFlags::empty(), |end| end.revents());
        Ok(Ready {
            stream: seen(0),
            input: !seen(3).is_empty(),
            resized: !seen(1).is_empty(),
            reader_gone: seen(2).intersects(PollFlags::ERR | PollFlags::HUP),
        })
    }

    /// Reads what was typed, and says whether the person leaves.
    fn take_input(&mut self) -> Result<bool> {
        let mut typed = [0; TYPED_SIZE];
        let read = match rustix::io::read(io::stdin(), &mut typed) {
            Ok(read) => read,
            Err(Errno::INTR | Errno::AGAIN) => return Ok(false),
            // A terminal that hung up.
            Err(Errno::IO) => 0,
            Err(e) => return Err(Failure::system("reading standard input", e)),
        };
        self.input = read > 0;
        let typed = &typed[..read];
        let leave = if self.typing { leave_at(typed) } else { None };
        let typed = &typed[..leave.unwrap_or(read)];
        if !typed.is_empty() {
            self.queue(Kind::Input, typed);
        }
        Ok(leave.is_some() || (self.typing && !self.input))
    }

    fn resize(&mut self) {
        let mut bytes = [0; 64];
        while matches!(self.resized.read(&mut bytes), Ok(read) if read == bytes.len()) {}
        if let Some(size) = size() {
            self.queue(Kind::Resize, &size_payload(size));
        }
    }

    fn queue(&mut self, kind: Kind, payload: &[u8]) {
        self.unsent.extend_from_slice(&chunk_head(kind, payload.len()));
        self.unsent.extend_from_slice(payload);
    }

    /// Sends as much as the other side takes now; false if it takes nothing ever again.
    fn send(&mut self) -> Result<bool> {
        match send(&self.stream, &self.unsent, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            Ok(sent) => {
                self.unsent.drain(..sent);
                Ok(true)
            }
            Err(Errno::INTR | Errno::AGAIN) => Ok(true),
            Err(Errno::PIPE | Errno::CONNRESET) => Ok(false),
            Err(e) => Err(Failure::system("sending to the session", e)),
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<Received> {
        match (&self.stream).read(buffer) {
            Ok(0) => Ok(Received::End),
            Ok(read) => Ok(self.show(&buffer[..read])?.map_or(Received::Bytes, Received::Exit)),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(Received::Bytes),
            Err(e) if e.kind() == io::ErrorKind::ConnectionReset => Ok(Received::End),
            Err(e) => Err(Failure::system("reading from the session", e)),
        }
    }

    /// Shows the last words of a side that takes no more input.
    fn drain(&mut self, buffer: &mut [u8]) -> Result<Option<Exit>> {
        loop {
            match self.receive(buffer)? {
                Received::Bytes => {}
                Received::Exit(exit) => return Ok(Some(exit)),
                Received::End => return Ok(None),
            }
        }
    }

    fn show(&mut self, bytes: &[u8]) -> Result<Option<Exit>> {
        let (mut ended, screen) = (None, &mut self.screen);
        self.chunks.read(bytes, |piece| match piece {
            Piece::Repaint => screen.reset(),
            Piece::Output(output) => write_all(output),
            Piece::Exit(exit) => {
                ended = Some(exit);
                Ok(())
            }
        })?;
        Ok(ended)
    }
}

/// What came from the session.
enum Received {
    Bytes,
    Exit(Exit),
    End,
}

/// Our own screen, where there is one.
struct Screen {
    terminal: bool,
    begun: bool,
}

impl Screen {
    /// Clears the screen for a repaint. What stood there before the first one scrolls away and is not lost.
    fn reset(&mut self) -> Result<()> {
        if !self.terminal {
            return Ok(());
        }
        if !self.begun {
            self.begun = true;
            let rows = size().map_or(0, |size| size.rows).into();
            write_all(&[b"\x1b[999;1H".as_slice(), &b"\n".repeat(rows)].concat())?;
        }
        write_all(b"\x1b[?1049l\x1b[?6l\x1b[?7h\x1b[4l\x1b(B\x0f\x1b[0m\x1b[r\x1b[H\x1b[2J")
    }
}

/// Where in `typed` the person leaves.
fn leave_at(typed: &[u8]) -> Option<usize> {
    (0..typed.len()).find(|&at| LEAVE.iter().any(|key| typed[at..].starts_with(key)))
}

/// Writes to standard output, past its buffer; waits where it takes nothing for a moment.
fn write_all(mut bytes: &[u8]) -> Result<()> {
    let stdout = io::stdout();
    while !bytes.is_empty() {
        match rustix::io::write(stdout.as_fd(), bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let mut ends = [PollFd::new(&stdout, PollFlags::OUT)];
                // Whatever ends the wait, the next write says what is the matter.
                let _ = poll(&mut ends, None);
            }
            Err(Errno::PIPE | Errno::IO) => return Err(Failure::Closed),
            Err(e) => return Err(Failure::system("writing to standard output", e)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ctrl_bracket_leaves_however_the_terminal_sends_it() {
        assert_eq!(leave_at(b"ls\x1d"), Some(2));
        assert_eq!(leave_at(b"\x1b[93;5u"), Some(0));
        assert_eq!(leave_at(b"a]\x1b[A\x1b[93u"), None);
    }
}
