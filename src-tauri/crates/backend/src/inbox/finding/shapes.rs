//! The shapes of codes, and of all the other numbers that stand in messages.

use super::pattern::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// How a candidate looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Digits alone.
    Digits,
    /// Digits in groups of the same length, or each by itself.
    Grouped,
    /// Digits behind one or two letters and a hyphen: the form has those letters already.
    Prefixed,
    /// Capital letters and digits.
    Mixed,
    /// Capital letters and digits in groups of the same length.
    MixedGroups,
    /// Capital letters and digits in groups of other lengths.
    Uneven,
    /// Capital letters, a hyphen and digits, as issues and models are numbered.
    Key,
    /// Words of small letters with hyphens between them.
    Words,
    /// Capital letters alone.
    Letters,
    /// Small letters, alone in groups or with digits.
    Small,
    /// Letters of both sizes, with digits.
    Wild,
}

/// Something that could be a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// As a form wants it.
    pub value: String,
    /// How it looks.
    pub shape: Shape,
    /// Where it begins and ends, in bytes of the line.
    pub range: std::ops::Range<usize>,
}

/// Numbers that are no codes whatever is written around them. The order matters: the first that fits wins.
const NO_CODES: &[&str] = &[
    // Addresses.
    r"[a-z][a-z0-9+.-]{1,20}://\S+|www\.\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|app|dev|me|co|de|fr|ly|example|link|gg|eu|uk|in)\b(?:/\S*)?",
    // UUIDs, networks, versions, files.
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{20,}|\b\d{1,3}(?:\.\d{1,3}){3}\b|\bv?\d+(?:\.\d+){2,}\w*|\b[\w-]+\.(?:pdf|jpe?g|png|xlsx?|docx?|zip|ics|html?|csv|rs|txt)\b",
    // Dates and times.
    r"\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:t[\d:.]+z?)?\b|\b(?:[0-2]?\d|3[01])[-/.](?:[0-2]?\d|3[01])[-/.]\d{2,4}\b|\b\d{1,2}[-/]\d{4}\b|\b\d{1,2}[:.h]\d{2}(?::\d{2})?(?: ?[ap]\.?m\b|\b)|\b\d{4} ?年(?: ?\d{1,2} ?月)?|\d{1,2} ?月 ?\d{1,2} ?日|\b\d{4}년",
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|janv|fev|mars|avr|mai|juin|juil|aout|sept|okt|dez|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|marz|maart|mei|juni|juli|stycz|luty|marc|kwiet|maj|czerw|lip|sierp|wrzes|pazdz|list|grud)[a-z]*\.?(?: \d{1,2}(?:st|nd|rd|th)?,?)?(?: de)? \d{4}\b",
    r"\b\d{1,2}\.? ?(?:de )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\b",
    r"(?:©|\(c\)|copyright) ?(?:\d{4} ?- ?)?\d{4}|\b(?:19|20)\d{2} ?- ?(?:19|20)\d{2}\b",
    // Money and measures.
    r"(?:[$€£¥₹₽₩₺฿]|\b(?:usd|eur|gbp|inr|rs|mxn|brl|r\$|chf|pln|sek|nok|dkk|kr|rp|idr|aud|cad|try|zar|ngn|aed|sar)\.?) ?-?\d[\d.,]*(?: \d{3})*",
    r"\b\d[\d.,]*(?: \d{3})* ?(?:[€£¥₹₽₩₺%‰]|\b(?:usd|eur|euros?|gbp|inr|mxn|brl|chf|pln|zl|kc|kr|sek|nok|dkk|ft|lei|tl|dollars?|pounds?|kb|mb|gb|tb|km|kg|kwh|m2|px|ms|tonnes|points?|people|files|steps|руб)\b|円|元|원|人|件|名)",
    r"\b\d{1,3}(?:[.,]\d{3})+(?:[.,]\d+)?\b|\b\d+[.,]\d+\b",
    // Telephones.
    r"\+ ?\d[\d ().-]{5,}\d#?|\(\+?\d{2,5}\) ?\d[\d -]{3,}\d|\b1[- ]?[(]?8\d\d[)]?[- ]\d{3}[- ]\d{4}|\b\d{3}[-. ]\d{3}[-. ]\d{4}\b|\b\d{3}-\d{4}\b|\b0\d{1,4}[ /-]\d{3,4}(?:[ -]?\d{2,4})+\b|\b0\d{1,4}[/-]\d? ?\d{5,8}\b|\b0\d{2,4} \d{5,8}\b|\b0\d(?: \d\d){4}\b|\b0[78]00 ?\d{3} ?\d{3,4}\b|\b\d{2,4}-\d{3,4}-\d{4}\b|\b(?:1[5-9]\d{2}|0\d{1,2})-\d{4}\b",
    // Cards, accounts, and what is blacked out.
    r"[•xX·]{2,}[ -]?\d{2,}|\*{3,}[ -]?\d{2,}|\b[a-z]{2}\d{2}(?: ?[0-9a-z]{4}){3,}(?: ?\d{1,4})?\b|\d+[*•]{2,}\d*|\d[\d ]{8,}#|(?:\.{3,}|…) ?\d{2,4}\b",
];

