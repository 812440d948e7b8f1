//! How an identity's inbox is set: how long it keeps messages, and whether agents send.

use crate::secrets::Policy;
use serde::{Deserialize, Serialize};

/// How an identity's inbox is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxSettings {
    /// The identity's id.
    pub identity: String,
    /// How many days a message is kept; none: for ever.
    pub keep_days: Option<u32>,
    /// What happens when an agent sends.
    pub sending: Policy,
    /// How many messages it holds.
    pub messages: u32,
}

/// `inbox.settings`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetInbox {
    /// Whose.
    pub identity: String,
}

/// `inbox.set`: what is left out stays.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetInbox {
    /// Whose.
    pub identity: String,
    /// How many days a message is kept; 0: for ever.
    #[serde(default)]
    pub keep_days: Option<u32>,
    /// What happens when an agent sends.
    #[serde(default)]
    pub sending: Option<Policy>,
}
