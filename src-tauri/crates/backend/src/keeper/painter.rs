//! The thread that keeps the model up to date, behind the bytes that go to the clients.

use super::guard;
use super::model::Model;
use super::repaint::repaint;
use api::sessions::{Screen, Size};
use rustix::event::{EventfdFlags, eventfd};
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How many bytes may wait for the model. In a flood the model works on so many at a time, and can leave
/// out what would scroll away unseen.
pub(super) const BACKLOG_MAX: usize = 2 * 1024 * 1024;
/// How long after the last output the model gives back memory that it needs for speed only.
const QUIET: Duration = Duration::from_secs(2);
/// The stack of the thread: it calls nothing deep.
const STACK: usize = 256 * 1024;

/// Something to do at exactly this place of the output.
#[derive(Debug)]
pub(super) enum Job {
    /// The terminal has another size from here on.
    Resize(Size),
    /// Tell the screen as text; the number says for whom.
    Screen(u64),
    /// Draw the screen for a client, with or without its scrollback.
    Repaint(u64, bool),
}

/// What the thread has to tell.
#[derive(Debug)]
pub(super) enum News {
    /// The terminal answers the program.
    Answer(Vec<u8>),
    Screen(u64, Screen),
    Repaint(u64, Vec<u8>),
}

/// The pump's end.
pub(super) struct Painter {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    /// Readable when there is news, or room again.
    bell: OwnedFd,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    /// Each with the number of bytes that come before it.
    jobs: Vec<(usize, Job)>,
    /// Whether the thread shall begin.
    go: bool,
    /// Whether it shall catch up with everything, rather than lag behind a flood.
    settle: bool,
    /// Whether the pump waits for room.
    full: bool,
    news: Vec<News>,
}

impl Painter {
    /// Starts the thread with an empty terminal.
    pub fn start(size: Size, scrollback: usize) -> io::Result<Self> {
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let shared = Arc::new(Shared { state: Mutex::default(), wake: Condvar::new(), bell });
        let theirs = Arc::clone(&shared);
        thread::Builder::new()
            .name("model".into())
            .stack_size(STACK)
            .spawn(move || theirs.run(&mut Model::new(size, scrollback), scrollback))?;
        Ok(Self { shared })
    }

    /// Readable when [`Painter::news`] has something to tell.
    pub fn bell(&self) -> &OwnedFd {
        &self.shared.bell
    }

    /// Adds output. It is worked on when [`Painter::nudge`] says so, or when much has come together.
    pub fn push(&self, bytes: &[u8]) {
        let mut state = self.shared.lock();
        state.bytes.extend_from_slice(bytes);
        if state.bytes.len() >= BACKLOG_MAX {
            self.shared.begin(&mut state, false);
        }
    }

    /// Adds a job after all output so far, to be done now.
    pub fn order(&self, job: Job) {
        let mut state = self.shared.lock();
        let at = state.bytes.len();
        state.jobs.push((at, job));
        self.shared.begin(&mut state, true);
    }

    /// Lets the model catch up.
    pub fn nudge(&self) {
        self.shared.begin(&mut self.shared.lock(), true);
    }

    /// Whether more output may be added; if not, the bell rings when it may.
    pub fn has_room(&self) -> bool {
        let mut state = self.shared.lock();
        state.full = state.bytes.len() >= BACKLOG_MAX;
        !state.full
    }

    /// What there is to tell.
    pub fn news(&self) -> Vec<News> {
        let _ = rustix::io::read(&self.shared.bell, &mut [0u8; 8]);
        std::mem::take(&mut self.shared.lock().news)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, state: &mut State, settle: bool) {
        state.settle |= settle;
        if !state.go {
            state.go = true;
            self.wake.notify_one();
        }
    }

    fn ring(&self) {
        let _ = rustix::io::write(&self.bell, &1u64.to_ne_bytes());
    }

    fn run(&self, model: &mut Model, scrollback: usize) {
        let mut spare = Vec::new();
        loop {
            let order = self.next(model, &mut spare);
            let mut news = Vec::new();
            let done = catch_unwind(AssertUnwindSafe(|| order.work(model, &mut news)));
            if done.is_err() {
                // Better an empty screen than a dead session: the program can draw it anew.
                *model = Model::new(model.size(), scrollback);
            }
            spare = order.bytes;
            spare.clear();
            self.tell(news);
        }
    }

    /// Waits for work and takes it.
    fn next(&self, model: &mut Model, spare: &mut Vec<u8>) -> Order {
        let mut state = self.lock();
        let mut tidy = false;
        while !state.go {
            if tidy {
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (back, timeout) =
                self.wake.wait_timeout(state, QUIET).unwrap_or_else(PoisonError::into_inner);
            state = back;
            if timeout.timed_out() && !state.go {
                tidy = true;
                if state.bytes.is_empty() {
                    state.bytes = Vec::new();
                }
                drop(state);
                *spare = Vec::new();
                model.shrink();
                guard::rest();
                state = self.lock();
            }
        }
        state.go = false;
        let order = Order {
            bytes: std::mem::replace(&mut state.bytes, std::mem::take(spare)),
            jobs: std::mem::take(&mut state.jobs),
            settle: std::mem::take(&mut state.settle),
        };
        if std::mem::take(&mut state.full) {
            self.ring();
        }
        order
    }

    fn tell(&self, news: Vec<News>) {
        if !news.is_empty() {
            self.lock().news.extend(news);
            self.ring();
        }
    }
}

/// What the thread takes on at once.
struct Order {
    bytes: Vec<u8>,
    jobs: Vec<(usize, Job)>,
    settle: bool,
}

impl Order {
    /// Works through output and jobs in their order.
    fn work(&self, model: &mut Model, news: &mut Vec<News>) {
        let mut done = 0;
        for (at, job) in &self.jobs {
            self.feed(done..*at, model, news);
            done = *at;
            match job {
                Job::Resize(size) => model.resize(*size),
                Job::Screen(number) => news.push(News::Screen(*number, model.screen())),
                Job::Repaint(number, scrollback) => {
                    news.push(News::Repaint(*number, repaint(model, *scrollback)));
                }
            }
        }
        self.feed(done..self.bytes.len(), model, news);
    }

    fn feed(&self, part: Range<usize>, model: &mut Model, news: &mut Vec<News>) {
        let bytes = self.bytes.get(part).unwrap_or_default();
        match self.settle {
            true => model.feed(bytes),
            false => model.feed_flood(bytes),
        }
        let answer = model.answers();
        if !answer.is_empty() {
            news.push(News::Answer(answer));
        }
    }
}
