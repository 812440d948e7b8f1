//! The headless terminal: what the session's screen shows, whoever looks.

use super::lines;
use super::marks::Marks;
use super::recorder::{Answers, Recorder};
use super::scrollback::Scrollback;
use super::skim;
use super::utf8;
use alacritty_terminal::grid::{Cursor, Dimensions, Grid};
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::term::{Config, Osc52, Term, TermMode};
use alacritty_terminal::vte::ansi::{Processor, Timeout};
use api::sessions::{Screen, Size};
use std::time::Duration;

/// How many lines the emulator may hold above its screen before they are moved to the scrollback.
pub(super) const HISTORY: usize = 64;

/// So much output at once is worth being looked at for what would scroll away unseen.
const FLOOD: usize = 128 * 1024;
/// The most output that is put off.
const PENDING_MAX: usize = 4 * 1024 * 1024;

/// Synchronized updates are shown as they come: a repaint must never miss what the parser holds back.
#[derive(Default)]
pub(super) struct Never;

impl Timeout for Never {
    fn set_timeout(&mut self, _: Duration) {}
    fn clear_timeout(&mut self) {}
    fn pending_timeout(&self) -> bool {
        false
    }
}

/// The terminal without a face.
pub(super) struct Model {
    parser: Processor<Never>,
    pub(super) recorder: Recorder,
    size: Size,
    /// The end of a plain flow that is not printed yet: most of it may scroll away unseen.
    pending: Vec<u8>,
    /// How much of it is known to be a plain flow.
    plain: usize,
    /// The beginning of a character whose end is still to come. The parser would take it, but then loses
    /// the character after it.
    begun: Vec<u8>,
}

struct Dimension(Size);

impl Dimensions for Dimension {
    fn total_lines(&self) -> usize {
        self.screen_lines()
    }
    fn screen_lines(&self) -> usize {
        self.0.rows.into()
    }
    fn columns(&self) -> usize {
        self.0.cols.into()
    }
}

fn config(history: usize) -> Config {
    Config { scrolling_history: history, osc52: Osc52::Disabled, ..Config::default() }
}

impl Model {
    /// An empty terminal that keeps up to `scrollback` lines above its screen.
    pub fn new(size: Size, scrollback: usize) -> Self {
        let size = size.clamped();
        let answers = Answers::default();
        let history = HISTORY + usize::from(size.rows);
        Self {
            parser: Processor::new(),
            recorder: Recorder {
                term: Term::new(config(history), &Dimension(size), answers.clone()),
                marks: Marks::new(size.cols.into()),
                scrollback: Scrollback::new(scrollback),
                answers,
                printed: 0,
            },
            size,
            pending: Vec::new(),
            plain: 0,
            begun: Vec::new(),
        }
    }

    /// What the program has written.
    pub fn feed(&mut self, bytes: &[u8]) {
        if bytes.len() + self.pending.len() < FLOOD {
            self.settle();
            self.print(bytes);
        } else {
            self.feed_flood(bytes);
            self.settle();
        }
    }

    /// What the program has written in a flood: more follows at once, and the model may lag behind until
    /// [`Model::settle`].
    pub fn feed_flood(&mut self, bytes: &[u8]) {
        let mut all = std::mem::take(&mut self.pending);
        all.extend_from_slice(bytes);
        let mut known = std::mem::take(&mut self.plain);
        let mut at = 0;
        while at < all.len() {
            at = self.find_ground(&all, at);
            if !self.flows() {
                self.print(&all[at..]);
                return;
            }
            let from = at.max(std::mem::take(&mut known));
            let end = from + skim::plain(&all[from..]);
            let lines = self.recorder.scrollback.limit() + 2 * usize::from(self.size.rows) + 2;
            if let Some(cut) = skim::cut(&all[at..end], lines) {
                self.print(&skim::looks(&all[at..at + cut]));
                self.print(b"\r");
                at += cut;
            }
            if skim::may_go_on(&all[end..]) && end - at < PENDING_MAX {
                self.plain = end - at;
                break;
            }
            self.print(&all[at..end]);
            at = end;
        }
        all.drain(..at);
        self.pending = all;
    }

