//! Verification links: each link is weighed by its words, by its address, and by what stands around it.

use super::deeds::{Deed, Deeds};
use super::page::{Form, Page};
use super::plain::{folded, plain};
use super::urls::Link;
use api::inbox::{FoundCode, FoundLink};

/// The most links that are weighed, and the most that are told.
const WEIGHED_MAX: usize = 400;
const LINKS_MAX: usize = 5;
/// Less than this is not told, and neither is what is so much worse than the best.
const LEAST: f64 = 0.5;
const BEHIND: f64 = 0.3;
/// The longest words of a link that say what it does, in characters.
const WORDS_MAX: usize = 90;
/// How much of the text around a link is looked at, in characters.
const AROUND: usize = 240;

/// The links of a page, best first.
pub fn links(page: &Page, codes: &[FoundCode]) -> Vec<FoundLink> {
    let deeds = Deeds::known();
    // A text message says first what it is about.
    let first = page.forms.first().and_then(|form| form.lines.first());
    let about = if page.subject.folded.is_empty() { first.unwrap_or(&page.subject) } else { &page.subject };
    let subject = deeds.in_subject(&about.folded);
    let talk = page.is_talk();
    let mut found: Vec<FoundLink> = Vec::new();
    for form in &page.forms {
        for link in form.links.iter().take(WEIGHED_MAX) {
            let confidence = Place { form, link, subject, codes }.weigh(deeds);
            if confidence < LEAST || talk {
                continue;
            }
            match found.iter_mut().find(|known| known.url == link.url) {
                Some(known) => known.confidence = known.confidence.max(confidence),
                None => found.push(FoundLink { url: link.url.clone(), confidence }),
            }
        }
    }
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let least = found.first().map_or(0.0, |first| first.confidence - BEHIND);
    found.retain(|link| link.confidence >= least);
    found.truncate(LINKS_MAX);
    found.iter_mut().for_each(|link| link.confidence = (link.confidence * 100.0).round() / 100.0);
    found
}

/// Where a link stands.
struct Place<'a> {
    form: &'a Form,
    link: &'a Link,
    subject: Option<Deed>,
    codes: &'a [FoundCode],
}

impl Place<'_> {
    fn weigh(&self, deeds: &Deeds) -> f64 {
        let url = self.link.url.as_str();
        if deeds.url_leads_away(url) {
            return 0.0;
        }
        let wraps = deeds.wraps(url);
        let carries = self.codes.iter().any(|code| carries(url, &code.value));
        let does = carries || !wraps && deeds.url_does(url);
        let token = if wraps || carries { 1.0 } else { token(url) };
        if deeds.is_public_host(url) && !(does && token > 0.5) {
            return 0.0;
        }
        let words = self.link.text.as_deref().map(|text| folded(&plain(text)));
        let weight = match words.as_deref().map(str::trim).filter(|words| !words.is_empty()) {
            Some(words) if deeds.is_vague(words) => self.by_surroundings(deeds, does, token) - 0.04,
            Some(words) if deeds.leads_away(words) => 0.0,
            Some(words) if words.chars().count() > WORDS_MAX => 0.0,
            // An invitation opens what it invites to.
            Some(words) if self.subject == Some(Deed::Join) && deeds.only_opens(words) => {
                self.by_words(deeds, words, does, token).max(self.by_surroundings(deeds, does, token) - 0.06)
            }
            Some(words) => self.by_words(deeds, words, does, token),
            None => self.by_surroundings(deeds, does, token),
        };
        // An address that says it all needs no words, but they must not be for others.
        let proves = carries || !wraps && token >= 1.0 && deeds.url_proves(url);
        let away = words.as_deref().is_some_and(|words| deeds.leads_away(words.trim()));
        let weight = if proves && !away && !self.is_for_others(deeds) { weight.max(0.6) } else { weight };
        // A direct address is better than one that passes on, and one with a secret in it better than one without.
        (weight - if wraps { 0.06 } else { 0.0 }).clamp(0.0, 0.99)
    }

    fn by_words(&self, deeds: &Deeds, words: &str, does: bool, token: f64) -> f64 {
        let Some((deed, _)) = deeds.in_text(words) else {
            // Words that say something else: only an address that says it all can do without them.
            let asked = self.subject.is_some() && does;
            return if asked && token > 0.5 { 0.55 } else { 0.0 };
        };
        let fits = self.subject == Some(deed);
        let url = if does { 0.1 } else { 0.0 } + 0.1 * token;
        match deed {
            Deed::Enter if fits => 0.62 + url,
            Deed::Enter if does || token > 0.5 => 0.45 + url,
            Deed::Enter => 0.25,
            // A way to a new password without a secret in it is a page for everybody.
            Deed::Reset if token < 0.3 => 0.3,
            _ if !self.codes.is_empty() && token < 0.3 && !fits => 0.4,
            Deed::Verify | Deed::Reset | Deed::Join if self.is_for_others(deeds) && token < 0.3 => 0.3,
            _ => 0.74 + url + if fits { 0.05 } else { 0.0 },
        }
    }

    fn by_surroundings(&self, deeds: &Deeds, does: bool, token: f64) -> f64 {
        let around = self.around();
        let around = around.as_str();
        if self.heading().is_some_and(|heading| deeds.leads_away(heading)) {
            return 0.0;
        }
        if self.is_for_others(deeds) {
            return 0.2;
        }
        let said = deeds.still_asked(around);
        let asked = match (said, self.subject) {
            (Some(Deed::Enter), Some(Deed::Enter)) => 0.4,
            (Some(Deed::Enter), None) => 0.2,
            (Some(_), Some(_)) => 0.5,
            (Some(_), None) => 0.4,
            (None, Some(_)) => 0.3,
            (None, None) => 0.0,
        };
        let open = matches!(said, Some(Deed::Verify | Deed::Join));
        if asked == 0.0 && !does || token < 0.3 && !(does && open) {
            return 0.2;
        }
        // The same address as that of a button, written out below it.
        0.1 + asked + if does { 0.2 } else { 0.0 } + 0.16 * token
            - if !self.codes.is_empty() && token < 0.3 { 0.3 } else { 0.0 }
    }

    /// A short line right above a written-out address, or before it in its line, is its words.
    fn heading(&self) -> Option<&str> {
        let line = &self.form.lines.get(self.link.line)?.folded;
        let before = line.find("http").map_or("", |at| line[..at].trim());
        let above = self.link.line.checked_sub(1).and_then(|above| self.form.lines.get(above));
        let heading =
            if before.is_empty() { above.map_or("", |above| above.folded.as_str()) } else { before };
        (self.link.text.is_none() && heading.chars().count() <= 40).then_some(heading)
    }

    /// The text that leads to the link: its own line up to it, and the lines above where that is short.
    fn around(&self) -> String {
        let lines = &self.form.lines;
        let mut around = String::new();
        // A message may be a link on a picture, and have no line at all.
        for line in lines.iter().take(self.link.line + 1).rev().take(4) {
            around = format!("{} {around}", without_addresses(&line.folded));
            // A whole sentence is enough.
            if around.chars().count() > AROUND {
                break;
            }
        }
        around
    }

    fn is_for_others(&self, deeds: &Deeds) -> bool {
        let Some(line) = self.form.lines.get(self.link.line) else { return false };
        let words =
            self.link.text.as_deref().map(|text| folded(&plain(text))).unwrap_or_else(|| "http".into());
        let before = line.folded.find(words.as_str()).map_or("", |at| &line.folded[..at]);
        let sentence = before.rsplit(['.', '!', '。']).next().unwrap_or_default();
        deeds.is_for_others(sentence)
    }
}

