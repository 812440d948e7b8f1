//! What a mail says: its people, its text, its HTML made harmless, its files, and what was found in it.

mod charsets;
mod cleaning;
pub mod html;
pub mod layout;
pub mod names;
mod parts;

use super::finding::find;
use api::Millis;
use api::inbox::{Found, Medium};
use mail_parser::{Address, Header, HeaderName, HeaderValue, Message, MessageParser};
use parts::Part;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The longest header of a mail that is read, in bytes: what comes after it is another part's.
const HEADER_MAX: usize = 128 * 1024;
/// The longest text or HTML that is kept, in bytes.
const TEXT_MAX: usize = 1024 * 1024;
/// The most addresses of each sort, and the most ids of answered mails.
const ADDRESSES_MAX: usize = 500;
const REFERENCES_MAX: usize = 100;
/// The longest subject, name, address or id, in characters.
const LINE_MAX: usize = 998;
/// The most files.
const FILES_MAX: usize = 500;

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
    /// The address that wants the answer, where the mail names one.
    pub reply_to: Option<String>,
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
    let mut mail = Mail::default();
    let (parts, cut) = parts::parts(raw);
    mail.cut = cut;
    let (header, _) = parts::split(raw);
    let header = &header[..header.len().min(HEADER_MAX)];
    // The library promises not to panic. A mail that shows otherwise must not end whoever reads it.
    // Letters that are not ASCII should not stand here; where they do, they are written as the text is.
    let charset = parts.iter().find_map(|part| part.charset.as_deref());
    let header = charsets::text(header, charset);
    if catch_unwind(AssertUnwindSafe(|| mail.read_headers(header.as_bytes()))).is_err() {
        mail.cut.push("its headers could not be read".into());
    }
    if let Err(what) = mail.read_parts(&parts) {
        mail.cut.push(what);
    }
    mail
}

/// The headers of a part, which [`MessageParser`] takes one by one.
fn headers(header: &[u8], read: impl FnOnce(&Message)) {
    // A header without an end is none to the library.
    let whole = [header, b"\n\n"].concat();
    if let Some(message) = MessageParser::default().parse_headers(&whole) {
        read(&message);
    }
}

/// HTML that shows and does no more than a mail's may.
pub fn clean(html: &str) -> String {
    cleaning::clean(html).0
}

impl Mail {
    fn read_headers(&mut self, header: &[u8]) {
        headers(header, |message| {
            self.message_id = ids(message.header(HeaderName::MessageId)).into_iter().next();
            let mut references = ids(message.header(HeaderName::References));
            references.extend(ids(message.header(HeaderName::InReplyTo)));
            for id in references {
                if !self.references.contains(&id) {
                    self.references.push(id);
                }
            }
            // The newest are the nearest.
            let extra = self.references.len().saturating_sub(REFERENCES_MAX);
            self.references.drain(..extra);
            self.from = parties(message.from()).into_iter().next();
            let wanted = parties(message.reply_to()).into_iter().map(|party| party.address);
            self.reply_to = wanted.into_iter().find(|address| !address.is_empty());
            self.to = addresses(message.header_values(HeaderName::To));
            self.cc = addresses(message.header_values(HeaderName::Cc));
            self.subject = names::line(message.subject().unwrap_or_default(), LINE_MAX);
            // A date that no clock shows is none.
            let date = message.date().filter(|date| date.is_valid()).map(|date| date.to_timestamp());
            self.date = date.filter(|at| (0..=253_402_300_799).contains(at)).map(|at| at * 1000);
            self.auto = message.headers().iter().any(says_auto);
        });
    }

