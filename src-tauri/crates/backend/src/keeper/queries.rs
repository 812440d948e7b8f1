//! Takes the questions that a program asks its terminal out of what its clients see: the keeper answers.
//!
//! The rest passes through as it is. A sequence that is cut off at the end of a piece is held until it is
//! known whether it asks; a terminal shows nothing of an unfinished sequence, so nobody misses it.

use super::utf8;
use std::borrow::Cow;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
/// The longest sequence that is held. Longer ones ask nothing.
const HELD_MAX: usize = 1024;
/// How much of an unfinished string a newcomer gets; of a longer one only its beginning.
const STRING_MAX: usize = 1024;

/// The filter, between two pieces of output.
#[derive(Debug, Default)]
pub(super) struct Queries {
    /// An unfinished sequence that was not let through yet.
    held: Vec<u8>,
    /// An unfinished string (a title, an image) that was let through, as far as it is kept.
    string: Vec<u8>,
    /// How long that string is already.
    string_len: usize,
    /// The first bytes of an unfinished character.
    partial: Vec<u8>,
    /// A question was taken out.
    asked: bool,
}

/// What becomes of a sequence.
enum Verdict {
    /// It goes to the clients; what follows begins at this offset.
    Pass(usize),
    /// It asks; what follows begins at this offset.
    Drop(usize),
    /// It begins a string that goes to the clients.
    String,
    /// Its end is not there yet.
    Unfinished,
}

impl Queries {
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

    /// Whether a question was taken out since this was last called.
    pub fn asked(&mut self) -> bool {
        std::mem::take(&mut self.asked)
    }

    /// How long the string is that the output is in the middle of.
    pub fn string_len(&self) -> usize {
        self.string_len
    }

    /// Goes through a piece. Gives what is kept of it if anything was taken out, and how far it went.
    fn scan(&mut self, data: &[u8]) -> (Option<Vec<u8>>, usize) {
        let mut kept: Option<Vec<u8>> = None;
        let mut from = 0;
        let mut at = 0;
        let mut string = (self.string_len > 0).then_some(0);
        while let Some(found) = find(ESC, data, at) {
            if string.take().is_some() {
                self.end_string();
            }
            match judge(&data[found..]) {
                Verdict::Pass(len) => at = found + len,
                Verdict::Drop(len) => {
                    self.asked = true;
                    kept.get_or_insert_default().extend_from_slice(&data[from..found]);
                    at = found + len;
                    from = at;
                }
                Verdict::String => {
                    string = Some(found);
                    at = found + 2;
                }
                Verdict::Unfinished => {
                    self.held = data[found..].to_vec();
                    self.partial.clear();
                    if let Some(kept) = &mut kept {
                        kept.extend_from_slice(&data[from..found]);
                    }
                    return (kept, found);
                }
            }
        }
        if let Some(start) = string {
            self.go_on_string(&data[start..]);
        }
        self.note_partial(data);
        if let Some(kept) = &mut kept {
            kept.extend_from_slice(&data[from..]);
        }
        (kept, data.len())
    }

    fn end_string(&mut self) {
        self.string = Vec::new();
        self.string_len = 0;
    }

