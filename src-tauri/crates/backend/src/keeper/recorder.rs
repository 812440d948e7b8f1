//! The emulator's ear: hands every sequence on to it, and notes what it would keep to itself.

use super::lines;
use super::marks::Marks;
use super::palette;
use super::scrollback::Scrollback;
use alacritty_terminal::event::{Event, EventListener};
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::{Term, TermMode};
use alacritty_terminal::vte::ansi::{
    Attr, CharsetIndex, ClearMode, CursorShape, CursorStyle, Handler, Hyperlink, KeyboardModes,
    KeyboardModesApplyBehavior, LineClearMode, Mode, ModifyOtherKeys, NamedPrivateMode, PrivateMode, Rgb,
    StandardCharset, TabulationClearMode,
};
use std::sync::{Arc, Mutex, PoisonError};
use unicode_width::UnicodeWidthChar;

/// How many combining characters one cell takes; a program could pile them up for ever.
const COMBINING_MAX: usize = 16;
/// The most bytes of answers that wait for one piece of output: whoever asks more is not listening.
const ANSWERS_MAX: usize = 64 * 1024;

/// Collects what the emulator answers to the program.
#[derive(Clone, Default)]
pub(super) struct Answers(Arc<Mutex<Vec<u8>>>);

impl Answers {
    fn push(&self, text: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() + text.len() <= ANSWERS_MAX {
            all.extend_from_slice(text.as_bytes());
        }
    }

    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl EventListener for Answers {
    fn send_event(&self, event: Event) {
        if let Event::PtyWrite(text) = event {
            self.push(&text);
        }
    }
}

/// The emulator with what is noted beside it.
pub(super) struct Recorder {
    pub term: Term<Answers>,
    pub marks: Marks,
    pub scrollback: Scrollback,
    pub answers: Answers,
    /// How many characters were printed: tells that the parser stands between two sequences.
    pub printed: u64,
}

impl Recorder {
    /// Moves the lines that have scrolled off the emulator's screen to the scrollback.
    pub fn drain(&mut self) {
        let grid = self.term.grid();
        let count = grid.history_size();
        if count == 0 {
            return;
        }
        let width = grid.columns();
        for line in -i32::try_from(count).unwrap_or(i32::MAX)..0 {
            let row = &grid[Line(line)];
            self.scrollback.push(width, |bytes| lines::encode_line(row, bytes));
        }
        self.term.grid_mut().clear_history();
    }

    /// Makes room before the emulator's own history, which is small, would lose a line.
    #[inline]
    fn scrolled(&mut self) {
        if self.term.grid().history_size() >= super::model::HISTORY {
            self.drain();
        }
    }

    /// Cuts off what an edit has left of wide characters and of wraps on the cursor's line. Other
    /// terminals do the same, and a repaint could not draw half a character.
    fn mend_line(&mut self) {
        let line = self.term.grid().cursor.point.line;
        lines::mend(&mut self.term.grid_mut()[line]);
    }

    fn col(&self) -> usize {
        self.term.grid().cursor.point.column.0
    }

    /// The first and the last line that the cursor can be moved to.
    fn bounds(&self) -> (i32, i32) {
        let last = self.term.bottommost_line().0;
        let origin = self.term.mode().contains(TermMode::ORIGIN);
        let line = |number: usize| i32::try_from(number).unwrap_or(i32::MAX).saturating_sub(1).min(last);
        self.marks.region.filter(|_| origin).map_or((0, last), |(top, bottom)| (line(top), line(bottom)))
    }

    /// Moves the cursor up or down. The emulator adds the region's start once too often in origin mode.
    fn move_lines(&mut self, by: i32, to_first: bool) {
        let (top, bottom) = self.bounds();
        let cursor = &mut self.term.grid_mut().cursor;
        cursor.point.line = Line(cursor.point.line.0.saturating_add(by).clamp(top, bottom));
        if to_first {
            cursor.point.column = Column(0);
        }
        cursor.input_needs_wrap = false;
    }

