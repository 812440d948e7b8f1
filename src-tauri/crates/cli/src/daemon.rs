//! Reaches the daemon, and starts it where none answers; `lanyard daemon stop`.

use crate::connection::Connection;
use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::place::Place;
use api::status::StopDaemon;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::pipe::{PipeFlags, pipe_with};
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a daemon may take to start: longer than it waits for its vault.
const START_DEADLINE: Duration = Duration::from_secs(25);
/// How often a start is tried: of two that start at once, one finds the other in its way.
const START_TRIES: u32 = 3;

/// What can be done with the daemon itself.
#[derive(Debug, clap::Subcommand)]
pub enum DaemonCommand {
    /// End the daemon; sessions go on, and the next daemon adopts them
    Stop,
}

impl DaemonCommand {
    /// Does it.
    pub fn run(&self, hand: &mut Hand) -> Result<()> {
        let DaemonCommand::Stop = self;
        // A daemon of any version can be stopped, and none is started only to be stopped.
        let Some(mut connection) = connect_to_running(hand.place())? else {
            return hand.out.done("No daemon runs.");
        };
        connection.call(&StopDaemon {})?;
        connection.wait_for_end()?;
        hand.out.done("The daemon has ended; sessions go on.")
    }
}

/// A connection to the daemon, which is started if nobody answers and we are in no session.
pub fn connect(place: &Place) -> Result<Connection> {
    match connect_to_running(place)? {
        Some(connection) => Ok(connection),
        None if place.session_socket.is_some() => Err(Failure::no_daemon(
            "nobody answers at this session's socket",
            "the daemon does not run; its owner can start it with `lanyard status` in a terminal of their own",
        )),
        None if place.lanyard_home.is_none() && inside_session() => Err(Failure::no_daemon(
            "no daemon is started from inside a session or `lanyard run`",
            "use a terminal of your own; a Lanyard to try things with needs a LANYARD_HOME of its own",
        )),
        None => start(&place.daemon()?, &place.socket()?.0),
    }
}

/// Whether this process lives below a keeper. What a daemon started there would keep, no owner looks for.
fn inside_session() -> bool {
    peer::inside_keeper(std::process::id()).is_ok_and(|keeper| keeper.is_some())
}

/// A connection to the daemon, if one answers.
pub fn connect_to_running(place: &Place) -> Result<Option<Connection>> {
    let (socket, _) = place.socket()?;
    match UnixStream::connect(&socket) {
        Ok(stream) => match Connection::open(stream) {
            // A daemon that goes away before it says hello is as good as none.
            Err(Failure::NoDaemon(_)) => Ok(None),
            opened => opened.map(Some),
        },
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => Ok(None),
        Err(e) => Err(Failure::no_daemon(
            format!("the daemon's socket {} cannot be used: {e}", socket.display()),
            "look at who owns its folder, or set LANYARD_HOME",
        )),
    }
}

fn start(program: &Path, socket: &Path) -> Result<Connection> {
    let deadline = Instant::now() + START_DEADLINE;
    let mut told = String::new();
    for _ in 0..START_TRIES {
        told = launch(program, deadline)?;
        // Whatever it said: if another one was faster, that one answers.
        if let Ok(stream) = UnixStream::connect(socket) {
            return Connection::open(stream);
        }
        if !told.is_empty() && told != "ready" {
            break;
        }
    }
    let message = match told.as_str() {
        "" | "ready" => "lanyardd ended as soon as it was started".to_string(),
        told => format!("lanyardd could not start: {told}"),
    };
    Err(Failure::no_daemon(message, format!("run {} in a terminal to see more", program.display())))
}

