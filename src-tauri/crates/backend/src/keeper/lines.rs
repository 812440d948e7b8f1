//! Lines of cells as bytes: text with the sequences that colour it, from and back to default colours.

use alacritty_terminal::grid::Row;
use alacritty_terminal::index::Column;
use alacritty_terminal::term::cell::{Cell, CellExtra, Flags};
use alacritty_terminal::vte::ansi::{Color, NamedColor};
use std::io::Write;
use std::sync::Arc;

const DEFAULT_FG: Color = Color::Named(NamedColor::Foreground);
const DEFAULT_BG: Color = Color::Named(NamedColor::Background);
/// What a cell says of its place rather than of its looks.
const PLACE: Flags = Flags::WRAPLINE
    .union(Flags::WIDE_CHAR)
    .union(Flags::WIDE_CHAR_SPACER)
    .union(Flags::LEADING_WIDE_CHAR_SPACER);

/// The looks that the next printed character gets.
#[derive(Debug, Clone)]
pub(super) struct Pen {
    fg: Color,
    bg: Color,
    flags: Flags,
    extra: Option<Arc<CellExtra>>,
}

impl Default for Pen {
    fn default() -> Self {
        Self { fg: DEFAULT_FG, bg: DEFAULT_BG, flags: Flags::empty(), extra: None }
    }
}

impl Pen {
    fn fits(&self, cell: &Cell) -> bool {
        self.fg == cell.fg
            && self.bg == cell.bg
            && self.flags == cell.flags.difference(PLACE)
            && match (&self.extra, &cell.extra) {
                (None, None) => true,
                (mine, theirs) => looks(mine.as_deref()) == looks(theirs.as_deref()),
            }
    }

    /// Changes to the looks of `cell`, and writes the sequences that do so.
    pub fn take(&mut self, cell: &Cell, out: &mut Vec<u8>) {
        if self.fits(cell) {
            return;
        }
        let links = (self.link(), cell.hyperlink());
        if links.0 != links.1 {
            write_link(links.1.as_ref(), out);
        }
        *self =
            Self { fg: cell.fg, bg: cell.bg, flags: cell.flags.difference(PLACE), extra: cell.extra.clone() };
        self.write(out);
    }

    fn link(&self) -> Option<alacritty_terminal::term::cell::Hyperlink> {
        let cell = Cell { extra: self.extra.clone(), ..Cell::default() };
        cell.hyperlink()
    }

    /// Back to the default looks.
    pub fn reset(&mut self, out: &mut Vec<u8>) {
        self.take(&Cell::default(), out);
    }

    /// The looks as one sequence that starts from the default ones.
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\x1b[");
        let mut first = true;
        let mut code = |out: &mut Vec<u8>, code: &str| {
            if !std::mem::take(&mut first) {
                out.push(b';');
            }
            out.extend_from_slice(code.as_bytes());
        };
        let plain = self.fg == DEFAULT_FG && self.bg == DEFAULT_BG && self.flags.is_empty();
        let under = self.extra.as_deref().and_then(|extra| looks(Some(extra)).0);
        if plain && under.is_none() {
            out.push(b'm');
            return;
        }
        code(out, "0");
        for (flag, number) in STYLES {
            if self.flags.contains(*flag) {
                code(out, number);
            }
        }
        if self.fg != DEFAULT_FG {
            code(out, &color_code(self.fg, 30));
        }
        if self.bg != DEFAULT_BG {
            code(out, &color_code(self.bg, 40));
        }
        match under {
            Some(Color::Spec(rgb)) => code(out, &format!("58:2::{}:{}:{}", rgb.r, rgb.g, rgb.b)),
            Some(Color::Indexed(index)) => code(out, &format!("58:5:{index}")),
            _ => {}
        }
        out.push(b'm');
    }
}

/// What of a cell's rare attributes belongs to its looks.
fn looks(extra: Option<&CellExtra>) -> (Option<Color>, Option<alacritty_terminal::term::cell::Hyperlink>) {
    let Some(extra) = extra else { return (None, None) };
    let cell = Cell { extra: Some(Arc::new(extra.clone())), ..Cell::default() };
    (cell.underline_color(), cell.hyperlink())
}

