//! Until when an account wants to be left alone: what one request is told holds for all of its seats.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How long an account is left alone that does not say how long.
const USUAL: Duration = Duration::from_secs(30);

/// What all who ask for one account share.
#[derive(Debug, Clone, Default)]
pub struct Rest(Arc<Mutex<Option<Instant>>>);

impl Rest {
    /// How long it is still to be left alone.
    pub fn left(&self) -> Option<Duration> {
        let left = self.lock().map(|until| until.saturating_duration_since(Instant::now()));
        left.filter(|left| !left.is_zero())
    }

    /// It wants to be left alone for so long; gives how long that is.
    pub fn begins(&self, wanted: Option<Duration>) -> Duration {
        let wanted = wanted.unwrap_or(USUAL);
        let mut until = self.lock();
        *until = (*until).max(Some(Instant::now() + wanted));
        wanted
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_who_share_it_rest_and_no_shorter_wish_ends_a_longer_one() {
        let rest = Rest::default();
        let other = rest.clone();
        assert_eq!(other.left(), None);
        rest.begins(Some(Duration::from_secs(600)));
        rest.begins(Some(Duration::from_secs(1)));
        assert!(other.left().is_some_and(|left| left > Duration::from_secs(500)));
        let none = Rest::default();
        none.begins(Some(Duration::ZERO));
        assert_eq!(none.left(), None);
    }
}
