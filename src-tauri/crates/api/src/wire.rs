//! The frames of the socket and the WebSocket: JSON lines, and raw chunks once a terminal is attached.
//!
//! ```text
//! ← {"hello":{"version":"0.1.0"}}
//! → {"id":1,"method":"slots.list","params":{}}
//! ← {"answer":{"id":1,"result":{"Ok":[…]}}}
//! ← {"event":{"SlotChanged":{"slot":3}}}
//! ```
//!
//! After a `sessions.attach` that was answered with `Ok`, both sides send chunks: one byte kind, four
//! bytes length (big-endian), the payload. In a WebSocket each binary message is one chunk without its
//! length.

use crate::{Call, Error, Event, Result};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The longest line that either side accepts, in bytes. It must hold a secret of 64 KiB with every
/// byte escaped, and an answer that lists a few thousand things.
pub const FRAME_MAX: usize = 4 * 1024 * 1024;
/// The longest request that the daemon accepts, in bytes.
pub const REQUEST_MAX: usize = 1024 * 1024;
/// The longest payload of a chunk, in bytes.
pub const CHUNK_MAX: usize = 256 * 1024;
/// The length of a chunk's head: kind and payload length.
pub const CHUNK_HEAD: usize = 5;

/// The first line of the daemon.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hello {
    /// The daemon's version; a client of another one says what to do and stops.
    pub version: String,
}

/// A request as it is sent.
#[derive(Debug, Serialize)]
pub struct Question<'a, C> {
    /// Chosen by the client, unique among its open requests.
    pub id: u64,
    /// The method's name.
    pub method: &'static str,
    /// The call itself.
    pub params: &'a C,
}

impl<'a, C: Call> Question<'a, C> {
    /// The question that `call` is.
    pub fn new(id: u64, call: &'a C) -> Self {
        Self { id, method: C::METHOD, params: call }
    }
}

/// A request as it is read, its parameters still raw.
#[derive(Debug, Deserialize)]
pub struct Incoming<'a> {
    /// The client's id for it.
    pub id: u64,
    /// The method's name.
    #[serde(borrow)]
    pub method: Cow<'a, str>,
    /// The parameters.
    #[serde(borrow, default)]
    pub params: Option<&'a RawValue>,
}

/// An answer as it is read, its result still raw.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// The id of the request.
    pub id: u64,
    /// What came of it.
    pub result: std::result::Result<Box<RawValue>, Error>,
}

/// A line of the daemon.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outgoing {
    /// The first line.
    Hello(Hello),
    /// The answer to a request.
    Answer(Answer),
    /// Something that happened, after `events.subscribe`.
    Event(Event),
}

/// What a chunk carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Bytes from the terminal, to the client.
    Output,
    /// A whole repaint, to the client: reset the terminal, then write these bytes. Longer repaints come
    /// as one `Repaint` and then `Output`.
    Repaint,
    /// Bytes for the terminal, from the client.
    Input,
    /// The client's size: rows and columns, two bytes each, big-endian. To the client: the size that the
    /// terminal has now.
    Resize,
    /// The session ended, to the client: [`crate::sessions::Exit`] as JSON. Nothing follows.
    Exit,
}

impl Kind {
    /// The byte that stands for it.
    pub fn byte(self) -> u8 {
        match self {
            Kind::Output => b'o',
            Kind::Repaint => b'p',
            Kind::Input => b'i',
            Kind::Resize => b's',
            Kind::Exit => b'x',
        }
    }

    /// The kind that a byte stands for.
    pub fn from_byte(byte: u8) -> Option<Self> {
        [Kind::Output, Kind::Repaint, Kind::Input, Kind::Resize, Kind::Exit]
            .into_iter()
            .find(|kind| kind.byte() == byte)
    }
}

/// The head of a chunk with a payload of `len` bytes.
pub fn chunk_head(kind: Kind, len: usize) -> [u8; CHUNK_HEAD] {
    let [a, b, c, d] = u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes();
    [kind.byte(), a, b, c, d]
}

/// Reads a chunk's head: its kind and the length of its payload.
pub fn read_chunk_head(head: [u8; CHUNK_HEAD]) -> Result<(Kind, usize)> {
    let [kind, a, b, c, d] = head;
    let kind = Kind::from_byte(kind).ok_or_else(|| Error::invalid("a chunk of an unknown kind"))?;
    let len = u32::from_be_bytes([a, b, c, d]) as usize;
    match len <= CHUNK_MAX {
        true => Ok((kind, len)),
        false => Err(Error::new(crate::Code::TooLarge, "a chunk is larger than 256 KiB")),
    }
}

/// The payload of a `Resize` chunk.
pub fn size_payload(size: crate::sessions::Size) -> [u8; 4] {
    let ([a, b], [c, d]) = (size.rows.to_be_bytes(), size.cols.to_be_bytes());
    [a, b, c, d]
}

/// Reads the payload of a `Resize` chunk.
pub fn read_size(payload: &[u8]) -> Result<crate::sessions::Size> {
    match *payload {
        [a, b, c, d] => {
            Ok(crate::sessions::Size { rows: u16::from_be_bytes([a, b]), cols: u16::from_be_bytes([c, d]) }
                .clamped())
        }
        _ => Err(Error::invalid("a size chunk that is not four bytes long")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::Size;

    #[test]
    fn a_chunk_head_reads_back() {
        let head = chunk_head(Kind::Resize, 4);
        assert_eq!(read_chunk_head(head), Ok((Kind::Resize, 4)));
    }

    #[test]
    fn an_unknown_kind_and_a_huge_length_are_refused() {
        assert!(read_chunk_head([b'?', 0, 0, 0, 0]).is_err());
        assert!(read_chunk_head(chunk_head(Kind::Output, CHUNK_MAX + 1)).is_err());
    }

    #[test]
    fn a_size_reads_back_within_its_bounds() {
        let size = Size { rows: 24, cols: 80 };
        assert_eq!(read_size(&size_payload(size)), Ok(size));
        assert_eq!(read_size(&[0, 0, 0, 0]), Ok(Size { rows: 1, cols: 1 }));
        assert!(read_size(&[1]).is_err());
    }

    #[test]
    fn an_answer_reads_both_ways() {
        let line = r#"{"answer":{"id":1,"result":{"Ok":{"a":1}}}}"#;
        assert!(matches!(serde_json::from_str(line), Ok(Outgoing::Answer(Answer { id: 1, result: Ok(_) }))));
        let line = r#"{"answer":{"id":1,"result":{"Err":{"code":"refused","message":"no"}}}}"#;
        assert!(matches!(serde_json::from_str(line), Ok(Outgoing::Answer(Answer { result: Err(_), .. }))));
    }
}
