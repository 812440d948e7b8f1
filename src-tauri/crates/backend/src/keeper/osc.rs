//! What a program says of itself by operating system commands: titles, notifications, prompts, its status.
//!
//! Nothing here trusts a byte: a text is bounded by the longest string that `queries.rs` keeps, what is
//! malformed is no signal, and no more than one notification is ever put together from parts.

use super::control::Signal;
use api::sessions::{State, Waiting};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The longest text of a status report, decoded, and its longest title.
const REPORT_TEXT_MAX: usize = 2048;
const REPORT_TITLE_MAX: usize = 192;
/// The longest id of a report, its longest part, and the most parts.
const ID_MAX: usize = 128;
const PART_MAX: usize = 32;
const PARTS_MAX: usize = 8;
/// The longest title and body of a notification that comes in parts.
const PARTS_TEXT_MAX: usize = 2048;

/// Hears commands, one after the other.
#[derive(Debug, Default)]
pub(super) struct Ear {
    parts: Option<Parts>,
}

/// A notification that comes in parts.
#[derive(Debug, Default)]
struct Parts {
    id: String,
    title: String,
    body: String,
}

impl Ear {
    /// Hears the text of one command.
    pub fn hear(&mut self, text: &[u8], mut say: impl FnMut(Signal)) {
        let Some(split) = memchr::memchr(b';', text).filter(|split| *split <= 4) else { return };
        let (number, rest) = (&text[..split], &text[split + 1..]);
        match number {
            b"0" | b"2" => say(Signal::Title { text: without_spinner(&String::from_utf8_lossy(rest)) }),
            b"9" => iterm(&String::from_utf8_lossy(rest)).into_iter().for_each(say),
            b"777" => urxvt(&String::from_utf8_lossy(rest)).into_iter().for_each(say),
            b"99" => self.kitty(rest).into_iter().for_each(say),
            b"133" => prompt(rest).into_iter().for_each(say),
            b"7501" => {
                if let Some(report) = std::str::from_utf8(rest).ok().and_then(Report::read) {
                    report.signals().into_iter().flatten().for_each(say);
                }
            }
            _ => {}
        }
    }

    /// kitty's notification: `keys ; payload`, where an unfinished one goes on in the next with its id.
    fn kitty(&mut self, rest: &[u8]) -> Option<Signal> {
        let split = memchr::memchr(b';', rest)?;
        let keys = std::str::from_utf8(&rest[..split]).ok()?;
        let key =
            |wanted: &str| keys.split(':').find_map(|pair| pair.strip_prefix(wanted)?.strip_prefix('='));
        let payload = match key("e") {
            Some("1") => STANDARD.decode(&rest[split + 1..]).ok()?,
            _ => rest[split + 1..].to_vec(),
        };
        let payload = String::from_utf8_lossy(&payload);
        let id = key("i").unwrap_or_default();
        let mut parts = self.parts.take().filter(|parts| parts.id == id).unwrap_or_default();
        match key("p").unwrap_or("title") {
            "title" => append(&mut parts.title, &payload),
            "body" => append(&mut parts.body, &payload),
            // Icons, buttons, questions and what becomes of an older notification.
            _ => {}
        }
        if key("d") == Some("0") {
            parts.id = id.chars().take(ID_MAX).collect();
            self.parts = Some(parts);
            return None;
        }
        notification(&parts.title, &parts.body)
    }
}

/// iTerm2's notification, unless it is one of ConEmu's commands, which share its number.
fn iterm(text: &str) -> Option<Signal> {
    let Some((number, rest)) = text.split_once(';').filter(|(number, _)| is_command(number)) else {
        return notification("", text);
    };
    let (state, percent) = rest.split_once(';').unwrap_or((rest, ""));
    match (number, state) {
        ("4", "1" | "2" | "4") => {
            Some(Signal::Progress { percent: percent.parse().ok().map(|p: u8| p.min(100)) })
        }
        ("4", "0" | "3") => Some(Signal::Progress { percent: None }),
        _ => None,
    }
}

fn is_command(number: &str) -> bool {
    matches!(number.parse(), Ok(1u8..=12))
}

fn urxvt(text: &str) -> Option<Signal> {
    let (title, body) =
        text.strip_prefix("notify;").map(|rest| rest.split_once(';').unwrap_or((rest, "")))?;
    notification(title, body)
}

fn notification(title: &str, body: &str) -> Option<Signal> {
    let text = match (title.trim(), body.trim()) {
        ("", "") => return None,
        (text, "") | ("", text) => text.to_string(),
        (title, body) => format!("{title}: {body}"),
    };
    Some(Signal::Attention { text: Some(text) })
}

/// A shell's marks round its prompt and its commands.
fn prompt(rest: &[u8]) -> Option<Signal> {
    let mut parts = rest.split(|byte| *byte == b';');
    match parts.next()? {
        b"A" | b"B" => Some(Signal::Prompt { exit: None }),
        b"C" => Some(Signal::Status { state: State::Working, waiting: None, text: None }),
        b"D" => {
            let exit = parts.next().and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
            Some(Signal::Prompt { exit })
        }
        _ => None,
    }
}

