//! Starts the session's command in a new terminal.

use super::control::Guard;
use super::guard;
use super::hiding::Hiding;
use super::spec::Told;
use api::sessions::Size;
use api::{Code, Error, Result};
use portable_pty::{PtySize, native_pty_system};
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, accessat};
use rustix::process::{Pid, WaitOptions, waitpid};
use std::ffi::{CString, OsStr};
use std::fs;
use std::io::{self, Read};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;

/// A started command, and its terminal's side that the keeper holds.
pub(super) struct Started {
    pub pid: u32,
    pub guard: Guard,
    pub terminal: Terminal,
}

/// The keeper's end of a terminal. Reading and writing never block.
pub(super) struct Terminal {
    pair: portable_pty::PtyPair,
    fd: OwnedFd,
}

impl Terminal {
    fn open(size: Size) -> Result<Self> {
        let failed = |error: String| {
            Error::new(Code::Internal, format!("no terminal could be opened: {error}"))
                .hint("the machine may have run out of pseudo-terminals (/proc/sys/kernel/pty/max)")
        };
        let pair = native_pty_system().openpty(pty_size(size)).map_err(|e| failed(e.to_string()))?;
        let raw = pair.master.as_raw_fd().ok_or_else(|| failed("it has no descriptor".into()))?;
        // SAFETY: the descriptor belongs to `pair`, which lives until the end of this function at least.
        let borrowed = unsafe { BorrowedFd::borrow_raw(raw) };
        let fd = rustix::io::fcntl_dupfd_cloexec(borrowed, 3).map_err(|e| failed(e.to_string()))?;
        let flags = rustix::fs::fcntl_getfl(&fd).map_err(|e| failed(e.to_string()))?;
        rustix::fs::fcntl_setfl(&fd, flags | OFlags::NONBLOCK).map_err(|e| failed(e.to_string()))?;
        Ok(Self { pair, fd })
    }

    /// The descriptor to read and write.
    pub fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    /// Sets the size; the kernel tells the foreground processes.
    pub fn resize(&self, size: Size) {
        // It fails only on a descriptor that is no terminal.
        let _ = self.pair.master.resize(pty_size(size));
    }

    /// The foreground process group.
    pub fn foreground(&self) -> Option<i32> {
        self.pair.master.process_group_leader()
    }

    /// Opens the command's side anew.
    fn other_side(&self) -> io::Result<OwnedFd> {
        let name = self.pair.master.tty_name().ok_or(io::ErrorKind::NotFound)?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(rustix::fs::open(name, flags, Mode::empty())?)
    }
}

fn pty_size(size: Size) -> PtySize {
    PtySize { rows: size.rows, cols: size.cols, pixel_width: 0, pixel_height: 0 }
}

/// Starts what `told` names. This process must have one thread only: the child goes on after a `fork`.
pub(super) fn start(told: &Told) -> Result<Started> {
    let program = find(told)?;
    if !told.cwd.is_dir() {
        return Err(Error::new(Code::NotFound, format!("there is no folder {}", told.cwd.display()))
            .hint("the session's worktree was moved or removed"));
    }
    let terminal = Terminal::open(told.size)?;
    let failed = |error: io::Error| not_started(&told.command, &error);
    let plan = Plan {
        program: c_string(program.as_os_str().as_bytes()).map_err(failed)?,
        args: told
            .command
            .iter()
            .map(|arg| c_string(arg.as_bytes()))
            .collect::<io::Result<_>>()
            .map_err(failed)?,
        cwd: c_string(told.cwd.as_os_str().as_bytes()).map_err(failed)?,
        tty: terminal.other_side().map_err(failed)?,
        hiding: &told.hiding,
    };
    let (mut news, tell) = io::pipe().map_err(failed)?;
    let mut args: Vec<*const libc::c_char> = plan.args.iter().map(|arg| arg.as_ptr()).collect();
    args.push(ptr::null());
    // Each entry of the block ends with a NUL, so that it is read where it is and never copied.
    let mut env: Vec<*const libc::c_char> =
        told.env.split_inclusive(|byte| *byte == 0).map(|entry| entry.as_ptr().cast()).collect();
    env.push(ptr::null());
    // SAFETY: there is one thread, so the child's memory is whole and it may go on as any process does.
    match unsafe { libc::fork() } {
        -1 => Err(failed(io::Error::last_os_error())),
        0 => {
            let (stage, error) = plan.become_it(&args, &env, &tell);
            let [a, b, c, d] = error.raw_os_error().unwrap_or(libc::EIO).to_ne_bytes();
            let _ = rustix::io::write(&tell, &[0, stage as u8, a, b, c, d]);
            // SAFETY: ends the child at once, without running anything of the parent's.
            unsafe { libc::_exit(127) }
        }
        pid => {
            drop(tell);
            let mut told_us = Vec::new();
            news.read_to_end(&mut told_us).map_err(failed)?;
            let Some(&[_, stage, a, b, c, d]) = told_us.last_chunk() else {
                let guard = if told_us == [1] { Guard::Held } else { Guard::Missing };
                return Ok(Started { pid: pid.unsigned_abs(), guard, terminal });
            };
            let _ = waitpid(Pid::from_raw(pid), WaitOptions::empty());
            let error = io::Error::from_raw_os_error(i32::from_ne_bytes([a, b, c, d]));
            Err(if stage == Stage::Hide as u8 { not_closed_off(&error) } else { failed(error) })
        }
    }
}

/// Where a start can fail in the child.
#[derive(Clone, Copy)]
enum Stage {
    Prepare,
    Hide,
    Exec,
}

