//! Runs one command where it is called, under the guard of a session and with nothing of it left at the end.

use super::guard;
use super::hiding::Hiding;
use super::process::{find, not_started, reset_signals};
use super::spec::Told;
use super::tree::{collect, signal_all};
use api::sessions::Exit;
use api::{Code, Error, Result};
use rustix::process::{Pid, Signal, set_child_subreaper, set_parent_process_death_signal};
use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::ptr;
use std::time::{Duration, Instant};

/// How long what a command has left behind may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// How long to wait before killing once more.
const AGAIN: Duration = Duration::from_millis(50);
/// What this process waits for: the end of a child, and what it passes on to the command.
const SIGNALS: [i32; 7] =
    [libc::SIGCHLD, libc::SIGTERM, libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGUSR1, libc::SIGUSR2];

/// `lanyardd keep --confined [HIDING] -- PROGRAM ARGS…`: the environment stays as it is; `args` is what follows
/// `keep`. This process must have one thread only.
pub fn run(args: &[String]) -> ExitCode {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    end(match words.as_slice() {
        ["--confined", "--", program, rest @ ..] => confined(Hiding::default(), program, rest),
        ["--confined", hiding, "--", program, rest @ ..] => serde_json::from_str(hiding)
            .map_err(|e| broken(e.into()))
            .and_then(|hiding| confined(hiding, program, rest)),
        _ => Err(Error::invalid("this is called by lanyard and lanyardd alone")
            .hint("run: lanyard run --identity NAME -- COMMAND")),
    })
}

/// `lanyardd keep --in-place FD`, for `lanyard run`: command and environment are read from the descriptor.
/// `hiding` says what the command cannot see. This process must have one thread only.
pub fn run_spec(number: &str, hiding: Hiding) -> ExitCode {
    end(in_place(number, hiding))
}

fn end(command: Result<Command>) -> ExitCode {
    match command.and_then(watch_over) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            let hint = error.hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            eprintln!("lanyard: {}{hint}", error.message);
            ExitCode::from(if error.code == Code::NotFound { 127 } else { 126 })
        }
    }
}

/// A command with the environment that this process was given. It must not go on without the daemon.
fn confined(hiding: Hiding, program: &str, args: &[&str]) -> Result<Command> {
    set_parent_process_death_signal(Some(Signal::TERM)).map_err(|e| broken(e.into()))?;
    let mut command = Command::new(program);
    command.args(args);
    let prepare = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        close_off(&hiding)
    };
    // SAFETY: there is one thread, so the forked child may do what any process may.
    unsafe { command.pre_exec(prepare) };
    Ok(command)
}

/// The protections of a session, for the calling process and all that it will start. A machine that allows
/// no namespaces of one's own still has the others.
fn close_off(hiding: &Hiding) -> io::Result<()> {
    match hiding.apply() {
        Err(error) if error.raw_os_error() != Some(libc::EPERM) => return Err(error),
        _ => {}
    }
    guard::confine();
    Ok(())
}

fn in_place(number: &str, mut hiding: Hiding) -> Result<Command> {
    let number = number.parse().ok().filter(|number| *number > 2);
    let number = number.ok_or_else(|| Error::invalid("the descriptor is no number above 2"))?;
    // SAFETY: `lanyard run` passes this descriptor over; nothing in this process owns it.
    let spec = File::from(unsafe { OwnedFd::from_raw_fd(number) });
    let told = Told::read(spec).map_err(broken)?;
    let program = find(&told)?;
    let path = CString::new(program.as_os_str().as_bytes()).map_err(|e| broken(e.into()))?;
    let words = told.command.iter().map(|word| CString::new(word.as_bytes()));
    let words = words.collect::<std::result::Result<Vec<_>, _>>().map_err(|e| broken(e.into()))?;
    // The name is for messages: the child takes this path itself.
    let folder = std::env::current_dir().map_err(broken)?;
    // The identity's own home stays in view.
    hiding.kept.extend(told.var("HOME").map(|home| OsStr::from_bytes(home).into()));
    let mut command = Command::new(told.command.first().map_or("", String::as_str));
    let exec = move || {
        // `spawn` does this for its own `exec` only, which this one comes before.
        reset_signals()?;
        close_off(&hiding)?;
        // Where the folder was covered, this one would still be what is below the cover.
        std::env::set_current_dir(&folder)?;
        let mut args: Vec<_> = words.iter().map(|word| word.as_ptr()).collect();
        args.push(ptr::null());
        // Each entry of the block ends with a NUL, so that it is read where it is and never copied.
        let entries = told.env.split_inclusive(|byte| *byte == 0);
        let mut env: Vec<*const libc::c_char> = entries.map(|entry| entry.as_ptr().cast()).collect();
        env.push(ptr::null());
        // SAFETY: both lists hold pointers to NUL-terminated strings that live, and end with a null.
        unsafe { libc::execve(path.as_ptr(), args.as_ptr(), env.as_ptr()) };
        Err(io::Error::last_os_error())
    };
    // SAFETY: there is one thread, so the forked child may do what any process may.
    unsafe { command.pre_exec(exec) };
    Ok(command)
}

