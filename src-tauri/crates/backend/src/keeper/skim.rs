//! Finds what of a flood need not be looked at: lines that scroll away before anybody can see them.
//!
//! Most floods are a plain flow: text, ends of lines and colours. What such a line does is over when
//! enough others have followed, but for the looks that it leaves behind. So of a plain flow only the last
//! lines must be printed, as many as screen and scrollback hold, and the looks that hold where they begin.

const ESC: u8 = 0x1b;

/// What a byte is in a plain flow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Text,
    Escape,
    /// What may move the cursor elsewhere than along its line.
    Other,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Text; 256];
    let mut byte = 0;
    while byte < 0x20 {
        classes[byte] = match byte as u8 {
            0x07..=0x0a | 0x0d => Class::Text,
            ESC => Class::Escape,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

/// How far the plain flow goes that `data` begins with.
pub(super) fn plain(data: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at += data[at..].iter().take_while(|byte| CLASSES[usize::from(**byte)] == Class::Text).count();
        match data.get(at).map(|_| colors(&data[at..])) {
            Some(Some(len)) => at += len,
            _ => return at,
        }
    }
}

/// The length of the sequence that `data` begins with, if it does no more than to colour, or to clear a part
/// of the line.
fn colors(data: &[u8]) -> Option<usize> {
    let params = data.strip_prefix(b"\x1b[")?;
    let len = params.iter().take_while(|byte| (b'0'..=b';').contains(byte)).count();
    matches!(params.get(len), Some(b'm' | b'K')).then_some(len + 3)
}

/// Whether `data` is the beginning of a sequence that may turn out to be of the plain flow.
pub(super) fn may_go_on(data: &[u8]) -> bool {
    match data {
        [] | [ESC] => true,
        [ESC, b'[', params @ ..] => {
            params.len() < 64 && params.iter().all(|byte| (b'0'..=b';').contains(byte))
        }
        _ => false,
    }
}

/// Where the last `lines` lines of a plain flow begin, if it has more: right after the end of a line that
/// leaves the cursor in the first column.
pub(super) fn cut(flow: &[u8], lines: usize) -> Option<usize> {
    let mut ends = memchr::memrchr_iter(b'\n', flow).skip(lines);
    let before = ends.find(|end| *end > 0 && flow[*end - 1] == b'\r')?;
    Some(before + 1)
}

/// The sequences that lead to the looks at the end of a plain flow.
pub(super) fn looks(flow: &[u8]) -> Vec<u8> {
    let mut from = 0;
    for at in memchr::memrchr_iter(ESC, flow) {
        if resets(&flow[at..]) {
            from = at;
            break;
        }
    }
    let mut found = Vec::new();
    for at in memchr::memchr_iter(ESC, &flow[from..]).map(|at| from + at) {
        if let Some(len) = colors(&flow[at..])
            && flow[at + len - 1] == b'm'
        {
            found.extend_from_slice(&flow[at..at + len]);
        }
    }
    found
}

/// Whether a sequence sets all looks back, before it may set others.
fn resets(data: &[u8]) -> bool {
    match data.strip_prefix(b"\x1b[") {
        Some([b'm', ..] | [b'0', b'm' | b';', ..]) => colors(data).is_some_and(|len| data[len - 1] == b'm'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_flow_ends_where_the_cursor_may_leave_its_line() {
        let plain_part = "text \x1b[1;31mred\x1b[m\x1b[K\tä\r\n\x07\x08".as_bytes();
        for other in [&b"\x1b[H"[..], b"\x1b]0;x\x07", b"\x0e", b"\x1b[3", b"\x1b", b"\x0b", b"\x1b[?25l"] {
            assert_eq!(plain(&[plain_part, other, b"!"].concat()), plain_part.len(), "{other:?}");
        }
        assert_eq!(plain(plain_part), plain_part.len());
    }

    #[test]
    fn a_sequence_that_is_cut_off_may_go_on_as_a_color() {
        assert!([&b""[..], b"\x1b", b"\x1b[", b"\x1b[1;3"].into_iter().all(may_go_on));
        assert!(![&b"a"[..], b"\x1b]", b"\x1b[?", b"\x1b[3m"].into_iter().any(may_go_on));
    }

    #[test]
    fn the_cut_leaves_the_last_lines_and_begins_in_the_first_column() {
        assert_eq!(cut(b"a\r\nb\r\nc\r\nd", 1), Some(6));
        assert_eq!(cut(b"a\r\nb\nc\r\nd", 1), Some(3), "a bare end of line keeps its column");
        assert_eq!(cut(b"a\r\nb", 1), None);
    }

    #[test]
    fn the_looks_are_those_since_everything_was_set_back() {
        assert_eq!(looks(b"\x1b[31ma\x1b[mb\x1b[1mc\x1b[Kd\x1b[44m"), b"\x1b[m\x1b[1m\x1b[44m");
        assert_eq!(looks(b"\x1b[4m\x1b[0;32mx"), b"\x1b[0;32m");
        assert_eq!(looks(b"plain"), b"");
        assert_eq!(looks(b"\x1b[0K\x1b[7m"), b"\x1b[7m");
    }
}
