//! What comes: parsed, sealed, written once, and told to whoever waits.

use super::Inbox;
use super::elsewhere::Letter;
use super::finding::find;
use super::mail::{Mail, names, read_mail};
use super::sealing::{Body, Head, Seals};
use super::words::{beginning, different, fold};
use crate::audit::{By, Fact};
use crate::store::{self, IdentityRow, MessageRow, NewMessage, Written};
use anyhow::{Context, Result, bail};
use api::audit::Kind;
use api::inbox::{Attachment, Direction, Found, Medium, PREVIEW_MAX};
use api::{Code, Error, Event, Millis};
use std::collections::BTreeMap;

/// The largest mail, in bytes.
pub const RAW_MAX: usize = 36 * 1024 * 1024;
/// So much of the disk is left to all else, in bytes, but no more than a twentieth of it: a mail can be sent again, while
/// what is changed or given out has to be recorded.
const DISK_LEFT: u64 = 200 * 1024 * 1024;
/// How much of a mail as it came one part of it holds.
const PIECE: usize = 1024 * 1024;
/// How many different words of a message can be searched for.
const WORDS_MAX: usize = 2000;
/// How much a list shows of what a sender makes up.
const TEXT_MAX: usize = 1000;
const NAMES_MAX: usize = 100;
const FOUND_MAX: usize = 10;
const URL_MAX: usize = 8 * 1024;

/// What a source brings.
#[derive(Clone)]
pub struct Arrived {
    /// Whom it is for.
    pub identity: IdentityRow,
    /// The source's name.
    pub source: String,
    /// The source's own key of it, by which it is known when it is brought twice.
    pub key: Option<String>,
    /// When it came, as the source says.
    pub at: Millis,
    /// What it is.
    pub content: Content,
}

/// A message as a source has it.
#[derive(Clone)]
pub enum Content {
    /// A mail as it came.
    Mail(Vec<u8>),
    /// A mail that a source's server keeps as well.
    Letter(Letter),
    /// A text message.
    Text {
        /// Who sent it.
        from: String,
        /// Which number it was sent to.
        to: String,
        /// What it says.
        body: String,
    },
}

/// What came of receiving it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// It is new, and has this id.
    New(String),
    /// It is there already, under this id.
    Known(String),
    /// It was here, and was deleted.
    Deleted,
}

impl Inbox {
    /// Takes a message. It is on the disk, sealed, when this returns; while the vault is locked this fails.
    pub async fn receive(&self, arrived: Arrived) -> Result<Received> {
        self.receive_all(vec![arrived]).await?.pop().context("a message was received")
    }

    /// Takes messages, all or none.
    pub async fn receive_all(&self, arrived: Vec<Arrived>) -> Result<Vec<Received>> {
        self.check_disk(arrived.iter().map(|one| one.content.size()).sum())?;
        let mut sealed = Vec::with_capacity(arrived.len());
        for one in arrived {
            check_size(one.content.size())?;
            // An identity that is gone, or a vault that is locked, takes nothing.
            if self.parts.store.identity(&one.identity.id).await?.is_none() {
                bail!(Error::not_found("identity", &one.identity.name));
            }
            let (seals, now) = (self.seals(&one.identity)?, self.parts.clock.now());
            let _place = self.parsing.acquire().await?;
            sealed.push(tokio::task::spawn_blocking(move || seal(&seals, one, now)).await??);
        }
        let written = self.parts.store.add_messages(&sealed).await?;
        let mut facts = Vec::new();
        let mut received = Vec::with_capacity(sealed.len());
        for (message, written) in sealed.iter().zip(written) {
            let row = &message.row;
            received.push(match written {
                Written::Known(id) => Received::Known(id),
                Written::Deleted => Received::Deleted,
                Written::New(_) => {
                    let (identity, message) = (row.identity_id.clone(), row.id.clone());
                    self.parts.bus.publish(Event::MessageArrived { identity, message });
                    facts.push(Fact {
                        identity_id: Some(row.identity_id.clone()),
                        detail: format!("{} from the source {}", row.medium.name(), row.source),
                        ..Fact::done(Kind::Message, "inbox.received", row.id.clone())
                    });
                    Received::New(row.id.clone())
                }
            });
        }
        if let Err(e) = self.parts.audit.note_all(By::Daemon, facts).await {
            // The message is here: a source that brought it again would not mend the record.
            tracing::error!("recording what came: {e:#}");
        }
        Ok(received)
    }
}

