//! Other people's text: made plain before it is shown, since a subject or a name can hold anything.

use api::Millis;
use api::inbox::{Medium, Message};

/// Takes out what can't be seen or would turn the direction of reading; ends of lines and tabs stay.
pub fn plain(text: &str) -> String {
    api::names::seen(text)
}

/// The same, in one line.
pub fn line(text: &str) -> String {
    let parted: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain(&parted).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands where the subject would, for a message without one.
pub fn subject(message: &Message) -> String {
    match (line(&message.subject), message.medium) {
        (subject, _) if !subject.is_empty() => subject,
        (_, Medium::Email) => "(no subject)".into(),
        (_, Medium::Sms) => line(&message.preview),
    }
}

/// What stands above an open message: a text's words stand below it already.
pub fn title(message: &Message) -> String {
    if is_bare(message) { "Text message".into() } else { subject(message) }
}

/// What stands below the subject in a list: nothing where that is the message itself.
pub fn preview(message: &Message) -> String {
    if is_bare(message) { String::new() } else { line(&message.preview) }
}

fn is_bare(message: &Message) -> bool {
    message.medium == Medium::Sms && line(&message.subject).is_empty()
}

/// Who a message is from or goes to, as a list shows it.
pub fn other_side(message: &Message) -> String {
    if message.direction == api::inbox::Direction::Outgoing {
        return format!("To {}", line(&message.to.join(", ")));
    }
    let name = message.from_name.as_deref().map(line).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| line(&message.from))
}

/// For so long a code or a link is worth something.
pub const FRESH_FOR: Millis = 10 * 60_000;

/// A code as one reads it aloud: `482 913`.
pub fn code(value: &str) -> String {
    let half = value.len() / 2;
    match (value.len(), value.bytes().all(|b| b.is_ascii_digit())) {
        (6 | 8, true) => format!("{} {}", &value[..half], &value[half..]),
        _ => line(value),
    }
}

/// Whether a code is nothing but what a form takes: nobody needs to look at it before it is typed somewhere.
pub fn is_plain_code(value: &str) -> bool {
    (1..=16).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Where a link goes, and the rest of it.
pub fn link(url: &str) -> (String, String) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // What stands before an @ is no part of the host, though it may look like one.
    (line(host.rsplit('@').next().unwrap_or(host)), line(path))
}

/// Whether a link may be opened: in a browser, and nowhere else.
pub fn is_web(url: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme)))
}

/// A size as people say it: `3 kB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_nothing_that_cannot_be_seen() {
        assert_eq!(line("pay\u{200b}pal \u{202e}moc.live\u{202c}\r\nBcc: x"), "paypal moc.live Bcc: x");
        assert_eq!(line("a\u{200d}b 👩\u{200d}💻"), "ab 👩\u{200d}💻");
    }

    #[test]
    fn a_link_says_its_true_host() {
        assert_eq!(link("https://paypal.com@evil.test/x?y"), ("evil.test".into(), "/x?y".into()));
        assert!(is_web("HTTPS://a.test") && !is_web("javascript:alert(1)"));
    }

    #[test]
    fn a_code_is_grouped_and_known_as_one() {
        assert_eq!(["482913", "48291", "A1-b2"].map(code), ["482 913", "48291", "A1-b2"]);
        assert!(is_plain_code("482913") && !is_plain_code("1;rm") && !is_plain_code("1\n2"));
    }

    #[test]
    fn a_size_is_short() {
        assert_eq!([12, 3_400, 12_340_000].map(size), ["12 B", "3 kB", "12.3 MB"]);
    }
}
