//! The audit: who did what, through which door, for which worktree, and what came of it; never a value.

use crate::Millis;
use serde::{Deserialize, Serialize};

/// The most records that one page holds.
pub const PAGE_MAX: u32 = 500;
/// How many records a page holds where nobody says.
pub const PAGE: u32 = 50;
/// The most anchors that one verification takes.
pub const ANCHORS_MAX: usize = 1000;

macro_rules! names {
    ($(#[$doc:meta])* $enum:ident { $($(#[$vdoc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $enum {
            $($(#[$vdoc])* #[serde(rename = $name)] $variant,)+
        }

        impl $enum {
            /// All of them.
            pub const ALL: &[$enum] = &[$($enum::$variant),+];

            /// Its name in records and on the command line.
            pub fn name(self) -> &'static str {
                match self {
                    $($enum::$variant => $name,)+
                }
            }
        }
    };
}

names! {
    /// What a record is about.
    Kind {
        /// A persona.
        Identity = "identity",
        /// A value in an identity's vault.
        Secret = "secret",
        /// A standing answer.
        Grant = "grant",
        /// An open question to the owner.
        Approval = "approval",
        /// A minted credential.
        Token = "token",
        /// What mints tokens.
        Issuer = "issuer",
        /// An agent's terminal.
        Session = "session",
        /// Who came to a door, and was refused.
        Door = "door",
        /// Who comes in through the web door.
        Member = "member",
        /// A checkout.
        Worktree = "worktree",
        /// A login, or a one-time code.
        Password = "password",
        /// A key that signs or opens a connection.
        Key = "key",
        /// The vault itself.
        Vault = "vault",
        /// A seat.
        Slot = "slot",
        /// A git repository.
        Project = "project",
        /// How the owner is told.
        Notify = "notify",
        /// The daemon itself.
        Daemon = "daemon",
        /// Work that waits for a slot.
        Task = "task",
        /// A mail or a text message.
        Message = "message",
        /// Where mail and text messages come from.
        Source = "source",
    }
}

names! {
    /// Who did it.
    Who {
        /// The person whose machine this is, at the owner's socket.
        Owner = "owner",
        /// A process of a session.
        Agent = "agent",
        /// A member's browser; so far that is the owner's own.
        Member = "member",
        /// Lanyard itself: what happens without a call.
        Daemon = "daemon",
        /// A source that the owner has set up: what changes at its server changes here.
        Source = "source",
        /// Somebody that a door refused.
        Stranger = "stranger",
    }
}

names! {
    /// The door through which it came.
    Door {
        /// The owner's socket.
        Owner = "owner",
        /// A session's own socket.
        Session = "session",
        /// The web door on loopback.
        Web = "web",
        /// A notification on the owner's desktop.
        Notification = "notification",
        /// None: it came from inside.
        Inside = "inside",
    }
}

/// One record. Texts are as they are stored, so that a list shows an altered record too; what is not plain
/// in them was escaped before it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its number, from 1 and without gaps. The number is the order, whatever the clock said.
    pub seq: i64,
    /// When, by the machine's clock.
    pub at: Millis,
    /// A name of [`Who`].
    pub who: String,
    /// A name of [`Door`].
    pub door: String,
    /// A name of [`Kind`].
    pub kind: String,
    /// The call's method, or what happened, for example `tokens.revoked`.
    pub action: String,
    /// The key, name or id that it was about.
    pub subject: String,
    /// The identity's id.
    pub identity_id: Option<String>,
    /// The identity's name at that time.
    pub identity: Option<String>,
    /// The session's id.
    pub session: Option<String>,
    /// The session's slot.
    pub slot: Option<u32>,
    /// The worktree's id.
    pub worktree_id: Option<String>,
    /// The worktree's name.
    pub worktree: Option<String>,
    /// `done`, the error's code, or `interrupted` where the daemon's end left unknown whether it was done.
    pub outcome: String,
    /// More, in words.
    pub detail: String,
    /// The hash of the record before, in hexadecimal; of the first one, zeros.
    pub previous: String,
    /// The SHA-256 of this record with the hash before, in hexadecimal.
    pub hash: String,
}

/// `audit.list`: a page of records, newest first; with `after`, oldest first from there on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListAudit {
    /// Only those about this identity: its name or id, also if it is gone.
    #[serde(default)]
    pub identity: Option<String>,
    /// Only those of this slot.
    #[serde(default)]
    pub slot: Option<u32>,
    /// Only those of this kind.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// Only those from this time on.
    #[serde(default)]
    pub since: Option<Millis>,
    /// Only those from before the clock first passed this time.
    #[serde(default)]
    pub until: Option<Millis>,
    /// Only those of the worktree of this name.
    #[serde(default)]
    pub worktree: Option<String>,
    /// Only those whose subject holds these words, in capitals or not.
    #[serde(default)]
    pub subject: Option<String>,
    /// Only those with a smaller number: the next page.
    #[serde(default)]
    pub before: Option<i64>,
    /// Only those with a larger number, the oldest of them first.
    #[serde(default)]
    pub after: Option<i64>,
    /// How many, 1 to 500; 50 if left out.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A record's number and hash, written down where nobody who alters the audit can alter it too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The record's number; 0 while there is none.
    pub seq: i64,
    /// Its hash in hexadecimal.
    pub hash: String,
}

/// `audit.anchor`: the newest record, to be written down elsewhere.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorAudit {}

/// `audit.verify`: goes through the whole chain.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyAudit {
    /// What was written down before and must still be there; at most 1000.
    #[serde(default)]
    pub anchors: Vec<Anchor>,
}

/// What is wrong with the first record that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// It does not say what it said when it was written.
    Altered,
    /// It is not there.
    Missing,
    /// A record of another number stands in its place.
    Reordered,
    /// It is not the one that was anchored: everything from some record on was written anew.
    Replaced,
}

/// Where the chain breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// The number of the first record that is wrong.
    pub seq: i64,
    /// What is wrong with it.
    pub fault: Fault,
    /// The same in words.
    pub words: String,
}

/// What came of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// How many records were read.
    pub records: i64,
    /// The newest record that was read.
    pub head: Anchor,
    /// How many anchors fitted.
    pub anchors: u32,
    /// Where the chain breaks, if it does.
    pub broken: Option<Break>,
}