/// All that the child needs, made before the fork.
struct Plan<'a> {
    program: CString,
    args: Vec<CString>,
    cwd: CString,
    tty: OwnedFd,
    hiding: &'a Hiding,
}

impl Plan<'_> {
    /// Turns the forked child into the command; returns only when that fails. Tells whether the guard
    /// holds before it does.
    fn become_it(
        &self,
        args: &[*const libc::c_char],
        env: &[*const libc::c_char],
        tell: &io::PipeWriter,
    ) -> (Stage, io::Error) {
        if let Err(error) = self.take_terminal() {
            return (Stage::Prepare, error);
        }
        let hidden = match self.hiding.apply() {
            Ok(()) => true,
            // This kernel lets no user have namespaces. The session runs, and is known to be less guarded.
            Err(error) if error.raw_os_error() == Some(libc::EPERM) => false,
            Err(error) => return (Stage::Hide, error),
        };
        if let Err(error) = rustix::process::chdir(&*self.cwd) {
            return (Stage::Prepare, error.into());
        }
        let held = guard::confine() == Guard::Held && hidden;
        if let Err(error) = rustix::io::write(tell, &[u8::from(held)]) {
            return (Stage::Prepare, error.into());
        }
        debug_assert_eq!(args.len(), self.args.len() + 1);
        // SAFETY: both lists hold pointers to NUL-terminated strings that live, and end with a null.
        unsafe { libc::execve(self.program.as_ptr(), args.as_ptr(), env.as_ptr()) };
        (Stage::Exec, io::Error::last_os_error())
    }

    /// Leads a session of its own, with the terminal as its terminal and its standard streams.
    fn take_terminal(&self) -> io::Result<()> {
        reset_signals()?;
        rustix::process::setsid()?;
        rustix::process::ioctl_tiocsctty(&self.tty)?;
        rustix::stdio::dup2_stdin(&self.tty)?;
        rustix::stdio::dup2_stdout(&self.tty)?;
        Ok(rustix::stdio::dup2_stderr(&self.tty)?)
    }
}

/// Rust programs ignore SIGPIPE, and the keeper blocks SIGCHLD: its children must not inherit that.
pub(super) fn reset_signals() -> io::Result<()> {
    // SAFETY: plain calls on a zeroed set, in a process that installs no handlers.
    unsafe {
        for signal in 1..32 {
            libc::signal(signal, libc::SIG_DFL);
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        match libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut()) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// The program's file: the command as it is when it has a slash, else the first fit on the session's PATH.
pub(super) fn find(told: &Told) -> Result<PathBuf> {
    let name = told.command.first().filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Error::invalid("the command is empty"))?;
    if name.contains('/') {
        return Ok(told.cwd.join(name));
    }
    let path = told.var("PATH").unwrap_or(b"/usr/local/bin:/usr/bin:/bin");
    let mut found = None;
    for folder in path.split(|byte| *byte == b':') {
        let file = told.cwd.join(OsStr::from_bytes(folder)).join(name);
        if accessat(CWD, &file, Access::EXEC_OK, AtFlags::EACCESS).is_ok() && is_file(&file) {
            return Ok(file);
        }
        found = found.or(Some(file).filter(|file| is_file(file)));
    }
    found.ok_or_else(|| {
        Error::new(
            Code::NotFound,
            format!("there is no command {} on the session's PATH", api::names::shown(name)),
        )
        .hint("install it, or name it with its whole path")
    })
}

fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file())
}

fn c_string(bytes: &[u8]) -> io::Result<CString> {
    CString::new(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a word with a NUL in it"))
}

fn not_closed_off(error: &io::Error) -> Error {
    Error::new(Code::Internal, format!("the session could not be closed off from the owner's files: {error}"))
        .hint("nothing was started; the kernel's log may say more")
}

/// What went wrong when a command could not be started.
pub(super) fn not_started(command: &[String], error: &io::Error) -> Error {
    let name = api::names::shown(command.first().map_or("", String::as_str));
    match error.raw_os_error() {
        Some(libc::ENOENT) => Error::new(Code::NotFound, format!("there is no command {name}"))
            .hint("check the path; a script's interpreter must exist as well"),
        Some(libc::EACCES) => Error::new(Code::Refused, format!("the command {name} may not be run"))
            .hint("is it executable, and no folder?"),
        Some(libc::ENOEXEC) => {
            Error::invalid(format!("the command {name} is no program that this machine runs"))
                .hint("a script needs a first line such as #!/bin/sh")
        }
        Some(libc::E2BIG) => {
            Error::new(Code::TooLarge, "the command's arguments and environment are too large")
                .hint("the limit of the system is about 2 MiB, and 128 KiB for one value")
        }
        _ => Error::new(Code::Internal, format!("the command {name} could not be started: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn an_error_names_the_command_and_what_to_do() {
        let error = not_started(&["nope".into()], &io::Error::from_raw_os_error(libc::ENOENT));
        assert_eq!(error.code, Code::NotFound);
        assert!(error.message.contains("nope") && error.hint.is_some());
    }

    #[test]
    fn a_terminal_has_the_size_that_it_was_opened_with() {
        let terminal = Terminal::open(Size { rows: 7, cols: 33 }).unwrap();
        let size = rustix::termios::tcgetwinsize(terminal.fd()).unwrap();
        assert_eq!((size.ws_row, size.ws_col), (7, 33));
        assert!(terminal.fd().as_raw_fd() > 2);
    }
}
