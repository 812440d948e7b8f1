//! One-time codes: candidates are weighed by the words that name them.

use super::deeds::Deeds;
use super::page::{Form, Line, Page};
use super::shapes::{Candidate, Shape, candidates};
use super::words::Words;
use api::inbox::FoundCode;
use regex::Regex;
use std::sync::LazyLock;

/// The most candidates that are weighed, and the most codes that are told.
const CANDIDATES_MAX: usize = 2_000;
const CODES_MAX: usize = 5;
/// So many codes are a list to be kept for another day, and none is the one that is asked for now.
const LIST: usize = 6;
/// Less than this is not told, and neither is what is so much worse than the best.
const LEAST: f64 = 0.5;
const BEHIND: f64 = 0.3;
/// How far, in lines, a name may stand above a code that has a line of its own.
const ABOVE: usize = 3;

/// `@example.com #123456`: the form that binds a code to the website that it is for.
static BOUND: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+ #([^\s#%@]{3,32})(?: [@%]\S+)*$").ok());

/// What is known of the whole message.
struct Sense {
    /// The name of a code stands somewhere that no meeting, booking or shop uses.
    named: bool,
    /// It is about who somebody is.
    identity: bool,
    /// It is about something else that has codes.
    elsewhere: bool,
    /// People talk about work.
    talk: bool,
    /// The subject names a code.
    subject: Option<Named>,
}

/// How sure a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Surely,
    Softly,
}

/// The codes of a page, best first.
pub fn codes(page: &Page) -> Vec<FoundCode> {
    let words = Words::known();
    let sense = Sense {
        named: page.lines().any(|line| words.names(&line.folded, false).next().is_some()),
        identity: page.lines().any(|line| words.is_about_identity(&line.folded)),
        elsewhere: page.lines().any(|line| words.is_about_elsewhere(&line.folded)),
        talk: page.is_talk(),
        subject: name_in(&page.subject.folded),
    };
    let mut found: Vec<FoundCode> = Vec::new();
    let mut weighed = 0;
    let subject = Form { lines: vec![page.subject.clone()], links: Vec::new() };
    for (form, is_subject) in std::iter::once((&subject, true)).chain(page.forms.iter().map(|f| (f, false))) {
        for (number, line) in form.lines.iter().enumerate() {
            if let Some(bound) = BOUND.as_ref().and_then(|bound| bound.captures(&line.plain)) {
                keep(&mut found, bound[1].to_string(), 0.99);
                continue;
            }
            for candidate in candidates(&line.plain) {
                weighed += 1;
                if weighed > CANDIDATES_MAX {
                    return best(found);
                }
                let place = Place { form, number, line, is_subject, sense: &sense };
                let weight = place.weigh(&candidate);
                if weight >= LEAST {
                    keep(&mut found, candidate.value, weight);
                }
            }
        }
    }
    best(found)
}

fn keep(found: &mut Vec<FoundCode>, value: String, confidence: f64) {
    match found.iter_mut().find(|known| known.value == value) {
        // Seen twice is a little surer.
        Some(known) => known.confidence = (known.confidence.max(confidence) + 0.02).min(0.99),
        None => found.push(FoundCode { value, confidence }),
    }
}

fn best(mut found: Vec<FoundCode>) -> Vec<FoundCode> {
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let least = found.first().map_or(0.0, |first| first.confidence - BEHIND);
    let alike = |code: &&FoundCode| code.value.len() == found[0].value.len() && code.confidence >= least;
    if found.iter().filter(alike).count() >= LIST {
        return Vec::new();
    }
    found.retain(|code| code.confidence >= least);
    found.truncate(CODES_MAX);
    found.iter_mut().for_each(|code| code.confidence = (code.confidence * 100.0).round() / 100.0);
    found
}

/// How a line names a code, if it does.
fn name_in(folded: &str) -> Option<Named> {
    let words = Words::known();
    if words.names(folded, false).next().is_some() {
        return Some(Named::Surely);
    }
    words.names(folded, true).next().map(|_| Named::Softly)
}

/// Where a candidate stands.
struct Place<'a> {
    form: &'a Form,
    number: usize,
    line: &'a Line,
    is_subject: bool,
    sense: &'a Sense,
}