    /// Catches up with everything.
    pub fn settle(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        self.plain = 0;
        self.print(&pending);
    }

    fn print(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        if !self.begun.is_empty() && !bytes.is_empty() {
            let (rest, more) = bytes.split_at(utf8::rest_of(&self.begun, bytes));
            self.begun.extend_from_slice(rest);
            if more.is_empty() && utf8::unfinished(&self.begun) > 0 {
                return;
            }
            self.parser.advance(&mut self.recorder, &self.begun);
            self.begun.clear();
            bytes = more;
        }
        let (whole, begun) = bytes.split_at(bytes.len() - utf8::unfinished(bytes));
        self.begun.extend_from_slice(begun);
        self.parser.advance(&mut self.recorder, whole);
        self.recorder.drain();
    }

    /// Prints on until the parser is known to be between two sequences: that is where a character is
    /// printed. Gives how far it went.
    fn find_ground(&mut self, data: &[u8], from: usize) -> usize {
        let mut at = from;
        while let Some(found) =
            data[at..].iter().position(|byte| matches!(byte, 0x20..0x7f)).map(|to| at + to)
        {
            self.print(&data[at..found]);
            let before = self.recorder.printed;
            self.print(&data[found..=found]);
            at = found + 1;
            if self.recorder.printed > before {
                return at;
            }
        }
        self.print(&data[at..]);
        data.len()
    }

    /// Whether lines scroll off the whole screen into the scrollback, one after the other.
    fn flows(&self) -> bool {
        let others = TermMode::ALT_SCREEN | TermMode::ORIGIN | TermMode::INSERT;
        self.recorder.marks.region.is_none() && !self.recorder.term.mode().intersects(others)
    }

    /// What the terminal answers to the program's questions, since the last time.
    pub fn answers(&mut self) -> Vec<u8> {
        self.recorder.answers.take()
    }

    pub fn size(&self) -> Size {
        self.size
    }

    /// Changes the size; lines wrap anew, except on the alternate screen.
    pub fn resize(&mut self, size: Size) {
        self.settle();
        let size = size.clamped();
        if size == self.size {
            return;
        }
        // Narrower lines may become many: none may be lost on their way to the scrollback.
        let more = usize::from(self.size.cols / size.cols) + 1;
        let history = HISTORY + usize::from(size.rows.max(self.size.rows)) * (more + 1);
        self.recorder.term.set_options(config(history));
        self.recorder.term.resize(Dimension(size));
        self.recorder.marks.resize(size.cols.into());
        self.size = size;
        self.on_primary(|recorder| recorder.drain());
        self.recorder.term.set_options(config(HISTORY + usize::from(size.rows)));
        self.on_primary(|recorder| mend_all(recorder.term.grid_mut()));
        mend_all(self.recorder.term.grid_mut());
    }

    /// Does something while the primary screen is the one in use, and leaves all as it was.
    pub(super) fn on_primary<T>(&mut self, act: impl FnOnce(&mut Recorder) -> T) -> T {
        let term = &mut self.recorder.term;
        if !term.mode().contains(TermMode::ALT_SCREEN) {
            return act(&mut self.recorder);
        }
        // Going to the alternate screen clears it, so it is put aside meanwhile.
        let alternate = term.grid().clone();
        term.swap_alt();
        let done = act(&mut self.recorder);
        self.recorder.term.swap_alt();
        *self.recorder.term.grid_mut() = alternate;
        done
    }

    /// What the terminal shows, as text.
    pub fn screen(&self) -> Screen {
        let grid = self.recorder.term.grid();
        let lines = (0..grid.screen_lines()).map(|line| text(grid, line)).collect();
        let point = grid.cursor.point;
        let place = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
        Screen {
            size: self.size,
            lines,
            cursor: (place(usize::try_from(point.line.0).unwrap_or(0)), place(point.column.0)),
            title: self.recorder.marks.title.clone().unwrap_or_default(),
            scrollback: u32::try_from(self.recorder.scrollback.len()).unwrap_or(u32::MAX),
        }
    }

