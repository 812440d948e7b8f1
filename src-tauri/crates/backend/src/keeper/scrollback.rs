//! The lines that have scrolled off the screen, as bytes: a ring with a limit of lines and of bytes.

use std::collections::VecDeque;

/// The most bytes that are kept, whatever the number of lines.
const BYTES_MAX: usize = 8 * 1024 * 1024;
/// The size of a piece of memory; lines lie in them one after the other.
const PIECE: usize = 64 * 1024;
/// How much a piece must have free before another line goes there.
const SPARE: usize = 2 * 1024;

/// The scrollback. Lines come in at the bottom, the oldest go.
#[derive(Debug)]
pub(super) struct Scrollback {
    limit: usize,
    lines: VecDeque<Line>,
    pieces: VecDeque<Piece>,
    bytes: usize,
    width: usize,
}

#[derive(Debug, Clone, Copy)]
struct Line {
    len: u32,
    wraps: bool,
}

#[derive(Debug)]
struct Piece {
    bytes: Vec<u8>,
    lines: usize,
    /// Where its oldest line that is left begins.
    start: usize,
}

impl Scrollback {
    pub fn new(limit: usize) -> Self {
        Self { limit, lines: VecDeque::new(), pieces: VecDeque::new(), bytes: 0, width: 0 }
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// The most lines that are kept.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// The width of the screen that the newest line came from.
    pub fn width(&self) -> usize {
        self.width
    }

    pub fn clear(&mut self) {
        *self = Self::new(self.limit);
    }

    /// Adds a line: `write` appends its bytes.
    pub fn push(&mut self, width: usize, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        if self.limit == 0 {
            return;
        }
        if self.pieces.back().is_none_or(|piece| piece.bytes.len() + SPARE > PIECE) {
            self.pieces.push_back(Piece { bytes: Vec::with_capacity(PIECE), lines: 0, start: 0 });
        }
        let Some(piece) = self.pieces.back_mut() else { return };
        let before = piece.bytes.len();
        let wraps = write(&mut piece.bytes);
        let len = piece.bytes.len() - before;
        piece.lines += 1;
        self.bytes += len;
        self.width = width;
        self.lines.push_back(Line { len: u32::try_from(len).unwrap_or(u32::MAX), wraps });
        while self.lines.len() > self.limit || self.bytes > BYTES_MAX {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let (Some(line), Some(piece)) = (self.lines.pop_front(), self.pieces.front_mut()) else { return };
        self.bytes -= line.len as usize;
        piece.start += line.len as usize;
        piece.lines -= 1;
        if piece.lines == 0 && self.pieces.len() > 1 {
            // Its memory serves the next piece, so that a flood costs no allocations.
            if let Some(mut old) = self.pieces.pop_front().filter(|old| old.bytes.capacity() <= 2 * PIECE)
                && self.pieces.back().is_some_and(|last| last.bytes.len() + SPARE > PIECE)
            {
                old.bytes.clear();
                old.start = 0;
                self.pieces.push_back(old);
            }
        }
    }

    /// The lines from the oldest to the newest, each with whether it goes on in the next one.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], bool)> {
        let mut lines = self.lines.iter();
        self.pieces.iter().flat_map(move |piece| {
            let mut at = piece.start;
            lines
                .by_ref()
                .take(piece.lines)
                .map(|line| {
                    let start = at;
                    at += line.len as usize;
                    (piece.bytes.get(start..at).unwrap_or_default(), line.wraps)
                })
                .collect::<Vec<_>>()
        })
    }

    /// Gives back memory that a flood has left over.
    pub fn shrink(&mut self) {
        self.lines.shrink_to(self.lines.len() + 64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(scrollback: &mut Scrollback, text: &[u8]) {
        scrollback.push(80, |bytes| {
            bytes.extend_from_slice(text);
            false
        });
    }

    fn all(scrollback: &Scrollback) -> Vec<Vec<u8>> {
        scrollback.iter().map(|(bytes, _)| bytes.to_vec()).collect()
    }

    #[test]
    fn the_oldest_line_goes_when_there_are_too_many() {
        let mut scrollback = Scrollback::new(3);
        for text in ["a", "", "cc", "d", "e"] {
            push(&mut scrollback, text.as_bytes());
        }
        assert_eq!(all(&scrollback), [b"cc".to_vec(), b"d".to_vec(), b"e".to_vec()]);
    }

    #[test]
    fn many_lines_over_many_pieces_keep_their_order() {
        let mut scrollback = Scrollback::new(10_000);
        for number in 0..25_000 {
            push(&mut scrollback, format!("line {number} {}", "x".repeat(number % 90)).as_bytes());
        }
        let lines = all(&scrollback);
        assert_eq!(lines.len(), 10_000);
        for (number, line) in (15_000..25_000).zip(&lines) {
            assert!(line.starts_with(format!("line {number} ").as_bytes()));
        }
    }

    #[test]
    fn huge_lines_are_limited_by_their_bytes() {
        let mut scrollback = Scrollback::new(10_000);
        for _ in 0..300 {
            push(&mut scrollback, &vec![b'x'; 100_000]);
        }
        assert!(scrollback.bytes <= BYTES_MAX && scrollback.len() >= 80);
    }
}
