//! What a repaint must know of a terminal and the emulator keeps to itself.

use alacritty_terminal::vte::ansi::{
    CharsetIndex, CursorShape, CursorStyle, KeyboardModes, KeyboardModesApplyBehavior, ModifyOtherKeys,
    TabulationClearMode,
};
use std::collections::BTreeSet;

/// The longest title that is kept, in characters.
const TITLE_MAX: usize = 1024;
/// How many titles, keyboard modes and unknown modes are kept: more than any program uses.
const DEPTH_MAX: usize = 32;

/// The recorded state. It follows the same sequences as the emulator, by the same rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marks {
    /// The scroll region as it was asked for: first and last line, from 1; `None` is the whole screen.
    pub region: Option<(usize, usize)>,
    /// A tab stop or none, for each column.
    pub tabs: Vec<bool>,
    /// Which of the four character sets is in use.
    pub charset: u8,
    /// The cursor's style, where the program has set one.
    pub style: Option<CursorStyle>,
    /// The window's title.
    pub title: Option<String>,
    /// Titles that the program has put aside.
    pub titles: Vec<Option<String>>,
    /// Keyboard modes of the kitty protocol: those of the screen in use, then those of the other one.
    pub keyboard: [Vec<u8>; 2],
    /// How far modified keys are reported.
    pub other_keys: u8,
    /// Private modes that are set and that the emulator does not know, but a face may.
    pub modes: BTreeSet<u16>,
}

impl Marks {
    pub fn new(cols: usize) -> Self {
        Self {
            region: None,
            tabs: (0..cols).map(|col| col % 8 == 0).collect(),
            charset: 0,
            style: None,
            title: None,
            titles: Vec::new(),
            keyboard: [Vec::new(), Vec::new()],
            other_keys: 0,
            modes: BTreeSet::new(),
        }
    }

    /// What a resize does: the region is lost, and new columns get their usual tab stops.
    pub fn resize(&mut self, cols: usize) {
        self.region = None;
        let from = self.tabs.len();
        self.tabs.truncate(cols);
        self.tabs.extend((from..cols).map(|col| col % 8 == 0));
    }

    pub fn set_charset(&mut self, index: CharsetIndex) {
        self.charset = index as u8;
    }

    pub fn set_region(&mut self, top: usize, bottom: Option<usize>, lines: usize) {
        let last = bottom.unwrap_or(lines);
        if top < last {
            self.region = Some((top, last)).filter(|_| top > 1 || last < lines);
        }
    }

    pub fn clear_tabs(&mut self, mode: &TabulationClearMode, col: usize) {
        match mode {
            TabulationClearMode::Current => self.set_tab(col, false),
            TabulationClearMode::All => self.tabs.fill(false),
        }
    }

    pub fn set_tab(&mut self, col: usize, on: bool) {
        if let Some(tab) = self.tabs.get_mut(col) {
            *tab = on;
        }
    }

    pub fn set_shape(&mut self, shape: CursorShape) {
        self.style.get_or_insert_default().shape = shape;
    }

    pub fn set_blinking(&mut self, blinking: bool) {
        self.style.get_or_insert_default().blinking = blinking;
    }

    pub fn set_title(&mut self, title: Option<String>) {
        let title: String = title
            .iter()
            .flat_map(|title| title.chars())
            .filter(|c| !c.is_control())
            .take(TITLE_MAX)
            .collect();
        self.title = Some(title).filter(|title| !title.is_empty());
    }

    pub fn push_title(&mut self) {
        push(&mut self.titles, self.title.clone());
    }

    pub fn pop_title(&mut self) {
        if let Some(title) = self.titles.pop() {
            self.title = title;
        }
    }

    pub fn push_keyboard(&mut self, mode: KeyboardModes) {
        push(&mut self.keyboard[0], mode.bits());
    }

    pub fn pop_keyboard(&mut self, count: u16) {
        let left = self.keyboard[0].len().saturating_sub(count.into());
        self.keyboard[0].truncate(left);
    }

    pub fn set_keyboard(&mut self, mode: KeyboardModes, how: KeyboardModesApplyBehavior) {
        let stack = &mut self.keyboard[0];
        let now = stack.pop().unwrap_or_default();
        stack.push(match how {
            KeyboardModesApplyBehavior::Replace => mode.bits(),
            KeyboardModesApplyBehavior::Union => now | mode.bits(),
            KeyboardModesApplyBehavior::Difference => now & !mode.bits(),
        });
    }

    /// Back to the primary screen: the other one's keyboard modes are forgotten.
    pub fn leave_alternate(&mut self) {
        self.keyboard.swap(0, 1);
        self.keyboard[1].clear();
    }

    pub fn set_other_keys(&mut self, mode: ModifyOtherKeys) {
        self.other_keys = match mode {
            ModifyOtherKeys::Reset => 0,
            ModifyOtherKeys::EnableExceptWellDefined => 1,
            ModifyOtherKeys::EnableAll => 2,
        };
    }

    pub fn set_mode(&mut self, mode: u16, on: bool) {
        match on {
            true if self.modes.len() < DEPTH_MAX => drop(self.modes.insert(mode)),
            true => {}
            false => drop(self.modes.remove(&mode)),
        }
    }
}

/// Pushes onto a stack of limited depth: the oldest entry gives way.
fn push<T>(stack: &mut Vec<T>, value: T) {
    if stack.len() >= DEPTH_MAX {
        stack.remove(0);
    }
    stack.push(value);
}
