//! Text messages: conversations, messages, and what is sent.

use super::client::Client;
use super::mail::Mark;
use super::paging::Page;
use super::refusal::Refusal;
use super::{Answer, REASON, WAIT_MS, Wanted, created, flag, ok, read};
use api::inbox::{ListMessages, MarkMessage, Medium, Message, MessageBody, SendMessage};
use api::ravi::{
    PhoneMessage, SmsConversation, conversation_detail, conversations as conversations_of, number_of,
};
use api::{Code, SecretText};
use axum::body::Bytes;
use axum::extract::Path;
use serde::Deserialize;

#[derive(Deserialize)]
struct Written {
    to_number: String,
    body: SecretText,
}

pub async fn conversations(client: Client, wanted: Wanted) -> Answer {
    let (me, listed) = (client.me().await?, client.newest(all()).await?);
    let mut all = conversations_of(&listed, &me.phone);
    all.retain(|conversation| flag(&wanted, "has_unread") != Some(true) || conversation.unread_count > 0);
    ok(&all)
}

pub async fn conversation(client: Client, Path(id): Path<String>) -> Answer {
    let number = number_of(&id);
    let mut bodies = Vec::new();
    for message in client.newest(all()).await?.iter().filter(|message| SmsConversation::has(number, message))
    {
        bodies.push(client.body(&message.id).await?);
    }
    match bodies.is_empty() {
        true => Err(Refusal::new(Code::NotFound, "Not found.")),
        false => ok(&conversation_detail(number, bodies)),
    }
}

pub async fn list(client: Client, wanted: Wanted) -> Answer {
    let (page, is_read) = (Page::of(&wanted)?, flag(&wanted, "is_read"));
    let list = ListMessages { unread: is_read == Some(false), ..all() };
    let fits = |message: &Message| is_read.is_none_or(|is_read| message.unread != is_read);
    page.answer(&client, "messages", &wanted, list, fits, PhoneMessage::from).await
}

pub async fn show(client: Client, Path(id): Path<String>) -> Answer {
    ok(&PhoneMessage::from(text(&client, &id).await?))
}

pub async fn mark(client: Client, Path(id): Path<String>, body: Bytes) -> Answer {
    let (mark, text): (Mark, _) = (read(&body)?, text(&client, &id).await?);
    client.ask(MarkMessage { message: text.message.id.clone(), unread: !mark.is_read }).await?;
    ok(&PhoneMessage::from(client.body(&text.message.id).await?))
}

pub async fn send(client: Client, body: Bytes) -> Answer {
    let written: Written = read(&body)?;
    let call = SendMessage {
        identity: None,
        medium: Medium::Sms,
        to: vec![written.to_number],
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: None,
        text: written.body,
        html: None,
        answers: None,
        to_all: false,
        reason: Some(REASON.into()),
        wait_ms: Some(WAIT_MS),
    };
    let sent = client.ask(call).await?;
    created(&PhoneMessage::from(client.body(&sent.id).await?))
}

/// A text message of the identity's: a number may as well be that of a mail.
async fn text(client: &Client, id: &str) -> Result<MessageBody, Refusal> {
    let body = client.body(id).await?;
    match body.message.medium {
        Medium::Sms => Ok(body),
        Medium::Email => Err(Refusal::new(Code::NotFound, "Not found.")),
    }
}

fn all() -> ListMessages {
    ListMessages { medium: Some(Medium::Sms), ..ListMessages::default() }
}
