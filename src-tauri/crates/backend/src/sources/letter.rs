//! A message of an identity as a mail that goes out.

use super::source::{Failure, Outgoing};
use lettre::address::{AddressError, Envelope};
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use std::time::{Duration, UNIX_EPOCH};

/// Makes the mail, the same at every try. Who gets it unseen stands in its envelope alone.
pub fn letter(outgoing: &Outgoing) -> Result<Message, Failure> {
    let Outgoing { identity, .. } = outgoing;
    let from = Mailbox::new(Some(one_line(&identity.author_name)), address(&identity.email)?);
    let at = Duration::from_millis(u64::try_from(outgoing.at).unwrap_or(0));
    let mut letter = Message::builder()
        .from(from)
        .subject(one_line(&outgoing.subject))
        .message_id(Some(format!("<{}>", outgoing.message_id)))
        .date(UNIX_EPOCH + at);
    for to in &outgoing.to {
        letter = letter.to(mailbox(to)?);
    }
    for cc in &outgoing.cc {
        letter = letter.cc(mailbox(cc)?);
    }
    for bcc in &outgoing.bcc {
        letter = letter.bcc(mailbox(bcc)?);
    }
    // The ids of others come from their mails, and could hold anything.
    if let Some(answered) = outgoing.answers.as_deref().filter(|id| is_id(id)) {
        letter = letter.in_reply_to(format!("<{answered}>"));
    }
    let references: Vec<String> =
        outgoing.references.iter().filter(|id| is_id(id)).map(|id| format!("<{id}>")).collect();
    if !references.is_empty() {
        letter = letter.references(references.join(" "));
    }
    let made = match &outgoing.html {
        Some(html) => {
            letter.multipart(MultiPart::alternative_plain_html(outgoing.text.clone(), html.clone()))
        }
        None => letter
            .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(outgoing.text.clone())),
    };
    made.map_err(|e| Failure::lasting(format!("no letter can be made: {e}")))
}

/// From whom and to whom it goes.
pub fn envelope(outgoing: &Outgoing, away: &[String]) -> Result<Envelope, Failure> {
    let to: Result<Vec<Address>, Failure> = away.iter().map(|to| Ok(mailbox(to)?.email)).collect();
    Envelope::new(Some(address(&outgoing.identity.email)?), to?)
        .map_err(|e| Failure::lasting(format!("no envelope can be made: {e}")))
}

fn address(text: &str) -> Result<Address, Failure> {
    text.parse().map_err(|e: AddressError| Failure::lasting(format!("a recipient is no mail address: {e}")))
}

/// `ada@example.com`, or `Ada <ada@example.com>`.
fn mailbox(text: &str) -> Result<Mailbox, Failure> {
    if text.contains(|c: char| c.is_control()) {
        return Err(Failure::lasting("a recipient has control characters"));
    }
    text.parse().map_err(|e: AddressError| Failure::lasting(format!("a recipient is no mail address: {e}")))
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 255 && id.chars().all(|c| c.is_ascii_graphic() && !"<>".contains(c))
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::IdentityRow;
    use api::inbox::Medium;

    fn outgoing() -> Outgoing {
        Outgoing {
            id: "m1".into(),
            identity: IdentityRow {
                id: "i1".into(),
                name: "ada".into(),
                email: "ada@lanyard.localhost".into(),
                phone: None,
                author_name: "Ada \"L\", Count\u{e9}ss".into(),
                author_email: "ada@lanyard.localhost".into(),
                wrapped_key: Vec::new(),
                created_at: 0,
                updated_at: 0,
            },
            medium: Medium::Email,
            to: vec!["you@example.com".into()],
            cc: vec!["Her <her@example.com>".into()],
            bcc: vec!["him@example.com".into()],
            subject: "Grüße".into(),
            text: "One\nTwo\n.\n".into(),
            html: None,
            message_id: "m1@lanyard.localhost".into(),
            answers: Some("their@id".into()),
            references: vec!["first@id".into(), "their@id".into()],
            reply: None,
            at: 1_000,
            left: None,
            refused: Vec::new(),
        }
    }

    fn made(outgoing: &Outgoing) -> String {
        String::from_utf8(letter(outgoing).unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_letter_is_from_its_identity_and_tells_nobody_who_gets_it_unseen() {
        let all = outgoing();
        let text = made(&all);
        for line in ["<ada@lanyard.localhost>", "To: you@example.com", "Message-ID: <m1@lanyard.localhost>"] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(
            text.contains("In-Reply-To: <their@id>") && text.contains("References: <first@id> <their@id>")
        );
        assert!(!text.contains("him@example.com"), "{text}");
        assert_eq!(letter(&all).unwrap().envelope().to().len(), 3);
        assert_eq!(made(&all), text);
        assert!(
            made(&Outgoing { html: Some("<p>One</p>".into()), ..outgoing() })
                .contains("multipart/alternative")
        );
    }

    #[test]
    fn no_field_can_add_a_line_to_the_head() {
        let evil = "x\r\nBcc: evil@example.com\r\n\r\nbody";
        for bad in [
            Outgoing { subject: evil.into(), ..outgoing() },
            Outgoing { answers: Some(evil.into()), references: vec![evil.into()], ..outgoing() },
        ] {
            let text = made(&bad);
            let head = text.split("\r\n\r\n").next().unwrap();
            assert!(!head.lines().any(|line| line.starts_with("Bcc:")), "{head}");
        }
        for bad in [evil, "a@b\r\nBcc: c@d", "A\u{7} <a@b.c>", "", "a@b, c@d\n"] {
            assert!(letter(&Outgoing { to: vec![bad.into()], ..outgoing() }).is_err(), "{bad}");
        }
        let named = Outgoing {
            identity: IdentityRow { author_name: evil.into(), ..outgoing().identity },
            ..outgoing()
        };
        assert!(!made(&named).lines().any(|line| line.starts_with("Bcc:")));
    }
}
