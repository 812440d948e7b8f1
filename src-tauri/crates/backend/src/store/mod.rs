//! The store: one SQLite database, one file per table, SQL that PostgreSQL takes as well.

mod approvals;
mod audit;
mod deleted;
mod deliveries;
mod grants;
mod held;
mod identities;
mod inboxes;
mod intents;
mod issuers;
mod keys;
mod known;
mod links;
mod messages;
mod open;
mod origins;
mod passwords;
mod projects;
mod routes;
mod secrets;
mod session_keys;
mod sessions;
mod settings;
mod slots;
mod sources;
mod summaries;
mod tasks;
mod tokens;
mod unfetched;
mod vault;
mod worktrees;

pub use approvals::ApprovalRow;
pub use audit::{AuditBatch, AuditFilter, AuditNames, AuditRow};
pub use deliveries::DeliveryRow;
pub use grants::GrantRow;
pub use held::{HeldSecret, StaleRow};
pub use identities::IdentityRow;
pub use inboxes::InboxRow;
pub use intents::IntentRow;
pub use issuers::IssuerRow;
pub use keys::KeyRow;
pub use links::{LinkRow, SeatRow};
pub use messages::{MessageFilter, MessageRow, NewMessage, Written};
pub use origins::OriginRow;
pub use passwords::PasswordRow;
pub use projects::ProjectRow;
pub use routes::RouteRow;
pub use secrets::{KeyOfSecret, SecretRow, VersionRow};
pub use sessions::SessionRow;
pub use slots::SlotRow;
pub use sources::SourceRow;
pub use summaries::{AskedRow, DeedRow};
pub use tasks::TaskRow;
pub use tokens::{Issued, Orphan, TokenRow};
pub use unfetched::UnfetchedRow;
pub use vault::VaultRow;
pub use worktrees::WorktreeRow;

use anyhow::{Result, bail};
use api::{Code, Error};
use known::Known;
use sqlx::SqlitePool;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: SqlitePool,
    /// For what must outlive this process at once and the machine's power a moment later.
    quick: SqlitePool,
    known: Arc<Known>,
    /// Whether the log holds something that was deleted and could not be emptied.
    unflushed: Arc<AtomicBool>,
}

/// Something that is known by a name and an id.
pub trait Named {
    /// Its unique name.
    fn name(&self) -> &str;
    /// Its id.
    fn id(&self) -> &str;
}

/// Finds what `wanted` means among `rows`: a name, an id, or a unique prefix of an id.
pub fn find<T: Named>(kind: &str, wanted: &str, rows: Vec<T>) -> Result<T> {
    let mut named = None;
    let mut prefixed = Vec::new();
    for row in rows {
        if row.name() == wanted || row.id() == wanted {
            named = Some(row);
            break;
        }
        if is_prefix(wanted) && row.id().starts_with(wanted) {
            prefixed.push(row);
        }
    }
    if let Some(row) = named {
        return Ok(row);
    }
    match prefixed.len() {
        1 => Ok(prefixed.remove(0)),
        0 => bail!(Error::not_found(kind, wanted).hint(format!("`lanyard {kind} list` shows what there is"))),
        n => bail!(
            Error::new(Code::Ambiguous, format!("{} names {n} things", api::names::shown(wanted)))
                .hint("give more characters of the id")
        ),
    }
}

/// Whether the text can be the beginning of an id that a person typed.
pub fn is_prefix(text: &str) -> bool {
    text.len() >= 4 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// A new id: UUID v7 text.
pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing(&'static str, &'static str);
    impl Named for Thing {
        fn name(&self) -> &str {
            self.0
        }
        fn id(&self) -> &str {
            self.1
        }
    }

    fn things() -> Vec<Thing> {
        vec![Thing("a", "0199aa01"), Thing("b", "0199aa02"), Thing("0199", "ffff0000")]
    }

    #[test]
    fn a_name_a_whole_id_and_a_unique_prefix_find_a_thing() {
        assert_eq!(find("identity", "b", things()).unwrap().1, "0199aa02");
        assert_eq!(find("identity", "0199aa01", things()).unwrap().0, "a");
        assert_eq!(find("identity", "0199aa02", things()).unwrap().0, "b");
        assert_eq!(find("identity", "0199", things()).unwrap().1, "ffff0000");
    }

    #[test]
    fn a_prefix_of_two_things_is_ambiguous_and_a_short_one_finds_nothing() {
        let code = |wanted| match find("identity", wanted, things()) {
            Err(e) => e.downcast::<Error>().unwrap().code,
            Ok(_) => panic!("found"),
        };
        assert_eq!(code("0199aa0"), Code::Ambiguous);
        assert_eq!(code("ff"), Code::NotFound);
        assert_eq!(code("%%%%"), Code::NotFound);
    }
}
