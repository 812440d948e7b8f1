//! Mail in Ravi's shapes: messages, and the threads that they make.

use crate::dates::rfc3339;
use crate::inbox::{Attachment, Direction, Message, MessageBody};
use serde::Serialize;

/// A mail.
#[derive(Debug, Clone, Serialize)]
pub struct EmailMessage {
    /// Its number.
    pub id: i64,
    /// Its id.
    pub uuid: String,
    /// Where it is, below the web door's address.
    pub url: String,
    /// The sender's address.
    pub from_email: String,
    /// The sender's name.
    pub from_display_name: String,
    /// The recipients' addresses.
    pub to_email: String,
    /// Those who got a copy.
    pub cc: String,
    /// The subject.
    pub subject: String,
    /// Its text.
    pub text_content: String,
    /// Its HTML, cleaned.
    pub html_content: String,
    /// In or out.
    pub direction: Direction,
    /// Whether it was read.
    pub is_read: bool,
    /// Its files.
    pub attachments: Vec<File>,
    /// Its `Message-ID`, with brackets.
    pub message_id: String,
    /// The id of its thread.
    pub thread_id: String,
    /// When it came or was sent.
    pub created_dt: String,
}

impl From<MessageBody> for EmailMessage {
    fn from(body: MessageBody) -> Self {
        let MessageBody { message, text, html, files, message_id } = body;
        Self {
            id: message.number,
            url: format!("/api/email-messages/{}/", message.number),
            attachments: File::all(&message, files),
            uuid: message.id,
            from_email: message.from,
            from_display_name: message.from_name.unwrap_or_default(),
            to_email: message.to.join(", "),
            cc: message.cc.join(", "),
            subject: message.subject,
            // A mail's lines end in two characters, and those who look for something in them know one.
            text_content: text.replace("\r\n", "\n"),
            html_content: html.unwrap_or_default(),
            direction: message.direction,
            is_read: !message.unread,
            message_id: message_id.map(|id| format!("<{id}>")).unwrap_or_default(),
            thread_id: message.thread,
            created_dt: rfc3339(message.at),
        }
    }
}

/// A mail in the words of the guides, which take `from`, `body`, and what was found, for granted.
#[derive(Debug, Clone, Serialize)]
pub struct ListedEmail {
    /// The mail.
    #[serde(flatten)]
    pub mail: EmailMessage,
    /// The sender's address.
    pub from: String,
    /// The recipients' addresses.
    pub to: String,
    /// Its text.
    pub body: String,
    /// The codes that were found in it, best first.
    pub codes: Vec<String>,
    /// The links that were found in it, best first.
    pub links: Vec<String>,
}

impl From<MessageBody> for ListedEmail {
    fn from(body: MessageBody) -> Self {
        let codes = body.message.found.codes.iter().map(|code| code.value.clone()).collect();
        let links = body.message.found.links.iter().map(|link| link.url.clone()).collect();
        let mail = EmailMessage::from(body);
        let (from, to, body) = (mail.from_email.clone(), mail.to_email.clone(), mail.text_content.clone());
        Self { mail, from, to, body, codes, links }
    }
}

/// A file of a mail. Ravi's command calls its size `size`, its libraries `size_bytes`.
#[derive(Debug, Clone, Serialize)]
pub struct File {
    /// Its number within the mail, from 1.
    pub id: i64,
    /// An id.
    pub uuid: String,
    /// Its name.
    pub filename: String,
    /// Its MIME type.
    pub content_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// The same.
    pub size_bytes: u64,
    /// Whether it is shown within the text; that is not told here.
    pub is_inline: bool,
}

impl File {
    fn all(message: &Message, files: Vec<Attachment>) -> Vec<Self> {
        let file = |file: Attachment| Self {
            id: i64::from(file.index) + 1,
            uuid: super::uuid_of(&format!("file {} {}", message.id, file.index)),
            filename: file.name,
            content_type: file.content_type,
            size: file.size,
            size_bytes: file.size,
            is_inline: false,
        };
        files.into_iter().map(file).collect()
    }
}

/// A thread of mails.
#[derive(Debug, Clone, Serialize)]
pub struct EmailThread {
    /// Its id.
    pub thread_id: String,
    /// The subject of the newest mail.
    pub subject: String,
    /// The beginning of the newest mail.
    pub preview: String,
    /// Who began it, as far as is known.
    pub from_email: String,
    /// That one's name.
    pub from_display_name: String,
    /// The identity's address.
    pub inbox: String,
    /// How many mails it has.
    pub message_count: usize,
    /// How many of them are unread.
    pub unread_count: usize,
    /// The newest mail's time.
    pub latest_message_dt: String,
    /// The oldest mail's time.
    pub oldest_message_dt: String,
}

