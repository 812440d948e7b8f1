//! A model as escape sequences: a fresh terminal of the same size that is fed with them shows the same.

use super::lines::{self, Pen};
use super::marks::Marks;
use super::model::Model;
use super::recorder::Recorder;
use alacritty_terminal::grid::{Cursor, Dimensions, Grid};
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::vte::ansi::{
    CharsetIndex, CursorShape, CursorStyle, NamedColor, Rgb, StandardCharset,
};
use std::io::Write;

/// Writes everything that the model shows and knows, with its scrollback if that is asked for.
pub(super) fn repaint(model: &mut Model, scrollback: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let alternate = model.recorder.term.mode().contains(TermMode::ALT_SCREEN);
    model.on_primary(|recorder| {
        let grid = recorder.term.grid();
        if scrollback {
            paint_scrollback(recorder, &mut out);
        }
        paint_screen(grid, &mut out);
        if alternate {
            place(grid, &grid.cursor, None, &mut out);
        }
    });
    let Recorder { term, marks, .. } = &model.recorder;
    if alternate {
        let [alternate, primary] = &marks.keyboard;
        paint_keyboard(primary, &mut out);
        // Entering clears the screen with the colours of the moment.
        out.extend_from_slice(b"\x1b[?1049h\x1b[m\x1b]8;;\x1b\\\x1b(B\x1b)B\x1b*B\x1b+B\x1b[H\x1b[2J");
        paint_screen(term.grid(), &mut out);
        paint_keyboard(alternate, &mut out);
    } else {
        paint_keyboard(&marks.keyboard[0], &mut out);
    }
    paint_marks(marks, &mut out);
    paint_colors(|index| term.colors()[index], &mut out);
    let grid = term.grid();
    place(grid, &grid.saved_cursor, None, &mut out);
    out.extend_from_slice(b"\x1b7");
    charsets(&Cursor::default(), &mut out);
    let origin = term.mode().contains(TermMode::ORIGIN);
    if let Some((top, bottom)) = marks.region {
        put(&mut out, format_args!("\x1b[{top};{bottom}r"));
    }
    if origin {
        out.extend_from_slice(b"\x1b[?6h");
    }
    let top = marks.region.filter(|_| origin).map(|(top, _)| top - 1);
    place(grid, &grid.cursor, top, &mut out);
    if marks.charset == 1 {
        out.push(0x0e);
    }
    paint_modes(*term.mode(), &mut out);
    out
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a vector does not fail.
    let _ = out.write_fmt(text);
}

/// What stands between a line and the one that follows.
#[derive(Clone, Copy)]
enum Joint {
    Nothing,
    NewLine,
    /// The text runs on.
    Wrap,
}

impl Joint {
    fn after(wraps: bool) -> Self {
        if wraps { Self::Wrap } else { Self::NewLine }
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self {
            Self::Nothing => b"",
            Self::NewLine => b"\r\n",
            // Only a printed character wraps. It is a blank in default looks, because a new line at the
            // bottom takes its colour over; what belongs there is printed over it.
            Self::Wrap => b" \r",
        });
    }
}

/// The scrollback, oldest line first.
fn paint_scrollback(recorder: &Recorder, out: &mut Vec<u8>) {
    let lines = &recorder.scrollback;
    let mut joint = Joint::Nothing;
    for (bytes, wraps) in lines.iter() {
        joint.write(out);
        out.extend_from_slice(bytes);
        joint = Joint::after(wraps);
    }
    // After a change of width the last line may end anywhere in a row, so the screen starts a new one.
    match joint {
        Joint::Wrap if lines.width() != recorder.term.columns() => Joint::NewLine.write(out),
        joint => joint.write(out),
    }
}

fn line_at(grid: &Grid<Cell>, line: usize) -> &alacritty_terminal::grid::Row<Cell> {
    &grid[Line(i32::try_from(line).unwrap_or(i32::MAX))]
}

/// The lines of a screen, from its first one down, as a flow that scrolls what stands above it away.
fn paint_screen(grid: &Grid<Cell>, out: &mut Vec<u8>) {
    let count = grid.screen_lines();
    let mut joint = Joint::Nothing;
    for line in 0..count {
        joint.write(out);
        joint = Joint::after(lines::encode_line(line_at(grid, line), out));
    }
    // A scroll region has two lines at least, so that a smaller screen has no line below one.
    if matches!(joint, Joint::Wrap) && count > 2 {
        wrap_last(grid, out);
    }
}

/// Marks the last line as one that wraps, although nothing is below it: the emulator marks a line when a
/// character goes past its end, and does not scroll while the cursor is below the scroll region.
fn wrap_last(grid: &Grid<Cell>, out: &mut Vec<u8>) {
    let count = grid.screen_lines();
    put(out, format_args!("\x1b[1;{}r", count - 1));
    let last = Cursor::<Cell> {
        point: alacritty_terminal::index::Point::new(
            Line(i32::try_from(count - 1).unwrap_or(i32::MAX)),
            grid.last_column(),
        ),
        input_needs_wrap: true,
        ..Cursor::default()
    };
    place(grid, &last, None, out);
    out.extend_from_slice(b"\x1b[m\x1b]8;;\x1b\\ \r");
    // The blank went over the first character, which is printed again; a wide one is whole then.
    let mut pen = Pen::default();
    let first = &line_at(grid, count - 1)[Column(0)];
    pen.take(first, out);
    lines::write_cell(first, out);
    pen.reset(out);
    out.extend_from_slice(b"\x1b[r");
}

