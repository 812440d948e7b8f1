//! A token is taken back: written first, then told to its issuer until that confirms.

use super::issuer::{Failure, Found, Held};
use super::life::{Life, millis};
use super::{Tokens, row};
use crate::caller::Caller;
use crate::store::TokenRow;
use anyhow::{Result, bail};
use api::names::shown;
use api::tokens::{RevokeToken, State, Token};
use api::{Code, Error, Millis};
use std::time::Duration;

/// How long a call waits for the issuer's word where it does not say.
const WAIT_MS: u64 = 10_000;
/// The longest such wait.
const WAIT_MAX_MS: u64 = 60_000;
/// The first pause between two tries, and the longest that we choose ourselves.
const PAUSE: Millis = 1_000;
const PAUSE_MAX: Millis = 15 * 60_000;
/// The longest rest that an issuer can ask for.
pub(super) const REST_MAX: Millis = 60 * 60_000;

impl Tokens {
    /// Revokes a token, or the one that took its place.
    pub async fn revoke(&self, caller: &Caller, call: RevokeToken) -> Result<Token> {
        let row = self.newest(self.find(caller, &call.token).await?).await?;
        if !row.undoable && !call.force && row::state(&row)? == State::Active {
            let message =
                format!("a token of {} cannot be issued again once it is revoked", shown(&row.issuer));
            bail!(Error::new(Code::Unconfirmed, message).hint("--force revokes it for good"));
        }
        let wait = Duration::from_millis(call.wait_ms.unwrap_or(WAIT_MS).min(WAIT_MAX_MS));
        self.condemn(std::slice::from_ref(&row)).await?;
        self.settled(vec![row.id], wait).await?.into_iter().next().ok_or_else(|| Error::internal().into())
    }

    /// These tokens shall be gone: written at once, and done by the loop.
    pub(super) async fn condemn(&self, rows: &[TokenRow]) -> Result<()> {
        let now = self.clocks.now().wall;
        self.failpoints.at("condemn.before");
        for row in rows {
            self.store.condemn_token(&row.id, now).await?;
            self.store.hasten_token(&row.id, now).await?;
            self.failpoints.at("condemn.after");
            self.tell(&row.id);
        }
        self.live.wake.notify_one();
        Ok(())
    }

    /// Waits until none of these tokens can be alive any more, or until the time is over; how they are then.
    pub(super) async fn settled(&self, ids: Vec<String>, wait: Duration) -> Result<Vec<Token>> {
        let mut changes = self.live.changes.subscribe();
        let settling = async {
            while self.seen(&ids).await?.iter().any(|token| token.state.may_live()) {
                changes.changed().await?;
            }
            anyhow::Ok(())
        };
        if let Ok(settled) = tokio::time::timeout(wait, settling).await {
            settled?;
        }
        self.seen(&ids).await
    }