    /// Whether a combining character would still find room at the cursor.
    fn takes_combining(&self) -> bool {
        let grid = self.term.grid();
        let mut col = grid.cursor.point.column;
        if !grid.cursor.input_needs_wrap {
            col.0 = col.0.saturating_sub(1);
        }
        let row = &grid[grid.cursor.point.line];
        let before = Column(col.0.saturating_sub(1));
        [col, before].iter().all(|col| row[*col].zerowidth().map_or(0, <[char]>::len) < COMBINING_MAX)
    }
}

/// The way back and forth between the screens has three old forms; all are treated as the newest one.
fn as_known(mode: PrivateMode) -> PrivateMode {
    match mode.raw() {
        47 | 1047 => NamedPrivateMode::SwapScreenAndSetRestoreCursor.into(),
        _ => mode,
    }
}

/// Writes the methods that are handed on as they are.
macro_rules! hand_on {
    ($($name:ident($($arg:ident: $type:ty),*);)+) => {
        $(
            #[inline]
            fn $name(&mut self, $($arg: $type),*) {
                self.term.$name($($arg),*);
            }
        )+
    };
}

/// Writes the methods after which the cursor's line must be mended.
macro_rules! hand_on_and_mend {
    ($($name:ident($arg:ident: $type:ty);)+) => {
        $(
            fn $name(&mut self, $arg: $type) {
                self.term.$name($arg);
                self.mend_line();
            }
        )+
    };
}

impl Handler for Recorder {
    hand_on! {
        goto(line: i32, col: usize);
        goto_line(line: i32);
        identify_terminal(intermediate: Option<char>);
        device_status(arg: usize);
        move_forward(cols: usize);
        move_backward(cols: usize);
        backspace();
        carriage_return();
        insert_blank_lines(lines: usize);
        move_forward_tabs(count: u16);
        save_cursor_position();
        reverse_index();
        scroll_down(lines: usize);
        terminal_attribute(attr: Attr);
        set_mode(mode: Mode);
        unset_mode(mode: Mode);
        report_mode(mode: Mode);
        report_private_mode(mode: PrivateMode);
        set_keypad_application_mode();
        unset_keypad_application_mode();
        configure_charset(index: CharsetIndex, charset: StandardCharset);
        set_color(index: usize, color: Rgb);
        reset_color(index: usize);
        decaln();
        text_area_size_chars();
        set_hyperlink(link: Option<Hyperlink>);
    }

    hand_on_and_mend! {
        insert_blank(count: usize);
        erase_chars(count: usize);
        delete_chars(count: usize);
        clear_line(mode: LineClearMode);
    }

    #[inline]
    fn input(&mut self, c: char) {
        self.printed += 1;
        // Everything below this is one column wide and combines with nothing.
        if c >= '\u{300}' {
            let width = c.width().unwrap_or(0);
            if width == 0 && !self.takes_combining() || width > self.term.columns() {
                return;
            }
        }
        self.term.input(c);
        if self.term.mode().contains(TermMode::INSERT) {
            self.mend_line();
        }
        self.scrolled();
    }

    fn goto_col(&mut self, col: usize) {
        let last = self.term.last_column();
        let cursor = &mut self.term.grid_mut().cursor;
        cursor.point.column = Column(col).min(last);
        cursor.input_needs_wrap = false;
    }

    fn move_up(&mut self, lines: usize) {
        self.move_lines(-(lines as i32), false);
    }

    fn move_down(&mut self, lines: usize) {
        self.move_lines(lines as i32, false);
    }

    fn move_up_and_cr(&mut self, lines: usize) {
        self.move_lines(-(lines as i32), true);
    }

    fn move_down_and_cr(&mut self, lines: usize) {
        self.move_lines(lines as i32, true);
    }

    /// The emulator would write the tab into its grid, where a repaint could not put it back.
    fn put_tab(&mut self, count: u16) {
        self.term.move_forward_tabs(count);
    }

    /// In origin mode the cursor never leaves the scroll region.
    fn restore_cursor_position(&mut self) {
        self.term.restore_cursor_position();
        let (top, bottom) = self.bounds();
        let cursor = &mut self.term.grid_mut().cursor;
        let line = cursor.point.line.0.clamp(top, bottom);
        cursor.input_needs_wrap &= line == cursor.point.line.0;
        cursor.point.line = Line(line);
    }

    /// The emulator would still wrap at the next character, in the middle of the line.
    fn move_backward_tabs(&mut self, count: u16) {
        self.term.move_backward_tabs(count);
        self.term.grid_mut().cursor.input_needs_wrap = false;
    }

    #[inline]
    fn linefeed(&mut self) {
        self.term.newline();
        self.scrolled();
    }

