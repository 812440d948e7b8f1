//! Takes the questions that a program asks its terminal out of what its clients see: the keeper answers.
//!
//! The rest passes through as it is. A sequence that is cut off at the end of a piece is held until it is
//! known whether it asks; a terminal shows nothing of an unfinished sequence, so nobody misses it. The same
//! look at the bytes hears what a program says of itself, see `signals.rs`.

use super::sequences::{BEL, CAN, ESC, STATUS_QUERY, SUB, Verdict, judge};
use super::signals::Signals;
use super::utf8;
use std::borrow::Cow;

/// How much of an unfinished string is kept: to a newcomer goes as much, of a longer one only its beginning;
/// and a longer one is no signal.
const STRING_MAX: usize = 4096 + 2;
/// tmux hands on what stands between this and the end of the string to the terminal that it is in itself.
const PASSTHROUGH: &[u8] = b"tmux;";
/// Nothing is heard in there; but whoever does not end it does not deafen the keeper for good.
const DEAF_MAX: usize = 64 * 1024;
/// The most bytes of answers that wait to be taken: whoever asks more is not listening.
const ANSWERS_MAX: usize = 1024;

/// The filter, between two pieces of output.
#[derive(Debug, Default)]
pub struct Queries {
    /// Nothing is heard, nor is it said that something would be.
    ignores: bool,
    /// What the program says of itself.
    pub(super) signals: Signals,
    /// An unfinished sequence that was not let through yet.
    held: Vec<u8>,
    /// An unfinished string (a title, an image) that was let through, as far as it is kept.
    string: Vec<u8>,
    /// How long that string is already.
    string_len: usize,
    /// A string that an escape has ended, if what follows makes that the end of a string.
    closing: Option<Vec<u8>>,
    /// For how many bytes nothing is heard, and whether the next escape is the second of a pair.
    deaf: usize,
    paired: bool,
    /// The first bytes of an unfinished character.
    partial: Vec<u8>,
    /// A question was taken out.
    asked: bool,
    answers: Vec<u8>,
}

impl Queries {
    /// A filter that hears what programs say of themselves, or does not.
    pub fn new(listens: bool) -> Self {
        Self { ignores: !listens, ..Self::default() }
    }