impl Inbox {
    /// Takes nothing more where the disk is nearly full: anybody on this machine can send mail without end.
    pub(super) fn check_disk(&self, more: usize) -> Result<()> {
        let disk = rustix::fs::statvfs(&self.parts.data).context("looking at the room on the disk")?;
        let (free, all) =
            (disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize));
        // What is written stands in the log of the database first, and its words beside it.
        if free < DISK_LEFT.min(all / 20).saturating_add(3 * more as u64) {
            bail!(
                Error::new(
                    Code::DiskFull,
                    "the disk is nearly full, and what is left of it is not for messages"
                )
                .hint("make room on the disk; `lanyard inbox set NAME --keep DAYS` forgets old messages")
            );
        }
        Ok(())
    }
}

impl Content {
    /// How large it is, in bytes.
    pub fn size(&self) -> usize {
        match self {
            Content::Mail(raw) => raw.len(),
            Content::Letter(letter) => letter.raw.len(),
            Content::Text { body, .. } => body.len(),
        }
    }
}

pub(super) fn check_size(size: usize) -> Result<()> {
    if size > RAW_MAX {
        bail!(Error::new(Code::TooLarge, "the message is larger than 36 MiB"));
    }
    Ok(())
}

fn seal(seals: &Seals, arrived: Arrived, now: Millis) -> Result<NewMessage> {
    let id = store::new_id();
    let at = if arrived.at > 0 { arrived.at.min(now) } else { now };
    let key_hash = arrived.key.as_deref().map(|key| seals.hash("key", &[&arrived.source, key]));
    let (medium, head, body, raw) = match arrived.content {
        Content::Mail(raw) => {
            let (head, body) = parts_of_mail(read(&raw), &BTreeMap::new());
            (Medium::Email, head, body, raw)
        }
        Content::Letter(letter) => {
            let (head, body) = parts_of_letter(&letter);
            (Medium::Email, head, body, letter.raw)
        }
        Content::Text { from, to, body } => {
            let (head, body) = parts_of_text(from, to, body);
            (Medium::Sms, head, body, Vec::new())
        }
    };
    let said = [head.subject.as_str(), &head.from, &body.text, body.html.as_deref().unwrap_or_default()];
    let same = |mail: &String| seals.hash("same", &[&[arrived.source.as_str(), mail], &said[..]].concat());
    let row = MessageRow {
        number: 0,
        identity_id: arrived.identity.id,
        medium,
        direction: Direction::Incoming,
        thread: thread(seals, medium, &head.subject, people(medium, &head)),
        unread: true,
        source: arrived.source.clone(),
        at,
        key_hash,
        same_hash: body.message_id.as_ref().map(same),
        mail_hash: body.message_id.as_ref().map(|mail| mail_hash(seals, mail)),
        head: Vec::new(),
        sending: None,
        tries: 0,
        due_at: None,
        said: None,
        id,
    };
    new_message(seals, row, &head, &body, &raw)
}

/// A message with everything sealed.
pub(super) fn new_message(
    seals: &Seals,
    row: MessageRow,
    head: &Head,
    body: &Body,
    raw: &[u8],
) -> Result<NewMessage> {
    let id = row.id.clone();
    let mut parts = vec![seals.seal(&id, "body", body)?];
    for piece in raw.chunks(PIECE) {
        parts.push(seals.seal_piece(&id, parts.len() as u64, piece));
    }
    Ok(NewMessage {
        row: MessageRow { head: seals.seal(&id, "head", head)?, ..row },
        answers: body.references.iter().rev().map(|mail| mail_hash(seals, mail)).collect(),
        parts,
        words: hashed_words(seals, head, body),
    })
}

/// What can be searched for in a message.
pub(super) fn searched<'a>(head: &'a Head, body: &'a Body) -> impl Iterator<Item = &'a str> {
    let people = head.from_name.iter().chain([&head.from]).chain(&head.to).chain(&head.cc);
    std::iter::once(&head.subject).chain(people).chain([&body.text]).map(String::as_str)
}

fn hashed_words(seals: &Seals, head: &Head, body: &Body) -> Vec<i64> {
    let words = different(searched(head, body), WORDS_MAX);
    let mut hashed: Vec<i64> = words.iter().map(|word| seals.word("word", word)).collect();
    let mut beginnings: Vec<&str> = words.iter().filter_map(|word| beginning(word)).collect();
    // Words of one beginning stand side by side.
    beginnings.dedup();
    hashed.extend(beginnings.into_iter().map(|word| seals.word("beginning", word)));
    hashed.sort_unstable();
    hashed.dedup();
    hashed
}

pub(super) fn mail_hash(seals: &Seals, message_id: &str) -> String {
    seals.hash("mail", &[message_id])
}