const STYLES: &[(Flags, &str)] = &[
    (Flags::BOLD, "1"),
    (Flags::DIM, "2"),
    (Flags::ITALIC, "3"),
    (Flags::UNDERLINE, "4"),
    (Flags::DOUBLE_UNDERLINE, "4:2"),
    (Flags::UNDERCURL, "4:3"),
    (Flags::DOTTED_UNDERLINE, "4:4"),
    (Flags::DASHED_UNDERLINE, "4:5"),
    (Flags::INVERSE, "7"),
    (Flags::HIDDEN, "8"),
    (Flags::STRIKEOUT, "9"),
];

/// The code of a colour; `base` is 30 for the text and 40 for what is behind it.
fn color_code(color: Color, base: u16) -> String {
    match color {
        Color::Named(name) => match name as u16 {
            low @ 0..8 => format!("{}", base + low),
            bright @ 8..16 => format!("{}", base + 60 + bright - 8),
            _ => format!("{}", base + 9),
        },
        Color::Indexed(index) => format!("{};5;{index}", base + 8),
        Color::Spec(rgb) => format!("{};2;{};{};{}", base + 8, rgb.r, rgb.g, rgb.b),
    }
}

fn write_link(link: Option<&alacritty_terminal::term::cell::Hyperlink>, out: &mut Vec<u8>) {
    // Writing to a vector does not fail.
    let _ = match link {
        Some(link) => write!(out, "\x1b]8;id={};{}\x1b\\", link.id(), link.uri()),
        None => write!(out, "\x1b]8;;\x1b\\"),
    };
}

/// Writes one cell's character with what combines with it.
pub(super) fn write_cell(cell: &Cell, out: &mut Vec<u8>) {
    let mut push = |c: char| match u8::try_from(c) {
        Ok(byte) if byte.is_ascii() => out.push(byte),
        _ => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
    };
    push(cell.c);
    cell.zerowidth().into_iter().flatten().for_each(|c| push(*c));
}

/// Whether a cell is as a reset leaves it.
fn is_blank(cell: &Cell) -> bool {
    cell.c == ' '
        && cell.bg == DEFAULT_BG
        && cell.fg == DEFAULT_FG
        && cell.flags.is_empty()
        && cell.extra.is_none()
}

/// How many cells of a line must be written.
fn length(row: &Row<Cell>) -> usize {
    let cells = &row[..];
    cells.iter().rposition(|cell| !is_blank(cell)).map_or(0, |last| last + 1)
}

/// Whether the text of a line goes on in the next one.
pub(super) fn wraps(row: &Row<Cell>) -> bool {
    row[Column(row.len() - 1)].flags.contains(Flags::WRAPLINE)
}

/// Writes a whole line, from and back to the default looks, without the blanks at its end unless it wraps.
pub(super) fn encode_line(row: &Row<Cell>, out: &mut Vec<u8>) -> bool {
    let mut pen = Pen::default();
    for cell in &row[..][..length(row)] {
        if !cell.flags.contains(Flags::WIDE_CHAR_SPACER) {
            pen.take(cell, out);
            write_cell(cell, out);
        }
    }
    pen.reset(out);
    wraps(row)
}

/// Cuts off what an edit has left in a line of wide characters and of wraps.
pub(super) fn mend(row: &mut Row<Cell>) {
    let last = row.len() - 1;
    let mut wide_before = false;
    for col in 0..=last {
        let next_is_spacer = col < last && row[Column(col + 1)].flags.contains(Flags::WIDE_CHAR_SPACER);
        let flags = row[Column(col)].flags;
        if flags.intersects(PLACE) {
            let cell = &mut row[Column(col)];
            if flags.contains(Flags::WIDE_CHAR) && !next_is_spacer {
                cell.clear_wide();
            }
            if flags.contains(Flags::WIDE_CHAR_SPACER) && !wide_before {
                cell.flags.remove(Flags::WIDE_CHAR_SPACER);
            }
            if col < last {
                cell.flags.remove(Flags::WRAPLINE | Flags::LEADING_WIDE_CHAR_SPACER);
            }
        }
        wide_before = row[Column(col)].flags.contains(Flags::WIDE_CHAR);
    }
}
