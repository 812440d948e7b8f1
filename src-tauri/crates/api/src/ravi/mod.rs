//! Ravi's JSON shapes, made from Lanyard's own things: what the command `ravi` prints and the web door's `/api/` answers.
//!
//! The fields stand in the order in which Ravi's own command prints them. What Ravi counts with whole numbers has one
//! here as well: a message its number, and the one inbox and the one phone of an identity the number 1.

mod contacts;
mod mail;
mod texts;
mod writing;

pub use contacts::{Contact, contacts};
pub use mail::{
    EmailMessage, EmailThread, EmailThreadDetail, File, ListedEmail, ThreadMessage, thread_detail, threads,
};
pub use texts::{
    ConversationDetail, ConversationMessage, ListedText, PhoneMessage, SmsConversation, conversation_detail,
    conversations, number_of,
};
pub use writing::{content, forwarded};

use crate::dates::rfc3339;
use crate::passwords::PasswordValue;
use crate::secrets::{self, SecretValue};
use crate::{SecretText, identities};
use serde::Serialize;

/// The number of an identity's inbox, and of its phone: it has one of each.
pub const ONLY: i64 = 1;

/// An identity.
#[derive(Debug, Clone, Serialize)]
pub struct Identity {
    /// Its id.
    pub uuid: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub inbox: String,
    /// Its number in E.164 form, or nothing.
    pub phone: String,
    /// When it was made.
    pub created_dt: String,
    /// When it was last changed.
    pub updated_dt: String,
}

impl From<identities::Identity> for Identity {
    fn from(identity: identities::Identity) -> Self {
        Self {
            uuid: identity.id,
            name: identity.name,
            inbox: identity.email,
            phone: identity.phone.unwrap_or_default(),
            created_dt: rfc3339(identity.created_at),
            updated_dt: rfc3339(identity.updated_at),
        }
    }
}

/// An identity's inbox.
#[derive(Debug, Clone, Serialize)]
pub struct Email {
    /// Its number.
    pub id: i64,
    /// The identity's id.
    pub uuid: String,
    /// Its address.
    pub email: String,
    /// When it was made.
    pub created_dt: String,
}

impl From<&Identity> for Email {
    fn from(identity: &Identity) -> Self {
        Self {
            id: ONLY,
            uuid: identity.uuid.clone(),
            email: identity.inbox.clone(),
            created_dt: identity.created_dt.clone(),
        }
    }
}

/// An identity's phone.
#[derive(Debug, Clone, Serialize)]
pub struct Phone {
    /// Its number in a list.
    pub id: i64,
    /// Its number to call, in E.164 form.
    pub phone_number: String,
    /// One of those that Ravi's clients know; they take no other.
    pub provider: &'static str,
    /// When it was made.
    pub created_dt: String,
}

impl Phone {
    /// The phone of an identity, where it has one.
    pub fn of(identity: &Identity) -> Option<Self> {
        let number = Some(identity.phone.clone()).filter(|number| !number.is_empty())?;
        let created_dt = identity.created_dt.clone();
        Some(Self { id: ONLY, phone_number: number, provider: "twilio", created_dt })
    }
}

/// The person whose identities they are. An agent is told nothing of its owner.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Owner {
    /// Always empty.
    pub first_name: String,
    /// Always empty.
    pub last_name: String,
}

/// The part of an address behind its `@`, as a domain that addresses may have.
#[derive(Debug, Clone, Serialize)]
pub struct Domain {
    /// An id that is always the same for the same domain.
    pub uuid: String,
    /// Its name.
    pub domain: String,
    /// Whether it is the product's own.
    pub is_platform: bool,
    /// Whether mail for it arrives.
    pub is_verified: bool,
    /// When the first identity with it was made.
    pub created_dt: String,
}

/// The domains that identities have addresses in.
pub fn domains(identities: &[Identity]) -> Vec<Domain> {
    let mut domains: Vec<Domain> = Vec::new();
    for identity in identities {
        let Some((_, domain)) = identity.inbox.rsplit_once('@') else { continue };
        if domains.iter().all(|known| known.domain != domain) {
            domains.push(Domain {
                uuid: uuid_of(&format!("domain {domain}")),
                domain: domain.into(),
                is_platform: true,
                is_verified: true,
                created_dt: identity.created_dt.clone(),
            });
        }
    }
    domains
}

/// A secret with its value.
#[derive(Debug, Clone, Serialize)]
pub struct SecretEntry {
    /// Its id.
    pub uuid: String,
    /// Its key.
    pub key: String,
    /// Its value; empty in a list where the owner wants to be asked, or keeps it.
    pub value: SecretText,
    /// The owner's notes.
    pub notes: String,
    /// When it was first set.
    pub created_dt: String,
    /// When it was last set.
    pub updated_dt: String,
}

