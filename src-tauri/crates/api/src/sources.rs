//! Sources: where an identity's mail and text messages come from, and what sends them.

use crate::{Millis, SecretText};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of the source that is always there: the mail server on this machine's loopback.
pub const LOCAL: &str = "local";

/// What sort of source it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// The mail server on loopback, which is always there. One that is added only sends, by the server that it names.
    Smtp,
    /// A mailbox that is read by IMAP, and may send by SMTP.
    Imap,
    /// Whoever posts mail or text messages to us, signed.
    Webhook,
    /// Phone numbers of Twilio's.
    Twilio,
    /// Identities of Ravi's.
    Ravi,
}

impl SourceKind {
    /// Every kind.
    pub const ALL: [SourceKind; 5] =
        [SourceKind::Smtp, SourceKind::Imap, SourceKind::Webhook, SourceKind::Twilio, SourceKind::Ravi];

    /// The kind's name, for example `imap`.
    pub fn name(self) -> &'static str {
        match self {
            SourceKind::Smtp => "smtp",
            SourceKind::Imap => "imap",
            SourceKind::Webhook => "webhook",
            SourceKind::Twilio => "twilio",
            SourceKind::Ravi => "ravi",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<SourceKind> {
        SourceKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// How a source is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "state")]
pub enum SourceState {
    /// It connects, or waits until it is tried again.
    Connecting,
    /// It takes over what is there.
    Syncing {
        /// How many messages it has taken.
        done: u64,
        /// How many there are, where it knows.
        total: Option<u64>,
    },
    /// It hears what comes.
    Listening,
    /// It does not work; it is tried again where that can help.
    Failed {
        /// Why, in words, without secrets.
        reason: String,
        /// When it is tried again.
        again_at: Option<Millis>,
    },
}

/// A source as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// UUID v7; `local` for the one that is always there.
    pub id: String,
    /// Its unique name.
    pub name: String,
    /// What sort it is.
    pub kind: SourceKind,
    /// The id of the one identity that it serves; none: all.
    pub identity: Option<String>,
    /// Where its server is: `imaps://host:993`, `https://api.twilio.com`, `smtp://127.0.0.1:2525` …
    pub url: Option<String>,
    /// Where its provider posts to, if anybody does: its public address, else that of the web door on this machine.
    #[serde(default)]
    pub posted_to: Option<String>,
    /// What else it needs, as names and values; never a secret.
    pub settings: BTreeMap<String, String>,
    /// Whether it holds a secret.
    pub secret: bool,
    /// How it is.
    pub state: SourceState,
    /// What it could not do though it works, in words, without secrets.
    #[serde(default)]
    pub notes: Vec<String>,
    /// When it last brought or found nothing new without an error.
    pub synced_at: Option<Millis>,
    /// How many messages it has brought.
    pub messages: u64,
}

/// `sources.list`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSources {}

/// `sources.add`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddSource {
    /// A unique name.
    pub name: String,
    /// What sort.
    pub kind: SourceKind,
    /// The one identity that it serves; left out: all.
    #[serde(default)]
    pub identity: Option<String>,
    /// Where its server is.
    #[serde(default)]
    pub url: Option<String>,
    /// What else it needs.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Its password, key or token.
    #[serde(default)]
    pub secret: Option<SecretText>,
}

/// `sources.update`: what is left out stays; an empty value removes a setting.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateSource {
    /// Which one.
    pub source: String,
    /// Another address.
    #[serde(default)]
    pub url: Option<String>,
    /// Other settings.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Another secret.
    #[serde(default)]
    pub secret: Option<SecretText>,
}

/// `sources.sync`: looks for new messages now.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncSource {
    /// Which one.
    pub source: String,
}

/// `sources.remove`: the messages that it brought stay.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveSource {
    /// Which one.
    pub source: String,
}
