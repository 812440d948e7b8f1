//! A terminal attached to a session: what it shows, what is typed, and how it ends.

use crate::{DEADLINE, World};
use api::sessions::Size;
use api::wire::{CHUNK_HEAD, Kind, chunk_head, read_chunk_head, size_payload};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::{Value, json};
use std::io::{BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// How long a program may take to show that it has read a key, before that is typed again.
const PATIENCE: Duration = Duration::from_secs(2);

/// One attached client.
pub struct Terminal<'a> {
    world: &'a World,
    session: String,
    stream: BufReader<UnixStream>,
    exit: Option<Value>,
    /// Everything that was received, repaints included.
    pub bytes: Vec<u8>,
}

impl World {
    /// Attaches to a session.
    #[track_caller]
    pub fn terminal(&self, session: &str) -> Terminal<'_> {
        let mut door = self.door();
        let params = json!({ "session": session, "size": { "rows": 40, "cols": 120 }, "scrollback": true });
        let answer = door.ask("sessions.attach", params);
        assert!(answer["Ok"].is_object(), "it does not attach: {answer}");
        let stream = door.into_reader();
        let session = session.to_string();
        let mut terminal = Terminal { world: self, session, stream, exit: None, bytes: Vec::new() };
        // With its first chunk the keeper has taken the connection over, and the daemon may go.
        terminal.chunk();
        terminal
    }

    /// What a session's terminal shows now.
    #[track_caller]
    pub fn screen(&self, session: &str) -> String {
        self.lanyard(&["sessions", "screen", session]).ok()
    }

    /// Waits until the daemon has written down how a session ended, and gives the session.
    #[track_caller]
    pub fn ended(&self, session: &str) -> Value {
        let mut door = self.listening();
        let now = self.json(&["sessions", "show", session]);
        if now["ended_at"].is_i64() {
            return now;
        }
        let told = door.event(|event| {
            let told = &event["SessionStateChanged"]["session"];
            told["id"] == now["id"] && told["ended_at"].is_i64()
        });
        told["SessionStateChanged"]["session"].clone()
    }

    /// Waits until a session's terminal shows a text, and gives the whole screen.
    #[track_caller]
    pub fn wait_for_screen(&self, session: &str, text: &str) -> String {
        self.terminal(session).wait_for_screen(text)
    }
}

impl Terminal<'_> {
    /// Reads one chunk; none once the session has ended and all is read.
    #[track_caller]
    pub fn chunk(&mut self) -> Option<(Kind, Vec<u8>)> {
        if self.exit.is_some() {
            return None;
        }
        let mut head = [0; CHUNK_HEAD];
        self.stream.read_exact(&mut head).expect("the session's keeper sends a chunk in time");
        let (kind, length) = read_chunk_head(head).expect("the chunk is well formed");
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).expect("the chunk is whole");
        match kind {
            Kind::Output | Kind::Repaint => self.bytes.extend_from_slice(&payload),
            Kind::Exit => self.exit = serde_json::from_slice(&payload).ok(),
            Kind::Input | Kind::Resize => {}
        }
        Some((kind, payload))
    }

    /// Waits until the terminal has received a text.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let (until, mut searched) = (Instant::now() + DEADLINE, 0);
        while !contains(&self.bytes[searched..], text.as_bytes()) {
            searched = self.bytes.len().saturating_sub(text.len());
            let shown = || String::from_utf8_lossy(&self.bytes).into_owned();
            assert!(Instant::now() < until, "{text:?} does not come: {}", shown());
            if self.chunk().is_none() {
                panic!("the session ended without {text:?}: {}", String::from_utf8_lossy(&self.bytes));
            }
        }
    }

    /// Waits until the screen, as `lanyard sessions screen` prints it, shows a text.
    #[track_caller]
    pub fn wait_for_screen(&mut self, text: &str) -> String {
        let until = Instant::now() + DEADLINE;
        loop {
            let screen = self.world.screen(&self.session);
            if screen.contains(text) {
                return screen;
            }
            assert!(Instant::now() < until, "the screen does not show {text:?}: {screen}");
            if self.chunk().is_none() {
                return self.last_screen(text);
            }
        }
    }

    #[track_caller]
    fn last_screen(&self, text: &str) -> String {
        let screen = self.world.screen(&self.session);
        assert!(screen.contains(text), "the session ended without {text:?}: {screen}");
        screen
    }

    /// Waits for the session's end and gives how it ended, for example `{"code":0}`.
    #[track_caller]
    pub fn wait_for_exit(&mut self) -> Value {
        while self.chunk().is_some() {}
        self.exit.clone().expect("the end was told")
    }

    /// Types.
    #[track_caller]
    pub fn type_in(&mut self, text: &str) {
        self.send(Kind::Input, text.as_bytes());
    }

    /// Types a key, again and again until the screen is as wanted: a program that has just drawn a question may throw
    /// away what is typed.
    #[track_caller]
    pub fn type_until(&mut self, key: &str, wanted: impl Fn(&str) -> bool) {
        let until = Instant::now() + DEADLINE;
        let mut screen = String::new();
        while Instant::now() < until {
            self.type_in(key);
            let again = Instant::now() + PATIENCE;
            while self.has_more_by(again) && self.chunk().is_some() {
                screen = self.world.screen(&self.session);
                if wanted(&screen) {
                    return;
                }
            }
        }
        panic!("{key:?} does not do it: {screen}");
    }

    /// Whether something comes until then.
    fn has_more_by(&self, until: Instant) -> bool {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).expect("a short time");
        let mut stream = [PollFd::new(self.stream.get_ref(), PollFlags::IN)];
        !self.stream.buffer().is_empty() || poll(&mut stream, Some(&timeout)).is_ok_and(|ready| ready > 0)
    }

    /// Tells the terminal's size.
    #[track_caller]
    pub fn resize(&mut self, rows: u16, cols: u16) {
        self.send(Kind::Resize, &size_payload(Size { rows, cols }));
    }

    /// Sends a chunk.
    #[track_caller]
    pub fn send(&mut self, kind: Kind, payload: &[u8]) {
        let stream = self.stream.get_mut();
        stream.write_all(&chunk_head(kind, payload.len())).expect("the chunk's head is sent");
        stream.write_all(payload).expect("the chunk is sent");
    }
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|part| part == text)
}