impl Place<'_> {
    fn weigh(&self, candidate: &Candidate) -> f64 {
        let (before, after) = self.line.around(&candidate.range);
        // `#123456#` is no number of something.
        let before = before.strip_suffix('#').filter(|_| after.starts_with('#')).unwrap_or(before);
        if Words::known().ends_with_other(before) {
            return 0.0;
        }
        let alone = |text: &str| !text.chars().any(char::is_alphanumeric);
        let by_line = if alone(before) && alone(after) { self.alone() } else { 0.0 };
        let weight = by_line.max(self.before(before)).max(self.after(before, after)).max(self.typed(before));
        if weight == 0.0 || self.sense.talk {
            return 0.0;
        }
        (weight - self.doubt(candidate, before, after)).clamp(0.0, 0.98)
    }

    /// A name weighs less where other things than one-time codes have such names.
    fn worth(&self, named: Named) -> f64 {
        match named {
            Named::Surely => 1.0,
            Named::Softly if self.sense.elsewhere => 0.0,
            Named::Softly if self.sense.named || self.sense.identity => 0.9,
            Named::Softly => 0.82,
        }
    }

    /// `Your code is 123456`, `code: 123456`.
    fn before(&self, before: &str) -> f64 {
        let near = tail(before, 120);
        let mut best = 0.0;
        for (named, soft) in [(Named::Surely, false), (Named::Softly, true)] {
            let Some(name) = Words::known().names(near, soft).last() else { continue };
            // The code of a gate, of a shop, of an error.
            if soft && Words::known().ends_with_other(&near[..name.end()]) {
                continue;
            }
            let gap = &near[name.end()..];
            let length = gap.chars().count();
            let numbers = gap.chars().filter(char::is_ascii_digit).count() >= 4;
            let breaks = ends_sentence(gap);
            let weight = match (named, length) {
                _ if breaks && named == Named::Softly => 0.0,
                (_, ..=40) if breaks => 0.55,
                _ if breaks => 0.0,
                _ if numbers => 0.52,
                (_, ..=14) => 0.95,
                (Named::Surely, ..=60) => 0.9,
                (Named::Surely, _) => 0.75,
                (Named::Softly, ..=40) => 0.78,
                (Named::Softly, _) => 0.55,
            };
            best = f64::max(best, weight * self.worth(named));
        }
        best
    }

    /// `123456 is your code`.
    fn after(&self, before: &str, after: &str) -> f64 {
        let near: String = after.chars().take(110).collect();
        let mut best = 0.0;
        for (named, soft) in [(Named::Surely, false), (Named::Softly, true)] {
            let Some(name) = Words::known().names(&near, soft).next() else { continue };
            let gap = &near[..name.start()];
            let numbers = gap.chars().filter(char::is_ascii_digit).count() >= 4;
            // It begins the sentence, as a subject of one does.
            let begins =
                before.trim().is_empty() || before.trim_end().ends_with([':', '.', '>', ']', '】', '!']);
            let weight = match (named, gap.chars().count()) {
                _ if ends_sentence(gap) || numbers => 0.0,
                (_, ..=24) if begins => 0.93,
                (Named::Surely, ..=50) if begins => 0.9,
                (Named::Surely, ..=60) => 0.7,
                (Named::Softly, ..=40) if begins => 0.7,
                (Named::Softly, ..=12) => 0.6,
                _ => 0.0,
            };
            best = f64::max(best, weight * self.worth(named));
        }
        let leads = ["to", "for", "um", "zum", "pour", "para", "per", "om", "to:"];
        let purpose = after.split_whitespace().next().is_some_and(|first| leads.contains(&first));
        let begins = before.trim().is_empty() || before.trim_end().ends_with([':', ']', '】']);
        let start: String = after.chars().take(36).collect();
        let words = Words::known();
        let used = words.begins_use(after) && words.is_about_account(after);
        if begins && !self.sense.elsewhere && (purpose && words.is_about_identity(&start) || used) {
            best = best.max(0.8);
        }
        best
    }

    /// `Enter 123456 to sign in`.
    fn typed(&self, before: &str) -> f64 {
        let words = Words::known();
        let line = words.is_about_identity(&self.line.folded);
        let about = line || self.sense.named || self.sense.identity;
        if self.sense.elsewhere || !about || !words.ends_with_type_it(tail(before, 60)) {
            return 0.0;
        }
        if line || self.sense.named { 0.82 } else { 0.7 }
    }

    /// It has the line, or the cell, to itself: what stands above names it, or below, or the subject.
    fn alone(&self) -> f64 {
        let words = Words::known();
        let filled = |line: &&Line| !line.plain.is_empty();
        let above = self.form.lines[..self.number].iter().rev().filter(filled).take(ABOVE);
        for (distance, line) in above.enumerate() {
            let far = 0.04 * f64::from(u8::try_from(distance).unwrap_or(9));
            // The next cell's name is this one's only if it is a name and nothing else.
            if distance == 0 && line.folded.chars().count() <= 40 && words.ends_with_other(&line.folded) {
                return 0.0;
            }
            if let Some(named) = name_in(&line.folded) {
                let base = if named == Named::Surely { 0.96 } else { 0.9 };
                return ((base - far) * self.worth(named)).max(self.by_subject());
            }
        }
        let below = self.form.lines[(self.number + 1).min(self.form.lines.len())..].iter().filter(filled);
        let below = below.take(2).find_map(|line| name_in(&line.folded));
        let by_below = below.map_or(0.0, |named| 0.85 * self.worth(named));
        let above = self.form.lines[..self.number].iter().rev().filter(filled).take(2);
        let asked = self.sense.identity && !self.sense.elsewhere;
        let by_typing = above.map(|line| line.folded.as_str()).any(|line| words.asks_to_type(line)) && asked;
        let by_below = if by_typing { by_below.max(0.78) } else { by_below };
        let anywhere = if self.sense.named && !self.is_subject { 0.72 } else { 0.0 };
        f64::max(by_below, anywhere).max(self.by_subject())
    }

    fn by_subject(&self) -> f64 {
        match self.sense.subject.filter(|_| !self.is_subject) {
            Some(Named::Surely) => 0.88,
            Some(Named::Softly) => 0.8 * self.worth(Named::Softly),
            None => 0.0,
        }
    }

    /// What speaks against a candidate by its looks.
    fn doubt(&self, candidate: &Candidate, before: &str, after: &str) -> f64 {
        let value = candidate.value.as_str();
        let about = self.sense.named || self.sense.identity;
        let colon = before.trim_end().ends_with(':') || before.trim().is_empty();
        let alone = before.trim().is_empty() && !after.chars().any(char::is_alphanumeric);
        let told = alone || Words::known().ends_telling(before);
        let is_word = || {
            let folded = value.to_lowercase();
            Deeds::known().in_text(&folded).is_some() || Words::known().names(&folded, true).next().is_some()
        };
        let shape = match candidate.shape {
            Shape::Digits | Shape::Grouped | Shape::Prefixed => 0.0,
            Shape::Mixed | Shape::MixedGroups if about => 0.02,
            Shape::Mixed | Shape::MixedGroups => 0.25,
            Shape::Letters if !colon || is_word() => 0.5,
            Shape::Letters | Shape::Uneven | Shape::Key | Shape::Words if told => 0.15,
            Shape::Letters => 0.15,
            Shape::Uneven | Shape::Key | Shape::Words => 0.6,
            Shape::Small if about => 0.1,
            Shape::Small => 0.4,
            Shape::Wild => 0.3,
        };
        let year = value.len() == 4 && (value.starts_with("19") || value.starts_with("20"));
        let date = value.len() == 8 && (value.starts_with("202") || value.starts_with("199"));
        let same = value.bytes().all(|b| Some(b) == value.bytes().next());
        shape
            + if !year {
                0.0
            } else if Words::known().ends_dating(before) {
                1.0
            } else {
                if told { 0.25 } else { 0.45 }
            }
            + if Words::known().is_stale(before, after) { 0.35 } else { 0.0 }
            + if self.line.quoted { 0.25 } else { 0.0 }
            + if date { 0.1 } else { 0.0 }
            + if same { 0.3 } else { 0.0 }
            + if value.len() > 8 { 0.05 } else { 0.0 }
    }
}

/// The last so many characters.
fn tail(text: &str, count: usize) -> &str {
    let start = text.char_indices().rev().nth(count.saturating_sub(1)).map_or(0, |(at, _)| at);
    &text[start..]
}

/// Whether a sentence ends in this text.
fn ends_sentence(text: &str) -> bool {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let stops = matches!(c, '。' | '！' | '？')
            || matches!(c, '.' | '!' | '?' | ';') && chars.peek() == Some(&' ');
        if stops {
            return true;
        }
    }
    false
}
