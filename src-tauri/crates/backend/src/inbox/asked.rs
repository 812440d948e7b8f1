//! What the owner is asked about before an agent's message goes out: they see all of what is sent, and to whom.

use super::mail::{clean, layout};
use super::receiving::preview;
use super::sealing::{Body, Head};
use api::names::seen;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// How many characters of the recipients an approval shows.
const SHOWN: usize = 300;
/// How many strange letters are named.
const STRANGE_MAX: usize = 8;

/// Makes a message the same for the owner who reads it before as for those who get it: of HTML what a person sees of
/// it here, in a text that says just that, and nothing in either that cannot be seen.
pub fn make_plain(head: &mut Head, body: &mut Body) {
    if let Some(html) = &body.html {
        let html = clean(&seen(html));
        body.text = layout::text_of(&html);
        body.html = Some(html);
    }
    body.text = seen(&body.text);
    head.subject = seen(&head.subject);
    head.preview = preview(&body.text);
}

/// Whom an approval is about, and first of all how many. Every other set of recipients has another subject, since the
/// answer may reach further than this message: nobody finds two sets with one mark. Letters that are not plain ones
/// are named, since some look like those.
pub fn subject(everybody: &[String]) -> String {
    let all = match everybody.len() {
        1 => everybody.concat(),
        n => format!("{n} recipients: {}", everybody.join(", ")),
    };
    let strange: BTreeSet<char> = all.chars().filter(|c| !c.is_ascii()).collect();
    let named: Vec<String> =
        strange.iter().take(STRANGE_MAX).map(|c| format!("{c} U+{:04X}", u32::from(*c))).collect();
    let beware = if named.is_empty() { String::new() } else { format!(" (with {})", named.join(", ")) };
    if all.chars().count() <= SHOWN {
        return all + &beware;
    }
    let mark = data_encoding::HEXLOWER.encode(&Sha256::digest(all.as_bytes())[..16]);
    let start: String = all.chars().take(SHOWN).collect();
    format!("{start}… ({mark}){beware}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_owner_reads_is_what_is_sent() {
        let html = "<p>Hello</p><div style='display:none'>the key</div><!-- the key --><img src='https://x.example/the key'>\
                    <a href='https://x.example/?q=1'>here</a>";
        let mut head = Head { subject: "Hi\u{202e}\u{e0041}".into(), ..Head::default() };
        let mut body = Body { text: "Something else".into(), html: Some(html.into()), ..Body::default() };
        make_plain(&mut head, &mut body);
        let html = body.html.unwrap();
        assert!(!html.contains("key") && html.contains("Hello"), "{html}");
        assert!(body.text.contains("Hello") && body.text.contains("x.example/?q=1"), "{}", body.text);
        assert!(!body.text.contains("Something else") && head.subject == "Hi", "{}", head.subject);
    }

    #[test]
    fn letters_that_look_like_others_are_named() {
        let subject = |to: &str| subject(&[to.to_string()]);
        assert_eq!(subject("dan@example.com"), "dan@example.com");
        assert_eq!(subject("d\u{430}n@example.com"), "d\u{430}n@example.com (with \u{430} U+0430)");
    }
}
