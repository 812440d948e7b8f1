//! The keeper's loop: moves bytes between the terminal and its clients, and answers the daemon.

mod asking;
mod telling;

use super::clients::{Client, View, Wish};
use super::control::{Change, Ended, Hello};
use super::door::Door;
use super::ending::Ending;
use super::intake::Intake;
use super::painter::{Job, News, Painter};
use super::process::Terminal;
use super::queries::Queries;
use api::sessions::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How much of the output goes to the clients at once.
const PIECE: usize = 64 * 1024;
/// How much input may wait for a program that does not read.
const INPUT_MAX: usize = 2 * 1024 * 1024;
/// So often the model catches up, although nobody asks for it, unless a flood goes on.
const LULL: Duration = Duration::from_millis(200);
/// So much output in that time is a flood.
const FLOOD: usize = 256 * 1024;
/// A string of the output that goes on for longer is hidden from the model, which would keep it all.
const STRING_MAX: usize = 1024 * 1024;
/// How long clients may take for the rest after the daemon has let the keeper go.
const FAREWELL: Duration = Duration::from_secs(1);

/// All that the loop works with.
pub(super) struct Pump {
    pub hello: Hello,
    pub listener: UnixListener,
    /// Where it listens.
    pub socket: PathBuf,
    /// Readable when that file may have been removed.
    pub removal: OwnedFd,
    pub terminal: Terminal,
    pub intake: Intake,
    pub painter: Painter,
    /// Readable when a child has ended.
    pub signals: OwnedFd,
    pub size: Size,
    pub ending: Ending,
    pub state: State,
}

/// What changes from round to round.
#[derive(Default)]
pub(super) struct State {
    clients: Vec<Client>,
    doors: Vec<Door>,
    /// Whoever waits for the end, by the numbers of their doors.
    stoppers: Vec<u64>,
    input: VecDeque<u8>,
    queries: Queries,
    numbers: u64,
    /// When the last output came that the model has not been told to look at.
    heard: Option<Instant>,
    /// Since when, and how much, the model has not been told to look at.
    unseen_since: Option<Instant>,
    unseen: usize,
    released: Option<Instant>,
}

impl State {
    /// At the start; `listens` says whether what programs print about themselves is heard.
    pub fn new(listens: bool) -> Self {
        Self { queries: Queries::new(listens), ..Self::default() }
    }
}

/// What woke the loop.
struct Awake {
    terminal: bool,
    intake: bool,
    painter: bool,
    signals: bool,
    listener: bool,
    removal: bool,
    clients: Vec<PollFlags>,
    doors: Vec<PollFlags>,
}

impl Pump {
    /// Runs until the command has ended and the daemon has let go.
    pub fn run(mut self) -> io::Result<()> {
        let mut buffer = Vec::new();
        while !self.is_over() {
            let awake = self.wait()?;
            if awake.signals || self.ending.is_due(Instant::now()) {
                self.tend_children();
            }
            if awake.painter {
                self.hear_painter();
            }
            if awake.removal {
                self.check_socket();
            }
            self.serve_clients(&awake.clients);
            if awake.terminal {
                self.type_on();
            }
            if awake.intake {
                self.relay(&mut buffer);
            }
            self.rest(&mut buffer);
            self.serve_doors(&awake.doors);
            if awake.listener {
                self.accept();
            }
            self.settle();
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        let Some(released) = self.state.released else { return false };
        let over = self.hello.ended.is_some() && !self.state.doors.iter().any(Door::has_mail);
        over && (self.state.clients.is_empty() || released.elapsed() > FAREWELL)
    }

    /// Whether output may be read: somebody may have to catch up first.
    fn may_read(&mut self) -> bool {
        let now = Instant::now();
        let state = &mut self.state;
        !state.clients.iter().any(|client| client.view == View::Ordered)
            && !state.clients.iter_mut().any(|client| client.deadline(now).is_some())
            && self.painter.has_room()
    }

    /// Waits until something happens, for as long as nothing has to be done.
    fn wait(&mut self) -> io::Result<Awake> {
        let may_read = self.may_read();
        let types = !self.state.input.is_empty();
        let timeout = self.timeout(may_read);
        let takes_input = self.state.input.len() < INPUT_MAX;
        // A descriptor without flags would still tell of its hang-up, over and over.
        let mut fds = vec![
            PollFd::new(&self.signals, PollFlags::IN),
            PollFd::new(self.painter.bell(), PollFlags::IN),
            PollFd::new(&self.listener, PollFlags::IN),
            PollFd::new(&self.removal, PollFlags::IN),
        ];
        for client in &self.state.clients {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, takes_input);
            flags.set(PollFlags::OUT, client.has_mail());
            fds.push(PollFd::new(&client.socket, flags));
        }
        for door in &self.state.doors {
            let mut flags = PollFlags::IN;
            flags.set(PollFlags::OUT, door.has_mail());
            fds.push(PollFd::new(&door.socket, flags));
        }
        if types {
            fds.push(PollFd::new(self.terminal.fd(), PollFlags::OUT));
        }
        let bell = self.intake.bell();
        if may_read {
            fds.push(PollFd::new(&bell, PollFlags::IN));
        }
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut woken = fds.iter().map(PollFd::revents);
        let mut next = || woken.next().unwrap_or(PollFlags::empty());
        Ok(Awake {
            signals: !next().is_empty(),
            painter: !next().is_empty(),
            listener: !next().is_empty(),
            removal: !next().is_empty(),
            clients: self.state.clients.iter().map(|_| next()).collect(),
            doors: self.state.doors.iter().map(|_| next()).collect(),
            terminal: types && !next().is_empty(),
            intake: may_read
                && (!next().is_empty() || self.intake.due().is_some_and(|due| due <= Instant::now())),
        })
    }

