//! One connection of a Unix socket: lines in, lines out, several requests at a time.

use super::{Frame, answer, answered, event, handover, hello, read};
use crate::backend::Backend;
use crate::caller::Caller;
use anyhow::{Result, bail};
use api::wire::REQUEST_MAX;
use api::{Code, Error, Request};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::{Semaphore, mpsc};
use zeroize::Zeroizing;

/// How many requests of one connection may be open at once.
const OPEN: usize = 32;
/// How many lines may wait for a client to read.
const WAITING: usize = 64;
/// How long a client may take to read one line before it is cut off.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a client that is refused may take to ask what it is refused.
const HEARING: Duration = Duration::from_secs(2);

/// Serves a connection to its end.
pub async fn serve(backend: Backend, stream: UnixStream, caller: api::Result<Caller>) {
    let ending = backend.ending.clone();
    let served = Connection::new(backend, stream).serve(caller);
    if let Some(Err(e)) = ending.run_until_cancelled(served).await {
        tracing::debug!("a connection ended: {e:#}");
    }
}

struct Connection {
    backend: Backend,
    stream: Arc<UnixStream>,
    lines: mpsc::Sender<Frame>,
    writing: Option<tokio::task::JoinHandle<()>>,
    open: Arc<Semaphore>,
    unread: Zeroizing<Vec<u8>>,
}

impl Connection {
    fn new(backend: Backend, stream: UnixStream) -> Self {
        let stream = Arc::new(stream);
        let (lines, waiting) = mpsc::channel(WAITING);
        let writing = Some(tokio::spawn(write_lines(stream.clone(), waiting)));
        // Room for the usual line, so that the buffer seldom moves and leaves no copies behind.
        let unread = Zeroizing::new(Vec::with_capacity(16 * 1024));
        Self { backend, stream, lines, writing, open: Arc::new(Semaphore::new(OPEN)), unread }
    }

    async fn serve(mut self, caller: api::Result<Caller>) -> Result<()> {
        self.lines.send(hello()).await?;
        let caller = match caller {
            Ok(caller) => caller,
            Err(error) => return self.refuse(error).await,
        };
        // A call that waits for the owner hears from this that its client is gone.
        let _leaving = caller.leaving();
        let mut subscribed = false;
        while let Some(line) = self.next_line().await? {
            let (id, request) = read(&line);
            drop(line);
            match request {
                Err(error) => self.lines.send(answer(id, &Err(error))).await?,
                Ok(Request::AttachSession(call)) if !caller.is_agent() => {
                    return self.hand_over(&caller, id, call, subscribed).await;
                }
                Ok(request) => {
                    if matches!(request, Request::Subscribe(_)) && !caller.is_agent() && !subscribed {
                        subscribed = true;
                        self.subscribe();
                    }
                    self.spawn(&caller, id, request).await?;
                }
            }
        }
        Ok(())
    }

    /// Answers the first request of a caller that may not come in, so that it learns why.
    async fn refuse(&mut self, error: Error) -> Result<()> {
        if let Some(line) = tokio::time::timeout(HEARING, self.next_line()).await?? {
            self.lines.send(answer(read(&line).0, &Err(error))).await?;
        }
        self.finish_writing().await;
        Ok(())
    }

    async fn spawn(&self, caller: &Caller, id: u64, request: Request) -> Result<()> {
        let permit = self.open.clone().acquire_owned().await?;
        let (backend, caller, lines) = (self.backend.clone(), caller.clone(), self.lines.clone());
        // A call goes on when its client is gone: half an archive helps nobody.
        self.backend.tasks.spawn(async move {
            let line = answered(&backend, &caller, id, request).await;
            lines.send(line).await.ok();
            drop(permit);
        });
        Ok(())
    }

    fn subscribe(&self) {
        let mut events = self.backend.bus.subscribe();
        let (lines, ending) = (self.lines.clone(), self.backend.ending.clone());
        self.backend.tasks.spawn(async move {
            while let Some(Some(happened)) = ending.run_until_cancelled(events.next()).await {
                let Some(Ok(())) = ending.run_until_cancelled(lines.send(event(&happened))).await else {
                    return;
                };
            }
        });
    }

    /// Gives the connection to a session's keeper: from then on it carries the terminal's bytes.
    async fn hand_over(
        mut self,
        caller: &Caller,
        id: u64,
        call: api::sessions::AttachSession,
        subscribed: bool,
    ) -> Result<()> {
        if subscribed || self.open.available_permits() < OPEN || !self.unread.is_empty() {
            let error = Error::conflict("an attach needs a connection of its own");
            self.lines.send(answer(id, &Err(error))).await?;
            self.finish_writing().await;
            return Ok(());
        }
        let (line, keeper) = handover::prepare(&self.backend, caller, id, &call).await;
        self.lines.send(line).await?;
        self.finish_writing().await;
        if let Some(keeper) = keeper {
            keeper.attach(&*self.stream, call.size, call.scrollback).await?;
        }
        Ok(())
    }

    /// Waits until everything that was said is written.
    async fn finish_writing(&mut self) {
        let (closed, _) = mpsc::channel(1);
        self.lines = closed;
        if let Some(writing) = self.writing.take() {
            writing.await.ok();
        }
    }

    /// The next line, or none at the end. A line beyond the limit ends the connection.
    async fn next_line(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let mut searched = 0;
        loop {
            if let Some(at) = self.unread[searched..].iter().position(|b| *b == b'\n') {
                let end = searched + at;
                let line = Zeroizing::new(self.unread[..end].to_vec());
                let rest = self.unread.len() - end - 1;
                self.unread.copy_within(end + 1.., 0);
                zeroize::Zeroize::zeroize(&mut self.unread[rest..]);
                self.unread.truncate(rest);
                return Ok(Some(line));
            }
            searched = self.unread.len();
            if searched > REQUEST_MAX {
                let error = Error::new(Code::TooLarge, "the request is longer than 1 MiB");
                self.lines.send(answer(0, &Err(error))).await?;
                self.finish_writing().await;
                bail!("a line beyond the limit");
            }
            if !self.read_more().await? {
                return Ok(None);
            }
        }
    }

    /// Reads what is there; false at the end.
    async fn read_more(&mut self) -> Result<bool> {
        if self.unread.capacity() - self.unread.len() < 4 * 1024 {
            // Grown by hand, so that the smaller buffer is wiped.
            let mut larger = Zeroizing::new(Vec::with_capacity(self.unread.capacity() * 2));
            larger.extend_from_slice(&self.unread);
            self.unread = larger;
        }
        loop {
            self.stream.readable().await?;
            match self.stream.try_read_buf(&mut *self.unread) {
                Ok(n) => return Ok(n > 0),
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
}

/// Writes lines as they come. A client that does not read is cut off, and nobody else waits for it.
async fn write_lines(stream: Arc<UnixStream>, mut lines: mpsc::Receiver<Frame>) {
    while let Some(line) = lines.recv().await {
        let written = tokio::time::timeout(PATIENCE, write(&stream, &line)).await;
        if !matches!(written, Ok(Ok(()))) {
            // The reading side ends as well, and with it the connection.
            rustix::net::shutdown(&*stream, rustix::net::Shutdown::Both).ok();
            return;
        }
    }
}

async fn write(stream: &UnixStream, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        stream.ready(Interest::WRITABLE).await?;
        match stream.try_write(bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