/// What could be a code, or is part of something longer that is none.
const PERHAPS: &[&str] = &[
    // Each digit by itself; groups; words with hyphens and other joints in them; words.
    r"\b[0-9](?: (?:- )?[0-9]){3,9}\b|\b[0-9]{3} - [0-9]{3}\b",
    r"\b[0-9]+(?: [0-9]+)+\b",
    r"[#]?[A-Za-z0-9]+(?:[-_/.+&][A-Za-z0-9]+)+",
    r"[A-Za-z0-9]+",
];

static NONE: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(&format!("(?i){}", NO_CODES.join("|"))));
static SOME: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(&PERHAPS.join("|")));

/// The candidates of one line of plain text, in order.
pub fn candidates(line: &str) -> Vec<Candidate> {
    let mut found = Vec::new();
    if !line.bytes().any(|b| b.is_ascii_digit()) && !line.bytes().any(|b| b.is_ascii_uppercase()) {
        // Small letters alone are looked at where they are all of a line.
        return small_letters(line).into_iter().collect();
    }
    let mut at = 0;
    for none in NONE.iter().flat_map(|none| none.find_iter(line)) {
        between(line, at..none.start(), &mut found);
        at = none.end();
    }
    between(line, at..line.len(), &mut found);
    found.extend(small_letters(line));
    found
}

fn between(line: &str, range: std::ops::Range<usize>, found: &mut Vec<Candidate>) {
    let Some(part) = line.get(range.clone()) else { return };
    for some in SOME.iter().flat_map(|some| some.find_iter(part)) {
        let (start, end) = (range.start + some.start(), range.start + some.end());
        let (before, after) = (line[..start].chars().next_back(), line[end..].chars().next());
        // A letter of another alphabet than ours may touch a code; one of ours with a mark may not.
        let touches = |c: Option<char>| c.is_some_and(|c| ('À'..'ɐ').contains(&c) || "+%^~_".contains(c));
        let hidden = line[..start].ends_with("**") && !line[end..].starts_with("**");
        let text = some.as_str().trim_start_matches('#');
        // What a telephone is told ends with `#`; what stands between two of them does not.
        let dialled = after == Some('#') && before != Some('#') && text == some.as_str();
        if touches(before)
            || touches(after)
            || hidden
            || dialled
            || text != some.as_str() && after != Some('#')
        {
            continue;
        }
        let start = end - text.len();
        if text.contains(' ') {
            groups(text, start, found);
        } else if let Some((value, shape)) = word(text) {
            found.push(Candidate { value, shape, range: start..end });
        }
    }
}

/// Numbers with spaces between: one code in groups, or several numbers.
fn groups(text: &str, start: usize, found: &mut Vec<Candidate>) {
    let groups: Vec<&str> = text.split(' ').filter(|group| *group != "-").collect();
    let digits: usize = groups.iter().map(|group| group.len()).sum();
    let even = groups.iter().all(|group| group.len() == groups[0].len());
    let small = groups[0].len() == 1 || (2..=5).contains(&groups[0].len());
    if even && small && (4..=10).contains(&digits) {
        let range = start..start + text.len();
        return found.push(Candidate { value: groups.concat(), shape: Shape::Grouped, range });
    }
    // Many groups are a telephone or an account, unless each is as long as a code.
    let list = even && (6..=8).contains(&groups[0].len());
    if (groups.len() > 3 || digits > 12) && !list {
        return;
    }
    let mut at = start;
    for group in groups {
        if let Some((value, shape)) = word(group) {
            found.push(Candidate { value, shape, range: at..at + group.len() });
        }
        at += group.len() + 1;
    }
}

/// What a word is, if it could be a code.
fn word(text: &str) -> Option<(String, Shape)> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let (upper, lower) =
        (text.bytes().any(|b| b.is_ascii_uppercase()), text.bytes().any(|b| b.is_ascii_lowercase()));
    if text.contains('-') {
        return hyphened(text, upper, lower);
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric()) || !(4..=10).contains(&text.len()) {
        return None;
    }
    let shape = match (digits == text.len(), digits > 0, upper, lower) {
        (true, ..) => Shape::Digits,
        (_, true, true, false) => Shape::Mixed,
        (_, true, false, true) if digits > 1 || text.len() < 8 => Shape::Small,
        (_, true, true, true) => Shape::Wild,
        (_, false, true, false) if (5..=8).contains(&text.len()) => Shape::Letters,
        _ => return None,
    };
    Some((text.to_string(), shape))
}