    fn timeout(&mut self, may_read: bool) -> Option<Timespec> {
        let now = Instant::now();
        let signals = self.signals_due();
        let clients = self.state.clients.iter_mut().filter_map(|client| client.deadline(now));
        let soonest = clients
            .chain(self.ending.deadline())
            .chain(self.intake.due().filter(|_| may_read))
            .chain(signals)
            .chain(self.state.unseen_since.map(|since| since + LULL))
            .chain(self.state.released.filter(|_| self.hello.ended.is_some()).map(|at| at + FAREWELL))
            .min()?;
        let left = soonest.saturating_duration_since(now) + Duration::from_micros(100);
        Timespec::try_from(left).ok()
    }

    fn tend_children(&mut self) {
        let mut drain = [0u8; 128 * 8];
        while rustix::io::read(&self.signals, &mut drain).is_ok_and(|count| count > 0) {}
        self.ending.tend(self.hello.child, &self.terminal);
    }

    /// Whoever has removed the socket has let go of the session: nobody can ask for its last screen any more.
    fn check_socket(&mut self) {
        let mut drain = [0u8; 1024];
        while rustix::io::read(&self.removal, &mut drain).is_ok_and(|count| count > 0) {}
        if !self.socket.exists() {
            self.state.released.get_or_insert_with(Instant::now);
        }
    }

    fn hear_painter(&mut self) {
        for news in self.painter.news() {
            match news {
                News::Answer(bytes) => self.answer(&bytes),
                News::Screen(number, screen) => {
                    if let Some(door) = self.state.doors.iter_mut().find(|door| door.number == number) {
                        door.answer(&Ok(screen));
                    }
                }
                News::Repaint(number, mut bytes) => {
                    bytes.extend(self.state.queries.prefix());
                    let size = self.size;
                    if let Some(client) = self.state.clients.iter_mut().find(|client| client.number == number)
                        && client.view == View::Ordered
                    {
                        client.repaint(size, &bytes);
                    }
                }
            }
        }
    }

