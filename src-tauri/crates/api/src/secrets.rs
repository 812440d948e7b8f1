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
    /// The id of the worktree that it is for alone; none if it is for all.
    #[serde(default)]
    pub worktree_id: Option<String>,
    /// That worktree's name.
    #[serde(default)]
    pub worktree: Option<String>,
    /// The other identities that share it, by name; told to the owner alone.
    #[serde(default)]
    pub shared_with: Vec<String>,
    /// The running sessions that still hold an older value; an agent sees its own identity's.
    #[serde(default)]
    pub stale: Vec<StaleSession>,
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

/// A running session that holds an older value in its environment, until it is restarted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaleSession {
    /// Its id.
    pub session: String,
    /// Its slot.
    pub slot: u32,
    /// Its identity's name.
    pub identity: String,
    /// Its worktree's name.
    pub worktree: String,
    /// The version that it holds.
    pub version: i64,
}

/// Who set a value, when and why. The value itself is gone, but for the newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretVersion {
    /// Which value: 1 is the first.
    pub version: i64,
    /// Who set it: `owner` or `agent`.
    pub by: String,
    /// The agent's slot.
    pub slot: Option<u32>,
    /// The agent's session.
    pub session: Option<String>,
    /// Why, where that was said.
    pub because: Option<String>,
    /// When.
    pub set_at: Millis,
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetSecret {
    /// Whose; the current one's if left out, an agent's own always.
    #[serde(default)]
    pub identity: Option<String>,
    /// Its key.
    pub key: String,
    /// The worktree that it is for alone; the one for all worktrees if left out, an agent's as it applies.
    #[serde(default)]
    pub worktree: Option<String>,
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadSecret {
    /// Whose; the current one's if left out, an agent's own always.
    #[serde(default)]
    pub identity: Option<String>,
    /// Its key.
    pub key: String,
    /// The worktree that it is for alone; the one for all worktrees if left out, an agent's as it applies.
    #[serde(default)]
    pub worktree: Option<String>,
    /// Why, for the owner who is asked where the policy is `ask`.
    #[serde(default)]
    pub reason: Option<String>,
    /// How long to wait for the owner; two minutes if left out.
    #[serde(default)]
    pub wait_ms: Option<u64>,
}

/// `secrets.delete`: an agent may delete what an agent has set.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteSecret {
    /// Whose; the current one's if left out.
    #[serde(default)]
    pub identity: Option<String>,
    /// Its key.
    pub key: String,
    /// The worktree that it is for alone; the one for all worktrees if left out, an agent's as it applies.
    #[serde(default)]
    pub worktree: Option<String>,
}

/// `secrets.rotate`: a new value, for all that share it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateSecret {
    /// Whose; the current one's if left out.
    #[serde(default)]
    pub identity: Option<String>,
    /// Its key.
    pub key: String,
    /// The worktree that it is for alone; the one for all worktrees if left out.
    #[serde(default)]
    pub worktree: Option<String>,
    /// The new value, 1 byte to 64 KiB.
    pub value: SecretText,
    /// Why.
    #[serde(default)]
    pub because: Option<String>,
}

/// `secrets.versions`: who set each value, the newest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListVersions {
    /// Whose; the current one's if left out.
    #[serde(default)]
    pub identity: Option<String>,
    /// Its key.
    pub key: String,
    /// The worktree that it is for alone; the one for all worktrees if left out.
    #[serde(default)]
    pub worktree: Option<String>,
}

/// `secrets.share`: other identities get the value as well, and each newer one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareSecret {
    /// Whose; the current one's if left out.
    #[serde(default)]
    pub identity: Option<String>,
    /// Its key.
    pub key: String,
    /// With whom.
    pub with: Vec<String>,
}

/// `secrets.unshare`: takes the secret away from identities that share it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnshareSecret {
    /// Whose; the current one's if left out.
    #[serde(default)]
    pub identity: Option<String>,
    /// Its key.
    pub key: String,
    /// From whom it is taken.
    pub with: Vec<String>,
}
