//! How often something may be recorded: whoever asks without end is counted, so that nobody fills the disk.

use super::{Audit, By, Fact, REFUSED};
use api::audit::{Door, Kind};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How many records somebody may cause at once.
const BURST: f64 = 1000.0;
/// How many a second in the long run, which is some 30 megabytes a day.
const A_SECOND: f64 = 0.5;
/// How long is counted before the counts are written down.
const COUNTING: Duration = Duration::from_secs(60);
/// How many are known at once before those who have been quiet are forgotten.
const KNOWN: usize = 256;

/// Everybody's budget, by door and session.
#[derive(Default)]
pub struct Budgets {
    known: Mutex<HashMap<Key, Budget>>,
    over: Notify,
}

type Key = (Door, Option<String>);

struct Budget {
    left: f64,
    at: Instant,
    counts: HashMap<(Kind, String), u64>,
}

impl Budgets {
    /// Takes one from a budget. Where nothing is left, it is counted, and the answer is false.
    pub fn spend(&self, now: Instant, door: Door, session: Option<&str>, kind: Kind, action: &str) -> bool {
        let mut known = self.known.lock().unwrap_or_else(|e| e.into_inner());
        if known.len() >= KNOWN {
            known.retain(|_, budget| !budget.counts.is_empty() || budget.left_at(now) < BURST);
        }
        let fresh = || Budget { left: BURST, at: now, counts: HashMap::new() };
        let budget = known.entry((door, session.map(String::from))).or_insert_with(fresh);
        (budget.left, budget.at) = (budget.left_at(now), now);
        if budget.left >= 1.0 {
            budget.left -= 1.0;
            return true;
        }
        *budget.counts.entry((kind, action.to_string())).or_default() += 1;
        self.over.notify_one();
        false
    }

    fn take_counts(&self) -> Vec<(Key, Kind, String, u64)> {
        let mut known = self.known.lock().unwrap_or_else(|e| e.into_inner());
        let counts = known.iter_mut().flat_map(|(key, budget)| {
            budget.counts.drain().map(|((kind, action), count)| (key.clone(), kind, action, count))
        });
        counts.collect()
    }
}

impl Budget {
    fn left_at(&self, now: Instant) -> f64 {
        (self.left + now.duration_since(self.at).as_secs_f64() * A_SECOND).min(BURST)
    }
}

/// Writes the counts down, a minute after the first of them and at the end.
pub async fn tell_counts(audit: Audit, ending: CancellationToken) {
    loop {
        let ended = ending.run_until_cancelled(async {
            audit.budgets.over.notified().await;
            tokio::time::sleep(COUNTING).await;
        });
        let ended = ended.await.is_none();
        for ((door, session), kind, action, count) in audit.budgets.take_counts() {
            let fact = Fact {
                outcome: REFUSED.into(),
                detail: format!(
                    "{count} more at the door {}, too many to be written one by one",
                    door.name()
                ),
                session,
                ..Fact::done(kind, &action, "")
            };
            if let Err(e) = audit.record(By::Daemon, fact).await {
                tracing::error!("recording what was only counted: {e:#}");
            }
        }
        if ended {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_nothing_left_is_counted_and_gets_a_little_with_time() {
        let (budgets, now) = (Budgets::default(), Instant::now());
        let spend =
            |session, now| budgets.spend(now, Door::Session, Some(session), Kind::Secret, "secrets.read");
        assert_eq!((0..5000).filter(|_| spend("greedy", now)).count(), 1000);
        assert!(spend("other", now));
        let later = now + Duration::from_secs(10);
        assert_eq!((0..100).filter(|_| spend("greedy", later)).count(), 5);
        let counts = budgets.take_counts();
        assert_eq!(counts.iter().map(|(.., count)| *count).collect::<Vec<_>>(), [4095]);
        assert!(budgets.take_counts().is_empty());
    }

    #[test]
    fn who_has_been_quiet_is_forgotten_and_who_was_counted_is_not() {
        let (budgets, now) = (Budgets::default(), Instant::now());
        let spend = |session: &str, now| budgets.spend(now, Door::Session, Some(session), Kind::Secret, "x");
        assert_eq!((0..1001).filter(|_| spend("counted", now)).count(), 1000);
        assert!((0..KNOWN).all(|n| spend(&n.to_string(), now)));
        spend("late", now + Duration::from_secs(100_000));
        assert_eq!(budgets.known.lock().unwrap().len(), 2);
    }
}
