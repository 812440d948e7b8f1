//! Who may ask: a role is given by the door through which a caller came, never by the message.

use serde::{Deserialize, Serialize};

/// What a caller is to the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person whose machine this is.
    Owner,
    /// A member who may look and answer approvals.
    Approver,
    /// A member who may look.
    Viewer,
    /// A process of one session: it acts for that session's identity and nobody else.
    Agent,
}

impl Role {
    /// The role's name in messages, for example `owner`.
    pub fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Approver => "approver",
            Role::Viewer => "viewer",
            Role::Agent => "agent",
        }
    }
}