/// Whether a found code is a part of an address.
fn carries(url: &str, code: &str) -> bool {
    let joined: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    let parted = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    let host = url.split('/').take(3).map(str::len).sum::<usize>() + 2;
    let rest = url.get(host..).unwrap_or_default();
    rest.split(parted).any(|part| part == code || part == joined)
}

/// What an address says by its own words is asked of it alone.
fn without_addresses(line: &str) -> String {
    line.split(' ').filter(|word| !word.contains("://")).collect::<Vec<_>>().join(" ")
}

/// How much an address looks as if it held a secret, from 0 to 1.
fn token(url: &str) -> f64 {
    let Some((_, rest)) = url.split_once("://") else { return 0.0 };
    let path = rest.split_once(['/', '?', '#']).map_or("", |(_, path)| path);
    let parts = path.split(['/', '?', '&', '=', '#', '.', ':', '~']);
    parts.map(randomness).fold(0.0, f64::max)
}

/// How random a part of an address looks.
fn randomness(part: &str) -> f64 {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let upper = part.bytes().filter(u8::is_ascii_uppercase).count();
    let lower = part.bytes().filter(u8::is_ascii_lowercase).count();
    let sorts = [digits, upper, lower].iter().filter(|count| **count > 0).count();
    match part.len() {
        0..=5 => 0.0,
        length if digits == length => 0.3,
        6..=15 if sorts >= 2 && digits > 0 => 0.6,
        6..=15 if upper > 1 && lower > 1 && part.bytes().skip(1).any(|b| b.is_ascii_uppercase()) => 0.5,
        16.. if sorts >= 2 && (digits > 1 || upper > 2) => 1.0,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_without_any_line_is_weighed() {
        let html = "<a href='https://a.example/verify?t=3f9a0c1d2e4b5a697887'><img src='b.png'></a>";
        for subject in ["", "Verify your email address"] {
            let found = links(&Page::of(subject, "", Some(html)), &[]);
            assert_eq!(found.len(), 1, "{subject}: {found:?}");
        }
    }

    #[test]
    fn a_code_in_an_address_is_seen() {
        assert!(carries("https://a.example/login/52917", "52917"));
        assert!(carries("https://a.example/?mail=a@b.example&code=kmwrt-zqvbd", "kmwrt-zqvbd"));
        assert!(!carries("https://482913.example/login/152917", "52917"));
        assert!(!carries("https://482913.example/login", "482913"));
    }

    #[test]
    fn a_secret_in_an_address_is_seen() {
        assert!(token("https://a.example/v?t=3f9a0c1d2e4b5a69788796a5b4c3d2e1") > 0.9);
        assert!(token("https://a.example/verify/Xk3_9fQ2") > 0.5);
        assert!(token("https://a.example/settings/notifications") < 0.1);
        assert!(token("https://a.example") < 0.1);
    }
}