    fn read_parts(&mut self, parts: &[Part]) -> Result<(), String> {
        let (mut text, mut html) = (String::new(), None::<String>);
        for part in parts {
            let is_text = part.is("text", "plain") && !part.attached;
            let is_html = part.is("text", "html") && !part.attached;
            let decoded = catch_unwind(AssertUnwindSafe(|| part.decoded(is_text || is_html, TEXT_MAX)));
            let Ok(bytes) = decoded else {
                self.cut.push("a part could not be read".into());
                continue;
            };
            let too_long = bytes.len() > TEXT_MAX || text.len() + bytes.len() > TEXT_MAX && is_text;
            if (is_text || is_html) && too_long {
                self.cut.push(format!("text beyond {} KiB", TEXT_MAX / 1024));
            }
            if is_text {
                let more = charsets::text(&bytes[..bytes.len().min(TEXT_MAX)], part.charset.as_deref());
                append(&mut text, &more);
            } else if is_html && html.is_none() {
                html = Some(charsets::html(&bytes[..bytes.len().min(TEXT_MAX)], part.charset.as_deref()));
            } else if self.files.len() < FILES_MAX {
                let name = names::file(part.name.as_deref(), self.files.len() + 1, &part.kind());
                self.files.push(File { name, content_type: part.kind(), bytes });
            }
        }
        if parts.iter().filter(|part| part.attached).count() > FILES_MAX {
            self.cut.push(format!("files beyond {FILES_MAX}"));
        }
        self.found = find(&self.subject, &text, html.as_deref(), Medium::Email);
        if text.trim().is_empty() {
            text = html.as_deref().map(layout::text_of).unwrap_or_default();
        }
        self.text = names::text(&text);
        let cleaned = html.map(|html| catch_unwind(AssertUnwindSafe(|| cleaning::clean(&html))));
        match cleaned {
            Some(Ok((html, whole))) => {
                self.html = Some(html);
                if !whole {
                    self.cut.push("HTML that is too long or too deep".into());
                }
            }
            Some(Err(_)) => return Err("HTML that could not be cleaned".into()),
            None => {}
        }
        Ok(())
    }
}

/// Texts that follow each other in a mail are one text.
fn append(text: &mut String, more: &str) {
    let left = TEXT_MAX.saturating_sub(text.len());
    let end = (0..=left.min(more.len())).rev().find(|at| more.is_char_boundary(*at)).unwrap_or(0);
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&more[..end]);
}

fn ids(value: Option<&HeaderValue>) -> Vec<String> {
    let ids: Vec<&str> = match value {
        Some(HeaderValue::Text(id)) => vec![id.as_ref()],
        Some(HeaderValue::TextList(ids)) => ids.iter().map(AsRef::as_ref).collect(),
        _ => Vec::new(),
    };
    let known = ids.into_iter().map(|id| names::line(id, LINE_MAX)).filter(|id| !id.is_empty());
    known.collect::<Vec<_>>()
}

fn parties(address: Option<&Address>) -> Vec<Party> {
    let party = |addr: &mail_parser::Addr| {
        let name = addr.name().map(|name| names::line(name, LINE_MAX)).filter(|name| !name.is_empty());
        let address = names::line(addr.address().unwrap_or_default(), LINE_MAX);
        (name.is_some() || !address.is_empty()).then_some(Party { name, address })
    };
    address.into_iter().flat_map(Address::iter).filter_map(party).take(ADDRESSES_MAX).collect()
}

/// The addresses of all headers of one name: a mail may have several.
fn addresses<'a>(values: impl Iterator<Item = &'a HeaderValue<'a>>) -> Vec<String> {
    let parties = values.flat_map(|value| parties(value.as_address()));
    parties.map(|party| party.address).filter(|address| !address.is_empty()).take(ADDRESSES_MAX).collect()
}

/// Whether a header says that no person sent this.
fn says_auto(header: &Header) -> bool {
    let value = header.value.as_text().unwrap_or_default().trim().to_ascii_lowercase();
    match header.name().to_ascii_lowercase().as_str() {
        "auto-submitted" => value != "no",
        "precedence" => ["bulk", "list", "junk", "auto_reply"].contains(&value.as_str()),
        "list-id" | "list-unsubscribe" | "x-autoreply" | "x-auto-response-suppress" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
