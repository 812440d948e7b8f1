//! A token is replaced: the new one first, then the old one is revoked. Its scope stays, so nobody is asked again.

use super::issuer::Failure;
use super::issuers::policy;
use super::life::Life;
use super::requesting::name;
use super::revoking::{pause, random};
use super::{Hold, Tokens, issuer, row};
use crate::caller::Caller;
use crate::store::{self, TokenRow};
use anyhow::{Context, Result, bail};
use api::names::shown;
use api::secrets::Policy;
use api::tokens::{State, Token, TokenValue};
use api::{Error, Millis, SecretText};

/// A login at a git server: user name, token, and when that ends.
pub type FreshLogin = (String, SecretText, Option<Millis>);

impl Tokens {
    /// Replaces a token by a new one of the same scope.
    pub async fn refresh(&self, caller: &Caller, wanted: &str) -> Result<Token> {
        let row = self.newest(self.find(caller, wanted).await?).await?;
        self.check_may_refresh(caller, &row).await?;
        row::seen(self.renewed(row, true).await?)
    }

    /// A token's value. One that is about to end is replaced first.
    pub async fn read(&self, caller: &Caller, wanted: &str) -> Result<TokenValue> {
        let row = self.newest(self.find(caller, wanted).await?).await?;
        let row = self.usable(row).await?;
        let value = self.value(&row)?.context("an active token without a value")?;
        Ok(TokenValue { value: told(&value)?, token: row::seen(row)? })
    }

    /// An active token of the session's worktree for this git server, as a login; none where there is none.
    pub async fn fresh(&self, session: &str, host: &str) -> Result<Option<FreshLogin>> {
        let seat = self.seat(session).await?;
        let mut rows = self.store.tokens_to_use(&seat.worktree_id).await?;
        rows.retain(|row| {
            row::belongs(row, &seat) && (row.state == State::Active.name() || row::is_renewable(row))
        });
        for row in rows.into_iter().rev() {
            let login = self.issuers.open(&row.issuer_id).await?.login();
            if let Some(login) = login.filter(|login| login.host.eq_ignore_ascii_case(host)) {
                let row = self.usable(row).await?;
                let value = self.value(&row)?.context("an active token without a value")?;
                return Ok(Some((login.username, told(&value)?, row.expires_at)));
            }
        }
        Ok(None)
    }

    /// A token that can be used now: the one that was named, or a new one in its place.
    async fn usable(&self, row: TokenRow) -> Result<TokenRow> {
        if !can_go_on(&row)? {
            bail!(not_active(&row));
        }
        let usable = match self.life(&row) {
            Life::Good(_) => return Ok(row),
            Life::Due { usable } => usable,
            Life::Over { .. } => false,
        };
        match row::is_renewable(&row) {
            true => match self.renewed(row.clone(), false).await {
                Err(error) if usable => {
                    tracing::warn!("replacing a token of {}: {error:#}", row.issuer);
                    Ok(row)
                }
                renewed => renewed,
            },
            false if usable => Ok(row),
            false => bail!(ended()),
        }
    }

    /// The token in this one's place; many who ask at once get the same one, unless it is `anew`.
    async fn renewed(&self, row: TokenRow, anew: bool) -> Result<TokenRow> {
        let hold = self.hold_later(&row.id).await?;
        let row = self.store.token(&row.id).await?.context("a token is gone")?;
        if row.replaced_by.is_some() {
            drop(hold);
            return self.newest(row).await;
        }
        if !can_go_on(&row)? {
            bail!(not_active(&row));
        }
        if !anew && matches!(self.life(&row), Life::Good(_)) {
            return Ok(row);
        }
        let room = self.clone();
        // Whoever asked may go away; what was begun is brought to its end.
        self.tasks.spawn(async move { room.renew(&row, &hold).await }).await?
    }

    /// Issues a new token and puts it in the old one's place.
    async fn renew(&self, old: &TokenRow, _hold: &Hold) -> Result<TokenRow> {
        let issuer = self.store.issuer(&old.issuer_id).await?.context("a token's issuer is gone")?;
        if !old.undoable {
            bail!(
                Error::conflict(format!("a token of {} cannot be issued anew", shown(&issuer.name)))
                    .hint("it is the stored one, and stays as it is")
            );
        }
        let new = successor(old, self.clocks.now().wall);
        let Some(hold) = self.hold(&new.id) else { bail!(Error::internal()) };
        self.failpoints.at("refresh.before");
        self.store.insert_token(&new).await?;
        self.failpoints.at("refresh.after");
        let id = new.id.clone();
        self.issue(new, &hold).await?;
        let new = self.store.token(&id).await?.context("a token is gone")?;
        self.replace(&new).await?;
        self.store.token(&id).await?.context("a token is gone")
    }