/// Starts the daemon and waits for the line that says whether it is ready; empty if it ended without one.
fn launch(program: &Path, deadline: Instant) -> Result<String> {
    let broken =
        |e: std::io::Error| Failure::no_daemon(format!("lanyardd could not be started: {e}"), "try again");
    let (said, ready) = pipe_with(PipeFlags::CLOEXEC).map_err(|e| broken(e.into()))?;
    let mut command = Command::new(program);
    command.arg("--ready-fd").arg(ready.as_raw_fd().to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    detach(&mut command, ready);
    command.spawn().map_err(broken)?;
    // Our own copy of the pipe's other end goes with the command, or the pipe would never end.
    drop(command);
    read_line(said, deadline)
}

/// Makes what `command` starts a session leader of its own that inherits `ready` and nothing else.
fn detach(command: &mut Command, ready: OwnedFd) {
    let prepare = move || {
        rustix::process::setsid()?;
        // SAFETY: `close_range` takes plain numbers; it only marks descriptors to be closed by `exec`.
        unsafe { libc::close_range(3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC as libc::c_int) };
        fcntl_setfd(&ready, FdFlags::empty())?;
        Ok(())
    };
    // SAFETY: the closure only makes system calls, which is allowed between `fork` and `exec`.
    unsafe { command.pre_exec(prepare) };
}

fn read_line(said: OwnedFd, deadline: Instant) -> Result<String> {
    let mut said = std::fs::File::from(said);
    let mut line = Vec::new();
    while !line.contains(&b'\n') && line.len() < 4096 {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(|e| Failure::system("waiting for lanyardd", e))?;
        let mut ends = [PollFd::from_borrowed_fd(said.as_fd(), PollFlags::IN)];
        match poll(&mut ends, Some(&left)) {
            Ok(0) => {
                let message = format!("lanyardd was not ready within {} s", START_DEADLINE.as_secs());
                return Err(Failure::no_daemon(message, "its log may say why"));
            }
            Err(rustix::io::Errno::INTR) => continue,
            Err(e) => return Err(Failure::system("waiting for lanyardd", e)),
            Ok(_) => {}
        }
        let mut part = [0; 1024];
        match said.read(&mut part).map_err(|e| Failure::system("waiting for lanyardd", e))? {
            0 => break,
            read => line.extend_from_slice(&part[..read]),
        }
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    /// One test at a time: a fork of another test would hold the script open, and it could not be run.
    static FORKS: Mutex<()> = Mutex::new(());

    fn alone() -> MutexGuard<'static, ()> {
        FORKS.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn program(folder: &Path, script: &str) -> std::path::PathBuf {
        let path = folder.join("lanyardd");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn what_a_daemon_says_when_it_cannot_start_is_told() {
        let (_alone, folder) = (alone(), tempfile::tempdir().unwrap());
        let program = program(folder.path(), "echo the disk is full >/proc/self/fd/$2");
        let Err(failure) = start(&program, &folder.path().join("none.sock")) else { panic!("it started") };
        assert_eq!(failure.exit(), 3);
        let told = failure.told(false).unwrap();
        assert!(told.contains("could not start: the disk is full"), "{told}");
    }

    #[test]
    fn a_daemon_that_ends_at_once_is_told() {
        let (_alone, folder) = (alone(), tempfile::tempdir().unwrap());
        let program = program(folder.path(), "exit 1");
        let Err(failure) = start(&program, &folder.path().join("none.sock")) else { panic!("it started") };
        assert!(failure.told(false).unwrap().contains("ended as soon as it was started"));
    }

    #[test]
    fn a_start_that_loses_to_another_one_uses_that_one() {
        let (_alone, folder) = (alone(), tempfile::tempdir().unwrap());
        let fake = crate::fake::Fake::new(&[]);
        let program = program(folder.path(), "echo the socket is taken >/proc/self/fd/$2");
        assert!(start(&program, &fake.socket()).is_ok());
    }

    #[test]
    fn the_daemon_inherits_nothing_but_the_pipe_and_leads_its_own_session() {
        let (_alone, folder) = (alone(), tempfile::tempdir().unwrap());
        let (_kept, leaked) = rustix::pipe::pipe().unwrap();
        let script = format!(
            r#"read -r pid comm state ppid pgrp session rest </proc/self/stat
            test -e /proc/$$/fd/{} && leaked=yes
            echo leaked=$leaked leads=$((session == $$)) >/proc/self/fd/$2"#,
            leaked.as_raw_fd()
        );
        let program = program(folder.path(), &script);
        let told = launch(&program, Instant::now() + START_DEADLINE).unwrap();
        assert_eq!(told, "leaked= leads=1");
    }

    #[test]
    fn inside_a_session_no_daemon_is_started() {
        let place = Place { session_socket: Some("/nonexistent/agent.sock".into()), ..Place::default() };
        let Err(failure) = connect(&place) else { panic!("somebody answered") };
        assert_eq!(failure.exit(), 3);
        assert!(failure.told(false).unwrap().contains("this session's socket"));
    }
}
