//! What the store remembers of rows that nearly every call asks for. This process alone writes the database, so
//! what is remembered holds until a change here, and a change is never over before it is forgotten.

use super::{GrantRow, IdentityRow};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is remembered.
#[derive(Default)]
pub(super) struct Known {
    /// The identities, by name.
    pub identities: Remembered<IdentityRow>,
    /// The grants that nobody has ended, oldest first.
    pub grants: Remembered<GrantRow>,
    /// Names of worktrees by their ids. Neither ever changes.
    worktrees: Mutex<HashMap<String, String>>,
}

/// All rows of one sort, once they were read.
pub(super) struct Remembered<T>(Mutex<Rows<T>>);

struct Rows<T> {
    rows: Option<Arc<[T]>>,
    /// How often they have changed.
    changes: u64,
}

/// The rows change as long as this lives.
pub(super) struct Changing<'a, T>(&'a Remembered<T>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::new(Rows { rows: None, changes: 0 }))
    }
}

impl<T> Remembered<T> {
    /// The rows, and how often they had changed when this was asked.
    pub fn get(&self) -> (Option<Arc<[T]>>, u64) {
        let known = lock(&self.0);
        (known.rows.clone(), known.changes)
    }

    /// Remembers rows, unless they have changed since they began to be read.
    pub fn remember(&self, rows: &Arc<[T]>, changes: u64) {
        let mut known = lock(&self.0);
        if known.changes == changes {
            known.rows = Some(rows.clone());
        }
    }

    /// To be dropped when a change is done, or has failed.
    pub fn changing(&self) -> Changing<'_, T> {
        Changing(self)
    }
}

impl Known {
    /// The name of a worktree.
    pub fn worktree(&self, id: &str) -> Option<String> {
        lock(&self.worktrees).get(id).cloned()
    }

    /// Remembers the name of a worktree.
    pub fn remember_worktree(&self, id: &str, name: &str) {
        lock(&self.worktrees).insert(id.to_string(), name.to_string());
    }
}

impl<T> Drop for Changing<'_, T> {
    fn drop(&mut self) {
        let mut known = lock(&self.0.0);
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
        let known = Remembered::<u8>::default();
        let (none, changes) = known.get();
        assert!(none.is_none());
        let rows: Arc<[u8]> = Arc::new([]);
        known.remember(&rows, changes);
        let (some, before) = known.get();
        assert!(some.is_some());
        let changing = known.changing();
        known.remember(&rows, before);
        drop(changing);
        assert!(known.get().0.is_none());
        known.remember(&rows, before);
        assert!(known.get().0.is_none());
    }
}
