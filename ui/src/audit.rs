//! The audit on the page: the ledger of all that happened, and the timeline of one identity.

mod ledger;
mod record;
mod records;

pub use ledger::LedgerPage;
pub use records::Records;

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
}

impl Filter {
    /// The call for a page of it.
    fn page(&self, before: Option<i64>, after: Option<i64>, limit: u32) -> ListAudit {
        let Filter { identity, slot, kind } = self.clone();
        ListAudit { identity, slot, kind, since: None, before, after, limit: Some(limit) }
    }
}
