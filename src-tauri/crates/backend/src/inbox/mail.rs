//! What a mail says: its people, its text, its HTML made harmless, its files, and what was found in it.

use super::finding::find;
use api::Millis;
use api::inbox::{Found, Medium};
use mail_parser::{Address, HeaderValue, MessageParser, MimeHeaders};

/// The longest text or HTML that is kept, in bytes.
const TEXT_MAX: usize = 2 * 1024 * 1024;

/// Who sent a mail, by their own word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Party {
    /// The name, where there is one.
    pub name: Option<String>,
    /// The address; empty if there is none.
    pub address: String,
}

/// A file of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name: no folders, no characters that paint or turn the line round.
    pub name: String,
    /// Its MIME type, as the mail says.
    pub content_type: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A mail as it was understood. Everything in it is its sender's word.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mail {
    /// Its `Message-ID`, without brackets.
    pub message_id: Option<String>,
    /// The ids of what it answers: `References`, then `In-Reply-To`, oldest first, without doubles.
    pub references: Vec<String>,
    /// Who sent it.
    pub from: Option<Party>,
    /// The addresses of those whom it goes to.
    pub to: Vec<String>,
    /// The addresses of those who got a copy.
    pub cc: Vec<String>,
    /// Its subject, in one line.
    pub subject: String,
    /// Its text; made from the HTML where it has no other.
    pub text: String,
    /// Its HTML, cleaned: nothing in it runs, asks, or is fetched.
    pub html: Option<String>,
    /// Its files.
    pub files: Vec<File>,
    /// Its `Date`.
    pub date: Option<Millis>,
    /// Whether a program says that it sent it: an answer to it would be one to nobody.
    pub auto: bool,
    /// Codes and links, best first.
    pub found: Found,
    /// What was left out of it because it was too much, in words.
    pub cut: Vec<String>,
}

/// Understands a mail. It never fails: of broken MIME it gives what can be had.
pub fn read_mail(raw: &[u8]) -> Mail {
    let Some(message) = MessageParser::default().parse(raw) else { return Mail::default() };
    let addresses = |address: Option<&Address>| -> Vec<String> {
        address
            .map(|all| all.iter().filter_map(|one| one.address().map(String::from)).collect())
            .unwrap_or_default()
    };
    let from = message.from().and_then(|from| from.first()).map(|from| Party {
        name: from.name().map(String::from),
        address: from.address().unwrap_or_default().to_string(),
    });
    let subject = message.subject().unwrap_or_default().to_string();
    let text: String = message.body_text(0).unwrap_or_default().chars().take(TEXT_MAX).collect();
    let html = message.html_part(0).filter(|part| part.is_text_html()).and_then(|part| part.text_contents());
    let found = find(&subject, &text, html, Medium::Email);
    let ids = |value: &HeaderValue| -> Vec<String> {
        match value {
            HeaderValue::Text(id) => vec![id.to_string()],
            HeaderValue::TextList(ids) => ids.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    };
    let mut references = ids(message.references());
    references.extend(ids(message.in_reply_to()));
    let files = message.attachments().enumerate().map(|(index, part)| File {
        name: part.attachment_name().unwrap_or(&format!("file-{}", index + 1)).replace(['/', '\\'], "_"),
        content_type: part
            .content_type()
            .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream")))
            .unwrap_or_else(|| "application/octet-stream".into()),
        bytes: part.contents().to_vec(),
    });
    Mail {
        message_id: message.message_id().map(String::from),
        references,
        from,
        to: addresses(message.to()),
        cc: addresses(message.cc()),
        subject,
        html: html.map(ammonia::clean),
        files: files.collect(),
        date: message.date().map(|date| date.to_timestamp().saturating_mul(1000)),
        auto: message.header("Auto-Submitted").is_some(),
        text,
        found,
        cut: Vec::new(),
    }
}
