//! What has happened to the identity's messages, from a number on: for whoever comes back and wants to know the rest.

use super::client::Client;
use super::refusal::Refusal;
use super::{Answer, Wanted, ok};
use api::Code;
use api::inbox::{Direction, ListMessages, Medium, Message};
use api::ravi::ONLY;
use serde_json::{Value, json};

/// The most events of an answer.
const EVENTS_MAX: usize = 1000;

pub async fn list(client: Client, wanted: Wanted) -> Answer {
    let number = |name: &str| -> Result<Option<i64>, Refusal> {
        let wrong = |_| Refusal::new(Code::Invalid, format!("{name} is a whole number"));
        wanted.get(name).map(|value| value.parse().map_err(wrong)).transpose()
    };
    let limit = number("limit")?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(EVENTS_MAX);
    let types: Option<Vec<&str>> = wanted.get("event_types").map(|types| types.split(',').collect());
    let list = ListMessages { after: number("since")?, ..ListMessages::default() };
    let fits = |message: &Message| types.as_ref().is_none_or(|types| types.contains(&kind(message)));
    let (_, messages) = client.oldest(list, limit.clamp(1, EVENTS_MAX), fits).await?;
    ok(&json!({ "events": messages.iter().map(event).collect::<Vec<_>>() }))
}

fn event(message: &Message) -> Value {
    let to = message.to.join(", ");
    let data = match message.medium {
        Medium::Email => json!({
            "message_id": message.number, "inbox_id": ONLY, "from_email": message.from, "to_email": to,
            "subject": message.subject,
        }),
        // A text message is short: its preview is its beginning, and mostly all of it.
        Medium::Sms => json!({
            "message_id": message.number, "phone_id": ONLY, "from_number": message.from, "to_number": to,
            "body": message.preview,
        }),
    };
    json!({ "id": message.id, "seq": message.number, "type": kind(message), "data": data })
}

fn kind(message: &Message) -> &'static str {
    match (message.medium, message.direction) {
        (Medium::Email, Direction::Incoming) => "email.message.received",
        (Medium::Email, Direction::Outgoing) => "email.message.sent",
        (Medium::Sms, Direction::Incoming) => "sms.message.received",
        (Medium::Sms, Direction::Outgoing) => "sms.message.sent",
    }
}
