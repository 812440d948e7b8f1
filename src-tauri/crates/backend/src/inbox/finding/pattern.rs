//! Patterns of ours: the classes of letters and digits are those that folded text has, so that tables stay small.

use regex::{Regex, RegexBuilder};

/// Letters and digits of the scripts that part words by spaces: Latin without marks, Greek, Cyrillic and their like.
const LETTER: &str = r"[0-9a-z_\x{370}-\x{5ff}]";

/// What each table may remember of the texts that it has seen, on each thread, in bytes: with more of it searching is
/// a little quicker, and a daemon that has had its mail grows by megabytes for good.
const REMEMBERED: usize = 256 * 1024;

/// The pattern over folded text; a test of each table makes sure that it is one.
pub fn pattern(text: &str) -> Option<Regex> {
    // A boundary is one of ASCII words: no table asks for one beside another script's letters.
    let text = text.replace(r"\w", LETTER).replace(r"\d", "[0-9]").replace(r"\b", r"(?-u:\b)");
    RegexBuilder::new(&text).dfa_size_limit(REMEMBERED).build().ok()
}