/// The thread of a message that answers none that is here: those of one subject among the same people; of text
/// messages, those with one number.
pub(super) fn thread(seals: &Seals, medium: Medium, subject: &str, mut people: Vec<String>) -> String {
    people.iter_mut().for_each(|one| *one = one.to_lowercase());
    people.sort();
    people.dedup();
    let subject = bare(&fold(subject)).to_string();
    let told: Vec<&str> =
        [medium.name(), &subject].into_iter().chain(people.iter().map(String::as_str)).collect();
    seals.hash("thread", &told)
}

/// Those who take part in a message.
pub(super) fn people(medium: Medium, head: &Head) -> Vec<String> {
    match medium {
        Medium::Email => std::iter::once(&head.from).chain(&head.to).chain(&head.cc).cloned().collect(),
        Medium::Sms => vec![head.from.clone()],
    }
}

/// A folded subject without what answering and passing on put before it.
fn bare(subject: &str) -> &str {
    let mut rest = subject.trim();
    loop {
        let marks = ["re:", "aw:", "fwd:", "fw:", "wg:", "sv:", "vs:", "antw:", "tr:", "rv:"];
        match marks.iter().find_map(|mark| rest.strip_prefix(mark)) {
            Some(after) => rest = after.trim_start(),
            None => return rest,
        }
    }
}

/// What a mail says that a source's server keeps as well.
pub(super) fn parts_of_letter(letter: &Letter) -> (Head, Body) {
    let (head, body) = parts_of_mail(read(&letter.raw), &letter.missing);
    (head, Body { theirs: Some(letter.theirs.clone()), ..body })
}

fn read(raw: &[u8]) -> Mail {
    unless_broken(|| read_mail(raw))
        .unwrap_or_else(|| Mail { subject: "(a mail that could not be read)".into(), ..Mail::default() })
}

/// What reading gives; none if it breaks, which must not keep a message from coming: its bytes are kept whole.
fn unless_broken<T>(reading: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(reading)).ok()
}

fn parts_of_mail(mail: Mail, missing: &BTreeMap<u32, String>) -> (Head, Body) {
    let from = mail.from.unwrap_or_default();
    let file = |(index, file): (usize, &super::mail::File)| {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        Attachment {
            index,
            name: cut(&file.name, 255),
            content_type: cut(&file.content_type, 255),
            size: file.bytes.len() as u64,
            missing: missing.get(&index).map(|why| cut(why, TEXT_MAX)),
        }
    };
    let files: Vec<Attachment> = mail.files.iter().enumerate().map(file).collect();
    let names = |all: Vec<String>| all.iter().take(NAMES_MAX).map(|one| cut(one, 320)).collect();
    let head = Head {
        from_name: from.name.map(|name| cut(&name, 255)),
        from: cut(&from.address, 320),
        to: names(mail.to),
        cc: names(mail.cc),
        subject: cut(&mail.subject, TEXT_MAX),
        preview: preview(&mail.text),
        attachments: u32::try_from(files.len()).unwrap_or(u32::MAX),
        found: bounded(mail.found),
    };
    let body = Body {
        text: mail.text,
        html: mail.html,
        files,
        message_id: mail.message_id,
        references: mail.references,
        reply_to: mail.reply_to.map(|address| cut(&address, 320)),
        ..Body::default()
    };
    (head, body)
}

fn parts_of_text(from: String, to: String, text: String) -> (Head, Body) {
    // What came by a phone can hold as much that drives a terminal as what came by mail.
    let (from, to, text) = (names::line(&from, 64), names::line(&to, 64), names::text(&text));
    let head = Head {
        from,
        to: vec![to],
        preview: preview(&text),
        found: unless_broken(|| find("", &text, None, Medium::Sms)).map(bounded).unwrap_or_default(),
        ..Head::default()
    };
    (head, Body { text, ..Body::default() })
}

fn bounded(mut found: Found) -> Found {
    found.links.retain(|link| link.url.len() <= URL_MAX);
    found.links.truncate(FOUND_MAX);
    found.codes.truncate(FOUND_MAX);
    found
}

/// The beginning of a text, in one line.
pub(super) fn preview(text: &str) -> String {
    // No more of it is looked at than could make a preview.
    let start: String = text.chars().take(PREVIEW_MAX * 20).collect();
    cut(&start.split_whitespace().collect::<Vec<_>>().join(" "), PREVIEW_MAX)
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_that_breaks_reads_nothing() {
        let nothing: Vec<u8> = Vec::new();
        assert_eq!(unless_broken(|| nothing[nothing.len()]), None);
        assert_eq!(unless_broken(|| 7), Some(7));
        assert_eq!(read(b"Subject: Hi\r\n\r\nText").subject, "Hi");
    }
}
