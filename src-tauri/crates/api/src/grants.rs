//! Grants: standing answers of the owner, so that the same question is not asked again.

use crate::approvals::Action;
use crate::{Error, Millis};
use serde::{Deserialize, Serialize};

/// How far a grant reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    /// One session, until it ends.
    Session,
    /// One identity in one worktree, until that is archived.
    Worktree,
    /// One session, for an hour at most.
    Hour,
}

impl Extent {
    /// Every extent.
    pub const ALL: [Extent; 3] = [Extent::Session, Extent::Worktree, Extent::Hour];

    /// Its name, for example `session`.
    pub fn name(self) -> &'static str {
        match self {
            Extent::Session => "session",
            Extent::Worktree => "worktree",
            Extent::Hour => "hour",
        }
    }
}

impl TryFrom<String> for Extent {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|one| one.name() == name).ok_or_else(|| Error::not_found("extent", &name))
    }
}

/// A standing answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// UUID v7.
    pub id: String,
    /// What it allows.
    pub action: Action,
    /// Of what: a key, an issuer, a fingerprint.
    pub subject: String,
    /// The identity's id.
    pub identity_id: String,
    /// The identity's name.
    pub identity: String,
    /// How far it reaches.
    pub extent: Extent,
    /// The session that it was given to.
    pub session: String,
    /// That session's slot.
    pub slot: u32,
    /// The worktree that it was given in.
    pub worktree_id: String,
    /// That worktree's name.
    pub worktree: String,
    /// The approval that it was the answer to.
    pub approval: String,
    /// When it was given.
    pub made_at: Millis,
    /// When it ends by itself, where an hour was given.
    pub until: Option<Millis>,
    /// When it was revoked or ended.
    pub ended_at: Option<Millis>,
}

/// `grants.list`: those that hold, oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListGrants {}

/// `grants.revoke`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeGrant {
    /// Which one: its id or a unique prefix of it.
    pub grant: String,
}
