//! Takes the stream of chunks apart as it comes, without waiting for whole chunks and without copying output.

use api::sessions::Exit;
use api::wire::{CHUNK_HEAD, Kind, read_chunk_head};
use api::{Error, Result};

/// A piece of what the terminal says.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A repaint begins: reset the terminal first.
    Repaint,
    /// Bytes for the terminal.
    Output(&'a [u8]),
    /// The session ended.
    Exit(Exit),
}

/// Where in the stream we are.
#[derive(Debug, Default)]
pub struct Chunks {
    head: Vec<u8>,
    /// The chunk that is being read: its kind, and how much of it is still to come.
    open: Option<(Kind, usize)>,
    /// What a chunk says that must be read as a whole.
    whole: Vec<u8>,
}

impl Chunks {
    /// Reads `bytes`, and gives each piece to `take`, which may fail.
    pub fn read<E: From<Error>>(
        &mut self,
        mut bytes: &[u8],
        mut take: impl FnMut(Piece<'_>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        while !bytes.is_empty() {
            match self.open {
                None => {
                    let needed = (CHUNK_HEAD - self.head.len()).min(bytes.len());
                    self.head.extend_from_slice(&bytes[..needed]);
                    bytes = &bytes[needed..];
                    if self.begin()? == Some(Kind::Repaint) {
                        take(Piece::Repaint)?;
                    }
                }
                Some((kind, left)) => {
                    let (payload, rest) = bytes.split_at(left.min(bytes.len()));
                    bytes = rest;
                    match kind {
                        Kind::Output | Kind::Repaint => take(Piece::Output(payload))?,
                        _ => self.whole.extend_from_slice(payload),
                    }
                    self.open = Some((kind, left - payload.len())).filter(|(_, left)| *left > 0);
                    if let (None, Kind::Exit) = (self.open, kind) {
                        take(Piece::Exit(self.exit()?))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Opens the chunk whose head is complete now.
    fn begin(&mut self) -> Result<Option<Kind>> {
        let Ok(head) = <[u8; CHUNK_HEAD]>::try_from(self.head.as_slice()) else { return Ok(None) };
        let (kind, length) = read_chunk_head(head)?;
        self.head.clear();
        self.whole.clear();
        self.open = (length > 0).then_some((kind, length));
        Ok(Some(kind))
    }

    fn exit(&self) -> Result<Exit> {
        serde_json::from_slice(&self.whole)
            .map_err(|_| Error::invalid("the session's end could not be understood"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::wire::chunk_head;

    fn chunk(kind: Kind, payload: &[u8]) -> Vec<u8> {
        [&chunk_head(kind, payload.len()), payload].concat()
    }

    fn stream() -> Vec<u8> {
        [
            chunk(Kind::Resize, &[0, 24, 0, 80]),
            chunk(Kind::Repaint, b"screen"),
            chunk(Kind::Output, b""),
            chunk(Kind::Output, b"more"),
            chunk(Kind::Exit, br#"{"code":3}"#),
        ]
        .concat()
    }

    fn told(parts: impl Iterator<Item = Vec<u8>>) -> String {
        let (mut chunks, mut told) = (Chunks::default(), String::new());
        for part in parts {
            chunks
                .read::<Error>(&part, |piece| {
                    match piece {
                        Piece::Repaint => told.push('*'),
                        Piece::Output(bytes) => told.push_str(std::str::from_utf8(bytes).unwrap()),
                        Piece::Exit(exit) => told.push_str(&format!("{exit:?}")),
                    }
                    Ok(())
                })
                .unwrap();
        }
        told
    }

    #[test]
    fn it_makes_no_difference_how_the_stream_is_cut() {
        let whole = "*screenmoreCode(3)";
        assert_eq!(told([stream()].into_iter()), whole);
        assert_eq!(told(stream().into_iter().map(|byte| vec![byte])), whole);
        assert_eq!(told(stream().chunks(7).map(<[u8]>::to_vec)), whole);
    }

    #[test]
    fn a_broken_stream_is_an_error() {
        let read = |bytes: &[u8]| Chunks::default().read::<Error>(bytes, |_| Ok(()));
        assert!(read(b"?????").is_err());
        assert!(read(&chunk(Kind::Exit, b"nonsense")).is_err());
    }
}