/// A report of the Program Status Protocol.
#[derive(Default)]
struct Report {
    state: Option<State>,
    kind: Option<Waiting>,
    progress: Option<u8>,
    title: Option<String>,
    text: Option<String>,
    /// It is of a part of the program, such as a subagent.
    is_of_part: bool,
}

impl Report {
    fn read(rest: &str) -> Option<Self> {
        let mut report = Self::default();
        for (key, value) in rest.split(':').filter_map(|field| field.split_once('=')) {
            match key {
                "state" if report.state.is_none() => report.state = Some(state(value)?),
                "state" => return None,
                "kind" => report.kind = kind(value),
                "progress" => report.progress = value.parse().ok().filter(|percent| *percent <= 100),
                "id" if is_id(value) => report.is_of_part = value.contains('/'),
                "id" => return None,
                "title" => report.title = decoded(value, REPORT_TITLE_MAX),
                "msg" => report.text = decoded(value, REPORT_TEXT_MAX),
                _ => {}
            }
        }
        report.state.is_some().then_some(report)
    }

    /// What it says of the session. The work of a part is not the session's; what a part wants is its owner's.
    fn signals(self) -> [Option<Signal>; 2] {
        let (Some(state), text) = (self.state, self.text.or(self.title)) else { return [None, None] };
        match (self.is_of_part, state) {
            (true, State::Waiting) => [Some(Signal::Attention { text }), None],
            (true, _) => [None, None],
            (false, _) => {
                let waiting = (state == State::Waiting).then(|| self.kind.unwrap_or(Waiting::Question));
                let percent = self.progress.filter(|_| matches!(state, State::Working | State::Waiting));
                let progress = percent.map(|percent| Signal::Progress { percent: Some(percent) });
                [Some(Signal::Status { state, waiting, text }), progress]
            }
        }
    }
}

fn state(name: &str) -> Option<State> {
    match name {
        // Who takes back what it said has nothing to say.
        "idle" | "clear" => Some(State::Idle),
        "working" => Some(State::Working),
        "blocked" => Some(State::Waiting),
        "done" => Some(State::Done),
        "error" => Some(State::Failed),
        _ => None,
    }
}

fn kind(name: &str) -> Option<Waiting> {
    [Waiting::Permission, Waiting::Question, Waiting::Auth].into_iter().find(|kind| kind.name() == name)
}

fn is_id(id: &str) -> bool {
    let is_part = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+' | '-');
        !part.is_empty() && part.len() <= PART_MAX && part.chars().all(plain)
    };
    id.len() <= ID_MAX && id.split('/').count() <= PARTS_MAX && id.split('/').all(is_part)
}

fn decoded(text: &str, max: usize) -> Option<String> {
    let bytes = STANDARD.decode(text).ok().filter(|bytes| bytes.len() <= max)?;
    String::from_utf8(bytes).ok()
}

fn append(to: &mut String, text: &str) {
    let room = PARTS_TEXT_MAX.saturating_sub(to.len());
    to.push_str(&text[..text.floor_char_boundary(room)]);
}