impl From<SecretValue> for SecretEntry {
    fn from(secret: SecretValue) -> Self {
        Self {
            uuid: secret.uuid,
            key: secret.key,
            value: secret.value,
            notes: secret.notes,
            created_dt: secret.created_dt,
            updated_dt: secret.updated_dt,
        }
    }
}

impl From<secrets::SecretEntry> for SecretEntry {
    fn from(secret: secrets::SecretEntry) -> Self {
        Self {
            uuid: secret.uuid,
            key: secret.key,
            value: SecretText::new(String::new()),
            notes: secret.notes,
            created_dt: secret.created_dt,
            updated_dt: secret.updated_dt,
        }
    }
}

/// A key of a secret as Ravi keeps it: in upper case.
pub fn key(given: &str) -> String {
    given.trim().to_ascii_uppercase()
}

/// A login with its password.
#[derive(Debug, Clone, Serialize)]
pub struct PasswordEntry {
    /// Its id.
    pub uuid: String,
    /// The website.
    pub domain: String,
    /// The user's name there.
    pub username: String,
    /// The password; empty in a list where the owner wants to be asked, or keeps it.
    pub password: SecretText,
    /// Notes.
    pub notes: SecretText,
    /// When it was made.
    pub created_dt: String,
    /// When it was last changed.
    pub updated_dt: String,
}

impl From<PasswordValue> for PasswordEntry {
    fn from(login: PasswordValue) -> Self {
        Self {
            uuid: login.uuid,
            domain: login.domain,
            username: login.username,
            password: login.password,
            notes: login.notes,
            created_dt: login.created_dt,
            updated_dt: login.updated_dt,
        }
    }
}

impl From<crate::passwords::PasswordEntry> for PasswordEntry {
    fn from(login: crate::passwords::PasswordEntry) -> Self {
        Self {
            uuid: login.uuid,
            domain: login.domain,
            username: login.username,
            password: SecretText::new(String::new()),
            notes: SecretText::new(String::new()),
            created_dt: login.created_dt,
            updated_dt: login.updated_dt,
        }
    }
}

/// What was deleted.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// What has become of it.
    pub status: &'static str,
}

/// An id for what has none of its own: always the same for the same text (FNV-1a, 128 bits).
fn uuid_of(text: &str) -> String {
    let hash = text.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    let hex = format!("{hash:032x}");
    format!("{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(name: &str, email: &str, phone: Option<&str>) -> Identity {
        Identity::from(identities::Identity {
            id: format!("id-of-{name}"),
            name: name.into(),
            email: email.into(),
            phone: phone.map(String::from),
            author_name: name.into(),
            author_email: email.into(),
            public_key: None,
            provider: identities::Provider::Local,
            ravi: None,
            current: false,
            secrets: 0,
            created_at: 0,
            updated_at: 1500,
        })
    }

    #[test]
    fn an_identity_has_the_fields_of_ravis_in_its_order() {
        let json = serde_json::to_string(&identity("ada", "ada@x.test", None)).unwrap();
        let told = r#"{"uuid":"id-of-ada","name":"ada","inbox":"ada@x.test","phone":"","created_dt":"1970-01-01T00:00:00.000Z","updated_dt":"1970-01-01T00:00:01.500Z"}"#;
        assert_eq!(json, told);
    }

    #[test]
    fn only_who_has_a_number_has_a_phone() {
        assert!(Phone::of(&identity("ada", "ada@x.test", None)).is_none());
        let phone = Phone::of(&identity("ada", "ada@x.test", Some("+15550001"))).unwrap();
        assert_eq!((phone.phone_number.as_str(), phone.provider), ("+15550001", "twilio"));
    }

    #[test]
    fn each_domain_is_told_once() {
        let all =
            [("a", "a@x.test"), ("b", "b@x.test"), ("c", "c@y.test")].map(|(n, e)| identity(n, e, None));
        let names: Vec<_> = domains(&all).into_iter().map(|domain| domain.domain).collect();
        assert_eq!(names, ["x.test", "y.test"]);
    }

    #[test]
    fn an_id_made_from_text_looks_like_one_and_stays_the_same() {
        let id = uuid_of("a");
        assert_eq!((id.len(), id.matches('-').count()), (36, 4));
        assert_eq!(id, uuid_of("a"));
        assert_ne!(id, uuid_of("b"));
    }

    #[test]
    fn keys_are_upper_case() {
        assert_eq!(key(" github_token "), "GITHUB_TOKEN");
    }
}
