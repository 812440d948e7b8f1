//! Secrets: the contents of an identity's vault.

use crate::{Millis, SecretText};
use serde::{Deserialize, Serialize};

/// The largest value of a secret, in bytes.
pub const VALUE_MAX: usize = 64 * 1024;

/// What happens when a secret is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Put into the environment of the identity's sessions, and read freely by them.
    #[default]
    Auto,
    /// Each use is approved by the owner.
    Ask,
    /// Never given to an agent.
    Deny,
}

impl Policy {
    /// The policy's name, for example `auto`.
    pub fn name(self) -> &'static str {
        match self {
            Policy::Auto => "auto",
            Policy::Ask => "ask",
            Policy::Deny => "deny",
        }
    }
}

/// A secret without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretEntry {
    /// UUID v7.
    pub uuid: String,
    /// The name of the identity that holds it.
    pub identity: String,
    /// Its key, unique within the identity.
    pub key: String,
    /// What happens when it is asked for.
    pub policy: Policy,
    /// The owner's notes.
    pub notes: String,
    /// How often its value has been set.
    pub version: i64,
    /// When it was first set, RFC 3339.
    pub created_dt: String,
    /// When it was last set, RFC 3339.
    pub updated_dt: String,
    /// When it was last set.
    pub updated_at: Millis,
}

/// A secret with its value, in the shape of `secrets get --json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecretValue {
    /// UUID v7.
    pub uuid: String,
    /// The name of the identity that holds it.
    pub identity: String,
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: SecretText,
    /// The owner's notes.
    pub notes: String,
    /// When it was first set, RFC 3339.
    pub created_dt: String,
    /// When it was last set, RFC 3339.
    pub updated_dt: String,
}

/// `secrets.list`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSecrets {
    /// Whose; the current one's if left out, an agent's own always.
    #[serde(default)]
    pub identity: Option<String>,
}

/// `secrets.set`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetSecret {
    /// Whose; the current one's if left out, an agent's own always.
    #[serde(default)]
    pub identity: Option<String>,
    /// Its key.
    pub key: String,
    /// Its value, 1 byte to 64 KiB; only policy and notes change if left out.
    #[serde(default)]
    pub value: Option<SecretText>,
    /// A new policy; `auto` for a new secret if left out.
    #[serde(default)]
    pub policy: Option<Policy>,
    /// New notes.
    #[serde(default)]
    pub notes: Option<String>,
}

/// `secrets.read`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadSecret {
    /// Whose; the current one's if left out, an agent's own always.
    #[serde(default)]
    pub identity: Option<String>,
    /// Its key.
    pub key: String,
    /// Why, for the owner who is asked where the policy is `ask`.
    #[serde(default)]
    pub reason: Option<String>,
    /// How long to wait for the owner; two minutes if left out.
    #[serde(default)]
    pub wait_ms: Option<u64>,
}

/// `secrets.delete`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteSecret {
    /// Whose; the current one's if left out.
    #[serde(default)]
    pub identity: Option<String>,
    /// Its key.
    pub key: String,
}
