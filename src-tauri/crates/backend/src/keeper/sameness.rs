//! Tests with random output: a repaint, a filter and a flood leave the terminal that the output itself makes.

use super::lines;
use super::marks::Marks;
use super::model::Model;
use super::queries::Queries;
use super::repaint::repaint;
use alacritty_terminal::grid::{Cursor, Dimensions, Grid};
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::{Cell, Flags};
use api::sessions::Size;

/// A small generator of numbers, so that a failure can be repeated from its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

const WORDS: &[&str] = &[
    "a",
    "word",
    "   ",
    "日本",
    "é",
    "e\u{301}",
    "🦀",
    "\u{200d}x",
    "0123456789",
    "\t",
    "ß",
    "한",
    "q\u{308}\u{323}",
];
const LOOKS: &[&str] = &[
    "\x1b[m",
    "\x1b[1m",
    "\x1b[2;3m",
    "\x1b[4m",
    "\x1b[4:3m",
    "\x1b[21m",
    "\x1b[7m",
    "\x1b[8;9m",
    "\x1b[22m",
    "\x1b[31m",
    "\x1b[92m",
    "\x1b[38;5;200m",
    "\x1b[48;2;1;2;3m",
    "\x1b[44m",
    "\x1b[103m",
    "\x1b[58;5;3m",
    "\x1b[58:2::9:8:7m",
    "\x1b[59m",
    "\x1b[39;49m",
    "\x1b]8;id=6;http://x/1\x1b\\",
    "\x1b]8;id=7;http://y\x07",
    "\x1b]8;;\x1b\\",
];
const STATES: &[&str] = &[
    "\x1b[?25l",
    "\x1b[?25h",
    "\x1b[?1h",
    "\x1b[?7l",
    "\x1b[?7h",
    "\x1b[?7h",
    "\x1b[4h",
    "\x1b[4l",
    "\x1b[4l",
    "\x1b[?1000h",
    "\x1b[?1002h",
    "\x1b[?1003h",
    "\x1b[?1006h",
    "\x1b[?1004h",
    "\x1b[?2004h",
    "\x1b[?1007l",
    "\x1b=",
    "\x1b>",
    "\x1b[3 q",
    "\x1b[6 q",
    "\x1b[0 q",
    "\x1b[>1u",
    "\x1b[>5u",
    "\x1b[<u",
    "\x1b[=3;2u",
    "\x1b[>4;2m",
    "\x1b[>4;0m",
    "\x1b(0",
    "\x1b(B",
    "\x1b)0",
    "\x0e",
    "\x0f",
    "\x0f",
    "\x1bH",
    "\x1b[g",
    "\x1b[3g",
    "\x1b]2;a title\x07",
    "\x1b[22;0t",
    "\x1b[23;0t",
    "\x1b]4;7;#010203\x07",
    "\x1b]11;#040506\x07",
    "\x1b]104;7\x07",
    "\x1b]111\x07",
    "\x1b[?2031h",
    "\x1b[?5h",
    "\x1b[?5l",
    "\x1b[?12h",
    "\x1b[20l",
];
const MOVES: &[&str] = &[
    "\r\n",
    "\r\n",
    "\r\n",
    "\n",
    "\r",
    "\x08",
    "\x1bM",
    "\x1bD",
    "\x1bE",
    "\x1b[A",
    "\x1b[3B",
    "\x1b[2C",
    "\x1b[4D",
    "\x1b[G",
    "\x1b[7G",
    "\x1b[H",
    "\x1b[3;5H",
    "\x1b[2d",
    "\x1b[99;99H",
    "\x1b7",
    "\x1b8",
    "\x1b[I",
    "\x1b[Z",
    "\x1b[E",
    "\x1b[F",
];
const EDITS: &[&str] = &[
    "\x1b[K",
    "\x1b[1K",
    "\x1b[2K",
    "\x1b[J",
    "\x1b[1J",
    "\x1b[2J",
    "\x1b[3J",
    "\x1b[2X",
    "\x1b[P",
    "\x1b[3P",
    "\x1b[@",
    "\x1b[2@",
    "\x1b[L",
    "\x1b[2M",
    "\x1b[S",
    "\x1b[2T",
    "\x1b[2;4r",
    "\x1b[r",
    "\x1b[3r",
    "\x1b[?6h",
    "\x1b[?6l",
    "\x1b[?1049h",
    "\x1b[?1049l",
    "\x1b[?47h",
    "\x1b[?1047l",
    "\x1b#8",
    "\x1b[?3h",
];

