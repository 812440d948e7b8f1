//! Who asks: made by a door from how the caller came, never from what it says.

use api::Role;

/// A caller of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// The person whose machine this is.
    Owner,
    /// A process of one session.
    Agent {
        /// The session's id.
        session: String,
        /// The session's slot.
        slot: u32,
        /// The id of the session's identity.
        identity_id: String,
    },
}

impl Caller {
    /// What the caller is to the daemon.
    pub fn role(&self) -> Role {
        match self {
            Caller::Owner => Role::Owner,
            Caller::Agent { .. } => Role::Agent,
        }
    }

    /// Whether it is a process of a session.
    pub fn is_agent(&self) -> bool {
        matches!(self, Caller::Agent { .. })
    }
}
