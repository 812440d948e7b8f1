//! Sequences of a terminal's output, judged by their form: which ask something, which begin a string.

pub(super) const ESC: u8 = 0x1b;
pub(super) const BEL: u8 = 0x07;
pub(super) const CAN: u8 = 0x18;
pub(super) const SUB: u8 = 0x1a;
/// The longest sequence that is held. Longer ones ask nothing.
const HELD_MAX: usize = 1024;
/// Asks whether the terminal hears reports of a program's status.
pub(super) const STATUS_QUERY: &[u8] = b"7501;?";

/// What becomes of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes to the clients; what follows begins at this offset.
    Pass(usize),
    /// It asks; what follows begins at this offset.
    Drop(usize),
    /// It begins a string that goes to the clients.
    String,
    /// Its end is not there yet.
    Unfinished,
}

/// Judges the sequence that `data` starts with.
pub(super) fn judge(data: &[u8]) -> Verdict {
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
        // A bell rings in the middle of a sequence too.
        Some(&(ESC | BEL)) => Verdict::Pass(1),
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
    if digits > 4 {
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
        Some(b';') if body.starts_with(b"7501") => match body.get(5) {
            None => Verdict::Unfinished,
            Some(b'?') => judge_string(data, |text| text == STATUS_QUERY),
            Some(_) => Verdict::String,
        },
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
    let ends = |byte: &u8| matches!(*byte, ESC | CAN | SUB) || *byte == BEL && is_osc;
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