    fn newline(&mut self) {
        self.linefeed();
    }

    fn scroll_up(&mut self, lines: usize) {
        self.term.scroll_up(lines);
        self.scrolled();
    }

    fn delete_lines(&mut self, lines: usize) {
        self.term.delete_lines(lines);
        self.scrolled();
    }

    fn clear_screen(&mut self, mode: ClearMode) {
        if matches!(mode, ClearMode::Saved) {
            self.scrollback.clear();
        }
        self.term.clear_screen(mode);
        self.mend_line();
        self.scrolled();
    }

    fn set_horizontal_tabstop(&mut self) {
        self.marks.set_tab(self.col(), true);
        self.term.set_horizontal_tabstop();
    }

    fn clear_tabs(&mut self, mode: TabulationClearMode) {
        self.marks.clear_tabs(&mode, self.col());
        self.term.clear_tabs(mode);
    }

    fn set_cursor_style(&mut self, style: Option<CursorStyle>) {
        self.marks.style = style;
        self.term.set_cursor_style(style);
    }

    fn set_cursor_shape(&mut self, shape: CursorShape) {
        self.marks.set_shape(shape);
        self.term.set_cursor_shape(shape);
    }

    fn reset_state(&mut self) {
        self.drain();
        self.term.reset_state();
        self.marks = Marks::new(self.term.columns());
    }

    fn set_private_mode(&mut self, mode: PrivateMode) {
        let mode = as_known(mode);
        match mode.raw() {
            3 => self.marks.region = None,
            12 => self.marks.set_blinking(true),
            1048 => return self.save_cursor_position(),
            1049 if !self.term.mode().contains(TermMode::ALT_SCREEN) => {
                // The emulator's history belongs to the screen that is left.
                self.drain();
                self.marks.keyboard.swap(0, 1);
                self.term.set_private_mode(mode);
                // What an earlier program has saved there is nobody's business any more.
                let grid = self.term.grid_mut();
                grid.saved_cursor = grid.cursor.clone();
                return;
            }
            raw if matches!(mode, PrivateMode::Unknown(_)) => self.marks.set_mode(raw, true),
            _ => {}
        }
        self.term.set_private_mode(mode);
    }

    fn unset_private_mode(&mut self, mode: PrivateMode) {
        let mode = as_known(mode);
        match mode.raw() {
            3 => self.marks.region = None,
            12 => self.marks.set_blinking(false),
            1048 => return self.restore_cursor_position(),
            1049 if self.term.mode().contains(TermMode::ALT_SCREEN) => self.marks.leave_alternate(),
            raw if matches!(mode, PrivateMode::Unknown(_)) => self.marks.set_mode(raw, false),
            _ => {}
        }
        self.term.unset_private_mode(mode);
    }

    fn set_scrolling_region(&mut self, top: usize, bottom: Option<usize>) {
        self.marks.set_region(top, bottom, self.term.screen_lines());
        self.term.set_scrolling_region(top, bottom);
    }

    fn set_active_charset(&mut self, index: CharsetIndex) {
        self.marks.set_charset(index);
        self.term.set_active_charset(index);
    }

    fn dynamic_color_sequence(&mut self, prefix: String, index: usize, terminator: &str) {
        let Rgb { r, g, b } = palette::color(self.term.colors(), index);
        let text = format!("\x1b]{prefix};rgb:{r:02x}{r:02x}/{g:02x}{g:02x}/{b:02x}{b:02x}{terminator}");
        self.answers.push(&text);
    }

    fn set_title(&mut self, title: Option<String>) {
        self.marks.set_title(title);
    }

    fn push_title(&mut self) {
        self.marks.push_title();
    }

    fn pop_title(&mut self) {
        self.marks.pop_title();
    }

    fn push_keyboard_mode(&mut self, mode: KeyboardModes) {
        self.marks.push_keyboard(mode);
    }

    fn pop_keyboard_modes(&mut self, to_pop: u16) {
        self.marks.pop_keyboard(to_pop);
    }

    fn set_keyboard_mode(&mut self, mode: KeyboardModes, behavior: KeyboardModesApplyBehavior) {
        self.marks.set_keyboard(mode, behavior);
    }

    fn set_modify_other_keys(&mut self, mode: ModifyOtherKeys) {
        self.marks.set_other_keys(mode);
    }
}
