//! The loop that picks up whatever nobody has in hand: calls that a former daemon began, revocations that are
//! not confirmed, tokens whose time is over or nearly so. It sleeps when there is nothing to wait for.

use super::life::{Life, millis};
use super::revoking::REST_MAX;
use super::{Hold, Tokens, fact, row};
use crate::audit::By;
use crate::store::TokenRow;
use anyhow::{Context, Result};
use api::Millis;
use api::tokens::State;
use std::collections::HashSet;
use std::time::Duration;

/// The longest sleep while a token is alive: a clock that was set tells nobody.
const NAP: Duration = Duration::from_secs(60);
/// How long to wait before something that failed inside is tried again.
const AGAIN: Duration = Duration::from_secs(5);

impl Tokens {
    /// Starts the loop, and the one that looks after the keys of slots.
    pub fn begin(&self) {
        self.begin_slots();
        let room = self.clone();
        self.tasks.spawn(async move {
            let ending = room.ending.clone();
            ending.run_until_cancelled(room.go_round()).await;
        });
    }

    async fn go_round(&self) {
        loop {
            let sleep = match self.round().await {
                Ok(sleep) => sleep,
                Err(error) => {
                    tracing::error!("looking after the tokens: {error:#}");
                    Some(AGAIN)
                }
            };
            let woken = self.live.wake.notified();
            match sleep {
                Some(sleep) => drop(tokio::time::timeout(sleep, woken).await),
                None => woken.await,
            }
        }
    }

    /// Looks at every token that may be alive, begins what is due, and says when to look again.
    async fn round(&self) -> Result<Option<Duration>> {
        self.store.condemn_archived(self.clocks.now().wall).await?;
        let rows = self.store.live_tokens().await?;
        self.tidy(&rows)?;
        let busy = self.busy_worktrees(&rows).await?;
        let mut sleep = (!rows.is_empty()).then_some(NAP);
        for row in rows {
            let Some(hold) = self.hold(&row.id) else { continue };
            // It may have gone on between the list and the hold.
            let Some(row) = self.store.token(&row.id).await? else { continue };
            match self.due_in(&row, &busy)? {
                Some(left) if left > 0 => {
                    sleep = sleep.map(|sleep| sleep.min(Duration::from_millis(left.unsigned_abs())));
                    hold.let_go_quietly();
                }
                Some(_) => self.pick_up(row, hold),
                None => hold.let_go_quietly(),
            }
        }
        Ok(sleep)
    }

    /// In how many milliseconds there is something to do for a token; never, where it just lives.
    fn due_in(&self, row: &TokenRow, busy: &HashSet<String>) -> Result<Option<Millis>> {
        let rest = rest(row.next_try_at, self.clocks.now().wall);
        Ok(match row::state(row)? {
            State::Requested | State::Approved => Some(0),
            State::Revoking => Some(rest),
            State::Active if is_unfinished(row) => Some(0),
            State::Active => match self.life(row) {
                Life::Over { .. } => Some(0),
                Life::Due { .. } if is_wanted(row, busy) => Some(rest),
                // Nobody uses it: it may end by itself.
                Life::Due { .. } => None,
                Life::Good(left) => left,
            },
            State::Expired | State::Revoked | State::Failed | State::Forgotten => None,
        })
    }

    fn pick_up(&self, row: TokenRow, hold: Hold) {
        let room = self.clone();
        self.tasks.spawn(async move {
            let ending = room.ending.clone();
            // What is interrupted here is begun again by the next daemon.
            let done = ending.run_until_cancelled(room.go_on(&row, &hold)).await;
            if let Some(Err(error)) = done {
                tracing::error!("a token of {}: {error:#}", row.issuer);
                ending.run_until_cancelled(tokio::time::sleep(AGAIN)).await;
            }
        });
    }

