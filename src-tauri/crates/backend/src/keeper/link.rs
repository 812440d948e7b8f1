//! The daemon's side of a running keeper: asks it over `keep.sock`, one connection for each question.

use super::control::{Ask, Change, Ended, Hello, LINE_MAX, PROTOCOL};
use api::sessions::{Screen, Size};
use api::{Code, Error, Result};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde::de::DeserializeOwned;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Interest};
use tokio::net::UnixStream;

/// A keeper, as the daemon reaches it. It is cheap to clone, and holds nothing open.
#[derive(Debug, Clone)]
pub struct Link {
    socket: Arc<PathBuf>,
}

/// A connection on which a keeper tells its changes.
#[derive(Debug)]
pub struct Watch {
    /// How the keeper was when the watch began.
    pub hello: Hello,
    line: Line,
}

impl Watch {
    /// The next change. `None` when the keeper is gone: after its release, or because it was killed.
    pub async fn next(&mut self) -> Option<Change> {
        self.line.read().await.ok()
    }
}

/// A connection on which a keeper waits to be given a client.
#[derive(Debug)]
pub struct Knock {
    line: Line,
}

impl Knock {
    /// Hands a client's stream socket over: from the answer on the keeper alone reads and writes it, in
    /// chunks of [`api::wire`].
    pub async fn attach(mut self, client: impl AsFd, size: Option<Size>, scrollback: bool) -> Result<()> {
        let ask = Ask::Attach { size, scrollback };
        self.line.ask(&ask, &[], Some(client.as_fd())).await
    }
}

impl Link {
    /// The keeper that listens at `socket`, whether it lives or not.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self { socket: Arc::new(socket.into()) }
    }

    /// Who the keeper is and how it is.
    pub async fn hello(&self) -> Result<Hello> {
        Ok(self.open().await?.1)
    }

    /// Follows the keeper's changes; an end that is past is told first.
    pub async fn watch(&self) -> Result<Watch> {
        let (mut line, hello) = self.open().await?;
        line.ask::<()>(&Ask::Watch {}, &[], None).await?;
        Ok(Watch { hello, line })
    }

    /// Types `bytes` into the terminal.
    pub async fn send(&self, bytes: &[u8]) -> Result<()> {
        self.open().await?.0.ask(&Ask::Send { len: bytes.len() }, bytes, None).await
    }

    /// What the terminal shows.
    pub async fn screen(&self) -> Result<Screen> {
        self.open().await?.0.ask(&Ask::Screen {}, &[], None).await
    }

    /// Ends the whole process tree: SIGHUP, and SIGKILL after the grace period. Returns when all are gone.
    pub async fn stop(&self, grace_ms: u64) -> Result<Ended> {
        self.open().await?.0.ask(&Ask::Stop { grace_ms }, &[], None).await
    }

    /// A keeper that is there to be attached to.
    pub async fn knock(&self) -> Result<Knock> {
        Ok(Knock { line: self.open().await?.0 })
    }

    /// Lets the keeper go: at once if its command has ended, else when it does.
    pub async fn release(&self) -> Result<()> {
        self.open().await?.0.ask(&Ask::Release {}, &[], None).await
    }

    async fn open(&self) -> Result<(Line, Hello)> {
        let stream = UnixStream::connect(&*self.socket).await.map_err(gone)?;
        // What is typed here may be a password: an agent must not get it by a socket of its own.
        peer::check_keeper(&stream).map_err(gone)?;
        let mut line = Line { stream: BufReader::new(stream), text: Vec::new() };
        let hello: Hello = line.read().await.map_err(gone)?;
        match hello.protocol == PROTOCOL {
            true => Ok((line, hello)),
            false => Err(Error::new(
                Code::Version,
                format!(
                    "the session's keeper is of Lanyard {}, another version than this one",
                    hello.version
                ),
            )
            .hint("it runs on; stop the session and start it again to use this version")),
        }
    }
}

/// One connection, read and written in lines.
#[derive(Debug)]
struct Line {
    stream: BufReader<UnixStream>,
    text: Vec<u8>,
}

impl Line {
    async fn read<T: DeserializeOwned>(&mut self) -> io::Result<T> {
        self.text.clear();
        let count = (&mut self.stream).take(LINE_MAX as u64).read_until(b'\n', &mut self.text).await?;
        match count {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(serde_json::from_slice(&self.text)?),
        }
    }

    async fn ask<T: DeserializeOwned>(
        &mut self,
        ask: &Ask,
        bytes: &[u8],
        fd: Option<BorrowedFd<'_>>,
    ) -> Result<T> {
        let mut line = serde_json::to_vec(ask).map_err(|_| Error::internal())?;
        line.push(b'\n');
        let stream = self.stream.get_mut();
        let written = match fd {
            Some(fd) => send_with(stream, &line, fd).await,
            None => stream.write_all(&line).await,
        };
        written.map_err(gone)?;
        // A keeper that refuses a `send` answers before it has read the bytes: the answer says more.
        let typed = stream.write_all(bytes).await;
        let answer = self.read::<Result<T>>().await;
        answer.map_err(|error| gone(typed.err().unwrap_or(error)))?
    }
}

/// Sends a whole line with a file descriptor on its first byte.
async fn send_with(stream: &mut UnixStream, line: &[u8], fd: BorrowedFd<'_>) -> io::Result<()> {
    let sent = stream
        .async_io(Interest::WRITABLE, || {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            let fds = [fd];
            control.push(SendAncillaryMessage::ScmRights(&fds));
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            Ok(sendmsg(stream.as_fd(), &[IoSlice::new(line)], &mut control, flags)?)
        })
        .await?;
    stream.write_all(line.get(sent..).unwrap_or_default()).await
}

/// What it means when a keeper's socket fails.
fn gone(error: io::Error) -> Error {
    use io::ErrorKind::{ConnectionRefused, NotFound, PermissionDenied};
    match error.kind() {
        PermissionDenied => Error::refused("the session's keeper belongs to somebody else"),
        NotFound | ConnectionRefused => Error::new(Code::NotFound, "the session's keeper is gone"),
        _ => Error::new(Code::NotFound, format!("the session's keeper does not answer: {error}"))
            .hint("it may have been killed, or it refuses this process"),
    }
}