/// A title without the sign in front that turns while a program works.
fn without_spinner(title: &str) -> String {
    let turns = |c: char| {
        let is_sign =
            matches!(c, '\u{2800}'..='\u{28ff}' | '\u{25a0}'..='\u{25ff}' | '\u{2600}'..='\u{27bf}');
        is_sign || matches!(c, '*' | '·') || c.is_whitespace()
    };
    title.trim_start_matches(turns).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(texts: &[&str]) -> Vec<Signal> {
        let (mut ear, mut all) = (Ear::default(), Vec::new());
        texts.iter().for_each(|text| ear.hear(text.as_bytes(), |signal| all.push(signal)));
        all
    }

    fn attention(text: &str) -> Vec<Signal> {
        vec![Signal::Attention { text: Some(text.into()) }]
    }

    fn status(state: State, waiting: Option<Waiting>, text: Option<&str>) -> Vec<Signal> {
        vec![Signal::Status { state, waiting, text: text.map(Into::into) }]
    }

    #[test]
    fn notifications_are_heard_in_each_of_their_forms() {
        for (texts, wanted) in [
            (&["9;build is done"][..], "build is done"),
            (&["9;4 tests failed"], "4 tests failed"),
            (&["9;4"], "4"),
            (&["777;notify;Claude Code;needs you"], "Claude Code: needs you"),
            (&["777;notify;alone"], "alone"),
            (&["99;;plain"], "plain"),
            (&["99;i=1:d=0:p=title;Claude Code", "99;i=1:p=body;needs you"], "Claude Code: needs you"),
            (&["99;i=1:d=0;a ", "99;i=1:d=0;b", "99;i=1:d=1:a=focus;"], "a b"),
            (&["99;i=1:d=0;other", "99;i=2:p=body;mine"], "mine"),
            (&["99;e=1:p=body;aMOk"], "hä"),
        ] {
            assert_eq!(heard(texts), attention(wanted), "{texts:?}");
        }
        for silent in [
            "9;9;/tmp",
            "9;2;box",
            "9;",
            "777;other;x;y",
            "777;notify;;",
            "99;p=close:i=1;x",
            "99;no payload",
            "99;e=1;!!",
            "8;;http://x",
            "52;c;aGk=",
            "99999;x",
            "",
            ";",
            "9",
            "0",
        ] {
            assert_eq!(heard(&[silent]), [], "{silent:?}");
        }
    }

    #[test]
    fn progress_is_told_in_percent() {
        for (text, percent) in [
            ("9;4;1;40", Some(40)),
            ("9;4;2;200", Some(100)),
            ("9;4;4;7", Some(7)),
            ("9;4;3", None),
            ("9;4;0;", None),
            ("9;4;1;x", None),
        ] {
            assert_eq!(heard(&[text]), [Signal::Progress { percent }], "{text:?}");
        }
        assert_eq!(heard(&["9;4;7;1"]), []);
    }

    #[test]
    fn a_shell_marks_its_prompt_and_its_commands() {
        for (text, exit) in [
            ("133;A", None),
            ("133;B;aid=1", None),
            ("133;D", None),
            ("133;D;0", Some(0)),
            ("133;D;2;aid=1", Some(2)),
            ("133;D;x", None),
        ] {
            assert_eq!(heard(&[text]), [Signal::Prompt { exit }], "{text:?}");
        }
        assert_eq!(heard(&["133;C"]), status(State::Working, None, None));
        assert_eq!(heard(&["133;P;k=i", "133;I", "133;"]), []);
    }

    #[test]
    fn a_report_tells_the_state_and_what_is_waited_for() {
        let msg = |text: &str| STANDARD.encode(text);
        assert_eq!(heard(&["7501;state=working:app=codex"]), status(State::Working, None, None));
        let done = format!("7501;state=done:app=claude-code:msg={}", msg("all green"));
        assert_eq!(heard(&[&done]), status(State::Done, None, Some("all green")));
        let blocked =
            format!("7501;state=blocked:kind=permission:title={}:msg={}", msg("t"), msg("run make"));
        assert_eq!(heard(&[&blocked]), status(State::Waiting, Some(Waiting::Permission), Some("run make")));
        let blocked = format!("7501;state=blocked:title={}", msg("t"));
        assert_eq!(heard(&[&blocked]), status(State::Waiting, Some(Waiting::Question), Some("t")));
        let error = format!("7501;state=error:id=main:msg={}", msg("API Error: 400"));
        assert_eq!(heard(&[&error]), status(State::Failed, None, Some("API Error: 400")));
        assert_eq!(heard(&["7501;state=clear"]), status(State::Idle, None, None));
        let with_progress = heard(&["7501;state=working:progress=40"]);
        assert_eq!(with_progress[1..], [Signal::Progress { percent: Some(40) }]);
    }

    #[test]
    fn a_report_of_a_part_is_not_the_sessions_but_what_it_wants_is() {
        for state in ["idle", "working", "done", "error", "clear"] {
            assert_eq!(heard(&[&format!("7501;state={state}:id=main/sub")]), [], "{state}");
        }
        assert_eq!(heard(&["7501;state=blocked:id=a/b:msg=aGk="]), attention("hi"));
    }

    #[test]
    fn a_report_that_breaks_its_rules_is_none_and_a_bad_text_is_left_out() {
        let long = "x".repeat(33);
        for bad in ["", "state=", "state=asleep", "app=x", "state=done:state=idle", "state=done:id=", "?"] {
            assert_eq!(heard(&[&format!("7501;{bad}")]), [], "{bad:?}");
        }
        for id in ["a//b", "a b", &long, "1/2/3/4/5/6/7/8/9", "/"] {
            assert_eq!(heard(&[&format!("7501;state=done:id={id}")]), [], "{id:?}");
        }
        for msg in ["!", "aGk", "/w==", &STANDARD.encode(vec![b'x'; REPORT_TEXT_MAX + 1])] {
            let told = heard(&[&format!("7501;state=done:msg={msg}")]);
            assert_eq!(told, status(State::Done, None, None), "{msg:?}");
        }
        assert_eq!(heard(&["7501;state=working:progress=101"]), status(State::Working, None, None));
    }

    #[test]
    fn a_title_loses_the_sign_that_turns() {
        for (text, title) in
            [("0;⠋ shop", "shop"), ("2;✳ Claude Code", "Claude Code"), ("0;", ""), ("0;~/a · b", "~/a · b")]
        {
            assert_eq!(heard(&[text]), [Signal::Title { text: title.into() }], "{text:?}");
        }
    }

    #[test]
    fn a_notification_in_endless_parts_is_bounded() {
        let mut ear = Ear::default();
        for _ in 0..10_000 {
            let part = format!("99;i=1:d=0;{}", "ä".repeat(1000));
            ear.hear(part.as_bytes(), |_| panic!("it is not finished"));
        }
        let parts = ear.parts.unwrap();
        assert!(parts.title.len() <= PARTS_TEXT_MAX && parts.title.capacity() <= 2 * PARTS_TEXT_MAX);
    }
}
