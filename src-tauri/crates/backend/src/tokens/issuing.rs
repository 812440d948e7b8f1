//! A token is issued: the intent is written, the issuer is called, its answer is written.

use super::life::{Life, Moment, ends_at, life, millis};
use super::minting::{Answer, Errand};
use super::mints::Outcome;
use super::{Hold, Tokens, issuer, row};
use crate::store::{Issued, IssuerRow, Orphan, TokenRow};
use anyhow::{Context, Result, bail};
use api::issuers::Kind;
use api::names::shown;
use api::tokens::{State, Token};
use api::{Error, Millis, SecretText};
use issuer::{Failure, Limits, Order};
use std::collections::BTreeMap;
use std::time::Duration;
use vault::{Bound, DataKey, Secret};

/// How long after a lost call its issuer is asked what became of it: it may still be at work.
const AFTER_LOSS: Millis = 3_000;

/// Where a token's value belongs.
fn bound(id: &str) -> Bound<'_> {
    Bound { identity: id, name: "token", version: 1 }
}

impl Tokens {
    /// Issues a token that was asked for, and says how it is then.
    pub(super) async fn issue(&self, row: TokenRow, hold: &Hold) -> Result<Token> {
        let issuer = row.issuer.clone();
        self.try_issuing(row, hold).await?.map_err(|failure| failure.told(&issuer).into())
    }

    /// The same, with what the issuer itself said where that was no yes.
    pub(super) async fn try_issuing(
        &self,
        row: TokenRow,
        _hold: &Hold,
    ) -> Result<std::result::Result<Token, Failure>> {
        let issuer = self.store.issuer(&row.issuer_id).await?.context("a token's issuer is gone")?;
        let account = self.account(&issuer, &row.identity_id, &row.identity).await?;
        let setup = self.issuers.setup(&issuer)?;
        let now = self.clocks.now();
        let wrapped = self.safe.new_key(&row.id)?;
        let key = self.safe.key(&row.id, &wrapped)?;
        let errand = Errand::new(&setup, order(&row, account, &now)?, &key)
            .map_err(|failure| failure.told(&issuer.name))?;
        drop(setup);
        self.failpoints.at("intent.before");
        if !self.store.intend_token(&row.id, &wrapped, now.wall).await? {
            self.store.fail_token(&row.id, "its worktree was archived").await?;
            self.tell(&row.id);
            bail!(revoked_meanwhile());
        }
        self.failpoints.at("intent.after");
        self.tell(&row.id);
        let outcome = match self.mints.call(&row.id, errand, &key).await {
            Ok(outcome) => outcome,
            // What kept the call from being made, for example a full disk, may have come at any moment of it.
            Err(error) => {
                tracing::error!("calling the issuer {}: {error:#}", issuer.name);
                self.mints.outcome(&row.id, &key).await?
            }
        };
        let failure = self.settle(&row, &key, outcome, false).await?;
        let now = self.store.token(&row.id).await?.context("a token is gone")?;
        match (failure, row::state(&now)?) {
            (_, State::Active) => Ok(Ok(row::seen(now)?)),
            (Some(failure), _) => Ok(Err(failure)),
            (None, _) => bail!(revoked_meanwhile()),
        }
    }

    /// Whom at an issuer a token is for: one of Ravi's identities, if it is linked.
    pub(super) async fn account(
        &self,
        issuer: &IssuerRow,
        identity_id: &str,
        identity: &str,
    ) -> Result<Option<String>> {
        if issuer.kind != Kind::Ravi.name() {
            return Ok(None);
        }
        match self.store.link(identity_id).await?.filter(|link| link.source_id == issuer.id) {
            Some(link) => Ok(Some(link.uuid)),
            None => bail!(
                Error::conflict(format!(
                    "{} is no identity of Ravi's by {}",
                    shown(identity),
                    shown(&issuer.name)
                ))
                .hint("the owner links it: lanyard identity link NAME --ravi NAME-THERE")
            ),
        }
    }