/// Puts a cursor where it is, with its looks and character sets. `top` is the line that counts as the
/// first one, in origin mode.
fn place(grid: &Grid<Cell>, cursor: &Cursor<Cell>, top: Option<usize>, out: &mut Vec<u8>) {
    let row = usize::try_from(cursor.point.line.0).unwrap_or(0);
    let line = row.saturating_sub(top.unwrap_or(0)) + 1;
    let mut col = cursor.point.column;
    let mut pen = Pen::default();
    out.extend_from_slice(b"\x1b[m\x1b]8;;\x1b\\");
    if cursor.input_needs_wrap {
        // Only printing in the last column brings the cursor into the state of being about to wrap.
        if line_at(grid, row)[col].flags.contains(Flags::WIDE_CHAR_SPACER) && col > Column(0) {
            col -= 1;
        }
        put(out, format_args!("\x1b[{line};{}H", col.0 + 1));
        let cell = &line_at(grid, row)[col];
        pen.take(cell, out);
        lines::write_cell(cell, out);
    } else {
        put(out, format_args!("\x1b[{line};{}H", col.0 + 1));
    }
    pen.take(&cursor.template, out);
    charsets(cursor, out);
}

fn charsets(cursor: &Cursor<Cell>, out: &mut Vec<u8>) {
    let indices =
        [(CharsetIndex::G0, '('), (CharsetIndex::G1, ')'), (CharsetIndex::G2, '*'), (CharsetIndex::G3, '+')];
    for (index, name) in indices {
        let set = match cursor.charsets[index] {
            StandardCharset::Ascii => 'B',
            StandardCharset::SpecialCharacterAndLineDrawing => '0',
        };
        put(out, format_args!("\x1b{name}{set}"));
    }
}

/// Kitty's keyboard modes of the screen in use.
fn paint_keyboard(stack: &[u8], out: &mut Vec<u8>) {
    for mode in stack {
        put(out, format_args!("\x1b[>{mode}u"));
    }
}

fn paint_marks(marks: &Marks, out: &mut Vec<u8>) {
    if marks.tabs.iter().enumerate().any(|(col, on)| *on != (col % 8 == 0)) {
        out.extend_from_slice(b"\x1b[3g");
        for (col, _) in marks.tabs.iter().enumerate().filter(|(_, on)| **on) {
            put(out, format_args!("\x1b[{}G\x1bH", col + 1));
        }
    }
    for title in &marks.titles {
        put(out, format_args!("\x1b]2;{}\x1b\\\x1b[22;2t", title.as_deref().unwrap_or_default()));
    }
    if let Some(title) = &marks.title {
        put(out, format_args!("\x1b]2;{title}\x1b\\"));
    }
    if let Some(CursorStyle { shape, blinking }) = marks.style {
        let shape = match shape {
            CursorShape::Underline => 4,
            CursorShape::Beam => 6,
            _ => 2,
        };
        put(out, format_args!("\x1b[{} q", shape - u8::from(blinking)));
    }
    if marks.other_keys > 0 {
        put(out, format_args!("\x1b[>4;{}m", marks.other_keys));
    }
    for mode in &marks.modes {
        put(out, format_args!("\x1b[?{mode}h"));
    }
}

/// The colours that the program has changed.
fn paint_colors(color: impl Fn(usize) -> Option<Rgb>, out: &mut Vec<u8>) {
    for index in 0..=NamedColor::Cursor as usize {
        let Some(Rgb { r, g, b }) = color(index) else { continue };
        match index.checked_sub(NamedColor::Foreground as usize) {
            Some(dynamic) => put(out, format_args!("\x1b]{};", 10 + dynamic)),
            None => put(out, format_args!("\x1b]4;{index};")),
        }
        put(out, format_args!("rgb:{r:02x}/{g:02x}/{b:02x}\x1b\\"));
    }
}

/// The modes that differ from those of a fresh terminal. They come last, because some change what printing
/// does.
fn paint_modes(mode: TermMode, out: &mut Vec<u8>) {
    let changes = mode ^ TermMode::default();
    for (flag, code) in MODES {
        if changes.contains(*flag) {
            let end = if mode.contains(*flag) { 'h' } else { 'l' };
            put(out, format_args!("\x1b[{code}{end}"));
        }
    }
    if mode.contains(TermMode::APP_KEYPAD) {
        out.extend_from_slice(b"\x1b=");
    }
}

const MODES: &[(TermMode, &str)] = &[
    (TermMode::APP_CURSOR, "?1"),
    (TermMode::LINE_WRAP, "?7"),
    (TermMode::SHOW_CURSOR, "?25"),
    (TermMode::MOUSE_REPORT_CLICK, "?1000"),
    (TermMode::MOUSE_DRAG, "?1002"),
    (TermMode::MOUSE_MOTION, "?1003"),
    (TermMode::FOCUS_IN_OUT, "?1004"),
    (TermMode::UTF8_MOUSE, "?1005"),
    (TermMode::SGR_MOUSE, "?1006"),
    (TermMode::ALTERNATE_SCROLL, "?1007"),
    (TermMode::URGENCY_HINTS, "?1042"),
    (TermMode::BRACKETED_PASTE, "?2004"),
    (TermMode::INSERT, "4"),
    (TermMode::LINE_FEED_NEW_LINE, "20"),
];
