//! The finder: one-time codes and verification links in a message, by rules alone.

use api::inbox::{Found, FoundCode, FoundLink, Medium};
use regex::Regex;
use std::sync::LazyLock;

static CODE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:code|otp|pin|passcode)\b[^\d\n]{0,20}\b(\d{4,10})\b").ok());
static LINK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"https?://[^\s<>"]*(?:verif|confirm|activat|magic|reset|invit)[^\s<>"]*"#).ok()
});

/// Finds codes and links: from the subject, the text, and the HTML as it came.
pub fn find(subject: &str, text: &str, html: Option<&str>, _medium: Medium) -> Found {
    let mut found = Found::default();
    for part in [subject, text, html.unwrap_or_default()] {
        for code in CODE.iter().flat_map(|code| code.captures_iter(part)) {
            let value = code[1].to_string();
            if found.codes.iter().all(|known| known.value != value) {
                found.codes.push(FoundCode { value, confidence: 0.8 });
            }
        }
        for link in LINK.iter().flat_map(|link| link.find_iter(part)) {
            let url = link.as_str().replace("&amp;", "&");
            if found.links.iter().all(|known| known.url != url) {
                found.links.push(FoundLink { url, confidence: 0.8 });
            }
        }
    }
    found
}
