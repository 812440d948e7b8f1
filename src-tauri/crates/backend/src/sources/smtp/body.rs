//! The text of a mail as it comes in: up to a dot alone on its line, and not a byte further.
//!
//! Only CR LF ends a line. Servers that take less for one can be made to see two mails where others see one
//! ("SMTP smuggling"), so a mail with a CR or LF of its own is never taken.

use memchr::memchr;

/// A text that is being read.
pub struct Body {
    text: Vec<u8>,
    max: usize,
    /// How many bytes came, those that were not kept included.
    size: usize,
    /// The last byte that came.
    last: u8,
    /// Whether a line begins here.
    at_start: bool,
    is_foul: bool,
}

/// What came of a text.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// There is more to come.
    More,
    /// It is whole.
    Whole(Vec<u8>),
    /// It is over, and larger than it may be.
    TooLarge,
    /// It is over, and has a CR or LF of its own.
    Foul,
    /// It goes on and on.
    Endless,
}

impl Body {
    /// A text of at most so many bytes.
    pub fn new(max: usize) -> Self {
        Self { text: Vec::new(), max, size: 0, last: b'\n', at_start: true, is_foul: false }
    }

    /// How many bytes it holds.
    pub fn held(&self) -> usize {
        self.text.capacity()
    }

    /// Takes what it can of the input: how many bytes, and what came of it.
    pub fn take(&mut self, input: &[u8]) -> (usize, Read) {
        let mut at = 0;
        loop {
            let rest = &input[at..];
            if rest.is_empty() {
                return (at, Read::More);
            }
            if self.at_start && rest[0] == b'.' {
                if rest.starts_with(b".\r\n") {
                    return (at + 3, self.whole());
                }
                if b".\r\n".starts_with(rest) {
                    return (at, Read::More);
                }
                // A line that begins with a dot was given another one on its way.
                (at, self.at_start, self.last) = (at + 1, false, b'.');
                continue;
            }
            let end = memchr(b'\n', rest).map_or(rest.len(), |lf| lf + 1);
            self.push(&rest[..end]);
            at += end;
            if self.size > self.max.saturating_mul(2) {
                return (at, Read::Endless);
            }
        }
    }

    /// Takes a line, or a piece of one.
    fn push(&mut self, piece: &[u8]) {
        let Some((&last, before)) = piece.split_last() else { return };
        let ends_line = last == b'\n';
        let previous = before.last().copied().unwrap_or(self.last);
        let inner = if ends_line { before.strip_suffix(b"\r").unwrap_or(before) } else { before };
        let torn_cr = self.last == b'\r' && piece[0] != b'\n';
        self.is_foul |= ends_line && previous != b'\r' || torn_cr || memchr(b'\r', inner).is_some();
        self.at_start = ends_line && previous == b'\r';
        self.last = last;
        self.size += piece.len();
        if self.size <= self.max {
            self.text.extend_from_slice(piece);
        } else {
            self.text = Vec::new();
        }
    }

    fn whole(&mut self) -> Read {
        match (self.is_foul, self.size > self.max) {
            (true, _) => Read::Foul,
            (false, true) => Read::TooLarge,
            (false, false) => Read::Whole(std::mem::take(&mut self.text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a text that arrives in pieces of this size, and what is left behind it.
    fn read(all: &[u8], piece: usize) -> (Read, Vec<u8>) {
        let (mut body, mut input) = (Body::new(64), Vec::new());
        for (at, chunk) in all.chunks(piece).enumerate() {
            input.extend_from_slice(chunk);
            let (taken, read) = body.take(&input);
            input.drain(..taken);
            if read != Read::More {
                let rest = all.get((at + 1) * piece..).unwrap_or_default();
                return (read, [&input[..], rest].concat());
            }
        }
        (Read::More, input)
    }

    #[test]
    fn a_text_ends_with_a_dot_alone_on_its_line_and_dots_are_unstuffed() {
        for piece in 1..20 {
            for (all, text) in [
                (&b".\r\n"[..], &b""[..]),
                (b"hi\r\n.\r\n", b"hi\r\n"),
                (b"..\r\n.a\r\n...\r\n.\r\n", b".\r\na\r\n..\r\n"),
                (b"\r\n.\r\n", b"\r\n"),
                (b"a.\r\n.\r\n", b"a.\r\n"),
            ] {
                let (read, rest) = read(&[all, b"QUIT\r\n"].concat(), piece);
                assert_eq!(
                    read,
                    Read::Whole(text.to_vec()),
                    "{:?} by {piece}",
                    all.escape_ascii().to_string()
                );
                assert_eq!(rest, b"QUIT\r\n");
            }
        }
    }

    #[test]
    fn nothing_but_cr_lf_ends_a_text_and_what_has_other_line_ends_is_never_taken() {
        let smuggled = [
            &b"\n.\r\n"[..],
            b"\n.\n",
            b"\r.\r\n",
            b"\r.\r",
            b"\r\n.\n",
            b"\r\n.\r",
            b"\r\n\n.\r\n",
            b"\r\n.\r\r\n",
            b"\r\n\x00.\r\n",
        ];
        for piece in 1..20 {
            for end in smuggled {
                let all = [b"first", end, b"MAIL FROM:<x>\r\n.\r\nQUIT\r\n"].concat();
                let (read, rest) = read(&all, piece);
                let shown = end.escape_ascii().to_string();
                // The zero is no line end, and no trick either: it is a part of the line.
                let foul = matches!(read, Read::Foul) || end.contains(&0) && matches!(read, Read::Whole(_));
                assert!(foul, "{shown} by {piece}: {read:?}");
                assert_eq!(rest, b"QUIT\r\n", "{shown} by {piece}");
            }
        }
    }

    #[test]
    fn what_is_too_large_is_read_to_its_end_and_not_kept() {
        let line = b"0123456789\r\n".repeat(7);
        assert_eq!(read(&[&line[..], b".\r\n"].concat(), 5).0, Read::TooLarge);
        assert_eq!(read(&b"x".repeat(500), 50).0, Read::Endless);
    }
}
