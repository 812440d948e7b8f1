//! What has happened, for those who watch. An event names what changed; a face that cares lists it again.

use crate::Millis;
use crate::approvals::Approval;
use crate::grants::Grant;
use crate::sessions::Session;
use crate::status::VaultState;
use serde::{Deserialize, Serialize};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A slot's identity, agent or hue changed, or slots were added.
    SlotChanged {
        /// Its number.
        slot: u32,
    },
    /// The owner asked to see a slot, for example by a click on a notification.
    SlotOpened {
        /// Its number.
        slot: u32,
    },
    /// An identity was created, changed, made current or deleted.
    IdentityChanged {
        /// Its id.
        identity: String,
    },
    /// A secret was set or deleted.
    SecretChanged {
        /// The identity's id.
        identity: String,
        /// The secret's key.
        key: String,
    },
    /// An approval was asked for, answered, ran out or was withdrawn.
    ApprovalChanged {
        /// The approval as it is now.
        approval: Box<Approval>,
    },
    /// A grant was given, revoked or ended.
    GrantChanged {
        /// The grant as it is now.
        grant: Box<Grant>,
    },
    /// A password was made, changed or deleted.
    PasswordChanged {
        /// The identity's id.
        identity: String,
    },
    /// A message came.
    MessageArrived {
        /// The id of the identity that it is for.
        identity: String,
        /// Its id.
        message: String,
    },
    /// Messages were read, marked, sent or deleted, or how an inbox is set has changed.
    InboxChanged {
        /// The identity's id.
        identity: String,
    },
    /// A project was added, changed or removed.
    ProjectChanged {
        /// Its id.
        project: String,
    },
    /// A worktree was made or archived.
    WorktreeChanged {
        /// Its id.
        worktree: String,
    },
    /// A session was started or changed its state.
    SessionStateChanged {
        /// The session as it is now.
        session: Box<Session>,
        /// When.
        at: Millis,
    },
    /// A task was put in line, moved, started or taken out.
    TaskChanged {
        /// Its id.
        task: String,
    },
    /// An issuer was added, changed or removed.
    IssuerChanged {
        /// Its id.
        issuer: String,
    },
    /// A token was asked for, or has gone on in its life.
    TokenChanged {
        /// Its id.
        token: String,
    },
    /// The vault was opened, or found broken.
    VaultChanged {
        /// How it is now.
        vault: VaultState,
    },
    /// How notifications are set was changed, or a message on a route went on.
    NotifyChanged {},
    /// The owner looks at a session's terminal now.
    SessionOpened {
        /// The session's id.
        session: String,
    },
    /// A source was added, changed or removed, or is in another state.
    SourceChanged {
        /// Its id.
        source: String,
    },
    /// Records were added to the audit; told at most twice a second.
    AuditGrew {},
    /// The reader was too slow and missed some events: list again.
    Lagged {
        /// How many were missed.
        missed: u64,
    },
}
