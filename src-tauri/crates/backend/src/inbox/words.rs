//! The words of a text as a search knows them: without case, accents and signs; of scripts without spaces, pairs.

use icu_normalizer::DecomposingNormalizerBorrowed;
use std::collections::BTreeSet;

/// The longest word, in characters; of longer ones the beginning counts.
const WORD_MAX: usize = 64;
/// How many letters of a longer word are enough to find it by its beginning.
pub const BEGINNING: usize = 4;

/// The folded words of a text, in order.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words = Vec::new();
    for run in folded.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty()) {
        let mut rest = run;
        while let Some(first) = rest.chars().next() {
            let dense = is_dense(first);
            let end = rest.find(|c| is_dense(c) != dense).unwrap_or(rest.len());
            let (piece, after) = rest.split_at(end);
            match dense {
                true => words.extend(pairs(piece)),
                false => words.push(piece.chars().take(WORD_MAX).collect()),
            }
            rest = after;
        }
    }
    words
}

/// The different words of some texts, no more than `most`.
pub fn different<'a>(texts: impl IntoIterator<Item = &'a str>, most: usize) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for text in texts {
        for word in words(text) {
            if all.len() >= most {
                return all;
            }
            all.insert(word);
        }
    }
    all
}

/// The beginning of a word that is long enough to have one.
pub fn beginning(word: &str) -> Option<&str> {
    let (last, c) = word.char_indices().nth(BEGINNING - 1)?;
    Some(&word[..last + c.len_utf8()])
}

/// A text without case and accents.
pub fn fold(text: &str) -> String {
    let lower = text.to_lowercase();
    let taken_apart = DecomposingNormalizerBorrowed::new_nfkd().normalize(&lower);
    let mut folded = String::with_capacity(taken_apart.len());
    for c in taken_apart.chars().filter(|c| !is_mark(*c)) {
        match c {
            // These are letters of their own, which people also write so.
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            other => folded.extend(other.to_lowercase()),
        }
    }
    folded
}

/// Whether it is written above, below or across another letter.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36f | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f
        | 0x3099 | 0x309a)
}

/// Whether its script puts no spaces between words.
fn is_dense(c: char) -> bool {
    matches!(u32::from(c), 0x0e00..=0x0eff | 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff
        | 0x20000..=0x2fa1f)
}

fn pairs(run: &str) -> Vec<String> {
    let letters: Vec<char> = run.chars().collect();
    match letters.len() {
        1 => vec![run.to_string()],
        _ => letters.windows(2).map(|pair| pair.iter().collect()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_signs_do_not_matter() {
        assert_eq!(words("Prüfe deine ÜBERWEISUNG!"), ["prufe", "deine", "uberweisung"]);
        assert_eq!(words("Straße, ŁÓDŹ & cafe\u{301}"), ["strasse", "lodz", "cafe"]);
        assert_eq!(words("ada@example.com 123-456"), ["ada", "example", "com", "123", "456"]);
        assert_eq!(words("ﬁne １２３"), ["fine", "123"]);
    }

    #[test]
    fn scripts_without_spaces_are_found_by_pairs() {
        assert_eq!(words("検証コード123"), ["検証", "証コ", "コー", "ート", "123"]);
        assert_eq!(words("码"), ["码"]);
    }

    #[test]
    fn a_beginning_has_four_letters_whatever_their_bytes() {
        assert_eq!(beginning("проверка"), Some("пров"));
        assert_eq!(beginning("code"), Some("code"));
        assert_eq!(beginning("abc"), None);
    }

    #[test]
    fn a_text_of_endless_different_words_is_cut() {
        let text: String = (0..5000).map(|n| format!("w{n} ")).collect();
        assert_eq!(different([text.as_str()], 2000).len(), 2000);
        let long = "x".repeat(1000);
        assert_eq!(words(&long), [long[..WORD_MAX].to_string()]);
    }
}
