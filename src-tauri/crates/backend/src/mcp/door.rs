//! The way to the daemon: one connection for each question, by the session's own socket.

use api::wire::{FRAME_MAX, Outgoing, Question, REQUEST_MAX};
use api::{Call, Code, Error, VERSION};
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::Instant;
use zeroize::Zeroizing;

/// How long a daemon may be away: it is killed and the next one started.
const AWAY: Duration = Duration::from_secs(10);
/// The pause between two looks whether it is back: nothing tells when it takes connections.
const BACK: Duration = Duration::from_millis(100);

/// The session's own socket.
#[derive(Clone)]
pub struct Door {
    socket: PathBuf,
}

/// Why there is no answer.
enum Failure {
    /// The daemon said so.
    Told(Error),
    /// No daemon is there, or it ended before it answered.
    Lost,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Told(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(_: std::io::Error) -> Self {
        Failure::Lost
    }
}

impl Door {
    /// The door at this socket.
    pub fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Asks once.
    pub async fn ask<C: Call>(&self, call: &C) -> api::Result<C::Reply> {
        self.try_to_ask(call).await.map_err(|failure| match failure {
            Failure::Told(error) => error,
            Failure::Lost => lost(),
        })
    }

    /// Asks for something to read or to know. A question that went with its daemon is put to the next one, as long
    /// as the time is not over that it was to wait.
    pub async fn ask_patiently<C: Call>(&self, wait: Option<u64>, call: &C) -> api::Result<C::Reply> {
        let until = Instant::now() + wait.map_or(AWAY, |wait| Duration::from_millis(wait).max(AWAY));
        loop {
            match self.try_to_ask(call).await {
                Ok(reply) => return Ok(reply),
                Err(Failure::Told(error)) if error.code != Code::Ending => return Err(error),
                Err(Failure::Told(error)) if Instant::now() >= until => return Err(error),
                Err(Failure::Lost) if Instant::now() >= until => return Err(lost()),
                Err(_) => tokio::time::sleep(BACK).await,
            }
        }
    }

    async fn try_to_ask<C: Call>(&self, call: &C) -> Result<C::Reply, Failure> {
        let stream = UnixStream::connect(&self.socket).await?;
        peer::check_daemon(&stream).map_err(|e| not_the_daemon(&e))?;
        let (read, mut write) = stream.into_split();
        let mut read = BufReader::new(read);
        match line(&mut read).await? {
            Outgoing::Hello(hello) if hello.version == VERSION => {}
            Outgoing::Hello(hello) => return Err(other_version(&hello.version).into()),
            Outgoing::Answer(answer) => return Err(answer.result.err().unwrap_or_else(strange).into()),
            Outgoing::Event(_) => return Err(strange().into()),
        }
        let mut question =
            Zeroizing::new(serde_json::to_vec(&Question::new(1, call)).map_err(|_| strange())?);
        if question.len() > REQUEST_MAX {
            return Err(Error::new(Code::TooLarge, "what is asked is longer than 1 MiB").into());
        }
        question.push(b'\n');
        write.write_all(&question).await?;
        loop {
            if let Outgoing::Answer(answer) = line(&mut read).await? {
                let reply: Box<str> = answer.result?.into();
                let reply = Zeroizing::new(reply.into_string());
                return serde_json::from_str(&reply).map_err(|_| strange().into());
            }
        }
    }
}

async fn line(read: &mut BufReader<tokio::net::unix::OwnedReadHalf>) -> Result<Outgoing, Failure> {
    let mut line = Zeroizing::new(Vec::new());
    read.take(FRAME_MAX as u64 + 1).read_until(b'\n', &mut line).await?;
    if line.last() != Some(&b'\n') {
        return Err(match line.len() > FRAME_MAX {
            true => Failure::Told(Error::new(Code::TooLarge, "the daemon's answer is larger than 4 MiB")),
            false => Failure::Lost,
        });
    }
    serde_json::from_slice(&line).map_err(|_| strange().into())
}

fn lost() -> Error {
    Error::new(Code::Ending, "Lanyard's daemon does not answer")
        .hint("try again in a minute, or tell your owner")
}

fn not_the_daemon(error: &std::io::Error) -> Error {
    Error::refused(format!(
        "whoever listens at the session's socket is not believed to be the daemon: {error}"
    ))
}

fn other_version(version: &str) -> Error {
    Error::new(Code::Version, format!("the daemon that runs is version {version}, this is version {VERSION}"))
        .hint("the session has to be restarted: tell your owner")
}

fn strange() -> Error {
    Error::new(Code::Version, "the daemon's answer could not be understood")
}