/// Random output of `count` pieces.
fn output(dice: &mut Dice, count: usize) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..count {
        text.push_str(match dice.roll(20) {
            0..9 => dice.pick(WORDS),
            9..12 => dice.pick(LOOKS),
            12..14 => dice.pick(STATES),
            14..18 => dice.pick(MOVES),
            _ => dice.pick(EDITS),
        });
    }
    text.into_bytes()
}

fn size(dice: &mut Dice) -> Size {
    let rows = 3 + dice.roll(7);
    Size { rows: rows as u16, cols: 4 + dice.roll(20) as u16 }
}

/// Everything about a model that can be seen, now or later.
#[derive(Debug, PartialEq)]
struct Seen {
    screen: Vec<Vec<Cell>>,
    cursors: [(Cursor<Cell>, TermMode); 2],
    primary: Option<(Vec<Vec<Cell>>, Cursor<Cell>)>,
    marks: Marks,
    colors: Vec<Option<(u8, u8, u8)>>,
    scrollback: Vec<String>,
}

fn seen(model: &mut Model) -> Seen {
    let alternate = model.recorder.term.mode().contains(TermMode::ALT_SCREEN);
    let primary = alternate.then(|| {
        model.on_primary(|recorder| {
            let grid = recorder.term.grid();
            (cells(grid), settled(&grid.cursor))
        })
    });
    let recorder = &model.recorder;
    let (grid, mode) = (recorder.term.grid(), *recorder.term.mode());
    Seen {
        screen: cells(grid),
        cursors: [(settled(&grid.cursor), mode), (settled(&grid.saved_cursor), mode)],
        primary,
        marks: recorder.marks.clone(),
        colors: (0..259).map(|index| recorder.term.colors()[index].map(|c| (c.r, c.g, c.b))).collect(),
        scrollback: recorder
            .scrollback
            .iter()
            .map(|(bytes, wraps)| format!("{} {wraps}", String::from_utf8_lossy(bytes)))
            .collect(),
    }
}

/// A cell without what cannot be seen: an empty list of rare attributes, and a note that helps only to
/// unwrap a line when the width changes.
fn cleaned(cell: &Cell) -> Cell {
    let mut cell = cell.clone();
    cell.flags.remove(Flags::LEADING_WIDE_CHAR_SPACER);
    let empty = cell.zerowidth().is_none_or(<[char]>::is_empty);
    if empty && cell.underline_color().is_none() && cell.hyperlink().is_none() {
        cell.extra = None;
    }
    cell
}

/// Whether the cursor, or the one that was put aside, waits to wrap on a cell that has wrapped before. A
/// repaint cannot have both, and chooses the cursor's state; nothing of it can be seen before a resize.
fn wraps_where_it_waits(model: &mut Model) -> bool {
    let on = |grid: &Grid<Cell>| {
        let waits = |cursor: &Cursor<Cell>| {
            cursor.input_needs_wrap && grid[cursor.point].flags.contains(Flags::WRAPLINE)
        };
        waits(&grid.cursor) || waits(&grid.saved_cursor)
    };
    on(model.recorder.term.grid()) || model.on_primary(|recorder| on(recorder.term.grid()))
}

fn settled(cursor: &Cursor<Cell>) -> Cursor<Cell> {
    Cursor { template: cleaned(&cursor.template), ..cursor.clone() }
}

fn cells(grid: &Grid<Cell>) -> Vec<Vec<Cell>> {
    let lines = 0..grid.screen_lines() as i32;
    lines
        .map(|line| (0..grid.columns()).map(|col| cleaned(&grid[Line(line)][Column(col)])).collect())
        .collect()
}

fn same_cells(a: &[Vec<Cell>], b: &[Vec<Cell>], what: &str) {
    for (line, (a, b)) in a.iter().zip(b).enumerate() {
        for (col, (a, b)) in a.iter().zip(b).enumerate() {
            assert_eq!(a, b, "{what}: line {line}, column {col}");
        }
    }
}

fn same(a: &mut Model, b: &mut Model, what: &str) {
    let (a, b) = (seen(a), seen(b));
    same_cells(&a.screen, &b.screen, what);
    if let (Some((a, _)), Some((b, _))) = (&a.primary, &b.primary) {
        same_cells(a, b, &format!("primary screen, {what}"));
    }
    assert_eq!(a.scrollback, b.scrollback, "{what}");
    assert_eq!(a.marks, b.marks, "{what}");
    assert_eq!(a.cursors, b.cursors, "{what}");
    let primary = |seen: &Seen| seen.primary.as_ref().map(|(_, cursor)| cursor.clone());
    assert_eq!(primary(&a), primary(&b), "{what}");
    assert_eq!(a, b, "{what}");
}

