//! Tokens: credentials with an issuer and a life, each bound to an identity and, mostly, to a worktree.

use crate::issuers::Kind;
use crate::{Millis, SecretText};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most repositories that one token is asked for.
pub const REPOSITORIES_MAX: usize = 500;

/// Where a token stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It was asked for; the owner may have to answer.
    Requested,
    /// It may be issued, and its issuer is being called.
    Approved,
    /// It was issued and is valid.
    Active,
    /// Its time is over.
    Expired,
    /// It shall be gone, and its issuer has not confirmed that yet.
    Revoking,
    /// Its issuer has confirmed that it is gone.
    Revoked,
    /// It was never issued.
    Failed,
    /// Its owner gave it up: it may be alive, and nobody can find out.
    Forgotten,
}

impl State {
    /// Every state.
    pub const ALL: [State; 8] = [
        State::Requested,
        State::Approved,
        State::Active,
        State::Expired,
        State::Revoking,
        State::Revoked,
        State::Failed,
        State::Forgotten,
    ];

    /// Whether it may be valid at its issuer, now or soon.
    pub fn may_live(self) -> bool {
        matches!(self, State::Requested | State::Approved | State::Active | State::Revoking)
    }

    /// The state's name, for example `active`.
    pub fn name(self) -> &'static str {
        match self {
            State::Requested => "requested",
            State::Approved => "approved",
            State::Active => "active",
            State::Expired => "expired",
            State::Revoking => "revoking",
            State::Revoked => "revoked",
            State::Failed => "failed",
            State::Forgotten => "forgotten",
        }
    }
}

/// A token without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// UUID v7.
    pub id: String,
    /// The issuer's name.
    pub issuer: String,
    /// What kind of issuer it is.
    pub kind: Kind,
    /// The id of the identity that it is for.
    pub identity_id: String,
    /// The identity's name when it was asked for.
    pub identity: String,
    /// The worktree that it is for; it is revoked when that is archived.
    pub worktree_id: Option<String>,
    /// The worktree's name.
    pub worktree: Option<String>,
    /// The session that asked for it; none if the owner did.
    pub session: Option<String>,
    /// That session's slot.
    pub slot: Option<u32>,
    /// Where it stands in its life.
    pub state: State,
    /// The repositories that it is limited to; empty where it is not limited.
    pub repositories: Vec<String>,
    /// What it may do, as the issuer names it, for example `contents` → `read`.
    pub permissions: BTreeMap<String, String>,
    /// Why it was asked for.
    pub reason: Option<String>,
    /// When it was asked for.
    pub requested_at: Millis,
    /// When its time is over; none where it lives until it is revoked.
    pub expires_at: Option<Millis>,
    /// When its issuer confirmed that it is gone.
    pub revoked_at: Option<Millis>,
    /// When it took the place of an older one, where it did.
    pub refreshed_at: Option<Millis>,
    /// The token that took its place.
    pub replaced_by: Option<String>,
    /// How often its revocation was tried without success.
    pub attempts: u32,
    /// When its revocation is tried again.
    pub next_try_at: Option<Millis>,
    /// What its issuer said last, where that was no success.
    pub last_error: Option<String>,
    /// Whether a new one can be issued after it is revoked; a stored token is gone for good.
    pub undoable: bool,
}

/// A token with its value.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenValue {
    /// The token; a newer one than was named where that has been replaced.
    #[serde(flatten)]
    pub token: Token,
    /// Its value.
    pub value: SecretText,
}

/// `tokens.request`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestToken {
    /// The issuer, by name or id.
    pub issuer: String,
    /// For whom; the current identity if left out, an agent's own always.
    #[serde(default)]
    pub identity: Option<String>,
    /// For which worktree; an agent's own always, for the owner none if left out.
    #[serde(default)]
    pub worktree: Option<String>,
    /// The repositories that it shall be limited to; all that the issuer allows if empty.
    #[serde(default)]
    pub repositories: Vec<String>,
    /// What it shall be able to do, as the issuer names it.
    #[serde(default)]
    pub permissions: BTreeMap<String, String>,
    /// How long it shall live, in seconds; as long as the issuer likes if left out.
    #[serde(default)]
    pub ttl: Option<u64>,
    /// Why, for the owner to read.
    #[serde(default)]
    pub reason: Option<String>,
    /// How long to wait for the owner's answer, in milliseconds.
    #[serde(default)]
    pub wait_ms: Option<u64>,
}

/// `tokens.list`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListTokens {
    /// Only those of this identity.
    #[serde(default)]
    pub identity: Option<String>,
    /// Only those of this worktree.
    #[serde(default)]
    pub worktree: Option<String>,
    /// Those that are gone as well, the newest 500.
    #[serde(default)]
    pub all: bool,
}

/// `tokens.show`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowToken {
    /// Its id, or a unique prefix of it.
    pub token: String,
}

/// `tokens.read`: the value; a token that is about to end is replaced first.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadToken {
    /// Its id, or a unique prefix of it.
    pub token: String,
}

/// `tokens.revoke`: from now on it counts as gone; its issuer is told until it confirms.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeToken {
    /// Its id, or a unique prefix of it.
    pub token: String,
    /// Go on although it cannot be undone.
    #[serde(default)]
    pub force: bool,
    /// How long to wait for the issuer's word, 0 to 60000 ms; 10000 if left out.
    #[serde(default)]
    pub wait_ms: Option<u64>,
}

/// `tokens.forget`: a token that nobody can settle is no longer looked after.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgetToken {
    /// Its id, or a unique prefix of it.
    pub token: String,
    /// Go on although it may be alive for ever.
    #[serde(default)]
    pub sure: bool,
}

/// `tokens.refresh`: a new token of the same kind in its place; the old one is revoked after that.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshToken {
    /// Its id, or a unique prefix of it.
    pub token: String,
}
