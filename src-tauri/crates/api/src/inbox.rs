//! The inbox: mail and text messages of each identity, and the codes and links that were found in them.

use crate::{Error, Millis, SecretText};
use serde::{Deserialize, Serialize};

mod settings;

pub use settings::{GetInbox, InboxSettings, SetInbox};

/// How many messages a page holds where nobody says.
pub const PAGE: u32 = 50;
/// The most messages of a page.
pub const PAGE_MAX: u32 = 200;
/// How long an agent waits for a message where it does not say.
pub const WAIT_MS: u64 = 60_000;
/// The longest wait.
pub const WAIT_MAX_MS: u64 = 3_600_000;
/// The longest preview, in characters.
pub const PREVIEW_MAX: usize = 200;
/// The longest text message that is sent, in characters.
pub const SMS_MAX: usize = 1600;
/// The longest text of a mail that is sent, in bytes: with its quotes escaped it fits into a request.
pub const BODY_MAX: usize = 512 * 1024;
/// The most recipients of one mail, copies included.
pub const RECIPIENTS_MAX: usize = 50;

/// What sort of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Medium {
    /// A mail.
    Email,
    /// A text message.
    Sms,
}

impl Medium {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Medium::Email => "email",
            Medium::Sms => "sms",
        }
    }
}

impl TryFrom<String> for Medium {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        let all = [Medium::Email, Medium::Sms];
        all.into_iter().find(|one| one.name() == name).ok_or_else(|| Error::not_found("medium", &name))
    }
}

/// Whether it came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// It came in.
    Incoming,
    /// The identity sent it.
    Outgoing,
}

impl Direction {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Incoming => "incoming",
            Direction::Outgoing => "outgoing",
        }
    }
}

impl TryFrom<String> for Direction {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        let all = [Direction::Incoming, Direction::Outgoing];
        all.into_iter().find(|one| one.name() == name).ok_or_else(|| Error::not_found("direction", &name))
    }
}

/// How the sending of a message went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "state")]
pub enum Sending {
    /// It will be tried, or tried again.
    Queued,
    /// The next server took it.
    Sent,
    /// It was given up.
    Failed {
        /// Why, in words.
        reason: String,
    },
}

/// A one-time code that was found in a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundCode {
    /// The code as a form wants it: grouping spaces and hyphens are taken out where they only group.
    pub value: String,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
}

/// A link to verify, sign in or reset by that was found in a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundLink {
    /// The whole address, `http` or `https`.
    pub url: String,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
}

/// What was found in a message, best first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// One-time codes.
    pub codes: Vec<FoundCode>,
    /// Links.
    pub links: Vec<FoundLink>,
}

/// A message as a list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// UUID v7.
    pub id: String,
    /// A number of its own among all messages, rising with their arrival; for programs that want one.
    pub number: i64,
    /// The identity's id.
    pub identity: String,
    /// The identity's name.
    pub identity_name: String,
    /// Mail or text message.
    pub medium: Medium,
    /// In or out.
    pub direction: Direction,
    /// The id of the thread that it belongs to.
    pub thread: String,
    /// The sender's name, where a mail has one. Whoever sent it can have made it up.
    pub from_name: Option<String>,
    /// The sender's address or number. Whoever sent it can have made it up.
    pub from: String,
    /// The recipients' addresses or numbers.
    pub to: Vec<String>,
    /// Those who got a copy.
    pub cc: Vec<String>,
    /// The subject; empty for a text message.
    pub subject: String,
    /// The beginning of the text, in one line.
    pub preview: String,
    /// Whether nobody has read it yet.
    pub unread: bool,
    /// How many files are attached.
    pub attachments: u32,
    /// Codes and links, best first.
    pub found: Found,
    /// The name of the source that brought it.
    pub source: String,
    /// How its sending went, for one that goes out.
    pub sending: Option<Sending>,
    /// When it came or was sent, by this machine's clock.
    pub at: Millis,
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its place in the message, from 0.
    pub index: u32,
    /// Its name, without folders; made up where the message gives none.
    pub name: String,
    /// Its MIME type, as the message says.
    pub content_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// Why it is missing, though the message names it; none if it is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// A whole message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageBody {
    /// What a list shows of it.
    #[serde(flatten)]
    pub message: Message,
    /// Its text; made from the HTML where it has no other.
    pub text: String,
    /// Its HTML without scripts, forms, styles that load, and anything that would be fetched.
    pub html: Option<String>,
    /// Its files.
    pub files: Vec<Attachment>,
    /// The `Message-ID` of a mail, without its brackets.
    pub message_id: Option<String>,
}

