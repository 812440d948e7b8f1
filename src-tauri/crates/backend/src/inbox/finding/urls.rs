//! Addresses in text and HTML, with the words that stand around them; those that were broken over lines are mended.

use crate::inbox::mail::layout::Anchor;
use regex::Regex;
use std::sync::LazyLock;

/// The longest address, in bytes.
const URL_MAX: usize = 4_096;
/// The most links of one form of a message.
const LINKS_MAX: usize = 1_000;
/// How long a line must be to count as broken where it ends.
const BROKEN_AT: usize = 60;

/// A link of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub url: String,
    /// Its words; none if it is written out.
    pub text: Option<String>,
    /// The line that it ends in.
    pub line: usize,
}

static START: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)https?://[^\s<>\x22]+").ok());

/// The links of HTML that a browser would open.
pub fn of_anchors(anchors: Vec<Anchor>) -> Vec<Link> {
    let opens = |anchor: &Anchor| is_web(&anchor.href) && anchor.href.len() <= URL_MAX;
    let link = |anchor: Anchor| {
        // Words that are an address themselves say no more than an address that is written out.
        let text = (!is_web(&anchor.text)).then_some(anchor.text);
        Link { url: spaceless(&anchor.href), text, line: anchor.line }
    };
    anchors.into_iter().filter(opens).take(LINKS_MAX).map(link).collect()
}

fn is_web(text: &str) -> bool {
    let start = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    start.starts_with("http://") || start.starts_with("https://")
}

/// Browsers leave line breaks and tabs out of an address.
fn spaceless(href: &str) -> String {
    href.chars().filter(|c| !matches!(c, '\n' | '\r' | '\t')).collect::<String>().replace(' ', "%20")
}

/// The lines with addresses mended, each with the number of the line that it began as, and the links in them, whose
/// numbers are those of the mended lines.
pub fn of_lines(lines: &[&str]) -> (Vec<(usize, String)>, Vec<Link>) {
    let mended = mend(lines);
    let mut links = Vec::new();
    for (number, (_, line)) in mended.iter().enumerate() {
        for found in START.iter().flat_map(|start| start.find_iter(line)) {
            let url = without_punctuation(found.as_str());
            if links.len() < LINKS_MAX && url.len() <= URL_MAX && url.len() > 10 {
                let before = line[..found.start()].trim_end_matches(['<', '(', '[', ' ']);
                // `Words<address>` and `Words ( address )` are how links are written in text.
                let named =
                    line[..found.start()].ends_with(['<', '(', '[']) || line[..found.start()].ends_with("( ");
                let text = named.then(|| last_words(before)).filter(|words| !words.is_empty());
                links.push(Link { url: url.to_string(), text, line: number });
            }
        }
    }
    (mended, links)
}

/// The words of a link in text: what stands before it, since the last end of a sentence.
fn last_words(before: &str) -> String {
    let start = before.rfind(['.', '!', '?', ':', '>', ')', '|']).map_or(0, |at| at + 1);
    let words = before.get(start..).unwrap_or_default().trim();
    if words.chars().count() > 80 { String::new() } else { words.to_string() }
}

/// Puts addresses together again that go on in the next line.
fn mend(lines: &[&str]) -> Vec<(usize, String)> {
    let mut mended: Vec<(usize, String)> = Vec::with_capacity(lines.len());
    // Whether the last line ends inside an address, and whether that stands in brackets.
    let mut open: Option<bool> = None;
    let mut last_length = 0;
    for (number, line) in lines.iter().enumerate() {
        let goes_on = match open {
            Some(true) => !line.split('>').next().unwrap_or_default().contains(' '),
            Some(false) => last_length >= BROKEN_AT && is_rest(line),
            None => false,
        };
        match mended.last_mut().filter(|(_, last)| goes_on && last.len() < URL_MAX) {
            Some((_, last)) => last.push_str(line),
            None => mended.push((number, (*line).to_string())),
        }
        last_length = line.len();
        open = mended.last().and_then(|(_, last)| ends_inside(last));
    }
    mended
}

/// Whether a line ends inside an address, and whether that address stands in brackets.
fn ends_inside(line: &str) -> Option<bool> {
    let start = line.rfind("http")?;
    let address = &line[start..];
    if !is_web(address) || address.contains(char::is_whitespace) || address.contains(['>', '"']) {
        return None;
    }
    Some(line[..start].ends_with('<'))
}

/// Whether a line looks like the rest of an address and not like words.
fn is_rest(line: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    let joints = line.chars().any(|c| "=&%/?_~".contains(c));
    let random = line.len() >= 12 && line.bytes().any(|b| b.is_ascii_digit());
    line.chars().all(allowed) && !is_web(line) && (joints || random)
}

/// An address without the punctuation of the sentence that it stands in.
fn without_punctuation(url: &str) -> &str {
    let mut url = url;
    loop {
        let shorter = url
            .trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '…', '。', '、', '，', '」', '）']);
        let closed = [('(', ')'), ('[', ']'), ('{', '}')].into_iter().find_map(|(opens, closes)| {
            let more = shorter.matches(closes).count() > shorter.matches(opens).count();
            shorter.strip_suffix(closes).filter(|_| more)
        });
        match closed {
            Some(closed) => url = closed,
            None if shorter.len() == url.len() => return url,
            None => url = shorter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(text: &str) -> Vec<String> {
        let lines: Vec<&str> = text.lines().collect();
        of_lines(&lines).1.into_iter().map(|link| link.url).collect()
    }

    #[test]
    fn the_punctuation_of_a_sentence_is_no_part_of_an_address() {
        assert_eq!(
            urls("See https://a.example/x, or (https://b.example/y_(z))."),
            ["https://a.example/x", "https://b.example/y_(z)"]
        );
        assert_eq!(urls("<https://a.example/v?t=1>."), ["https://a.example/v?t=1"]);
        assert_eq!(urls("URL：https://a.example/登録。"), ["https://a.example/登録"]);
    }

    #[test]
    fn addresses_that_were_broken_are_mended_and_words_are_not_swallowed() {
        let broken = format!("https://a.example/verify?token={}\nrest0fToken&x=1\nThanks", "a".repeat(40));
        assert_eq!(
            urls(&broken),
            [format!("https://a.example/verify?token={}rest0fToken&x=1", "a".repeat(40))]
        );
        assert_eq!(urls("<https://a.example/verify/\nabc/def> or"), ["https://a.example/verify/abc/def"]);
        assert_eq!(urls("https://a.example/short\nabc=1"), ["https://a.example/short"]);
        assert_eq!(
            urls(&format!("https://a.example/{}\nThanks", "a".repeat(60))),
            [format!("https://a.example/{}", "a".repeat(60))]
        );
    }

    #[test]
    fn words_before_a_bracket_are_those_of_the_link() {
        let (_, links) = of_lines(&["Hello. Verify email<https://a.example/v>"]);
        assert_eq!(links[0].text.as_deref(), Some("Verify email"));
    }
}
