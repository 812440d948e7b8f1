//! What the store remembers of rows that nearly every call asks for. This process alone writes the database, so
//! what is remembered holds until a change here, and a change is never over before it is forgotten.

use super::IdentityRow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is remembered.
#[derive(Default)]
pub(super) struct Known {
    identities: Mutex<Identities>,
    /// Names of worktrees by their ids. Neither ever changes.
    worktrees: Mutex<HashMap<String, String>>,
}

#[derive(Default)]
struct Identities {
    rows: Option<Arc<[IdentityRow]>>,
    /// How often they have changed.
    changes: u64,
}

/// The identities change as long as this lives.
pub(super) struct Changing<'a>(&'a Known);

impl Known {
    /// The identities, and how often they had changed when this was asked.
    pub fn identities(&self) -> (Option<Arc<[IdentityRow]>>, u64) {
        let known = lock(&self.identities);
        (known.rows.clone(), known.changes)
    }

    /// Remembers identities, unless they have changed since they began to be read.
    pub fn remember_identities(&self, rows: &Arc<[IdentityRow]>, changes: u64) {
        let mut known = lock(&self.identities);
        if known.changes == changes {
            known.rows = Some(rows.clone());
        }
    }

    /// To be dropped when a change of the identities is done, or has failed.
    pub fn changing(&self) -> Changing<'_> {
        Changing(self)
    }

    /// The name of a worktree.
    pub fn worktree(&self, id: &str) -> Option<String> {
        lock(&self.worktrees).get(id).cloned()
    }

    /// Remembers the name of a worktree.
    pub fn remember_worktree(&self, id: &str, name: &str) {
        lock(&self.worktrees).insert(id.to_string(), name.to_string());
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        let mut known = lock(&self.0.identities);
        known.rows = None;
        // Whoever has read the old rows and not yet remembered them comes too late.
        known.changes += 1;
    }
}

fn lock<T>(known: &Mutex<T>) -> MutexGuard<'_, T> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_change_is_not_remembered_after_it() {
        let known = Known::default();
        let (none, changes) = known.identities();
        assert!(none.is_none());
        let rows: Arc<[IdentityRow]> = Arc::new([]);
        known.remember_identities(&rows, changes);
        let (some, before) = known.identities();
        assert!(some.is_some());
        let changing = known.changing();
        known.remember_identities(&rows, before);
        drop(changing);
        assert!(known.identities().0.is_none());
        known.remember_identities(&rows, before);
        assert!(known.identities().0.is_none());
    }
}