    /// What clients see of the next piece.
    pub fn pass<'a>(&mut self, piece: &'a [u8]) -> Cow<'a, [u8]> {
        if self.held.is_empty() {
            return match self.scan(piece) {
                (None, end) => Cow::Borrowed(piece.get(..end).unwrap_or_default()),
                (Some(kept), _) => Cow::Owned(kept),
            };
        }
        let mut whole = std::mem::take(&mut self.held);
        whole.extend_from_slice(piece);
        match self.scan(&whole) {
            (None, end) => {
                whole.truncate(end);
                Cow::Owned(whole)
            }
            (Some(kept), _) => Cow::Owned(kept),
        }
    }

    /// What a newcomer must get first, so that the output that follows means the same to it.
    pub fn prefix(&self) -> Vec<u8> {
        match self.held.is_empty() {
            true if self.string_len > STRING_MAX => {
                // An unknown string of the same kind swallows the rest.
                let kind = self.string.get(1).copied().unwrap_or(b'_');
                if kind == b']' { b"\x1b]99999;".to_vec() } else { vec![ESC, kind] }
            }
            true => [&self.string[..], &self.partial[..]].concat(),
            // The held bytes come, if they come, before all else.
            false => Vec::new(),
        }
    }

    /// Whether a question was taken out that the model answers, since this was last called.
    pub fn asked(&mut self) -> bool {
        std::mem::take(&mut self.asked)
    }

    /// The answers to questions that the model does not know.
    pub fn answers(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.answers)
    }

    /// How long the string is that the output is in the middle of.
    pub fn string_len(&self) -> usize {
        self.string_len
    }

    /// Goes through a piece. Gives what is kept of it if anything was taken out, and how far it went.
    fn scan(&mut self, data: &[u8]) -> (Option<Vec<u8>>, usize) {
        let mut kept: Option<Vec<u8>> = None;
        let mut from = 0;
        self.close_string(data);
        let mut at = if self.string_len > 0 { self.skip_string(data, 0) } else { 0 };
        while let Some(found) = self.next(data.get(at..).unwrap_or_default()) {
            let found = at + found;
            if data[found] == BEL {
                if self.deaf == 0 {
                    self.signals.bell();
                }
                at = found + 1;
                continue;
            }
            let sequence = &data[found..];
            let verdict = judge(sequence);
            self.heed_passthrough(sequence, verdict);
            match verdict {
                Verdict::Pass(len) => at = found + len,
                Verdict::Drop(len) => {
                    self.take_out(&sequence[..len]);
                    kept.get_or_insert_default().extend_from_slice(&data[from..found]);
                    at = found + len;
                    from = at;
                }
                Verdict::String => at = self.skip_string(data, found),
                Verdict::Unfinished => {
                    self.held = sequence.to_vec();
                    self.partial.clear();
                    if let Some(kept) = &mut kept {
                        kept.extend_from_slice(&data[from..found]);
                    }
                    return (kept, found);
                }
            }
        }
        self.deaf = self.deaf.saturating_sub(data.len());
        self.note_partial(data);
        if let Some(kept) = &mut kept {
            kept.extend_from_slice(&data[from..]);
        }
        (kept, data.len())
    }

    /// Where the next sequence begins, or the bell rings.
    fn next(&self, data: &[u8]) -> Option<usize> {
        if self.ignores { memchr::memchr(ESC, data) } else { memchr::memchr2(ESC, BEL, data) }
    }

    /// Notes a question that was taken out. One is not of the model's, and is answered with its own bytes.
    fn take_out(&mut self, question: &[u8]) {
        if question.get(2..).is_some_and(|text| text.starts_with(STATUS_QUERY)) {
            let is_whole = question.ends_with(&[BEL]) || question.ends_with(b"\x1b\\");
            if is_whole && !self.ignores && self.answers.len() + question.len() <= ANSWERS_MAX {
                self.answers.extend_from_slice(question);
            }
        } else {
            self.asked = true;
        }
    }

    /// Goes to the end of a string that begins at `from`, or goes on from there: right after it, or where the
    /// escape stands that ends it.
    fn skip_string(&mut self, data: &[u8], from: usize) -> usize {
        let starts = self.string_len == 0;
        let kind = if starts { data.get(from + 1) } else { self.string.get(1) }.copied();
        let body = if starts { from + 2 } else { from };
        let Some(end) = string_end(data.get(body..).unwrap_or_default(), kind).map(|end| body + end) else {
            let rest = data.get(from..).unwrap_or_default();
            let room = STRING_MAX.saturating_sub(self.string.len());
            self.string.extend_from_slice(rest.get(..room).unwrap_or(rest));
            self.string_len += rest.len();
            return data.len();
        };
        let before = std::mem::take(&mut self.string);
        let len = std::mem::take(&mut self.string_len);
        if matches!(kind, Some(b']' | b'P')) && len + (end - from) <= STRING_MAX {
            match starts {
                true => self.end_string(kind, &data[body..end], &data[end..]),
                false => self.end_string(kind, &[&before[2..], &data[from..end]].concat(), &data[end..]),
            }
        }
        if data[end] == ESC { end } else { end + 1 }
    }

    /// Hears the text of a string, once it is sure that `end` is the end of one.
    fn end_string(&mut self, kind: Option<u8>, text: &[u8], end: &[u8]) {
        let is_command = kind == Some(b']');
        match end {
            [BEL, ..] => self.hear(text),
            [ESC, b'\\', ..] if is_command => self.hear(text),
            [ESC] if is_command => self.closing = Some(text.to_vec()),
            [ESC, next, ..] if text.starts_with(PASSTHROUGH) && *next != b'\\' => self.deaf = DEAF_MAX,
            [ESC] if text.starts_with(PASSTHROUGH) => self.deaf = DEAF_MAX,
            _ => {}
        }
    }

    /// Hears a string that ended with the piece before, if its end is one.
    fn close_string(&mut self, data: &[u8]) {
        match (self.closing.take(), data) {
            (Some(text), [ESC, b'\\', ..]) => self.hear(&text),
            (text, [] | [ESC]) => self.closing = text,
            _ => {}
        }
    }

    fn hear(&mut self, text: &[u8]) {
        if self.deaf == 0 && !self.ignores {
            self.signals.hear(text);
        }
    }

    /// In a passthrough every escape of the inner text stands twice; the first that stands alone ends it.
    fn heed_passthrough(&mut self, sequence: &[u8], verdict: Verdict) {
        if self.deaf == 0 || verdict == Verdict::Unfinished {
            return;
        }
        match (std::mem::take(&mut self.paired), sequence.get(1)) {
            (false, Some(&ESC)) => self.paired = true,
            (false, Some(b'\\')) => self.deaf = 0,
            _ => {}
        }
    }

    /// Notes a character of several bytes that is cut off at the end.
    fn note_partial(&mut self, data: &[u8]) {
        let mut tail = std::mem::take(&mut self.partial);
        if self.string_len > 0 {
            return;
        }
        tail.extend_from_slice(&data[data.len().saturating_sub(3)..]);
        self.partial = tail.split_off(tail.len() - utf8::unfinished(&tail));
    }
}

