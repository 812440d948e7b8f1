//! A message as the finder looks at it: its subject and its lines, made plain and folded, and its links.

use super::plain::{folded, plain};
use super::urls::{self, Link};
use super::words::Words;
use crate::inbox::mail::layout::layout;

/// The most lines that are looked at, of each form of the message, and the longest of them in characters.
const LINES_MAX: usize = 3_000;
const LINE_MAX: usize = 2_000;
/// The most bytes of a text that are looked at.
const TEXT_MAX: usize = 512 * 1024;

/// A line, ready to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// With one sort of digits and spaces.
    pub plain: String,
    /// The same in small letters without marks: as many characters.
    pub folded: String,
    /// It is quoted from an older message.
    pub quoted: bool,
}

impl Line {
    fn of(text: &str) -> Self {
        let plain: String = plain(text).trim().chars().take(LINE_MAX).collect();
        Self { folded: folded(&plain), plain, quoted: false }
    }

    /// The folded text before and after a range of the plain text.
    pub fn around(&self, range: &std::ops::Range<usize>) -> (&str, &str) {
        let count = |end: usize| self.plain.get(..end).unwrap_or_default().chars().count();
        let at = |count: usize| self.folded.char_indices().nth(count).map_or(self.folded.len(), |(at, _)| at);
        (&self.folded[..at(count(range.start))], &self.folded[at(count(range.end))..])
    }
}

/// A form of the message: its text, or its HTML.
#[derive(Debug, Default)]
pub struct Form {
    /// None of them empty.
    pub lines: Vec<Line>,
    /// Its links, in order.
    pub links: Vec<Link>,
}

/// What the finder looks at.
#[derive(Debug)]
pub struct Page {
    /// The subject.
    pub subject: Line,
    /// The text and the HTML, as far as there are any.
    pub forms: Vec<Form>,
}

impl Page {
    /// The page of a message.
    pub fn of(subject: &str, text: &str, html: Option<&str>) -> Self {
        let mut forms = Vec::new();
        if !text.trim().is_empty() {
            forms.push(of_text(text));
        }
        if let Some(html) = html {
            forms.push(of_html(html));
        }
        Self { subject: Line::of(subject), forms }
    }

    /// Whether people or machines talk in it about work: it may quote codes and links, and sends none.
    pub fn is_talk(&self) -> bool {
        self.lines().any(|line| Words::known().is_talk(&line.folded))
    }

    /// All lines, the subject first.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        std::iter::once(&self.subject).chain(self.forms.iter().flat_map(|form| &form.lines))
    }
}

fn of_text(text: &str) -> Form {
    let end = (0..=TEXT_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let (lines, links) = lines_of(text[..end].lines());
    Form { lines, links }
}

/// The lines without the marks of quotes, and the links in them.
fn lines_of<'a>(lines: impl Iterator<Item = &'a str>) -> (Vec<Line>, Vec<Link>) {
    let bare =
        |line: &'a str| (line.trim_start_matches(['>', ' ']).trim(), line.trim_start().starts_with('>'));
    let filled = lines.map(bare).filter(|(line, _)| !line.is_empty()).flat_map(pieces);
    let (bare, quoted): (Vec<&str>, Vec<bool>) = filled.take(LINES_MAX).unzip();
    let (mended, links) = urls::of_lines(&bare);
    let mut below = false;
    let line = |(first, text): (usize, String)| {
        let line = Line::of(&text);
        below |= Words::known().begins_older(&line.folded);
        Line { quoted: below || quoted.get(first).is_some_and(|quoted| *quoted), ..line }
    };
    (mended.into_iter().map(line).collect(), links)
}

/// A line that is too long to be looked at as one is several, parted at spaces.
fn pieces((mut rest, quoted): (&str, bool)) -> impl Iterator<Item = (&str, bool)> {
    std::iter::from_fn(move || {
        let part = (rest.len() > LINE_MAX)
            .then(|| rest.as_bytes()[..LINE_MAX].iter().rposition(|byte| *byte == b' '))
            .flatten()
            .unwrap_or(rest.len());
        let (piece, after) = rest.split_at(part);
        rest = after.trim_start();
        (!piece.is_empty()).then_some((piece, quoted))
    })
}

fn of_html(html: &str) -> Form {
    let layout = layout(html);
    let (lines, shown) = lines_of(layout.lines.iter().map(String::as_str));
    let mut links = urls::of_anchors(layout.anchors);
    // An address that is written out leads there, whatever lies below it.
    links.extend(shown);
    Form { lines: joined_cells(lines), links }
}

/// Digits that have a cell each become one line, in the place of the first; line numbers stay.
fn joined_cells(mut lines: Vec<Line>) -> Vec<Line> {
    let mut at = 0;
    while at < lines.len() {
        let single = |line: &Line| line.plain.len() == 1 && line.plain.as_bytes()[0].is_ascii_alphanumeric();
        let run = lines[at..].iter().take_while(|line| single(line)).count();
        if (4..=10).contains(&run) {
            let whole: String = lines[at..at + run].iter().map(|line| line.plain.as_str()).collect();
            if whole.bytes().any(|b| b.is_ascii_digit()) {
                lines[at] = Line::of(&whole);
                lines[at + 1..at + run].iter_mut().for_each(|line| *line = Line::of(""));
            }
        }
        at += run.max(1);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_parted_and_quotes_are_known() {
        let text = format!(
            "{} Your code is 482913\n> old\n-----Original Message-----\nolder",
            "word ".repeat(2_000)
        );
        let lines = Page::of("", &text, None).forms.remove(0).lines;
        assert!(lines.iter().all(|line| line.plain.len() <= LINE_MAX));
        assert!(lines.iter().any(|line| line.plain.ends_with("Your code is 482913")));
        let quoted: Vec<bool> = lines.iter().rev().take(4).map(|line| line.quoted).collect();
        assert_eq!(quoted, [true, true, true, false]);
        assert_eq!(Page::of("", &"x".repeat(LINE_MAX * 2), None).forms[0].lines.len(), 1);
    }
}
