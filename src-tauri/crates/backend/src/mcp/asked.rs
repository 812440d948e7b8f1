//! What the tools are asked for. The words of each field are read by models.

use api::inbox::Medium;
use rmcp::schemars::{self, JsonSchema};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The most seconds of any wait: an hour.
const HOUR: u64 = 3600;

/// A secret to read.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// The key of the secret, as list_secrets tells it, for example GITHUB_TOKEN.
    pub key: String,
    /// Why you need it, in one sentence. Your owner reads it where the secret's policy is `ask`.
    pub reason: Option<String>,
    /// How long to wait for your owner's answer, in seconds (default 120, at most 3600).
    pub wait_seconds: Option<u64>,
}

/// A token to request.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The name of the issuer that your owner has set up.
    pub issuer: String,
    /// The repositories that the token shall be limited to; all that the issuer allows if left out.
    #[serde(default)]
    pub repositories: Vec<String>,
    /// What it shall be able to do, as the issuer names it, for example {"contents": "write"}.
    #[serde(default)]
    pub permissions: BTreeMap<String, String>,
    /// How long it shall live, in seconds; as long as the issuer likes if left out.
    pub ttl_seconds: Option<u64>,
    /// Why you need it, in one sentence, for your owner.
    pub reason: Option<String>,
    /// How long to wait for your owner's answer, in seconds (default 120, at most 3600).
    pub wait_seconds: Option<u64>,
}

/// A token that exists.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenId {
    /// The token's id, as list_tokens tells it.
    pub id: String,
}

/// Messages to list.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Only `email`, or only `sms`; both if left out.
    pub medium: Option<Which>,
    /// Only unread ones.
    #[serde(default)]
    pub unread: bool,
    /// Only those that hold all of these words in subject, sender or text.
    pub search: Option<String>,
    /// How many at most (default 20, at most 200).
    pub limit: Option<u32>,
    /// The `next` of the page before, for the next page.
    pub before: Option<i64>,
}

/// Mail or text message.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// A mail.
    Email,
    /// A text message.
    Sms,
}

impl From<Which> for Medium {
    fn from(which: Which) -> Self {
        match which {
            Which::Email => Medium::Email,
            Which::Sms => Medium::Sms,
        }
    }
}

/// A message to read.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageId {
    /// The message's id, as list_messages tells it.
    pub id: String,
}

/// A message to wait for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// Only `email`, or only `sms`; both if left out.
    pub medium: Option<Which>,
    /// A part of the sender's address, name or number.
    pub from: Option<String>,
    /// A part of the subject.
    pub subject: Option<String>,
    /// How long to wait, in seconds (default 60, at most 3600; 0 only looks at what is there).
    pub timeout_seconds: Option<u64>,
}

/// A question for the owner.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskOwner {
    /// The question, at most 500 characters. Say what you will do without an answer.
    pub question: String,
    /// How long to wait for the answer, in seconds (default 600, at most 3600).
    pub wait_seconds: Option<u64>,
}

/// Seconds as the daemon has them.
pub fn millis(seconds: Option<u64>) -> Option<u64> {
    seconds.map(|seconds| seconds.min(HOUR) * 1000)
}
