//! Reaching the daemon: its socket, its hello, and starting it where none answers.

use api::wire::{FRAME_MAX, Hello, Outgoing};
use api::{Code, Error, Result, VERSION};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::setsid;
use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tauri::AppHandle;
use tauri_plugin_shell::ShellExt;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf, pipe};
use tokio::time::timeout;

/// How long a daemon that took the connection may take for its first line.
const HELLO_DEADLINE: Duration = Duration::from_secs(10);
/// How long a daemon that was started may take until it answers.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// The owner's socket in the folder of sockets.
pub fn socket(runtime: &Path) -> PathBuf {
    runtime.join("owner.sock")
}

/// What the daemon sends.
pub struct Incoming(pub BufReader<OwnedReadHalf>);

impl Incoming {
    /// The next line; an error if the daemon went away or sends what nobody understands.
    pub async fn line(&mut self) -> Result<Outgoing> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.0).take(FRAME_MAX as u64 + 1);
        let read = bounded.read_until(b'\n', &mut line).await.map_err(lost)?;
        match line.last() {
            None => Err(lost("it ended")),
            Some(b'\n') => serde_json::from_slice(&line).map_err(|_| strange()),
            Some(_) if read > FRAME_MAX => {
                Err(Error::new(Code::TooLarge, "the daemon's answer is larger than 4 MiB"))
            }
            Some(_) => Err(lost("it ended")),
        }
    }
}

/// What the window sends.
pub struct Sending(pub OwnedWriteHalf);

impl Sending {
    /// Sends one request; `params` are the call's own.
    pub async fn ask(&mut self, id: u64, method: &str, params: &serde_json::Value) -> Result<()> {
        let mut line = serde_json::json!({ "id": id, "method": method, "params": params }).to_string();
        line.push('\n');
        self.0.write_all(line.as_bytes()).await.map_err(lost)
    }
}

/// Connects and checks that the daemon is of our version; `None` if no daemon listens.
pub async fn connect(socket: &Path) -> Result<Option<(Incoming, Sending)>> {
    let stream = match UnixStream::connect(socket).await {
        Ok(stream) => stream,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => return Ok(None),
        Err(e) => {
            return Err(Error::new(Code::Internal, format!("connecting to {}: {e}", socket.display())));
        }
    };
    peer::check_daemon(&stream).map_err(|e| {
        Error::refused(format!(
            "whoever listens at {} is not believed to be the daemon: {e}",
            socket.display()
        ))
        .hint("stop your sessions, remove that socket and start the daemon again")
    })?;
    let (read, write) = stream.into_split();
    let mut incoming = Incoming(BufReader::new(read));
    let hello = timeout(HELLO_DEADLINE, incoming.line()).await;
    match hello.map_err(|_| lost("it says nothing"))?? {
        Outgoing::Hello(Hello { version }) if version == VERSION => Ok(Some((incoming, Sending(write)))),
        Outgoing::Hello(Hello { version }) => Err(other_version(&version)),
        // A door that refuses says why in place of its hello.
        Outgoing::Answer(answer) => Err(answer.result.err().unwrap_or_else(strange)),
        Outgoing::Event(_) => Err(strange()),
    }
}

/// Connects to the daemon, and starts it first if none listens.
pub async fn reach(app: &AppHandle, socket: &Path) -> Result<(Incoming, Sending)> {
    if let Some(connection) = connect(socket).await? {
        return Ok(connection);
    }
    // Somebody else may have started one in the same moment: ours then refuses, and theirs answers.
    let started = timeout(START_DEADLINE, start(app)).await;
    if let Some(connection) = connect(socket).await? {
        return Ok(connection);
    }
    let silent = || Error::new(Code::Internal, "the daemon was started, but does not answer");
    Err(started.unwrap_or_else(|_| Err(silent())).err().unwrap_or_else(silent))
}

/// Starts the daemon beside us, in a session of its own, and waits for its word that it is ready.
async fn start(app: &AppHandle) -> Result<()> {
    let failed = |cause: &dyn std::fmt::Display| {
        Error::new(Code::Internal, format!("the daemon could not be started: {cause}"))
            .hint("install lanyardd beside lanyard-desktop, or run it in a terminal to see what it says")
    };
    let mut command: std::process::Command = app.shell().sidecar("lanyardd").map_err(|e| failed(&e))?.into();
    let (ready, telling) = pipe_with(PipeFlags::CLOEXEC).map_err(|e| failed(&e))?;
    command.arg("--ready-fd").arg(telling.as_raw_fd().to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let detach = move || {
        setsid()?;
        Ok(fcntl_setfd(&telling, FdFlags::empty())?)
    };
    // SAFETY: between fork and exec there are only two system calls, and both are async-signal-safe.
    unsafe { command.pre_exec(detach) };
    // The tokio command collects the daemon's end for us, if it comes while the window lives.
    let mut command = tokio::process::Command::from(command);
    drop(command.spawn().map_err(|e| failed(&e))?);
    // Our copy of the pipe's end goes with it: a daemon that says nothing and ends is heard as an end.
    drop(command);
    let ready = pipe::Receiver::from_owned_fd(ready).map_err(|e| failed(&e))?;
    let mut word = String::new();
    BufReader::new(ready.take(4096)).read_line(&mut word).await.map_err(|e| failed(&e))?;
    match word.trim() {
        "ready" => Ok(()),
        "" => Err(failed(&"it ended at once")),
        told => Err(failed(&told)),
    }
}

fn lost(cause: impl std::fmt::Display) -> Error {
    Error::new(Code::Internal, format!("the connection to the daemon was lost: {cause}"))
        .hint("sessions go on without it; the window connects again by itself")
}

fn strange() -> Error {
    Error::new(Code::Version, "the daemon's answer could not be understood")
        .hint("it may be of another version: run `lanyard daemon stop`; sessions go on")
}

fn other_version(version: &str) -> Error {
    Error::new(
        Code::Version,
        format!("the daemon that runs is version {version}, this window is version {VERSION}"),
    )
    .hint("run `lanyard daemon stop`: the window then starts one of its own version, and sessions go on")
}