    fn serve_clients(&mut self, woken: &[PollFlags]) {
        for index in 0..woken.len() {
            let (Some(flags), Some(client)) = (woken.get(index), self.state.clients.get_mut(index)) else {
                return;
            };
            if flags.contains(PollFlags::OUT) {
                client.flush();
            }
            if !flags.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
                continue;
            }
            for wish in client.wishes() {
                self.grant(index, wish);
            }
        }
    }

    /// Does what a client wishes. The size follows whoever typed or resized last.
    fn grant(&mut self, index: usize, wish: Wish) {
        let Some(client) = self.state.clients.get_mut(index) else { return };
        if let Wish::Resize(size) = wish {
            client.size = Some(size);
        }
        if let Some(size) = client.size {
            self.resize(size);
        }
        if let Wish::Input(bytes) = wish
            && self.hello.ended.is_none()
        {
            self.state.queries.signals.typed(Instant::now());
            self.state.input.extend(bytes);
            self.type_on();
        }
    }

    fn resize(&mut self, size: Size) {
        if size == self.size {
            return;
        }
        self.size = size;
        self.painter.order(Job::Resize(size));
        self.terminal.resize(size);
        // Terminals wrap their lines anew in different ways, so everyone gets the result.
        for client in self.state.clients.iter_mut().filter(|client| client.view != View::Stale) {
            client.cut();
        }
    }

    /// Types what waits, as far as the program takes it.
    fn type_on(&mut self) {
        while !self.state.input.is_empty() {
            let (front, _) = self.state.input.as_slices();
            match rustix::io::write(self.terminal.fd(), front) {
                Ok(count) => drop(self.state.input.drain(..count)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(_) => self.state.input.clear(),
            }
        }
    }

    /// Passes on what the program has written.
    fn relay(&mut self, buffer: &mut Vec<u8>) {
        self.intake.take(buffer);
        if buffer.is_empty() {
            return;
        }
        buffer.chunks(PIECE).for_each(|piece| self.pass_on(piece));
        let now = Instant::now();
        self.state.heard = Some(now);
        self.state.unseen_since.get_or_insert(now);
        self.state.unseen += buffer.len();
        let answers = self.state.queries.answers();
        self.answer(&answers);
        if self.state.queries.asked() {
            self.painter.nudge();
        }
    }

    fn pass_on(&mut self, bytes: &[u8]) {
        let seen = self.state.queries.pass(bytes);
        if !seen.is_empty() {
            self.state.clients.iter_mut().for_each(|client| client.show(&seen));
        }
        self.painter.push(bytes);
        if self.state.queries.string_len() > STRING_MAX {
            // Ends the string for the model, and begins one that it throws away.
            self.painter.push(b"\x18\x1bX");
        }
    }

    /// Lets the model catch up when the output has ceased or is but a trickle. In a flood it may lag behind,
    /// and pass over what nobody will see: whoever wants to look makes it catch up first.
    fn rest(&mut self, buffer: &mut Vec<u8>) {
        let (Some(first), Some(last)) = (self.state.unseen_since, self.state.heard) else { return };
        if first.elapsed() < LULL {
            return;
        }
        self.state.unseen_since = Some(Instant::now());
        let trickles = std::mem::take(&mut self.state.unseen) < FLOOD;
        if trickles || last.elapsed() >= LULL {
            self.state.heard = None;
            self.state.unseen_since = None;
            self.painter.nudge();
            *buffer = Vec::new();
            self.intake.rest();
        }
    }

    /// What every round ends with: slow clients are cut, stale ones get a repaint, the end is told.
    fn settle(&mut self) {
        let now = Instant::now();
        if self.hello.ended.is_none() && self.ending.is_complete() && self.intake.is_drained() {
            self.end();
        }
        self.tell_signals(now);
        let exit = self.hello.ended.and_then(|ended| serde_json::to_vec(&ended.exit).ok());
        for client in &mut self.state.clients {
            if client.deadline(now).is_some_and(|deadline| deadline <= now) {
                client.cut();
            }
            if client.needs_repaint() {
                client.view = View::Ordered;
                self.painter.order(Job::Repaint(client.number, client.scrollback));
            }
            if let Some(exit) = &exit {
                client.finish(exit);
            }
        }
        self.state.clients.retain(|client| !client.is_done());
        self.state.doors.retain(|door| !door.closed);
    }

    fn end(&mut self) {
        let ended = Ended { exit: self.ending.exit(), at: now_ms() };
        self.hello.ended = Some(ended);
        self.state.input.clear();
        // Clients get their time for the rest from now on, however long ago the daemon let go.
        self.state.released = self.state.released.map(|_| Instant::now());
        self.painter.nudge();
        let last = Change::signals(self.state.queries.signals.rest());
        for door in &mut self.state.doors {
            if self.state.stoppers.contains(&door.number) {
                door.answer(&Ok(ended));
            }
            if door.watches {
                last.iter().for_each(|last| door.tell(last));
                door.tell(&Change::Ended(ended));
            }
        }
    }
}

fn now_ms() -> api::Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    api::Millis::try_from(since.as_millis()).unwrap_or(api::Millis::MAX)
}