    async fn go_on(&self, row: &TokenRow, hold: &Hold) -> Result<()> {
        match row::state(row)? {
            State::Requested => {
                self.failpoints.at("abandon.before");
                let why = "whoever asked for it is gone";
                self.noting(row, "tokens.failed", why, self.store.fail_token(&row.id, why)).await?;
                self.failpoints.at("abandon.after");
                self.tell(&row.id);
                Ok(())
            }
            State::Approved => self.adopt(row).await,
            State::Revoking if row.intent_at.is_some() && self.mints.has_left(&row.id) => {
                self.adopt(row).await
            }
            State::Revoking => {
                let _turn = self.live.turns.acquire().await?;
                self.try_revoking(row).await
            }
            State::Active if is_unfinished(row) => self.replace(row).await,
            State::Active => match self.life(row) {
                Life::Over { sure: true } => {
                    self.failpoints.at("expire.before");
                    let end = self.store.end_token(&row.id, State::Expired, None);
                    self.noting(row, "tokens.expired", "", end).await?;
                    self.failpoints.at("expire.after");
                    self.tell(&row.id);
                    Ok(())
                }
                Life::Over { sure: false } => self.condemn(std::slice::from_ref(row)).await,
                Life::Due { .. } => self.renew_or_rest(row, hold).await,
                Life::Good(_) => Ok(()),
            },
            State::Expired | State::Revoked | State::Failed | State::Forgotten => Ok(()),
        }
    }

    /// A call that a former daemon began: nobody waits for the token any more, so it is taken back.
    async fn adopt(&self, row: &TokenRow) -> Result<()> {
        let wrapped = row.wrapped_key.as_ref().context("an intent without a key")?;
        let key = self.safe.key(&row.id, wrapped)?;
        let outcome = self.mints.outcome(&row.id, &key).await?;
        let fact = fact(row, "tokens.orphaned", "a former daemon asked for it, and nobody waits any more");
        self.audit.record(By::Daemon, fact).await?;
        self.settle(row, &key, outcome, true).await.map(|_| ())
    }

    /// Removes the files of calls whose outcome is written down.
    fn tidy(&self, rows: &[TokenRow]) -> Result<()> {
        let open = |id: &String| {
            rows.iter().any(|row| row.id == *id && row.state != State::Active.name())
                || self.held().contains(id)
        };
        for id in self.mints.left()?.iter().filter(|id| !open(id)) {
            self.mints.forget(id)?;
        }
        Ok(())
    }

    /// The worktrees that a session works in.
    async fn busy_worktrees(&self, rows: &[TokenRow]) -> Result<HashSet<String>> {
        if rows.iter().all(|row| row.worktree_id.is_none()) {
            return Ok(HashSet::new());
        }
        Ok(self.store.live_sessions().await?.into_iter().map(|session| session.worktree_id).collect())
    }
}

impl Hold {
    /// Lets a token go that nothing was done with, without waking the loop.
    fn let_go_quietly(self) {
        self.room.held().remove(&self.id);
        std::mem::forget(self);
    }
}

/// A new token whose predecessor is not yet written as such: the daemon was killed between the two.
fn is_unfinished(row: &TokenRow) -> bool {
    row.replaces.is_some() && row.refreshed_at.is_none()
}

/// Whether a token is to be replaced before it ends: it may be, and a session works where it belongs.
fn is_wanted(row: &TokenRow, busy: &HashSet<String>) -> bool {
    row::is_renewable(row) && row.worktree_id.as_ref().is_some_and(|id| busy.contains(id))
}

/// How long a token is left alone. A time that lies further ahead than any rest was set before the clock went back.
fn rest(next_try_at: Option<Millis>, now: Millis) -> Millis {
    let left = next_try_at.unwrap_or(now) - now;
    if left > REST_MAX + millis(NAP) { 0 } else { left.max(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_that_a_clock_set_back_has_made_endless_is_over() {
        assert_eq!(rest(None, 1000), 0);
        assert_eq!(rest(Some(500), 1000), 0);
        assert_eq!(rest(Some(91_000), 1000), 90_000);
        assert_eq!(rest(Some(REST_MAX * 24), 1000), 0);
    }

    #[test]
    fn a_token_is_replaced_only_where_a_session_uses_it() {
        let busy = HashSet::from(["w1".to_string()]);
        let row = TokenRow { worktree_id: Some("w1".into()), ..row::tests::row("t1") };
        assert!(is_wanted(&row, &busy));
        assert!(!is_wanted(&row, &HashSet::new()));
        assert!(!is_wanted(&TokenRow { undoable: false, ..row.clone() }, &busy), "a stored one cannot be");
        assert!(!is_wanted(&TokenRow { ttl_ms: Some(1), ..row.clone() }, &busy), "its life was asked for");
        assert!(!is_wanted(&TokenRow { worktree_id: None, ..row }, &busy));
    }
}