    /// Gives back memory that is only good for speed.
    pub fn shrink(&mut self) {
        self.pending = Vec::new();
        self.recorder.term.grid_mut().truncate();
        self.recorder.scrollback.shrink();
    }
}

fn mend_all(grid: &mut Grid<Cell>) {
    let lines = i32::try_from(grid.screen_lines()).unwrap_or(i32::MAX);
    for line in (0..lines).map(Line) {
        lines::mend(&mut grid[line]);
    }
    let last = grid.last_column();
    let settle = |cursor: &mut Cursor<Cell>| {
        cursor.point.column = cursor.point.column.min(last);
        cursor.point.line = Line(cursor.point.line.0.clamp(0, lines - 1));
        cursor.input_needs_wrap &= cursor.point.column == last;
    };
    settle(&mut grid.cursor);
    settle(&mut grid.saved_cursor);
}

fn text(grid: &Grid<Cell>, line: usize) -> String {
    let row = &grid[Line(i32::try_from(line).unwrap_or(i32::MAX))];
    let mut bytes = Vec::with_capacity(row.len());
    for col in (0..row.len()).map(Column) {
        let cell = &row[col];
        if !cell.flags.intersects(Flags::WIDE_CHAR_SPACER) {
            lines::write_cell(cell, &mut bytes);
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    text.trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Model {
        Model::new(Size { rows: 4, cols: 10 }, 100)
    }

    #[test]
    fn the_screen_is_told_as_text_with_cursor_and_title() {
        let mut model = model();
        model.feed(b"\x1b]2;hello\x07a\x1b[31mb\x1b[m\r\n\xe6\x97\xa5x");
        let screen = model.screen();
        assert_eq!(screen.lines, ["ab", "日x", "", ""]);
        assert_eq!(screen.cursor, (1, 3));
        assert_eq!(screen.title, "hello");
    }

    #[test]
    fn every_line_that_scrolls_off_is_kept_up_to_the_limit() {
        let mut model = model();
        for number in 0..1000 {
            model.feed(format!("{number}\r\n").as_bytes());
        }
        let kept: Vec<_> = model.recorder.scrollback.iter().map(|(line, _)| line.to_vec()).collect();
        let wanted: Vec<_> = (897..997).map(|number| number.to_string().into_bytes()).collect();
        assert_eq!(kept, wanted);
    }

    #[test]
    fn the_alternate_screen_adds_nothing_to_the_scrollback() {
        let mut model = model();
        model.feed(b"one\r\n\x1b[?1049h");
        model.feed("\r\nx".repeat(50).as_bytes());
        assert_eq!(model.recorder.scrollback.len(), 0);
        model.feed(b"\x1b[?1049l");
        assert_eq!(model.screen().lines.first().map(String::as_str), Some("one"));
    }

    #[test]
    fn a_clear_and_a_narrow_resize_lose_no_line() {
        let mut model = model();
        model.feed(b"aaaaaaaaaabbbbbbbbbbccc\r\nd\x1b[2J");
        assert_eq!(model.recorder.scrollback.len(), 4);
        model.feed(b"\x1b[Haaaaaaaaaabbbbbbbbbbcccccccccc\r\nx");
        model.resize(Size { rows: 2, cols: 2 });
        assert_eq!(model.recorder.scrollback.len(), 4 + 14);
    }

    #[test]
    fn questions_are_answered() {
        let mut model = model();
        model.feed(b"ab\x1b[6n\x1b[c\x1b]11;?\x1b\\");
        assert_eq!(model.answers(), b"\x1b[1;3R\x1b[?6c\x1b]11;rgb:1c1c/1b1b/1a1a\x1b\\");
        assert_eq!(model.answers(), b"");
    }

    #[test]
    fn a_wide_character_in_a_terminal_of_one_column_does_no_harm() {
        let mut model = Model::new(Size { rows: 1, cols: 1 }, 10);
        model.feed("日a日\u{301}b\r\n\t\x1b[5@\x1b[5P".as_bytes());
        assert_eq!(model.size(), Size { rows: 1, cols: 1 });
    }
}
