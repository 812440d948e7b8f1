//! The clients that look at a terminal: each with its own view, its own size and its own pace.

use api::sessions::Size;
use api::wire::{CHUNK_HEAD, CHUNK_MAX, Kind, chunk_head, read_chunk_head, read_size, size_payload};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, recv, sendmsg};
use std::collections::VecDeque;
use std::io::IoSlice;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// How much live output may wait for a client before the program has to wait for it too.
const LIVE_MAX: usize = 256 * 1024;
/// How long the program waits for a client that does not keep up.
const PATIENCE: Duration = Duration::from_secs(1);
/// How much is read from a client at once.
const READ: usize = 64 * 1024;

/// How far a client's view of the terminal is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// It gets a repaint as soon as all that waits for it is sent.
    Stale,
    /// Its repaint is being made.
    Ordered,
    /// It has one, and gets the output since.
    Live,
}

/// What a client wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Input(Vec<u8>),
    Resize(Size),
}

/// Bytes on their way to a client: a chunk, or what is left of one.
struct Parcel {
    bytes: Vec<u8>,
    sent: usize,
    /// Live output may be left out when the client is too slow; the rest may not.
    live: bool,
}

/// An attached client.
pub(super) struct Client {
    /// Its number, which jobs for it carry.
    pub number: u64,
    pub socket: OwnedFd,
    /// The size that it has, if it has told.
    pub size: Option<Size>,
    /// Whether it wants the scrollback.
    pub scrollback: bool,
    pub view: View,
    outbox: VecDeque<Parcel>,
    live: usize,
    inbox: Vec<u8>,
    /// Since when it has been behind.
    behind: Option<Instant>,
    /// It has got its last chunk.
    finished: bool,
    /// It is gone, or has sent nonsense.
    pub closed: bool,
}

impl Client {
    pub fn new(number: u64, socket: OwnedFd, size: Option<Size>, scrollback: bool) -> Self {
        Self {
            number,
            socket,
            size: size.map(Size::clamped),
            scrollback,
            view: View::Stale,
            outbox: VecDeque::new(),
            live: 0,
            inbox: Vec::new(),
            behind: None,
            finished: false,
            closed: false,
        }
    }

    /// Whether it waits for nothing but the next repaint.
    pub fn needs_repaint(&self) -> bool {
        self.view == View::Stale && self.outbox.is_empty() && !self.closed
    }

    pub fn has_mail(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Sends the next piece of live output, if its view is up to date.
    pub fn show(&mut self, bytes: &[u8]) {
        if self.view == View::Live && !self.finished {
            self.send(Kind::Output, bytes, true);
        }
    }

    /// Sends a repaint: from here on the view is live.
    pub fn repaint(&mut self, size: Size, bytes: &[u8]) {
        self.send(Kind::Resize, &size_payload(size), false);
        let mut pieces = bytes.chunks(CHUNK_MAX);
        self.send(Kind::Repaint, pieces.next().unwrap_or_default(), false);
        pieces.for_each(|piece| self.send(Kind::Output, piece, false));
        self.view = View::Live;
    }

    /// Sends the end; the client is closed once it has got everything.
    pub fn finish(&mut self, exit: &[u8]) {
        if self.view == View::Live && !self.finished {
            self.send(Kind::Exit, exit, false);
            self.finished = true;
        }
    }

    /// Whether nothing more is to be sent, ever.
    pub fn is_done(&self) -> bool {
        self.closed || self.finished && self.outbox.is_empty()
    }

    fn send(&mut self, kind: Kind, payload: &[u8], live: bool) {
        let head = chunk_head(kind, payload.len());
        let mut sent = 0;
        if self.outbox.is_empty() {
            sent = self.write(&[IoSlice::new(&head), IoSlice::new(payload)]);
        }
        if sent < head.len() + payload.len() && !self.closed {
            let bytes = [&head[..], payload].concat();
            if live {
                self.live += bytes.len() - sent;
            }
            self.outbox.push_back(Parcel { bytes, sent, live });
        }
    }

    /// Writes as much as the socket takes now.
    fn write(&mut self, pieces: &[IoSlice<'_>]) -> usize {
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        match sendmsg(&self.socket, pieces, &mut SendAncillaryBuffer::default(), flags) {
            Ok(count) => count,
            Err(Errno::AGAIN | Errno::INTR) => 0,
            Err(_) => {
                self.closed = true;
                0
            }
        }
    }

    /// Sends what waits, as far as the socket takes it.
    pub fn flush(&mut self) {
        while let Some(mut parcel) = self.outbox.pop_front() {
            let count = self.write(&[IoSlice::new(&parcel.bytes[parcel.sent..])]);
            parcel.sent += count;
            if parcel.live {
                self.live -= count;
            }
            if parcel.sent < parcel.bytes.len() {
                self.outbox.push_front(parcel);
                break;
            }
        }
        if self.closed {
            self.outbox.clear();
        }
        if self.live <= LIVE_MAX / 2 {
            self.behind = None;
        }
    }

    /// When the program need not wait for this client any longer, if it is behind.
    pub fn deadline(&mut self, now: Instant) -> Option<Instant> {
        if self.live <= LIVE_MAX && self.behind.is_none() {
            return None;
        }
        Some(*self.behind.get_or_insert(now) + PATIENCE)
    }

    /// Leaves out the live output that waits: the client gets a repaint when it has caught up.
    pub fn cut(&mut self) {
        self.outbox.retain(|parcel| !parcel.live || parcel.sent > 0);
        self.live = self.outbox.iter().filter(|p| p.live).map(|p| p.bytes.len() - p.sent).sum();
        self.behind = None;
        self.view = View::Stale;
    }

    /// Reads what the client wants.
    pub fn wishes(&mut self) -> Vec<Wish> {
        let before = self.inbox.len();
        self.inbox.resize(before + READ, 0);
        let read = recv(&self.socket, &mut self.inbox[before..], RecvFlags::DONTWAIT);
        let count = match read {
            Ok((0, _)) => {
                self.closed = true;
                0
            }
            Ok((count, _)) => count,
            Err(Errno::AGAIN | Errno::INTR) => 0,
            Err(_) => {
                self.closed = true;
                0
            }
        };
        self.inbox.truncate(before + count);
        let wishes = self.unpack();
        if self.inbox.is_empty() {
            self.inbox = Vec::new();
        }
        wishes
    }

    /// Takes the whole chunks out of the inbox. What is no proper chunk closes the client.
    fn unpack(&mut self) -> Vec<Wish> {
        let mut wishes = Vec::new();
        let mut at = 0;
        while let Some(head) = self.inbox.get(at..at + CHUNK_HEAD).and_then(|head| head.try_into().ok()) {
            let Ok((kind, len)) = read_chunk_head(head) else {
                self.closed = true;
                break;
            };
            let start = at + CHUNK_HEAD;
            let Some(payload) = self.inbox.get(start..start + len) else { break };
            match (kind, read_size(payload)) {
                (Kind::Input, _) => wishes.push(Wish::Input(payload.to_vec())),
                (Kind::Resize, Ok(size)) => wishes.push(Wish::Resize(size)),
                _ => {
                    self.closed = true;
                    break;
                }
            }
            at = start + len;
        }
        self.inbox.drain(..at);
        wishes
    }
}