/// Starts the command, waits for its end, and ends what it has left behind. Gives its status as a shell does.
fn watch_over(mut command: Command) -> Result<u8> {
    guard::harden().map_err(broken)?;
    set_child_subreaper(Some(rustix::process::getpid())).map_err(|e| broken(e.into()))?;
    let signals = block_signals().map_err(broken)?;
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command.spawn().map_err(|error| not_started(&[name], &error))?.id();
    // The block with the environment goes with the command, and is wiped.
    drop(command);
    let exit = loop {
        match wait_for(&signals, None) {
            Some((signal, true)) if signal != libc::SIGCHLD => pass_on(child, signal),
            _ => {}
        }
        let harvest = collect(child);
        match harvest.command {
            Some(exit) if harvest.all_gone => return Ok(status(exit)),
            Some(exit) => break exit,
            None => {}
        }
    };
    end_what_is_left(child, &signals);
    Ok(status(exit))
}

/// Asks everything that still runs below this process to end, and after a while makes it.
fn end_what_is_left(child: u32, signals: &libc::sigset_t) {
    signal_all(Signal::HUP, None);
    let mut deadline = Instant::now() + GRACE;
    while !collect(child).all_gone {
        if wait_for(signals, Some(deadline.saturating_duration_since(Instant::now()))).is_none() {
            signal_all(Signal::KILL, None);
            // Again after a moment: something may have forked while the others were killed.
            deadline = Instant::now() + AGAIN;
        }
    }
}

fn status(exit: Exit) -> u8 {
    match exit {
        Exit::Code(code) => u8::try_from(code & 0xFF).unwrap_or(1),
        Exit::Signal(signal) => u8::try_from(128 + signal).unwrap_or(255),
        Exit::Lost => 1,
    }
}

fn pass_on(child: u32, signal: i32) {
    let pid = i32::try_from(child).ok().and_then(Pid::from_raw);
    if let (Some(pid), Some(signal)) = (pid, Signal::from_named_raw(signal)) {
        // It was not collected yet, so the number is still its own.
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Blocks the signals that are waited for. The child does not inherit that: `spawn` clears the mask.
fn block_signals() -> io::Result<libc::sigset_t> {
    // SAFETY: plain calls on a set that `sigemptyset` makes valid.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in SIGNALS {
            libc::sigaddset(&raw mut set, signal);
        }
        match libc::sigprocmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut()) {
            0 => Ok(set),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// The next signal, and whether a process sent it: what the terminal sends, the command gets by itself.
/// None when the time is over.
fn wait_for(signals: &libc::sigset_t, time: Option<Duration>) -> Option<(i32, bool)> {
    let begun = Instant::now();
    loop {
        // SAFETY: all pointers are to values that live; a zeroed `siginfo_t` is valid.
        let (signal, info) = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let left = time.map(|time| timespec(time.saturating_sub(begun.elapsed())));
            let limit = left.as_ref().map_or(ptr::null(), ptr::from_ref);
            (libc::sigtimedwait(signals, &raw mut info, limit), info)
        };
        match signal {
            // Interrupted by a signal of another kind, for example when the job is continued.
            -1 if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
            -1 => return None,
            signal => return Some((signal, info.si_code <= 0)),
        }
    }
}

fn timespec(time: Duration) -> libc::timespec {
    libc::timespec { tv_sec: time.as_secs().cast_signed(), tv_nsec: time.subsec_nanos().into() }
}

fn broken(error: io::Error) -> Error {
    Error::new(Code::Internal, format!("the command's guard could not be set up: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_told_as_a_shell_tells_it() {
        assert_eq!([Exit::Code(0), Exit::Code(7), Exit::Signal(9)].map(status), [0, 7, 137]);
    }

    #[test]
    fn nobody_calls_it_by_accident() {
        let args = [vec![], vec!["--in-place".to_string()], vec!["--confined".into(), "ls".into()]];
        for args in args {
            assert_eq!(format!("{:?}", run(&args)), format!("{:?}", ExitCode::from(126)));
        }
        assert!(in_place("1", Hiding::default()).is_err());
    }
}
