//! Tests with random output: whatever the pieces, the same is heard, and nothing that grows.

use super::control::Signal;
use super::queries::Queries;
use super::signals::Signals;
use alacritty_terminal::vte::{Parser, Perform};
use api::sessions::State;

/// A small generator of numbers, so that a failure can be repeated from its seed.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }
}

/// What a terminal parses to the same commands as we do.
const PLAIN: &[&str] = &[
    "text",
    "\r\n",
    "日本",
    "\x1b[31m",
    "\x1b[1\x07m",
    "\x1b\x07M",
    "\x07",
    "\x1b[6n",
    "\x1b]11;?\x07",
    "\x1b(B",
    "\x1bP1$r0m\x1b\\",
    "\x1b_Gi=1;\x07\x1b\\",
    "\x1bXnot \x07 heard\x1b\\",
    "\x1b]8;;http://x\x07",
    "\x1b]0;⠋ shop\x07",
    "\x1b]2;✳ title\x1b\\",
    "\x1b]0;\x07",
    "\x1b]9;look ä\x07",
    "\x1b]9;4;1;40\x1b\\",
    "\x1b]9;4;0\x07",
    "\x1b]9;9;/tmp\x07",
    "\x1b]777;notify;a;b;c\x07",
    "\x1b]99;i=1:d=0;ti\x1b\\",
    "\x1b]99;i=1:p=body;bo\x1b\\",
    "\x1b]99;e=1;aGk=\x07",
    "\x1b]133;A\x07",
    "\x1b]133;C\x1b\\",
    "\x1b]133;D;3\x07",
    "\x1b]7501;state=working:app=codex\x1b\\",
    "\x1b]7501;state=blocked:kind=auth:msg=aGk=\x07",
    "\x1b]7501;state=done:progress=4\x1b\\",
    "\x1b]7501;?\x1b\\",
    "\x1b]52;c;aGk=\x07",
    "\x1b]99999;x\x07",
    "\x1b]\x07",
];

/// What is cut off, nested, or to be heard by somebody else.
const ODD: &[&str] = &[
    "\x1b",
    "\x1b]",
    "\x1b]9;cut \x18",
    "\x1b]9;off \x1a",
    "\x1b]0;half",
    "\x1b]7501;sta",
    "\x1b]75",
    "\x1b[1",
    "\x1b]9;ended by another\x1b[m",
    "\x1bPtmux;\x1b\x1b]9;inner\x07\x1b\\",
    "\x1bPtmux;\x1b\x1b]9;inner\x1b\x1b\\\x07\x1b\\",
    "\x1bPtmux;",
    "\x1bPtmux;\x1b",
    "\x1b\\",
    "\x1b\x1b\\",
];

fn output(dice: &mut Dice, words: &[&[&str]]) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..=dice.roll(7) {
        let from = words[dice.roll(words.len())];
        text.extend_from_slice(from[dice.roll(from.len())].as_bytes());
    }
    text
}

/// What is heard of a text in pieces: the newest of each kind, and what is answered.
fn heard(pieces: impl Iterator<Item = Vec<u8>>) -> (Vec<Signal>, Vec<u8>) {
    let mut queries = Queries::default();
    pieces.for_each(|piece| drop(queries.pass(&piece).into_owned()));
    (queries.signals.rest(), queries.answers())
}

fn whole(text: &[u8]) -> (Vec<Signal>, Vec<u8>) {
    heard(std::iter::once(text.to_vec()))
}

#[test]
fn pieces_of_any_size_let_the_same_be_heard() {
    for seed in 1..6000u64 {
        let mut dice = Dice::new(seed);
        let text = output(&mut dice, &[PLAIN, PLAIN, ODD]);
        let wanted = whole(&text);
        let mut rest = &text[..];
        let pieces = std::iter::from_fn(|| {
            let (piece, after) = rest.split_at(rest.len().min(1 + dice.roll(9)));
            rest = after;
            (!piece.is_empty()).then(|| piece.to_vec())
        });
        assert_eq!(heard(pieces), wanted, "seed {seed}, {:?}", String::from_utf8_lossy(&text));
    }
}

/// A terminal's own parser, which has its own idea of where a command begins and ends.
#[derive(Default)]
struct Terminal(Signals);

impl Perform for Terminal {
    fn osc_dispatch(&mut self, params: &[&[u8]], _: bool) {
        self.0.hear(&params.join(&b';'));
    }

    fn execute(&mut self, byte: u8) {
        if byte == 7 {
            self.0.bell();
        }
    }
}

#[test]
fn what_is_heard_is_what_a_terminals_own_parser_finds() {
    for seed in 1..6000u64 {
        let text = output(&mut Dice::new(seed), &[PLAIN]);
        let mut terminal = Terminal::default();
        Parser::new().advance(&mut terminal, &text);
        assert_eq!(whole(&text).0, terminal.0.rest(), "seed {seed}, {:?}", String::from_utf8_lossy(&text));
    }
}

#[test]
fn what_tmux_hands_on_is_not_heard_and_deafens_nobody_for_good() {
    let after = |text: &str| whole(format!("{text}\x1b]0;heard\x07").as_bytes()).0;
    let title = [Signal::Title { text: "heard".into() }];
    for inner in [
        "]9;a\x07",
        "]9;a\x1b\x1b\\",
        "]7501;state=done\x07",
        "]0;x\x07\x07",
        "]9;a\x1b\x1b\\\x1b\x1b]9;b\x07",
    ] {
        assert_eq!(after(&format!("\x1bPtmux;\x1b\x1b{inner}\x1b\\")), title, "{inner:?}");
    }
    assert_eq!(after("\x1bPtmux;\x1b\x1b]9;never ended\x07"), []);
    let far = format!("\x1bPtmux;\x1b\x1b]9;never ended\x07{}", "text ".repeat(20_000));
    let mut queries = Queries::default();
    far.as_bytes().chunks(4096).for_each(|piece| drop(queries.pass(piece)));
    queries.pass(b"\x1b]0;heard\x07");
    assert_eq!(queries.signals.rest(), title);
}

#[test]
fn a_report_is_heard_up_to_its_longest_and_no_further() {
    let report = |length: usize| {
        let head = "\x1b]7501;state=done:app=";
        let text = format!("{head}{}", "x".repeat(length - head.len() + 2));
        let ended = format!("{text}\x1b\\");
        let in_pieces = heard(ended.as_bytes().chunks(100).map(<[u8]>::to_vec)).0;
        assert_eq!(whole(ended.as_bytes()).0, in_pieces);
        in_pieces
    };
    assert_eq!(report(4096), [Signal::Status { state: State::Done, waiting: None, text: None }]);
    assert_eq!(report(4097), []);
}

#[test]
fn the_question_for_reports_is_answered_with_its_own_bytes_by_the_keeper_alone() {
    for question in ["\x1b]7501;?\x1b\\", "\x1b]7501;?\x07"] {
        let mut queries = Queries::default();
        let mut seen = Vec::new();
        for piece in format!("a{question}b").as_bytes().chunks(2) {
            seen.extend_from_slice(&queries.pass(piece));
        }
        assert_eq!((seen.as_slice(), queries.answers().as_slice()), (&b"ab"[..], question.as_bytes()));
        assert!(!queries.asked(), "the model knows no such question");
    }
    let many = "\x1b]7501;?\x07".repeat(100_000);
    assert!(whole(many.as_bytes()).1.len() <= 1024, "whoever asks so often gets no more");
}