/// `inbox.list`: newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListMessages {
    /// Whose; an agent may leave it out and means its own, the owner's face all.
    #[serde(default)]
    pub identity: Option<String>,
    /// Mail or text messages alone.
    #[serde(default)]
    pub medium: Option<Medium>,
    /// In or out alone.
    #[serde(default)]
    pub direction: Option<Direction>,
    /// Unread ones alone.
    #[serde(default)]
    pub unread: bool,
    /// One thread alone.
    #[serde(default)]
    pub thread: Option<String>,
    /// Those that hold all of these words in subject, sender or text.
    #[serde(default)]
    pub search: Option<String>,
    /// Those with a smaller number than this: the next page.
    #[serde(default)]
    pub before: Option<i64>,
    /// Those with a greater number than this.
    #[serde(default)]
    pub after: Option<i64>,
    /// How many at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of messages.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Messages {
    /// Newest first.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub more: bool,
    /// What to give as `before` for the next page, if there are older ones.
    pub next: Option<i64>,
    /// How many are unread, of the identity or of all.
    pub unread: u32,
}

/// `inbox.read`: the whole message, which counts as read from then on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadMessage {
    /// Its id, the beginning of it, or its number.
    pub message: String,
    /// Leave it unread.
    #[serde(default)]
    pub peek: bool,
}

/// `inbox.mark`: read, or unread again.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkMessage {
    /// Its id, the beginning of it, or its number.
    pub message: String,
    /// What it shall be.
    pub unread: bool,
}

/// `inbox.attachment`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadAttachment {
    /// The message's id, the beginning of it, or its number.
    pub message: String,
    /// Which file, from 0.
    pub index: u32,
    /// From which byte on.
    #[serde(default)]
    pub offset: u64,
}

/// A part of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AttachmentPart {
    /// Which file.
    #[serde(flatten)]
    pub file: Attachment,
    /// Its bytes from the offset on, in base64; at most 1 MiB of them.
    pub base64: SecretText,
    /// The offset of the next part; none if this is the last.
    pub next: Option<u64>,
}

/// What an agent waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Awaited {
    /// Any message that fits.
    #[default]
    Message,
    /// One with a code in it.
    Code,
    /// One with a link in it.
    Link,
}

/// `inbox.wait`: answers the moment a message that fits is there; `timeout` as the error's code if none came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitForMessage {
    /// Whose; an agent may leave it out and means its own.
    #[serde(default)]
    pub identity: Option<String>,
    /// Mail or text message.
    #[serde(default)]
    pub medium: Option<Medium>,
    /// A part of the sender's address, name or number; case does not matter.
    #[serde(default)]
    pub from: Option<String>,
    /// A part of the subject; case does not matter.
    #[serde(default)]
    pub subject: Option<String>,
    /// What it must hold.
    #[serde(default)]
    pub awaited: Awaited,
    /// What came later than this counts, whether it was read or not. Left out: what is there already counts if it
    /// is unread.
    #[serde(default)]
    pub after: Option<Millis>,
    /// Of what came later than that, too, only unread ones count.
    #[serde(default)]
    pub unread: bool,
    /// How long, in milliseconds.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}

/// `inbox.send`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// Who sends it; an agent may leave it out and means itself.
    #[serde(default)]
    pub identity: Option<String>,
    /// Mail or text message.
    pub medium: Medium,
    /// Addresses or numbers; may be empty in a reply.
    #[serde(default)]
    pub to: Vec<String>,
    /// Who gets a copy.
    #[serde(default)]
    pub cc: Vec<String>,
    /// Who gets a copy that the others do not see.
    #[serde(default)]
    pub bcc: Vec<String>,
    /// The subject; made from the answered one in a reply.
    #[serde(default)]
    pub subject: Option<String>,
    /// The text.
    pub text: SecretText,
    /// The same as HTML, where there is one.
    #[serde(default)]
    pub html: Option<SecretText>,
    /// The message that it answers.
    #[serde(default)]
    pub answers: Option<String>,
    /// Whether everybody in the answered message gets it.
    #[serde(default)]
    pub to_all: bool,
    /// Why, for the owner who may be asked.
    #[serde(default)]
    pub reason: Option<String>,
    /// How long an agent waits for the owner's answer, in milliseconds.
    #[serde(default)]
    pub wait_ms: Option<u64>,
}

/// `inbox.delete`: here alone; no server is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteMessage {
    /// Its id.
    pub message: String,
}