/// Digits in groups are told without their joints, for a form has none; letters as they are shown.
fn hyphened(text: &str, upper: bool, lower: bool) -> Option<(String, Shape)> {
    let parts: Vec<&str> = text.split('-').collect();
    let all = |text: &str, is: fn(&u8) -> bool| !text.is_empty() && text.bytes().all(|b| is(&b));
    let each = |is: fn(&u8) -> bool| parts.iter().all(|part| all(part, is));
    let (first, rest) = parts.split_first()?;
    let key = all(first, u8::is_ascii_uppercase) && rest.len() == 1 && all(rest[0], u8::is_ascii_digit);
    if key && first.len() <= 2 {
        return (4..=8).contains(&rest[0].len()).then(|| (rest[0].to_string(), Shape::Prefixed));
    }
    if !each(u8::is_ascii_alphanumeric) {
        return None;
    }
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let even = parts.iter().all(|part| part.len() == first.len());
    if each(u8::is_ascii_digit) {
        let fits = even && (2..=5).contains(&first.len()) && (4..=10).contains(&length);
        return fits.then(|| (parts.concat(), Shape::Grouped));
    }
    let groups = even && (3..=5).contains(&first.len()) && length <= 12;
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    let mixes = |part: &&str| !all(part, u8::is_ascii_uppercase) && !all(part, u8::is_ascii_digit);
    let shape = match (upper, lower) {
        (true, false) if groups && key => Shape::Key,
        (true, false) if groups => Shape::MixedGroups,
        (true, false)
            if parts.iter().all(|part| (2..=4).contains(&part.len()))
                && parts.iter().any(mixes)
                && (6..=12).contains(&length) =>
        {
            Shape::Uneven
        }
        (false, true) if groups && (digits || parts.len() == 2) => Shape::Small,
        (false, true) if !digits && (3..=6).contains(&parts.len()) => {
            parts.iter().all(|part| (3..=8).contains(&part.len())).then_some(Shape::Words)?
        }
        _ => return None,
    };
    Some((text.to_string(), shape))
}

/// A line that is nothing but groups of small letters.
fn small_letters(line: &str) -> Option<Candidate> {
    let text = line.trim();
    let groups = text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && text.contains('-');
    let (value, shape) = groups.then(|| hyphened(text, false, true))??;
    // Two short words are more often words.
    if shape == Shape::Small && text.len() != 11 {
        return None;
    }
    let start = line.len() - line.trim_start().len();
    Some(Candidate { value, shape, range: start..start + text.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(line: &str) -> Vec<String> {
        candidates(line).into_iter().map(|candidate| candidate.value).collect()
    }

    #[test]
    fn codes_come_in_many_shapes() {
        for (line, value) in [
            ("Code: 482913.", "482913"),
            ("it is 482 913", "482913"),
            ("it is 482-913!", "482913"),
            ("4 8 2 9 1 3", "482913"),
            ("G-482913 is", "482913"),
            ("[QKT-7LM]", "QKT-7LM"),
            ("Code=482913", "482913"),
            ("KD7-2MX-94", "KD7-2MX-94"),
            ("#482-913#", "482913"),
            ("4 8 2 - 9 1 3", "482913"),
            ("482 - 913", "482913"),
            ("90-17-44", "901744"),
            ("1204817 2930566 3718820 4402915", "2930566"),
            ("认证码482913，", "482913"),
            ("kmwrt-zqvbd", "kmwrt-zqvbd"),
            ("rafu-hemlu-tobik", "rafu-hemlu-tobik"),
        ] {
            assert!(values(line).contains(&value.to_string()), "{line}: {:?}", values(line));
        }
    }

    #[test]
    fn other_numbers_are_no_candidates() {
        for line in [
            "on 14/03/2026 at 10:44:31",
            "march 14, 2026",
            "$1,249.50 and 350,00 eur",
            "+44 20 7946 0123, (415) 555-0132, 030 5550199, 0800 608 6236, 1-800-555-0140",
            "198.51.100.7, version 1.9.4821",
            "https://a.example/482913 mona1234@a.example",
            "card ****4471, xx7731",
            "re-2026-00418 1z999aa10123456784",
            "iban de89 3704 0044 0532 0130 00",
            "pin: 682 114 907#",
            "account ...4417",
        ] {
            let digits: Vec<String> =
                values(line).into_iter().filter(|v| v.bytes().any(|b| b.is_ascii_digit())).collect();
            assert!(digits.is_empty(), "{line}: {digits:?}");
        }
    }
}
