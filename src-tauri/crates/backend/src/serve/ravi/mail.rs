//! Mail: threads, messages, and what is sent.

use super::client::Client;
use super::paging::Page;
use super::refusal::Refusal;
use super::{Answer, REASON, WAIT_MS, Wanted, created, flag, ok, read};
use crate::clock::from_rfc3339;
use api::inbox::{Direction, ListMessages, MarkMessage, Medium, Message, MessageBody, SendMessage};
use api::ravi::{EmailMessage, content, forwarded, thread_detail, threads as threads_of};
use api::{Code, SecretText};
use axum::body::Bytes;
use axum::extract::Path;
use serde::Deserialize;

/// What is written, in all the forms that Ravi's clients have had for it.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    to_email: Option<Addresses>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    text_content: Option<String>,
    #[serde(default)]
    html_content: Option<String>,
    #[serde(default)]
    cc: Option<Addresses>,
    #[serde(default)]
    bcc: Option<Addresses>,
    #[serde(default)]
    attachment_uuids: Vec<String>,
}

/// Addresses with commas between, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Addresses {
    One(String),
    Many(Vec<String>),
}

/// Whether a message was read.
#[derive(Deserialize)]
pub struct Mark {
    /// It.
    pub is_read: bool,
}

pub async fn threads(client: Client, wanted: Wanted) -> Answer {
    let (me, listed) = (client.me().await?, client.newest(all()).await?);
    let mut threads = threads_of(&listed, &me.inbox);
    threads.retain(|thread| flag(&wanted, "has_unread") != Some(true) || thread.unread_count > 0);
    ok(&threads)
}

pub async fn thread(client: Client, Path(thread): Path<String>) -> Answer {
    let listed = client.newest(ListMessages { thread: Some(thread.clone()), ..all() }).await?;
    if listed.is_empty() {
        return Err(not_found());
    }
    let mut bodies = Vec::with_capacity(listed.len());
    for message in listed {
        bodies.push(client.body(&message.id).await?);
    }
    ok(&thread_detail(&thread, bodies))
}

pub async fn list(client: Client, wanted: Wanted) -> Answer {
    let page = Page::of(&wanted)?;
    let is_read = flag(&wanted, "is_read");
    let direction = match wanted.get("direction").map(String::as_str) {
        Some("incoming") => Some(Direction::Incoming),
        Some("outgoing") => Some(Direction::Outgoing),
        Some(_) => return Err(Refusal::new(Code::Invalid, "direction is incoming or outgoing")),
        None => None,
    };
    let after = match wanted.get("created_after") {
        Some(text) => {
            Some(from_rfc3339(text).ok_or_else(|| Refusal::new(Code::Invalid, "created_after is no time"))?)
        }
        None => None,
    };
    let from = wanted.get("from_email").map(|from| from.to_lowercase());
    let thread = wanted.get("thread_id").cloned();
    let list = ListMessages { direction, thread, unread: is_read == Some(false), ..all() };
    let fits = |message: &Message| {
        after.is_none_or(|after| message.at > after)
            && from.as_ref().is_none_or(|from| message.from.to_lowercase() == *from)
            && is_read.is_none_or(|is_read| message.unread != is_read)
    };
    page.answer(&client, "email-messages", &wanted, list, fits, EmailMessage::from).await
}

pub async fn show(client: Client, Path(id): Path<String>) -> Answer {
    ok(&EmailMessage::from(mail(&client, &id).await?))
}

pub async fn mark(client: Client, Path(id): Path<String>, body: Bytes) -> Answer {
    let (mark, mail): (Mark, _) = (read(&body)?, mail(&client, &id).await?);
    client.ask(MarkMessage { message: mail.message.id.clone(), unread: !mark.is_read }).await?;
    ok(&EmailMessage::from(client.body(&mail.message.id).await?))
}

pub async fn compose(client: Client, body: Bytes) -> Answer {
    let mut written: Written = read(&body)?;
    let (to, subject) = (split(written.to_email.take()), written.subject.take());
    if to.is_empty() || subject.is_none() {
        return Err(Refusal::new(Code::Invalid, "to_email and subject are wanted"));
    }
    send(&client, SendMessage { to, subject, ..outgoing(written)? }).await
}

pub async fn reply(client: Client, Path(id): Path<String>, body: Bytes) -> Answer {
    answer(&client, &id, &body, false).await
}

pub async fn reply_all(client: Client, Path(id): Path<String>, body: Bytes) -> Answer {
    answer(&client, &id, &body, true).await
}

async fn answer(client: &Client, id: &str, body: &Bytes, to_all: bool) -> Answer {
    let answered = mail(client, id).await?;
    let mail = outgoing(read(body)?)?;
    send(client, SendMessage { answers: Some(answered.message.id), to_all, ..mail }).await
}

pub async fn forward(client: Client, Path(id): Path<String>, body: Bytes) -> Answer {
    let original = mail(&client, &id).await?;
    let mut written: Written = read(&body)?;
    let to = split(written.to_email.take());
    if written.content.is_none() && written.text_content.is_none() && written.html_content.is_none() {
        written.text_content = Some(String::new());
    }
    let mail = outgoing(written)?;
    // EXPOSE: the note stands above the text that is passed on.
    let (subject, text) = forwarded(&original, mail.text.expose());
    send(&client, SendMessage { to, subject: Some(subject), text: SecretText::new(text), html: None, ..mail })
        .await
}

async fn send(client: &Client, mail: SendMessage) -> Answer {
    let sent = client.ask(mail).await?;
    created(&EmailMessage::from(client.body(&sent.id).await?))
}

/// A mail of the identity's: a number may as well be that of a text message.
async fn mail(client: &Client, id: &str) -> Result<MessageBody, Refusal> {
    let body = client.body(id).await?;
    match body.message.medium {
        Medium::Email => Ok(body),
        Medium::Sms => Err(not_found()),
    }
}

fn all() -> ListMessages {
    ListMessages { medium: Some(Medium::Email), ..ListMessages::default() }
}

fn outgoing(written: Written) -> Result<SendMessage, Refusal> {
    if !written.attachment_uuids.is_empty() {
        return Err(Refusal::new(Code::Unsupported, "Lanyard sends no files yet"));
    }
    let (text, html) = match (written.content.or(written.text_content), written.html_content) {
        (Some(text), Some(html)) => (text, Some(html)),
        (Some(body), None) | (None, Some(body)) => content(&body),
        (None, None) => return Err(Refusal::new(Code::Invalid, "content is wanted")),
    };
    Ok(SendMessage {
        identity: None,
        medium: Medium::Email,
        to: Vec::new(),
        cc: split(written.cc),
        bcc: split(written.bcc),
        subject: None,
        text: SecretText::new(text),
        html: html.map(SecretText::new),
        answers: None,
        to_all: false,
        reason: Some(REASON.into()),
        wait_ms: Some(WAIT_MS),
    })
}

fn split(addresses: Option<Addresses>) -> Vec<String> {
    let all = match addresses {
        Some(Addresses::One(all)) => all.split(',').map(String::from).collect(),
        Some(Addresses::Many(all)) => all,
        None => Vec::new(),
    };
    all.iter().map(|one| one.trim().to_string()).filter(|one| !one.is_empty()).collect()
}

fn not_found() -> Refusal {
    Refusal::new(Code::NotFound, "Not found.")
}