    /// Adds to the unfinished string, unless this ends it.
    fn go_on_string(&mut self, bytes: &[u8]) {
        let kind = self.string.get(1).or(bytes.get(1)).copied();
        let ends = |byte: &u8| matches!(byte, 0x18 | 0x1a) || *byte == BEL && kind == Some(b']');
        if bytes.iter().any(ends) {
            return self.end_string();
        }
        let room = STRING_MAX.saturating_sub(self.string.len());
        self.string.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.string_len += bytes.len();
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

fn find(byte: u8, data: &[u8], from: usize) -> Option<usize> {
    memchr::memchr(byte, data.get(from..)?).map(|at| from + at)
}

/// Judges the sequence that `data` starts with.
fn judge(data: &[u8]) -> Verdict {
    match data.get(1) {
        None => Verdict::Unfinished,
        Some(b'[') => judge_csi(data),
        Some(b']') => judge_osc(data),
        Some(b'P') => judge_dcs(data),
        Some(b'_' | b'^' | b'X') => Verdict::String,
        Some(b'Z') => Verdict::Drop(2),
        Some(0x20..=0x2f) => match data.get(2) {
            None => Verdict::Unfinished,
            Some(_) => Verdict::Pass(2),
        },
        Some(&ESC) => Verdict::Pass(1),
        Some(_) => Verdict::Pass(2),
    }
}

fn judge_csi(data: &[u8]) -> Verdict {
    let body = &data[2..];
    let Some(len) = body.iter().position(|byte| !(0x20..=0x3f).contains(byte)) else {
        return if data.len() > HELD_MAX { Verdict::Pass(2) } else { Verdict::Unfinished };
    };
    match body[len] {
        // A control character or a character of several bytes: whatever it is, it asks nothing.
        0x00..0x20 | 0x7f.. => Verdict::Pass(len + 2),
        end if asks(&body[..len], end) => Verdict::Drop(len + 3),
        _ => Verdict::Pass(len + 3),
    }
}

/// Whether a control sequence wants an answer.
fn asks(params: &[u8], end: u8) -> bool {
    let private = params.first().copied().filter(|byte| (b'<'..=b'?').contains(byte));
    let middle = params.last().copied().filter(|byte| (0x20..=0x2f).contains(byte));
    match (end, private, middle) {
        // Most sequences by far are colours.
        (b'm', private, _) => private == Some(b'?'),
        // What are you?
        (b'c', private, None) => private != Some(b'?'),
        (b'q', Some(b'>'), None) => true,
        (b'x', None, None) => true,
        // Where is the cursor? How are you?
        (b'n', None | Some(b'?'), None) => true,
        // Which mode is set?
        (b'p', _, Some(b'$')) => true,
        (b'u' | b'S', Some(b'?'), None) => true,
        // How large is the window, and what is its title?
        (b't', None, None) => {
            let number = params.split(|byte| *byte == b';').next().unwrap_or_default();
            matches!(number, b"11" | b"13" | b"14" | b"15" | b"16" | b"18" | b"19" | b"20" | b"21")
        }
        _ => false,
    }
}

fn judge_osc(data: &[u8]) -> Verdict {
    let body = &data[2..];
    let digits = body.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 3 {
        return Verdict::String;
    }
    let may_ask = matches!(
        &body[..digits],
        b"4" | b"5"
            | b"10"
            | b"11"
            | b"12"
            | b"13"
            | b"14"
            | b"15"
            | b"16"
            | b"17"
            | b"18"
            | b"19"
            | b"21"
            | b"52"
    );
    match body.get(digits) {
        None => Verdict::Unfinished,
        Some(b';') if may_ask => judge_string(data, |text| {
            text.split(|byte| *byte == b';').any(|param| param == b"?" || param.ends_with(b"=?"))
        }),
        Some(_) => Verdict::String,
    }
}

fn judge_dcs(data: &[u8]) -> Verdict {
    match (data.get(2), data.get(3)) {
        (None, _) | (Some(b'$' | b'+'), None) => Verdict::Unfinished,
        (Some(b'$' | b'+'), Some(b'q')) => judge_string(data, |_| true),
        _ => Verdict::String,
    }
}

/// Judges a string by its whole text.
fn judge_string(data: &[u8], asks: impl Fn(&[u8]) -> bool) -> Verdict {
    let is_osc = data.get(1) == Some(&b']');
    let ends = |byte: &u8| matches!(*byte, ESC | 0x18 | 0x1a) || *byte == BEL && is_osc;
    let Some(end) = data[2..].iter().position(ends).map(|end| end + 2) else {
        return if data.len() > HELD_MAX { Verdict::String } else { Verdict::Unfinished };
    };
    let after = match (data[end], data.get(end + 1)) {
        (ESC, None) => return Verdict::Unfinished,
        (ESC, Some(b'\\')) => end + 2,
        (ESC, Some(_)) => end,
        _ => end + 1,
    };
    if asks(&data[2..end]) { Verdict::Drop(after) } else { Verdict::Pass(after) }
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