    async fn seen(&self, ids: &[String]) -> Result<Vec<Token>> {
        let mut tokens = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(token) = self.store.token(id).await? {
                tokens.push(row::seen(token)?);
            }
        }
        Ok(tokens)
    }

    /// One try to have a token revoked, and what came of it, written down.
    pub(super) async fn try_revoking(&self, row: &TokenRow) -> Result<()> {
        let tried = match self.call_back(row).await {
            Ok(tried) => tried,
            // The vault may be locked, or the disk full: that is no answer of the issuer's.
            Err(error) => {
                let told = error.downcast_ref::<Error>().map_or("Lanyard could not ask", |e| &e.message);
                tracing::warn!("revoking a token of {}: {error:#}", row.issuer);
                Err(Failure::Unreachable(told.to_string()))
            }
        };
        self.conclude(row, tried).await
    }

    /// Writes down what came of a try.
    pub(super) async fn conclude(&self, row: &TokenRow, tried: Tried) -> Result<()> {
        match tried {
            Ok(Gone::Revoked) => {
                self.failpoints.at("revoke.after");
                let end = self.store.end_token(&row.id, State::Revoked, Some(self.clocks.now().wall));
                self.noting(row, "tokens.revoked", "its issuer has confirmed it", end).await?;
            }
            Ok(Gone::NeverThere) => {
                let why = "its issuer never made it";
                self.noting(row, "tokens.failed", why, self.store.fail_token(&row.id, why)).await?;
            }
            Err(_) if self.life(row) == (Life::Over { sure: true }) => {
                let end = self.store.end_token(&row.id, State::Expired, None);
                self.noting(row, "tokens.expired", "before its issuer confirmed that it is gone", end)
                    .await?;
            }
            Err(failure) => {
                let next = self.clocks.now().wall + pause(row.attempts, &failure, random());
                self.store.retry_token(&row.id, &failure.to_string(), next).await?;
            }
        }
        self.failpoints.at("end.after");
        self.tell(&row.id);
        Ok(())
    }

    /// Asks the issuer to take a token back; one whose answer was lost is looked for first.
    pub(super) async fn call_back(&self, row: &TokenRow) -> Result<Tried> {
        let issuer = self.issuers.open(&row.issuer_id).await?;
        let value = self.value(row)?;
        let mut upstream_id = row.upstream_id.clone();
        if value.is_none() && upstream_id.is_none() {
            self.failpoints.at("find.before");
            match issuer.find(&row.name).await {
                Ok(Found::None) => return Ok(Ok(Gone::NeverThere)),
                Ok(Found::CannotTell) => {}
                Ok(Found::Is(id)) => {
                    self.store.found_token(&row.id, &id).await?;
                    upstream_id = Some(id);
                }
                Err(failure) => return Ok(Err(failure)),
            }
            self.failpoints.at("find.after");
        }
        let (name, now) = (row.name.clone(), self.clocks.now().wall);
        let held = Held { value, upstream_id, name, expires_at: row.expires_at, now };
        self.failpoints.at("revoke.before");
        Ok(issuer.revoke(&held).await.map(|()| Gone::Revoked))
    }
}

/// What came of asking an issuer to take a token back.
pub(super) type Tried = std::result::Result<Gone, Failure>;

/// How a token is known to be gone.
pub(super) enum Gone {
    Revoked,
    NeverThere,
}

/// How long to wait before the next try: twice as long each time, a fifth more or less by chance so that many
/// do not come at once, and never less than the issuer asks for. `chance` is 0 to 255.
pub(super) fn pause(attempts: i64, failure: &Failure, chance: u8) -> Millis {
    let doubled = PAUSE.saturating_mul(1 << attempts.clamp(0, 20)).min(PAUSE_MAX);
    let spread = doubled * 4 / 5 + doubled * 2 / 5 * Millis::from(chance) / 255;
    match failure {
        Failure::RateLimited { after: Some(after) } => spread.max(millis(*after).min(REST_MAX)),
        _ => spread,
    }
}

/// A random byte. Without one, everybody waits equally long.
pub(super) fn random() -> u8 {
    let mut byte = [128];
    match getrandom::fill(&mut byte) {
        Ok(()) => byte[0],
        Err(_) => 128,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound_and_spread() {
        let failure = Failure::Unreachable(String::new());
        let spread = |attempts| (pause(attempts, &failure, 0), pause(attempts, &failure, 255));
        assert_eq!(spread(0), (800, 1200));
        assert_eq!(spread(3), (6400, 9600));
        assert_eq!(spread(60), (PAUSE_MAX * 4 / 5, PAUSE_MAX * 6 / 5));
    }

    #[test]
    fn an_issuer_that_wants_to_rest_is_left_alone_but_not_for_ever() {
        let rest = |seconds| Failure::RateLimited { after: Some(Duration::from_secs(seconds)) };
        assert_eq!(pause(0, &rest(90), 0), 90_000);
        assert_eq!(pause(0, &rest(1_000_000), 0), REST_MAX);
        assert_eq!(pause(3, &rest(1), 0), 6400);
        assert_eq!(pause(0, &Failure::RateLimited { after: None }, 0), 800);
    }
}
