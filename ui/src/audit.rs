//! The audit on the page: the ledger of all that happened, and the timeline of one identity.

mod ledger;
mod record;
mod records;
mod when;

pub use ledger::LedgerPage;
pub use records::Records;

use api::Millis;
use api::audit::{Kind, ListAudit};

/// What of the audit is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only what is about this identity, by its name or id.
    pub identity: Option<String>,
    /// Only what is of this slot.
    pub slot: Option<u32>,
    /// Only what is of this kind.
    pub kind: Option<Kind>,
    /// Only what is of the worktree of this name.
    pub worktree: Option<String>,
    /// From when on, as it was written; nothing if empty.
    pub since: String,
    /// Until when, likewise.
    pub until: String,
    /// Words in the subject.
    pub subject: String,
}

impl Filter {
    /// The call for records that it lets through.
    fn call(&self, now: Millis) -> ListAudit {
        let Filter { identity, slot, kind, worktree, since, until, subject } = self.clone();
        let subject = Some(subject).filter(|words| !words.is_empty());
        let (since, until) = (when::read(&since, now), when::read(&until, now));
        ListAudit { identity, slot, kind, worktree, since, until, subject, ..ListAudit::default() }
    }
}
