//! A client of the owner's socket, as thin as can be, so that Lanyard is measured and not its client.

use super::pty::Shows;
use anyhow::{Context, Result, bail};
use api::wire::{CHUNK_HEAD, Kind, Outgoing, Question, chunk_head, read_chunk_head};
use api::{Call, Event, sessions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// One connection.
pub struct Door {
    stream: BufReader<UnixStream>,
    asked: u64,
}

impl Door {
    /// Connects and reads the hello.
    pub fn open(socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket).context("connecting to lanyardd")?;
        let mut door = Self { stream: BufReader::with_capacity(64 * 1024, stream), asked: 0 };
        match door.line()? {
            Outgoing::Hello(_) => Ok(door),
            _ => bail!("lanyardd did not say hello"),
        }
    }

    /// Asks and waits for the answer.
    pub fn call<C: Call>(&mut self, call: &C) -> Result<C::Reply> {
        self.asked += 1;
        let mut line = serde_json::to_vec(&Question::new(self.asked, call))?;
        line.push(b'\n');
        self.stream.get_mut().write_all(&line)?;
        loop {
            if let Outgoing::Answer(answer) = self.line()?
                && answer.id == self.asked
            {
                let reply = answer.result.map_err(|error| anyhow::anyhow!("{}: {error}", C::METHOD))?;
                return serde_json::from_str(reply.get()).with_context(|| format!("reading {}", C::METHOD));
            }
        }
    }

    /// Waits for the next event.
    pub fn event(&mut self) -> Result<Event> {
        loop {
            if let Outgoing::Event(event) = self.line()? {
                return Ok(event);
            }
        }
    }

    /// Becomes the terminal of a session.
    pub fn attach(mut self, session: &str) -> Result<Terminal> {
        let size = Some(sessions::Size::DEFAULT);
        self.call(&sessions::AttachSession { session: session.into(), size, scrollback: false })?;
        Ok(Terminal { stream: self.stream, chunk: Vec::new() })
    }

    fn line(&mut self) -> Result<Outgoing> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        if line.is_empty() {
            bail!("lanyardd closed the connection");
        }
        serde_json::from_slice(&line).context("reading a line of lanyardd's")
    }
}

/// An attached terminal.
pub struct Terminal {
    stream: BufReader<UnixStream>,
    chunk: Vec<u8>,
}

impl Shows for Terminal {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let head = chunk_head(Kind::Input, bytes.len());
        self.stream.get_mut().write_all(&[&head[..], bytes].concat())?;
        Ok(())
    }

    fn read(&mut self) -> Result<&[u8]> {
        loop {
            let mut head = [0; CHUNK_HEAD];
            self.stream.read_exact(&mut head).context("reading from an attached session")?;
            let (kind, len) = read_chunk_head(head)?;
            self.chunk.resize(len, 0);
            self.stream.read_exact(&mut self.chunk)?;
            match kind {
                Kind::Output | Kind::Repaint => return Ok(&self.chunk),
                Kind::Exit => bail!("the session ended: {}", String::from_utf8_lossy(&self.chunk)),
                Kind::Input | Kind::Resize => {}
            }
        }
    }
}
