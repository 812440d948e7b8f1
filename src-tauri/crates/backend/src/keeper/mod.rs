//! Keepers: one small process per session that owns its terminal and outlives the daemon.
//!
//! `launch` and `link` are the daemon's side. Everything else runs in `lanyardd keep`, without tokio: one
//! thread reads the terminal (`intake`), one pumps bytes (`pump`), one keeps a model of the screen
//! (`painter`), and all sleep when nothing happens.
//!
//! ```text
//! program ─ terminal ─► intake ─► pump ─► queries ─► clients          (at once)
//!                                  │         └► signals ─► the daemon  (settled, and not too many)
//!                                  └────► painter ─► model ─► repaint (behind, from a bounded backlog)
//! ```

pub mod control;
pub mod guard;
pub mod hiding;
pub mod in_place;
pub mod launch;
pub mod link;
pub mod queries;
pub mod spec;

mod clients;
mod door;
mod ending;
mod intake;
mod lines;
mod marks;
mod model;
mod osc;
mod painter;
mod palette;
mod probe;
mod process;
mod pump;
mod recorder;
mod repaint;
mod scrollback;
mod sequences;
mod signals;
mod skim;
mod tree;
mod utf8;

#[cfg(test)]
mod overhearing;
#[cfg(test)]
mod sameness;

use api::{Code, Error, Result};
use control::{Hello, PROTOCOL, Report};
use rustix::fs::{Mode, OFlags, inotify};
use spec::Told;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::ExitCode;

/// `lanyardd keep`; `args` is what follows. Must be the first thing that the program does. Without arguments
/// it is a session's keeper; else it runs one command in place, see `in_place`, or tries what protects a session, see `probe`.
pub fn keep(args: &[String]) -> ExitCode {
    match args {
        [] => keep_session(),
        [probe] if probe == "--probe" => probe::run(),
        _ => in_place::run(args),
    }
}

/// Reads a spec from standard input, starts its command in a terminal, reports on standard output, and
/// keeps the terminal until it is released.
fn keep_session() -> ExitCode {
    let started = prepare().map_err(|error| {
        Error::new(Code::Internal, format!("the session's keeper could not be set up: {error}"))
    });
    let pump = match started.and_then(|()| start()) {
        Ok(pump) => pump,
        Err(error) => {
            report(&Report::Failed(error));
            return ExitCode::FAILURE;
        }
    };
    report(&Report::Running(pump.hello.clone()));
    let done = close_standard_streams().and_then(|()| pump.run());
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Makes this process a keeper: hidden from others, its own session, nobody's child, and the one to whom
/// orphans go.
fn prepare() -> io::Result<()> {
    guard::harden()?;
    guard::stay_small();
    // SAFETY: there is one thread, so the child's memory is whole and it may go on as any process does.
    match unsafe { libc::fork() } {
        -1 => return Err(io::Error::last_os_error()),
        0 => {}
        // SAFETY: ends this process without running anything twice; the child goes on.
        _ => unsafe { libc::_exit(0) },
    }
    rustix::process::setsid()?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    rustix::thread::set_name(c"lanyardd")?;
    Ok(())
}

fn start() -> Result<pump::Pump> {
    let internal = |what: &'static str| {
        move |error: io::Error| {
            Error::new(Code::Internal, format!("the session's keeper could not {what}: {error}"))
        }
    };
    let told = Told::read(io::stdin().lock()).map_err(internal("read what to run"))?;
    let listener = listen(&told.socket)?;
    let removal = watch_removal(&told.socket).map_err(internal("watch its socket"))?;
    let signals = watch_children().map_err(internal("watch its children"))?;
    let started = process::start(&told).inspect_err(|_| {
        // Nothing runs, so nothing may look as if it did.
        let _ = std::fs::remove_file(&told.socket);
    })?;
    let intake = intake::Intake::start(&started.terminal).map_err(internal("read its terminal"))?;
    let painter = painter::Painter::start(told.size, told.scrollback).map_err(internal("start its model"))?;
    Ok(pump::Pump {
        hello: Hello {
            protocol: PROTOCOL,
            version: api::VERSION.into(),
            session: told.session,
            keeper: std::process::id(),
            child: started.pid,
            guard: started.guard,
            ended: None,
        },
        listener,
        socket: told.socket,
        removal,
        terminal: started.terminal,
        intake,
        painter,
        signals,
        size: told.size,
        ending: ending::Ending::default(),
        state: pump::State::new(told.listens),
    })
}

/// Listens on `keep.sock`, which is for this user only from the first moment.
fn listen(path: &Path) -> Result<UnixListener> {
    let before = rustix::process::umask(Mode::from_raw_mode(0o177));
    let listener = UnixListener::bind(path);
    rustix::process::umask(before);
    let listener = listener.and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
    listener.map_err(|error| {
        let text = format!("the keeper cannot listen at {}: {error}", path.display());
        match error.kind() {
            io::ErrorKind::InvalidInput => Error::invalid(text)
                .hint("a socket's path has 107 bytes at most: choose a shorter LANYARD_HOME"),
            io::ErrorKind::AddrInUse => {
                Error::conflict(text).hint("the session seems to have a keeper already")
            }
            io::ErrorKind::StorageFull => Error::new(Code::DiskFull, text).hint("free some space"),
            _ => Error::new(Code::Internal, text),
        }
    })
}

/// A descriptor that is readable when the socket's file may have been removed.
fn watch_removal(path: &Path) -> io::Result<OwnedFd> {
    let fd = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
    // The file lives on while it is listened to: what its removal changes is the number of its names.
    inotify::add_watch(&fd, path, inotify::WatchFlags::ATTRIB | inotify::WatchFlags::DELETE_SELF)?;
    Ok(fd)
}

/// A descriptor that is readable when a child has ended.
fn watch_children() -> io::Result<OwnedFd> {
    // SAFETY: plain calls on a zeroed set; the descriptor that comes back is new and ours.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        if libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
        match libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok(OwnedFd::from_raw_fd(fd)),
        }
    }
}

/// Tells whoever started this keeper how it went. Nobody may be there any more, which changes nothing.
fn report(report: &Report) {
    let _ = serde_json::to_writer(io::stdout().lock(), report);
    let _ = io::Write::flush(&mut io::stdout());
}

/// Lets go of the streams that the daemon gave; that the report has its end tells the daemon to go on.
fn close_standard_streams() -> io::Result<()> {
    let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    debug_assert!(null.as_raw_fd() > 2);
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    Ok(rustix::stdio::dup2_stderr(&null)?)
}
