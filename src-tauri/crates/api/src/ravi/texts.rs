//! Text messages in Ravi's shapes: messages, and the conversations that they make.

use super::ONLY;
use crate::dates::rfc3339;
use crate::inbox::{Direction, Message, MessageBody};
use serde::Serialize;

/// A text message.
#[derive(Debug, Clone, Serialize)]
pub struct PhoneMessage {
    /// Its number.
    pub id: i64,
    /// Where it is, below the web door's address.
    pub url: String,
    /// The sender's number.
    pub from_number: String,
    /// The recipient's number.
    pub to_number: String,
    /// Its text.
    pub body: String,
    /// Its id.
    pub message_sid: String,
    /// The number of the identity's phone in a list.
    pub phone: String,
    /// In or out.
    pub direction: Direction,
    /// Whether it was read.
    pub is_read: bool,
    /// When it came or was sent.
    pub created_dt: String,
}

impl From<MessageBody> for PhoneMessage {
    fn from(body: MessageBody) -> Self {
        let MessageBody { message, text, .. } = body;
        Self {
            id: message.number,
            url: format!("/api/messages/{}/", message.number),
            from_number: message.from,
            to_number: message.to.join(", "),
            body: text,
            message_sid: message.id,
            phone: ONLY.to_string(),
            direction: message.direction,
            is_read: !message.unread,
            created_dt: rfc3339(message.at),
        }
    }
}

/// A text message in the words of the guides, which take `from` and what was found for granted.
#[derive(Debug, Clone, Serialize)]
pub struct ListedText {
    /// The message.
    #[serde(flatten)]
    pub message: PhoneMessage,
    /// The sender's number.
    pub from: String,
    /// The recipient's number.
    pub to: String,
    /// The codes that were found in it, best first.
    pub codes: Vec<String>,
    /// The links that were found in it, best first.
    pub links: Vec<String>,
}

impl From<MessageBody> for ListedText {
    fn from(body: MessageBody) -> Self {
        let codes = body.message.found.codes.iter().map(|code| code.value.clone()).collect();
        let links = body.message.found.links.iter().map(|link| link.url.clone()).collect();
        let message = PhoneMessage::from(body);
        let (from, to) = (message.from_number.clone(), message.to_number.clone());
        Self { message, from, to, codes, links }
    }
}

/// The text messages with one number.
#[derive(Debug, Clone, Serialize)]
pub struct SmsConversation {
    /// Its id: `1_` and the number.
    pub conversation_id: String,
    /// The number of the other side.
    pub from_number: String,
    /// The number of the identity's phone in a list.
    pub phone: String,
    /// The identity's number.
    pub phone_number: String,
    /// The beginning of the newest message.
    pub preview: String,
    /// How many messages it has.
    pub message_count: usize,
    /// How many of them are unread.
    pub unread_count: usize,
    /// The newest message's time.
    pub latest_message_dt: String,
}

/// The number on the other side of a message.
fn other_side(message: &Message) -> &str {
    match message.direction {
        Direction::Incoming => &message.from,
        Direction::Outgoing => message.to.first().map_or("", String::as_str),
    }
}

/// The number that a conversation's id names.
pub fn number_of(conversation_id: &str) -> &str {
    conversation_id.split_once('_').map_or(conversation_id, |(_, number)| number)
}

/// The conversations that text messages make, given newest first, of the phone with the number `own`.
pub fn conversations(messages: &[Message], own: &str) -> Vec<SmsConversation> {
    let mut conversations: Vec<SmsConversation> = Vec::new();
    for message in messages {
        let number = other_side(message);
        let at = match conversations.iter().position(|known| known.from_number == number) {
            Some(at) => at,
            None => {
                conversations.push(SmsConversation {
                    conversation_id: format!("{ONLY}_{number}"),
                    from_number: number.into(),
                    phone: ONLY.to_string(),
                    phone_number: own.into(),
                    preview: message.preview.clone(),
                    message_count: 0,
                    unread_count: 0,
                    latest_message_dt: rfc3339(message.at),
                });
                conversations.len() - 1
            }
        };
        conversations[at].message_count += 1;
        conversations[at].unread_count += usize::from(message.unread);
    }
    conversations
}

/// A conversation with its messages.
#[derive(Debug, Clone, Serialize)]
pub struct ConversationDetail {
    /// Its id.
    pub conversation_id: String,
    /// The number of the other side.
    pub from_number: String,
    /// The number of the identity's phone in a list.
    pub phone: String,
    /// How many messages it has.
    pub message_count: usize,
    /// The messages, oldest first.
    pub messages: Vec<ConversationMessage>,
}

/// A message of a conversation.
#[derive(Debug, Clone, Serialize)]
pub struct ConversationMessage {
    /// Its number.
    pub id: i64,
    /// Its text.
    pub body: String,
    /// In or out.
    pub direction: Direction,
    /// Whether it was read.
    pub is_read: bool,
    /// When it came or was sent.
    pub created_dt: String,
}

/// The conversation with `number`: its messages are given newest first.
pub fn conversation_detail(number: &str, bodies: Vec<MessageBody>) -> ConversationDetail {
    let message = |body: MessageBody| ConversationMessage {
        id: body.message.number,
        body: body.text,
        direction: body.message.direction,
        is_read: !body.message.unread,
        created_dt: rfc3339(body.message.at),
    };
    let messages: Vec<_> = bodies.into_iter().rev().map(message).collect();
    ConversationDetail {
        conversation_id: format!("{ONLY}_{number}"),
        from_number: number.into(),
        phone: ONLY.to_string(),
        message_count: messages.len(),
        messages,
    }
}

impl SmsConversation {
    /// Whether a message belongs to the conversation with `number`.
    pub fn has(number: &str, message: &Message) -> bool {
        other_side(message) == number
    }
}

#[cfg(test)]
mod tests {
    use super::super::mail::tests::{body, message};
    use super::*;

    fn sms(number: i64, from: &str, to: &str, direction: Direction) -> Message {
        Message {
            to: vec![to.into()],
            direction,
            ..message(number, "t", from, direction == Direction::Incoming)
        }
    }

    #[test]
    fn a_conversation_has_what_came_from_a_number_and_what_went_there() {
        let all = [
            sms(3, "+1", "+2", Direction::Outgoing),
            sms(2, "+3", "+1", Direction::Incoming),
            sms(1, "+2", "+1", Direction::Incoming),
        ];
        let told = conversations(&all, "+1");
        let counts: Vec<_> =
            told.iter().map(|c| (c.conversation_id.as_str(), c.message_count, c.unread_count)).collect();
        assert_eq!(counts, [("1_+2", 2, 1), ("1_+3", 1, 1)]);
        assert_eq!(number_of("1_+2"), "+2");
        let detail = conversation_detail("+2", vec![body(all[0].clone(), "out"), body(all[2].clone(), "in")]);
        assert_eq!(detail.messages.iter().map(|m| m.body.as_str()).collect::<Vec<_>>(), ["in", "out"]);
    }
}