/// Where the text of a string ends.
fn string_end(text: &[u8], kind: Option<u8>) -> Option<usize> {
    let end = match kind {
        Some(b']') => memchr::memchr3(ESC, BEL, CAN, text),
        _ => memchr::memchr2(ESC, CAN, text),
    };
    memchr::memchr(SUB, &text[..end.unwrap_or(text.len())]).or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &[u8]) -> Vec<u8> {
        Queries::default().pass(text).into_owned()
    }

    /// Passes a text in pieces of `size` bytes.
    fn pieces(text: &[u8], size: usize) -> Vec<u8> {
        let mut queries = Queries::default();
        text.chunks(size).flat_map(|piece| queries.pass(piece).into_owned()).collect()
    }

    const ASKING: &[&str] = &[
        "\x1b[c",
        "\x1b[0c",
        "\x1b[>c",
        "\x1b[=0c",
        "\x1b[5n",
        "\x1b[6n",
        "\x1b[?6n",
        "\x1b[?996n",
        "\x1bZ",
        "\x1b[?u",
        "\x1b[?2026$p",
        "\x1b[4$p",
        "\x1b[>q",
        "\x1b[>0q",
        "\x1b[18t",
        "\x1b[14t",
        "\x1b[21t",
        "\x1b[?4m",
        "\x1b]10;?\x07",
        "\x1b]11;?\x1b\\",
        "\x1b]4;1;?;2;?\x07",
        "\x1b]52;c;?\x07",
        "\x1bP$qm\x1b\\",
        "\x1bP+q544e\x1b\\",
        "\x1b[?1;1;0S",
    ];
    const TELLING: &[&str] = &[
        "plain",
        "\x1b[31m",
        "\x1b[?25h",
        "\x1b[>4;2m",
        "\x1b[>1u",
        "\x1b[2 q",
        "\x1b[!p",
        "\x1b[22;0t",
        "\x1b[H",
        "\x1b]0;is it?\x07",
        "\x1b]7501;state=done\x07",
        "\x1b]7501;?=x\x07",
        "\x1b]11;#123456\x07",
        "\x1b]52;c;aGk=\x07",
        "\x1b]8;;http://x/?\x1b\\",
        "\x1b(0",
        "\x1bPq#0\x1b\\",
        "\x1b_Gi=1;x\x1b\\",
        "\x1b[3S",
        "\x1bM",
        "ä日🦀",
        "\x1b[\x18x",
        "\x1b[1\nm",
    ];

    #[test]
    fn questions_are_taken_out_and_all_else_passes() {
        for question in ASKING {
            assert_eq!(whole(format!("a{question}b").as_bytes()), b"ab", "{question:?}");
        }
        for word in TELLING {
            let text = format!("a{word}b");
            assert_eq!(whole(text.as_bytes()), text.as_bytes(), "{word:?}");
        }
    }

    #[test]
    fn pieces_of_any_size_make_no_difference() {
        let mixed: String =
            ASKING.iter().zip(TELLING.iter().cycle()).map(|(ask, tell)| format!("{ask}x{tell}y")).collect();
        let wanted = whole(mixed.as_bytes());
        for size in 1..40 {
            assert_eq!(pieces(mixed.as_bytes(), size), wanted, "pieces of {size}");
        }
    }

    #[test]
    fn a_newcomer_gets_the_beginning_of_what_is_unfinished() {
        let after = |text: &str| {
            let mut queries = Queries::default();
            queries.pass(text.as_bytes());
            queries.prefix()
        };
        assert_eq!(after("abc\x1b]0;tit"), b"\x1b]0;tit");
        assert_eq!(after("abc\x1b]0;title\x07"), b"");
        assert_eq!(after("abc\x1b[3"), b"", "it is held and comes whole");
        let mut queries = Queries::default();
        queries.pass(b"abc\xe6");
        assert_eq!(queries.prefix(), b"\xe6");
        queries.pass(b"\x97");
        assert_eq!(queries.prefix(), b"\xe6\x97");
        queries.pass(b"\xa5");
        assert_eq!(queries.prefix(), b"");
        assert_eq!(after(&format!("\x1b]0;{}", "x".repeat(5000))), b"\x1b]99999;");
    }
}