#[test]
fn a_fresh_terminal_fed_with_a_repaint_is_the_same_and_stays_so() {
    for seed in 1..1500u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let size = size(&mut dice);
        let mut model = Model::new(size, 40);
        let count = 1 + dice.roll(120);
        let before = output(&mut dice, count);
        model.feed(&before);
        let mut fresh = Model::new(size, 40);
        let painted = repaint(&mut model, true);
        fresh.feed(&painted);
        if wraps_where_it_waits(&mut model) {
            continue;
        }
        let story = format!("seed {seed}, {size:?}, {:?}", String::from_utf8_lossy(&before));
        same(&mut model, &mut fresh, &story);
        let after = output(&mut dice, 60);
        model.feed(&after);
        fresh.feed(&after);
        same(&mut model, &mut fresh, &format!("{story}, then {:?}", String::from_utf8_lossy(&after)));
    }
}

#[test]
fn a_repaint_after_a_resize_is_the_same() {
    for seed in 1..1500u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut model = Model::new(size(&mut dice), 40);
        model.feed(&output(&mut dice, 60));
        let new = size(&mut dice);
        model.resize(new);
        let mut fresh = Model::new(new, 40);
        fresh.feed(&repaint(&mut model, false));
        let mut second = Model::new(new, 40);
        second.feed(&repaint(&mut fresh, false));
        same(&mut fresh, &mut second, &format!("seed {seed}, {new:?}"));
        let (shown, wanted) = (fresh.screen(), model.screen());
        assert_eq!((shown.lines, shown.cursor), (wanted.lines, wanted.cursor), "seed {seed}, {new:?}");
    }
}

#[test]
fn a_flood_of_which_most_is_passed_over_ends_the_same() {
    for seed in 1..400u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let size = size(&mut dice);
        let (mut quick, mut thorough) = (Model::new(size, 15), Model::new(size, 15));
        let mut text = output(&mut dice, 40);
        for _ in 0..dice.roll(5) {
            for _ in 0..dice.roll(200) {
                text.extend_from_slice(dice.pick(WORDS).as_bytes());
                text.extend_from_slice(
                    dice.pick(&["", "", "\x1b[31m", "\x1b[m", "\x1b[0;1m", "\x1b[K", "\x1b[42m"]).as_bytes(),
                );
                text.extend_from_slice(dice.pick(&["", "\r\n", "\r\n", "\r\n", "\n", "\r"]).as_bytes());
            }
            let more = dice.roll(3);
            text.extend(output(&mut dice, more));
        }
        let mut rest = &text[..];
        while !rest.is_empty() {
            let (piece, more) = rest.split_at((1 + dice.roll(700)).min(rest.len()));
            quick.feed_flood(piece);
            if dice.roll(4) == 0 {
                quick.settle();
            }
            rest = more;
        }
        quick.settle();
        text.chunks(1000).for_each(|piece| thorough.feed(piece));
        same(
            &mut quick,
            &mut thorough,
            &format!("seed {seed}, {size:?}, {:?}", String::from_utf8_lossy(&text)),
        );
    }
}

#[test]
fn what_the_filter_takes_out_changes_nothing_that_can_be_seen() {
    const QUESTIONS: &[&str] = &["\x1b[6n", "\x1b[c", "\x1b]11;?\x07", "\x1b[?2026$p", "\x1bP+q544e\x1b\\"];
    for seed in 1..300u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let size = size(&mut dice);
        let (mut asked, mut filtered) = (Model::new(size, 40), Model::new(size, 40));
        let mut queries = Queries::default();
        let mut all = Vec::new();
        for _ in 0..20 {
            let mut text = output(&mut dice, 8);
            text.extend_from_slice(dice.pick(QUESTIONS).as_bytes());
            all.extend_from_slice(&text);
            asked.feed(&text);
            for piece in text.chunks(1 + dice.roll(9)) {
                filtered.feed(&queries.pass(piece));
            }
        }
        assert_eq!(filtered.answers(), b"");
        assert_ne!(asked.answers(), b"");
        same(&mut asked, &mut filtered, &format!("seed {seed}, {}", String::from_utf8_lossy(&all)));
    }
}

#[test]
fn mending_a_line_twice_changes_nothing_more() {
    let mut model = Model::new(Size { rows: 2, cols: 9 }, 0);
    model.feed("日本日x\x1b[1;2H\x1b[P".as_bytes());
    let before = cells(model.recorder.term.grid());
    lines::mend(&mut model.recorder.term.grid_mut()[Line(0)]);
    assert_eq!(cells(model.recorder.term.grid()), before);
}
