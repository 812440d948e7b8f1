//! Turns: how much of one's asking is worked on at once, so that whoever asks without end keeps nobody else waiting.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many are known at once before those who have nothing open are forgotten.
const KNOWN: usize = 64;

/// Everybody's turns. Cheap to clone.
#[derive(Clone)]
pub struct Turns {
    most: usize,
    known: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

/// A turn, as long as it lives.
pub type Turn = OwnedSemaphorePermit;

impl Turns {
    /// So many at once for each.
    pub fn new(most: usize) -> Self {
        Self { most, known: Arc::default() }
    }

    /// Waits for a turn.
    pub async fn take(&self, whose: &str) -> Option<Turn> {
        // Nobody closes them, so that there is always one to come.
        self.of(whose).acquire_owned().await.ok()
    }

    /// A turn, if there is one now.
    pub fn try_take(&self, whose: &str) -> Option<Turn> {
        self.of(whose).try_acquire_owned().ok()
    }

    fn of(&self, whose: &str) -> Arc<Semaphore> {
        let mut known = self.lock();
        if known.len() >= KNOWN {
            known.retain(|_, turns| Arc::strong_count(turns) > 1 || turns.available_permits() < self.most);
        }
        known.entry(whose.to_string()).or_insert_with(|| Arc::new(Semaphore::new(self.most))).clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Semaphore>>> {
        self.known.lock().unwrap_or_else(|e| e.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_has_all_turns_waits_for_one_and_nobody_else_does() {
        let turns = Turns::new(2);
        let (one, _other) = (turns.take("ada").await, turns.take("ada").await);
        assert!(turns.try_take("ada").is_none() && turns.try_take("bob").is_some());
        drop(one);
        assert!(turns.try_take("ada").is_some());
        for n in 0..2 * KNOWN {
            turns.take(&n.to_string()).await;
        }
        assert!(turns.lock().len() <= KNOWN && turns.lock().contains_key("ada"));
    }
}
