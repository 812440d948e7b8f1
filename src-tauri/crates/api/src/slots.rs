//! Slots and badges: the numbered seats for agents, and what a person sees of each.

use crate::secrets::Policy;
use crate::sessions::Session;
use serde::{Deserialize, Serialize};

/// How many slots there are from the start.
pub const DEFAULT_SLOTS: u32 = 12;
/// The highest number that a slot can have.
pub const MAX_SLOT: u32 = 99;
/// How many colours a slot can have: hues 0 to 11, equal in lightness.
pub const HUES: u32 = 12;

/// Whose badge it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wearer {
    /// The identity's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub email: String,
    /// Its phone number, where it has one.
    pub phone: Option<String>,
}

/// A credential that a badge shows: its name and policy, never its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// The secret's key.
    pub key: String,
    /// What happens when it is asked for.
    pub policy: Policy,
    /// Whether the session that runs there still holds an older value.
    #[serde(default)]
    pub stale: bool,
}

/// What a person sees of a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Badge {
    /// The slot's number, from 1.
    pub slot: u32,
    /// The slot's hue, 0 to 11.
    pub hue: u32,
    /// Who sits there.
    pub identity: Option<Wearer>,
    /// The agent that is started there by default: `shell`, `claude`, `codex`, `opencode`.
    pub agent: String,
    /// The session that runs there, or else the last one that did.
    pub session: Option<Session>,
    /// The identity's credentials, by key.
    pub credentials: Vec<Credential>,
    /// How many of the identity's messages nobody has read.
    #[serde(default)]
    pub unread: u32,
}

/// `slots.list`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSlots {}

/// `slots.set`: what is left out stays; a number beyond the last slot adds the slots up to it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetSlot {
    /// Its number, 1 to 99.
    pub slot: u32,
    /// Who shall sit there.
    #[serde(default)]
    pub identity: Option<String>,
    /// The agent to start there by default.
    #[serde(default)]
    pub agent: Option<String>,
    /// Its hue, 0 to 11.
    #[serde(default)]
    pub hue: Option<u32>,
}

/// `slots.clear`: takes identity and agent off the slot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClearSlot {
    /// Its number.
    pub slot: u32,
}

/// `slots.open`: asks the window to show a slot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenSlot {
    /// Its number.
    pub slot: u32,
}
