//! The thread that reads the terminal, so that the program need not wait while its output is passed on.
//!
//! The kernel gives a terminal's output in pieces of 4 KiB, and reading them is what a flood costs most. So
//! one thread does nothing else, and the pump takes what has come together. In a flood the pump lets more
//! come together before it looks: fewer wake-ups, and three milliseconds that nobody sees.

use super::process::Terminal;
use rustix::buffer::spare_capacity;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How much is read before it is put where the pump finds it.
const READ: usize = 64 * 1024;
/// How much is free for one read: more than the kernel ever gives.
const ROOM: usize = 8 * 1024;
/// How much may wait for the pump before the program has to wait.
const FULL: usize = 512 * 1024;
/// So much at once is a flood.
const FLOOD: usize = 16 * 1024;
/// How much comes together in a flood before the pump looks again ...
const ENOUGH: usize = 256 * 1024;
/// ... or how long it lets it.
const PAUSE: Duration = Duration::from_millis(3);
/// The stack of the thread: it calls nothing deep.
const STACK: usize = 64 * 1024;

/// The pump's end.
pub(super) struct Intake {
    shared: Arc<Shared>,
    /// When to look even though not enough has come together.
    due: Option<Instant>,
}

struct Shared {
    state: Mutex<State>,
    /// There is room again.
    room: Condvar,
    /// Readable when the pump should look.
    bell: OwnedFd,
    terminal: OwnedFd,
}

struct State {
    bytes: Vec<u8>,
    /// The bell rings when so much is there.
    enough: usize,
    /// The thread may hold bytes that are not in `bytes` yet.
    busy: bool,
    /// The pump waits to hear that it no longer does.
    asked: bool,
    /// There is no more output and never will be.
    silent: bool,
}

impl Intake {
    /// Starts to read `terminal`.
    pub fn start(terminal: &Terminal) -> io::Result<Self> {
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let terminal = rustix::io::fcntl_dupfd_cloexec(terminal.fd(), 3)?;
        let state = State { bytes: Vec::new(), enough: 1, busy: false, asked: false, silent: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), room: Condvar::new(), bell, terminal });
        let theirs = Arc::clone(&shared);
        thread::Builder::new().name("intake".into()).stack_size(STACK).spawn(move || theirs.run())?;
        Ok(Self { shared, due: None })
    }

    /// Readable when there is something to take.
    pub fn bell(&self) -> BorrowedFd<'_> {
        self.shared.bell.as_fd()
    }

    /// When to take, although the bell has not rung.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Takes all output so far in exchange for an empty buffer.
    pub fn take(&mut self, buffer: &mut Vec<u8>) {
        buffer.clear();
        let _ = rustix::io::read(&self.shared.bell, &mut [0u8; 8]);
        let mut state = self.shared.lock();
        std::mem::swap(&mut state.bytes, buffer);
        let floods = buffer.len() >= FLOOD && !state.silent;
        state.enough = if floods { ENOUGH } else { 1 };
        self.due = floods.then(|| Instant::now() + PAUSE);
        self.shared.room.notify_one();
    }

    /// Whether all output is taken and none will follow: either the terminal said so, or nobody is left who
    /// could write, which the caller must know, and it is empty.
    pub fn is_drained(&self) -> bool {
        let mut fds = [PollFd::new(&self.shared.terminal, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut state = self.shared.lock();
        state.asked = state.busy;
        state.silent = state.silent || !state.busy && matches!(poll(&mut fds, Some(&now)), Ok(0));
        state.silent && state.bytes.is_empty()
    }

    /// Gives back memory that only a flood needs.
    pub fn rest(&self) {
        self.shared.lock().bytes.shrink_to_fit();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut buffer = Vec::new();
        loop {
            let mut fds = [PollFd::new(&self.terminal, PollFlags::IN)];
            if matches!(poll(&mut fds, None), Err(error) if error != Errno::INTR) {
                return self.end();
            }
            // From here on nobody may think that an empty terminal means that there is nothing to come.
            self.lock().busy = true;
            let more = self.read(&mut buffer);
            self.put(&mut buffer);
            if !more {
                return self.end();
            }
        }
    }

    /// Reads all that is there, if that is not too much. False if there is nothing more and never will be.
    fn read(&self, buffer: &mut Vec<u8>) -> bool {
        while buffer.len() < READ {
            buffer.reserve(ROOM);
            match rustix::io::read(&self.terminal, spare_capacity(buffer)) {
                Ok(0) => return false,
                Ok(_) | Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                // The command's side is closed for good: the leader of its session has ended.
                Err(_) => return false,
            }
        }
        true
    }

    /// Puts what was read where the pump finds it.
    fn put(&self, buffer: &mut Vec<u8>) {
        let mut state = self.lock();
        while state.bytes.len() >= FULL {
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let before = state.bytes.len();
        if state.bytes.is_empty() {
            std::mem::swap(&mut state.bytes, buffer);
        } else {
            state.bytes.append(buffer);
        }
        state.busy = false;
        if state.enough == 1 {
            // Without a flood, what a flood needed is given back.
            *buffer = Vec::new();
        }
        let is_enough = before < state.enough && state.bytes.len() >= state.enough;
        if is_enough || std::mem::take(&mut state.asked) {
            self.ring();
        }
    }

    fn end(&self) {
        let mut state = self.lock();
        state.silent = true;
        state.busy = false;
        self.ring();
    }

    fn ring(&self) {
        let _ = rustix::io::write(&self.bell, &1u64.to_ne_bytes());
    }
}
