//! Contacts in Ravi's shape: those with whom an identity has exchanged messages. None is kept by itself.

use super::uuid_of;
use crate::Millis;
use crate::dates::rfc3339;
use crate::inbox::{Direction, Medium, Message};
use serde::Serialize;

/// Somebody with whom an identity has exchanged messages.
#[derive(Debug, Clone, Serialize)]
pub struct Contact {
    /// An id that is always the same for the same address or number.
    pub uuid: String,
    /// Its address, or nothing.
    pub email: String,
    /// Its number, or nothing.
    pub phone_number: String,
    /// The name that it gave itself.
    pub display_name: String,
    /// Always empty.
    pub nickname: String,
    /// Never: anybody can write a sender's address.
    pub is_trusted: bool,
    /// Always `auto`.
    pub source: &'static str,
    /// How many messages went to and fro.
    pub interaction_count: usize,
    /// When the last one did.
    pub last_interaction_dt: String,
    /// When the first one did that is still there.
    pub created_dt: String,
    /// When the last one did.
    pub updated_dt: String,
}

/// The contacts that messages make, given newest first.
pub fn contacts(messages: &[Message]) -> Vec<Contact> {
    let mut contacts: Vec<Contact> = Vec::new();
    for message in messages {
        let others: Vec<(&str, Option<&str>)> = match message.direction {
            Direction::Incoming => vec![(&message.from, message.from_name.as_deref())],
            Direction::Outgoing => message.to.iter().map(|to| (to.as_str(), None)).collect(),
        };
        for (address, name) in others {
            note(&mut contacts, message.medium, address, name.unwrap_or_default(), message.at);
        }
    }
    contacts
}

fn note(contacts: &mut Vec<Contact>, medium: Medium, address: &str, name: &str, at: Millis) {
    let address = address.to_lowercase();
    let (email, phone_number) = match medium {
        Medium::Email => (address, String::new()),
        Medium::Sms => (String::new(), address),
    };
    let known = contacts.iter_mut().find(|known| known.email == email && known.phone_number == phone_number);
    if let Some(known) = known {
        known.interaction_count += 1;
        known.created_dt = rfc3339(at);
        if known.display_name.is_empty() {
            known.display_name = name.into();
        }
        return;
    }
    contacts.push(Contact {
        uuid: uuid_of(&format!("contact {email}{phone_number}")),
        email,
        phone_number,
        display_name: name.into(),
        nickname: String::new(),
        is_trusted: false,
        source: "auto",
        interaction_count: 1,
        last_interaction_dt: rfc3339(at),
        created_dt: rfc3339(at),
        updated_dt: rfc3339(at),
    });
}

impl Contact {
    /// Whether a part of its address, number or name is `words`; case does not matter.
    pub fn fits(&self, words: &str) -> bool {
        let words = words.to_lowercase();
        [&self.email, &self.phone_number, &self.display_name]
            .iter()
            .any(|it| it.to_lowercase().contains(&words))
    }
}

#[cfg(test)]
mod tests {
    use super::super::mail::tests::message;
    use super::*;

    #[test]
    fn whoever_wrote_or_was_written_to_is_a_contact_once() {
        let mut answer = message(3, "t", "ada@x.test", false);
        (answer.direction, answer.to) = (Direction::Outgoing, vec!["Bob@y.test".into(), "eve@y.test".into()]);
        let mut first = message(1, "t", "bob@y.test", true);
        first.from_name = Some("Bob".into());
        let told = contacts(&[answer, first]);
        let counts: Vec<_> = told.iter().map(|c| (c.email.as_str(), c.interaction_count)).collect();
        assert_eq!(counts, [("bob@y.test", 2), ("eve@y.test", 1)]);
        assert_eq!(told[0].display_name, "Bob");
        assert!(told[0].fits("BOB") && !told[1].fits("bob"));
    }
}