    /// Writes down what became of a call. Where nobody waits for the token any more, it is to be revoked.
    pub(super) async fn settle(
        &self,
        row: &TokenRow,
        key: &DataKey,
        outcome: Outcome,
        orphaned: bool,
    ) -> Result<Option<Failure>> {
        self.failpoints.at("answer.before");
        let failure = match outcome {
            Outcome::NotCalled => Some(Failure::Unreachable("it was not called".into())),
            Outcome::Lost => Some(Failure::Broken("the call was cut short".into())),
            Outcome::Answered(Answer::Failed(failure)) => Some(failure),
            Outcome::Answered(Answer::Minted {
                value,
                upstream_id,
                expires_at,
                repositories,
                permissions,
            }) => {
                let scope = (repositories, permissions);
                self.issued(row, key, value, upstream_id, expires_at, scope, orphaned).await?
            }
        };
        if let Some(failure) = &failure {
            self.not_issued(row, failure).await?;
        }
        self.failpoints.at("answer.after");
        self.mints.forget(&row.id)?;
        self.failpoints.at("forget.after");
        self.tell(&row.id);
        Ok(failure)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one answer")]
    async fn issued(
        &self,
        row: &TokenRow,
        key: &DataKey,
        value: SecretText,
        upstream_id: Option<String>,
        expires_at: Option<Millis>,
        (repositories, permissions): (Vec<String>, BTreeMap<String, String>),
        orphaned: bool,
    ) -> Result<Option<Failure>> {
        let now = self.clocks.now();
        let expires_at = ends_at(expires_at, self.limits(row).await?.fixed_life(), now.wall);
        let sealed = key.seal(&issuer::taken(&value), bound(&row.id));
        // What has ended by its own word is of no use to anybody, and is taken back like an orphan.
        let dead = expires_at.is_some_and(|at| at <= now.wall);
        let issued = Issued {
            sealed: &sealed,
            upstream_id: upstream_id.as_deref(),
            repositories: &serde_json::to_string(&repositories)?,
            permissions: &serde_json::to_string(&permissions)?,
            at: now.wall,
            boot: &now.boot,
            up: now.up,
            expires_at,
        };
        self.store.issue_token(&row.id, &issued, orphaned || dead).await?;
        if dead {
            tracing::warn!(
                "a token of {} had ended before it came; is this machine's clock right?",
                row.issuer
            );
        }
        Ok(None)
    }

    /// A call gave no token: either there is none, or nobody knows.
    async fn not_issued(&self, row: &TokenRow, failure: &Failure) -> Result<()> {
        if !failure.may_have_worked() {
            return self.store.fail_token(&row.id, &failure.to_string()).await;
        }
        let now = self.clocks.now();
        let longest = row
            .ttl_ms
            .map(|ttl| Duration::from_millis(ttl.unsigned_abs()))
            .or(self.limits(row).await?.longest);
        let orphan = Orphan {
            next: now.wall + AFTER_LOSS,
            at: now.wall,
            boot: &now.boot,
            up: now.up,
            expires_at: longest.map(|longest| now.wall.saturating_add(millis(longest))),
        };
        self.store.orphan_token(&row.id, &failure.to_string(), &orphan).await
    }

    async fn limits(&self, row: &TokenRow) -> Result<Limits> {
        Ok(self.issuers.open(&row.issuer_id).await?.limits())
    }

    /// A token's value, if there is one.
    pub(super) fn value(&self, row: &TokenRow) -> Result<Option<Secret>> {
        let (Some(wrapped), Some(sealed)) = (&row.wrapped_key, &row.sealed) else { return Ok(None) };
        let opened = self.safe.key(&row.id, wrapped)?.open(sealed, bound(&row.id));
        match opened {
            Ok(value) => Ok(Some(value)),
            Err(_) => bail!(
                Error::new(api::Code::Locked, "the token does not open")
                    .hint("the database was altered; revoke it at its issuer by hand")
            ),
        }
    }

    /// How a token stands now.
    pub(super) fn life(&self, row: &TokenRow) -> Life {
        life(row, &self.clocks.now())
    }
}

fn order(row: &TokenRow, account: Option<String>, now: &Moment) -> Result<Order> {
    Ok(Order {
        id: row.id.clone(),
        name: row.name.clone(),
        account,
        repositories: serde_json::from_str(&row.repositories)?,
        permissions: serde_json::from_str(&row.permissions)?,
        ttl: row.ttl_ms.map(|ttl| Duration::from_millis(ttl.unsigned_abs())),
        now: now.wall,
    })
}

fn revoked_meanwhile() -> Error {
    Error::conflict("the token was revoked while it was being issued")
        .hint("its worktree may have been archived; ask again where it is still needed")
}
