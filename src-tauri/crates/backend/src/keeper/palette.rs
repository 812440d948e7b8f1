//! The colours that a keeper tells a program that asks: it is there when no face is.

use alacritty_terminal::term::color::Colors;
use alacritty_terminal::vte::ansi::{NamedColor, Rgb};

const FOREGROUND: Rgb = Rgb { r: 0xe6, g: 0xe4, b: 0xe0 };
const BACKGROUND: Rgb = Rgb { r: 0x1c, g: 0x1b, b: 0x1a };
/// The first sixteen, as xterm has them.
const NAMED: [u32; 16] = [
    0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000,
    0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
];

/// The colour at `index`: the program's own, or else the usual one.
pub(super) fn color(set: &Colors, index: usize) -> Rgb {
    let set = if index < alacritty_terminal::term::color::COUNT { set[index] } else { None };
    set.unwrap_or_else(|| usual(index))
}

fn usual(index: usize) -> Rgb {
    const CURSOR: usize = NamedColor::Cursor as usize;
    const BACK: usize = NamedColor::Background as usize;
    match u8::try_from(index) {
        Ok(low) => indexed(low),
        Err(_) if index == BACK => BACKGROUND,
        Err(_) if index == CURSOR => FOREGROUND,
        Err(_) => FOREGROUND,
    }
}

/// The 256 indexed colours: sixteen named ones, a cube, and greys.
fn indexed(index: u8) -> Rgb {
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    match index {
        0..16 => {
            let [_, r, g, b] = NAMED[usize::from(index)].to_be_bytes();
            Rgb { r, g, b }
        }
        16..232 => {
            let place = index - 16;
            Rgb { r: level(place / 36), g: level(place / 6 % 6), b: level(place % 6) }
        }
        232.. => {
            let grey = 8 + 10 * (index - 232);
            Rgb { r: grey, g: grey, b: grey }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cube_and_the_greys_begin_and_end_where_xterm_has_them() {
        assert_eq!(indexed(16), Rgb { r: 0, g: 0, b: 0 });
        assert_eq!(indexed(231), Rgb { r: 255, g: 255, b: 255 });
        assert_eq!(indexed(255), Rgb { r: 238, g: 238, b: 238 });
    }

    #[test]
    fn a_color_that_the_program_has_set_comes_first() {
        let mut set = Colors::default();
        assert_eq!(color(&set, NamedColor::Background as usize), BACKGROUND);
        set[NamedColor::Background as usize] = Some(Rgb { r: 1, g: 2, b: 3 });
        assert_eq!(color(&set, NamedColor::Background as usize), Rgb { r: 1, g: 2, b: 3 });
    }
}
