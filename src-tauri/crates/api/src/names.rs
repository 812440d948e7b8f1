//! The rules for names, shared by every face so that a bad name is refused early and in the same words.

use crate::{Error, Result};
use std::borrow::Cow;

/// The longest name of an identity, project or worktree, in bytes.
pub const NAME_MAX: usize = 64;
/// The longest key of a secret, in bytes.
pub const KEY_MAX: usize = 128;

/// Checks the name of an identity, project or worktree (`kind` is the noun for the message): 1 to 64 of
/// `A–Z a–z 0–9 - _ .`, beginning with a letter or a digit.
pub fn check_name(kind: &str, name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let good = name.len() <= NAME_MAX
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(plain)
        && !name.contains("..");
    if good {
        return Ok(());
    }
    Err(Error::invalid(format!("{} is no name for {} {kind}", shown(name), article(kind)))
        .hint("use 1 to 64 letters, digits, '-', '_' and single '.', beginning with a letter or a digit"))
}

/// Checks the key of a secret. It becomes the name of an environment variable, so: 1 to 128 of
/// `A–Z a–z 0–9 _`, not beginning with a digit.
pub fn check_key(key: &str) -> Result<()> {
    let good = !key.is_empty()
        && key.len() <= KEY_MAX
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if good {
        return Ok(());
    }
    Err(Error::invalid(format!("{} is no key for a secret", shown(key)))
        .hint("a key is an environment variable's name: letters, digits and '_', not beginning with a digit"))
}

/// A name as a message shows it: quoted, escaped, and cut after 80 characters.
pub fn shown(name: &str) -> String {
    let cut: String = name.chars().take(80).collect();
    let more = if cut.len() < name.len() { "…" } else { "" };
    format!("\"{}{more}\"", cut.escape_debug())
}

/// `text` with everything escaped that could move a cursor, colour a line or turn its direction round.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(drives_terminal) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match drives_terminal(c) {
            true => cleaned.extend(c.escape_default()),
            false => cleaned.push(c),
        }
    }
    Cow::Owned(cleaned)
}

/// Whether a character could move a cursor, colour a line or turn its direction round.
pub fn drives_terminal(c: char) -> bool {
    let turns_direction =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns_direction || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Somebody else's text as a person can see it: without what turns the direction of reading or takes no room, so that
/// nothing hides in it. Ends of lines and tabs stay.
pub fn seen(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    let mut last = ' ';
    for c in text.chars() {
        // Joiners and the choice of a picture mean something only behind a letter or picture that has them.
        let keeps = match c {
            '\n' | '\t' => true,
            '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' => {
                !last.is_ascii() && !last.is_whitespace() && last != c
            }
            _ => !(drives_terminal(c) || takes_no_room(c)),
        };
        if keeps {
            seen.push(c);
            last = c;
        }
    }
    seen
}

/// Whether a character takes no room, but parts words or hides in them.
fn takes_no_room(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180e}'
        | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_their_folder_are_refused() {
        for bad in ["", ".", "..", "a/b", "../a", "a b", "a\nb", "-a", "a..b", "é", &"a".repeat(65)] {
            assert!(check_name("identity", bad).is_err(), "{bad:?}");
        }
        for good in ["a", "agent-build-1", "A.b_c", "1"] {
            assert!(check_name("identity", good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn keys_are_names_of_environment_variables() {
        for bad in ["", "1A", "A-B", "A B", "A=B", "A\0", &"A".repeat(129)] {
            assert!(check_key(bad).is_err(), "{bad:?}");
        }
        assert!(check_key("GITHUB_TOKEN").is_ok());
    }

    #[test]
    fn text_of_others_cannot_drive_the_terminal() {
        assert_eq!(clean("feat/ü 漢"), "feat/ü 漢");
        assert_eq!(clean("a\x1b]0;b\x07\n\u{9b}\u{202e}"), "a\\u{1b}]0;b\\u{7}\\n\\u{9b}\\u{202e}");
    }

    #[test]
    fn nothing_hides_in_what_is_seen() {
        assert_eq!(seen("pay\u{200b}pal \u{202e}x\u{e0041}\u{fe01}\n\ty"), "paypal x\n\ty");
        assert_eq!(seen("a\u{200d}b 👩\u{200d}💻 ❤\u{fe0f}\u{fe0f}"), "ab 👩\u{200d}💻 ❤\u{fe0f}");
    }

    #[test]
    fn a_name_in_a_message_cannot_carry_control_characters() {
        assert_eq!(shown("a\x1b[2Jb"), "\"a\\u{1b}[2Jb\"");
        assert!(shown(&"x".repeat(500)).len() < 100);
    }
}
