//! What is written in Ravi's ways: bodies that are text or HTML, and mails that are passed on.

use crate::dates::rfc3339;
use crate::inbox::MessageBody;
use crate::names::clean;

/// The subject and the text of a mail that passes another one on, with `note` above it.
pub fn forwarded(body: &MessageBody, note: &str) -> (String, String) {
    let message = &body.message;
    let subject = match message.subject.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("fwd:")) {
        true => message.subject.clone(),
        false => format!("Fwd: {}", message.subject),
    };
    // Words of a stranger stand in lines that we write: none of them may begin another line.
    let line = |name: &str, value: &str| format!("{name}: {}\n", clean(value));
    let head = [
        line("From", &message.from),
        line("Date", &rfc3339(message.at)),
        line("Subject", &message.subject),
        line("To", &message.to.join(", ")),
    ];
    let text = format!("{note}\n\n---------- Forwarded message ----------\n{}\n{}", head.concat(), body.text);
    (subject, text)
}

/// The text of a mail's body that is given as HTML, as Ravi's clients give theirs: tags are taken out, and the few signs that
/// people write as entities are put in. Text without tags is its own text.
fn plain_text(html: &str) -> String {
    if !is_html(html) {
        return html.to_string();
    }
    let (mut text, mut rest) = (String::with_capacity(html.len()), html);
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('>') else { return unescaped(&text) };
        let tag = rest[start + 1..start + end].trim_start_matches('/').to_ascii_lowercase();
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if ["br", "p", "div", "li", "tr", "h1", "h2", "h3"].contains(&name) && !text.ends_with('\n') {
            text.push('\n');
        }
        rest = &rest[start + end + 1..];
    }
    text.push_str(rest);
    unescaped(&text)
}

fn unescaped(text: &str) -> String {
    let entities =
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    let put_in = |text: String, (name, sign): &(&str, &str)| text.replace(name, sign);
    entities.iter().fold(text.to_string(), put_in).trim().to_string()
}

/// Whether text is meant as HTML.
fn is_html(text: &str) -> bool {
    ["</", "<br", "<p>", "<img"].iter().any(|tag| text.contains(tag))
}

/// What is sent of a mail's body, as Ravi's clients give it: its text, and the same as HTML where it was that.
pub fn content(body: &str) -> (String, Option<String>) {
    (plain_text(body), is_html(body).then(|| body.to_string()))
}

#[cfg(test)]
mod tests {
    use super::super::mail::tests::{body, message};
    use super::*;

    #[test]
    fn html_becomes_text_and_text_stays() {
        assert_eq!(
            plain_text("<p>Hi &amp; <b>welcome</b></p><p>a &lt; b<br>c</p>"),
            "Hi & welcome\na < b\nc"
        );
        assert_eq!(plain_text("if a < b then c"), "if a < b then c");
        assert_eq!(plain_text("<p>cut <off"), "cut");
    }

    #[test]
    fn what_is_passed_on_cannot_write_lines_of_ours() {
        let mut mail = message(1, "t", "a@y\nTo: evil", true);
        mail.subject = "FWD: news".into();
        let (subject, text) = forwarded(&body(mail, "the text"), "see below");
        assert_eq!(subject, "FWD: news");
        assert!(text.contains("From: a@y\\nTo: evil\n") && text.ends_with("\n\nthe text"), "{text}");
    }
}