/// The threads that mails make, given newest first; those of the address `inbox`.
pub fn threads(messages: &[Message], inbox: &str) -> Vec<EmailThread> {
    let mut threads: Vec<EmailThread> = Vec::new();
    for message in messages {
        let at = match threads.iter().position(|thread| thread.thread_id == message.thread) {
            Some(at) => at,
            None => {
                threads.push(EmailThread {
                    thread_id: message.thread.clone(),
                    subject: message.subject.clone(),
                    preview: message.preview.clone(),
                    from_email: String::new(),
                    from_display_name: String::new(),
                    inbox: inbox.into(),
                    message_count: 0,
                    unread_count: 0,
                    latest_message_dt: rfc3339(message.at),
                    oldest_message_dt: String::new(),
                });
                threads.len() - 1
            }
        };
        let thread = &mut threads[at];
        thread.message_count += 1;
        thread.unread_count += usize::from(message.unread);
        thread.oldest_message_dt = rfc3339(message.at);
        thread.from_email.clone_from(&message.from);
        thread.from_display_name = message.from_name.clone().unwrap_or_default();
    }
    threads
}

/// A thread with its mails.
#[derive(Debug, Clone, Serialize)]
pub struct EmailThreadDetail {
    /// Its id.
    pub thread_id: String,
    /// The subject of the newest mail.
    pub subject: String,
    /// How many mails it has.
    pub message_count: usize,
    /// The mails, oldest first.
    pub messages: Vec<ThreadMessage>,
}

/// A mail of a thread.
#[derive(Debug, Clone, Serialize)]
pub struct ThreadMessage {
    /// Its number.
    pub id: i64,
    /// The sender's address.
    pub from_email: String,
    /// The recipients' addresses.
    pub to_email: String,
    /// Those who got a copy.
    pub cc: String,
    /// The subject.
    pub subject: String,
    /// Its text.
    pub text_content: String,
    /// Its HTML, cleaned.
    pub html_content: String,
    /// In or out.
    pub direction: Direction,
    /// Whether it was read.
    pub is_read: bool,
    /// Its files.
    pub attachments: Vec<File>,
    /// When it came or was sent.
    pub created_dt: String,
}

impl From<MessageBody> for ThreadMessage {
    fn from(body: MessageBody) -> Self {
        let mail = EmailMessage::from(body);
        Self {
            id: mail.id,
            from_email: mail.from_email,
            to_email: mail.to_email,
            cc: mail.cc,
            subject: mail.subject,
            text_content: mail.text_content,
            html_content: mail.html_content,
            direction: mail.direction,
            is_read: mail.is_read,
            attachments: mail.attachments,
            created_dt: mail.created_dt,
        }
    }
}

/// A thread with its mails, given newest first.
pub fn thread_detail(thread_id: &str, bodies: Vec<MessageBody>) -> EmailThreadDetail {
    let subject = bodies.first().map(|body| body.message.subject.clone()).unwrap_or_default();
    let messages: Vec<_> = bodies.into_iter().rev().map(ThreadMessage::from).collect();
    EmailThreadDetail { thread_id: thread_id.into(), subject, message_count: messages.len(), messages }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::inbox::{Found, Medium};

    pub fn message(number: i64, thread: &str, from: &str, unread: bool) -> Message {
        Message {
            id: format!("m{number}"),
            number,
            identity: "i1".into(),
            identity_name: "ada".into(),
            medium: Medium::Email,
            direction: Direction::Incoming,
            thread: thread.into(),
            from_name: None,
            from: from.into(),
            to: vec!["ada@x.test".into()],
            cc: Vec::new(),
            subject: format!("subject {number}"),
            preview: format!("preview {number}"),
            unread,
            attachments: 0,
            found: Found::default(),
            source: "local".into(),
            sending: None,
            at: number * 1000,
        }
    }

    pub fn body(message: Message, text: &str) -> MessageBody {
        MessageBody {
            message,
            text: text.into(),
            html: None,
            files: Vec::new(),
            message_id: Some("a@b".into()),
        }
    }

    #[test]
    fn threads_come_newest_first_and_count_their_mails() {
        let mails =
            [message(3, "t1", "b@y", true), message(2, "t2", "c@y", false), message(1, "t1", "a@y", true)];
        let threads = threads(&mails, "ada@x.test");
        let told: Vec<_> = threads
            .iter()
            .map(|t| {
                (
                    t.thread_id.as_str(),
                    t.subject.as_str(),
                    t.from_email.as_str(),
                    t.message_count,
                    t.unread_count,
                )
            })
            .collect();
        assert_eq!(told, [("t1", "subject 3", "a@y", 2, 2), ("t2", "subject 2", "c@y", 1, 0)]);
        assert_eq!(threads[0].oldest_message_dt, "1970-01-01T00:00:01.000Z");
    }

    #[test]
    fn a_mail_has_the_fields_of_ravis_in_its_order() {
        let json =
            serde_json::to_string(&EmailMessage::from(body(message(7, "t", "a@y", true), "hi"))).unwrap();
        let fields = [
            "id",
            "url",
            "from_email",
            "to_email",
            "cc",
            "subject",
            "text_content",
            "html_content",
            "direction",
            "is_read",
            "attachments",
            "message_id",
            "thread_id",
            "created_dt",
        ];
        let places: Vec<_> =
            fields.iter().map(|field| json.find(&format!("\"{field}\":")).unwrap()).collect();
        assert!(places.is_sorted(), "{json}");
        assert!(json.contains(r#""direction":"incoming","is_read":false"#), "{json}");
        assert!(json.contains(r#""message_id":"<a@b>""#), "{json}");
    }
}
