//! The doors: each makes a caller out of how it was reached, and passes on rows of the table.

mod connection;
mod handover;
pub mod notification;
mod ravi;
pub mod remote;
pub mod socket;
mod ssh;

use crate::backend::Backend;
use crate::caller::Caller;
use crate::dispatch::{Body, dispatch};
use api::wire::{Hello, Incoming};
use api::{Error, Request};
use zeroize::Zeroizing;

/// A line for a client, as JSON. It may hold a secret and is wiped when dropped.
pub type Frame = Zeroizing<Vec<u8>>;

/// The first line of the daemon.
pub fn hello() -> Frame {
    let hello = Hello { version: api::VERSION.into() };
    frame(&[b"{\"hello\":", &json(&hello), b"}\n"])
}

/// An event as a line.
pub fn event(event: &api::Event) -> Frame {
    frame(&[b"{\"event\":", &json(event), b"}\n"])
}

/// The answer to the request `id` as a line.
pub fn answer(id: u64, result: &api::Result<Body>) -> Frame {
    let id = id.to_string();
    match result {
        Ok(body) => frame(&[b"{\"answer\":{\"id\":", id.as_bytes(), b",\"result\":{\"Ok\":", body, b"}}}\n"]),
        Err(error) => {
            frame(&[b"{\"answer\":{\"id\":", id.as_bytes(), b",\"result\":{\"Err\":", &json(error), b"}}}\n"])
        }
    }
}

/// Reads a request's line: its id, and the request or what is wrong with it.
pub fn read(line: &[u8]) -> (u64, api::Result<Request>) {
    let incoming: Incoming<'_> = match serde_json::from_slice(line) {
        Ok(incoming) => incoming,
        Err(_) => {
            let error = Error::invalid("the line is no request")
                .hint("a request is a line like {\"id\":1,\"method\":\"slots.list\",\"params\":{}}");
            return (0, Err(error));
        }
    };
    (incoming.id, Request::read(&incoming.method, incoming.params))
}

/// Answers one request and gives the line to send.
pub async fn answered(backend: &Backend, caller: &Caller, id: u64, request: Request) -> Frame {
    answer(id, &dispatch(backend, caller, request).await)
}

fn json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    // The types of the table are plain structs: writing them to memory does not fail.
    serde_json::to_vec(value).unwrap_or_default()
}

fn frame(parts: &[&[u8]]) -> Frame {
    let mut line = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    for part in parts {
        line.extend_from_slice(part);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::wire::Outgoing;

    #[test]
    fn what_the_daemon_writes_reads_back() {
        assert!(matches!(serde_json::from_slice(&hello()), Ok(Outgoing::Hello(_))));
        let ok = answer(7, &Ok(Zeroizing::new(b"{\"a\":1}".to_vec())));
        assert!(
            matches!(serde_json::from_slice(&ok), Ok(Outgoing::Answer(a)) if a.id == 7 && a.result.is_ok())
        );
        let err = answer(8, &Err(Error::refused("no")));
        assert!(matches!(serde_json::from_slice(&err), Ok(Outgoing::Answer(a)) if a.result.is_err()));
    }

    #[test]
    fn a_broken_line_is_an_error_with_a_hint() {
        for line in ["", "{", "[]", "{\"id\":-1}", "\u{0}"] {
            assert!(read(line.as_bytes()).1.unwrap_err().hint.is_some(), "{line:?}");
        }
    }
}
