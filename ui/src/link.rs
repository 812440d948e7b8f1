//! The way to the daemon: Tauri's commands in the window, a WebSocket in a browser; the same calls on both.

mod browser;
mod host;

use api::{Call, Code, Error, Event, Result};
use leptos::prelude::*;
use serde_json::value::RawValue;
use std::cell::Cell;
use std::rc::Rc;

/// How the way to the daemon is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// The first connection is being made.
    Connecting,
    /// Calls are answered and events arrive.
    Up,
    /// The connection broke and is being made again.
    Down,
    /// The window can't reach the daemon, and says why and what to do.
    Away(String),
    /// A browser without a valid code or token: it needs a new address.
    NoCode,
    /// The daemon is of this other version.
    OtherVersion(String),
}

/// What the page hears without asking.
pub enum Heard {
    /// The connection is there, for the first time or again: list everything.
    Up,
    /// Something happened.
    Event(Event),
}

type Listener = Rc<dyn Fn(Heard)>;

/// The one connection of the page. Copies are the same connection.
#[derive(Clone, Copy)]
pub struct Link(StoredValue<Inner, LocalStorage>);

struct Inner {
    next: Cell<u64>,
    /// The browser's socket; the window has Tauri instead.
    socket: Option<Rc<browser::Socket>>,
}

impl Link {
    /// Opens the connection and keeps it open; `heard` is told what comes without being asked for.
    pub fn open(state: RwSignal<LinkState>, heard: impl Fn(Heard) + 'static) -> Self {
        let heard: Listener = Rc::new(heard);
        let socket = match host::in_window() {
            true => {
                host::follow(state, heard);
                None
            }
            false => Some(browser::Socket::open(state, heard)),
        };
        Self(StoredValue::new_local(Inner { next: Cell::new(1), socket }))
    }

    /// Sends one call and waits for its answer.
    pub async fn call<C: Call>(self, call: C) -> Result<C::Reply> {
        let (id, socket) =
            self.0.with_value(|inner| (inner.next.replace(inner.next.get() + 1), inner.socket.clone()));
        let question =
            serde_json::to_string(&api::wire::Question::new(id, &call)).map_err(|_| Error::internal())?;
        let result = match socket {
            Some(socket) => socket.ask(id, question).await,
            None => host::ask(question).await,
        };
        read::<C::Reply>(&result?)
    }

    /// What a browser's terminal shows at its own WebSocket; the window needs nothing.
    pub fn token(self) -> Option<String> {
        self.0.with_value(|inner| inner.socket.as_ref().and_then(|socket| socket.token()))
    }
}

fn read<T: serde::de::DeserializeOwned>(result: &RawValue) -> Result<T> {
    serde_json::from_str(result.get()).map_err(|_| {
        Error::new(Code::Version, "the daemon's answer was not understood")
            .hint("reload the page; page and daemon may be of different versions")
    })
}

/// The error for a call that met no connection.
fn broken() -> Error {
    Error::new(Code::Internal, "the connection to Lanyard is broken")
        .hint("the page connects again by itself; try it then")
}