    /// Writes a new token into its predecessor's place, which is to be revoked from then on.
    pub(super) async fn replace(&self, new: &TokenRow) -> Result<()> {
        let old = new.replaces.as_ref().context("a token that replaces none")?;
        self.failpoints.at("replace.before");
        let replace = self.store.replace_token(old, &new.id, self.clocks.now().wall);
        self.noting(new, "tokens.replaced", &format!("in the place of {old}"), replace).await?;
        self.failpoints.at("replace.after");
        self.tell(old);
        self.tell(&new.id);
        self.live.wake.notify_one();
        Ok(())
    }

    /// Replaces a token in time; where that fails it rests before the next try.
    pub(super) async fn renew_or_rest(&self, old: &TokenRow, hold: &Hold) -> Result<()> {
        let Err(error) = self.renew(old, hold).await else { return Ok(()) };
        let told = error.downcast_ref::<Error>().map_or("Lanyard could not ask", |e| &e.message).to_string();
        tracing::warn!("replacing a token of {}: {error:#}", old.issuer);
        let next =
            self.clocks.now().wall + pause(old.attempts, &Failure::Unreachable(String::new()), random());
        self.store.retry_token(&old.id, &told, next).await?;
        self.tell(&old.id);
        Ok(())
    }

    /// An agent may go on with what it was given. A life that was asked for is asked for again.
    async fn check_may_refresh(&self, caller: &Caller, row: &TokenRow) -> Result<()> {
        let issuer = self.store.issuer(&row.issuer_id).await?.context("a token's issuer is gone")?;
        match policy(&issuer) {
            _ if !caller.is_agent() => Ok(()),
            Policy::Deny => {
                bail!(Error::refused(format!(
                    "the owner keeps the issuer {} from agents",
                    shown(&issuer.name)
                )))
            }
            Policy::Ask if row.ttl_ms.is_some() => bail!(
                Error::refused("the owner said yes to this token's life and no longer")
                    .hint("ask for a new one: lanyard tokens request ISSUER")
            ),
            Policy::Ask | Policy::Auto => Ok(()),
        }
    }
}

/// Whether a token lives, or has ended by itself and may be followed by a new one.
fn can_go_on(row: &TokenRow) -> Result<bool> {
    let state = row::state(row)?;
    Ok(state == State::Active || (state == State::Expired && row::is_renewable(row)))
}

/// The row of a token that shall take this one's place.
fn successor(old: &TokenRow, now: Millis) -> TokenRow {
    let id = store::new_id();
    TokenRow {
        name: name(&old.identity, &id),
        state: State::Requested.name().into(),
        requested_at: now,
        replaces: Some(old.id.clone()),
        issuer_id: old.issuer_id.clone(),
        issuer: old.issuer.clone(),
        kind: old.kind.clone(),
        identity_id: old.identity_id.clone(),
        identity: old.identity.clone(),
        worktree_id: old.worktree_id.clone(),
        worktree: old.worktree.clone(),
        session: old.session.clone(),
        slot: old.slot,
        repositories: old.repositories.clone(),
        permissions: old.permissions.clone(),
        ttl_ms: old.ttl_ms,
        reason: old.reason.clone(),
        undoable: old.undoable,
        id,
        ..TokenRow::default()
    }
}

fn told(value: &vault::Secret) -> Result<SecretText> {
    issuer::lent(value).map_err(|failure| anyhow::anyhow!("{failure}"))
}

fn ended() -> Error {
    Error::conflict("the token's time is over").hint("ask for a new one: lanyard tokens request ISSUER")
}

fn not_active(row: &TokenRow) -> Error {
    let error = Error::conflict(format!("the token is {}", row.state));
    match (row.state.as_str(), &row.last_error) {
        ("requested", _) => error.hint("the owner has not answered yet"),
        ("failed", Some(why)) => error.hint(why.clone()),
        _ => error.hint("ask for a new one: lanyard tokens request ISSUER"),
    }
}
