//! What ends tokens: the archiving of their worktree, and the deletion of their identity.

use super::{Tokens, row};
use crate::store::TokenRow;
use anyhow::{Result, bail};
use api::issuers::Kind;
use api::names::shown;
use api::tokens::{State, Token};
use api::{Code, Error};
use std::time::Duration;

impl Tokens {
    /// An error that names the tokens of a worktree that cannot be issued again once they are revoked.
    pub async fn check_end_of_worktree(&self, worktree_id: &str) -> Result<()> {
        check(&self.store.tokens_of_worktree(worktree_id).await?)
    }

    /// The same for those of an identity.
    pub async fn check_end_of_identity(&self, identity_id: &str) -> Result<()> {
        check(&self.store.tokens_of_identity(identity_id).await?)
    }

    /// Revokes the tokens of a worktree, and waits some time for the word of their issuers.
    pub async fn end_of_worktree(&self, worktree_id: &str, wait: Duration) -> Result<Vec<Token>> {
        self.end(self.store.tokens_of_worktree(worktree_id).await?, wait).await
    }

    /// Revokes the tokens of an identity, and waits some time for the word of their issuers.
    pub async fn end_of_identity(&self, identity_id: &str, wait: Duration) -> Result<Vec<Token>> {
        self.end(self.store.tokens_of_identity(identity_id).await?, wait).await
    }

    /// Revokes the keys of one of Ravi's identities, and waits some time for Ravi's word.
    pub async fn end_of_link(&self, identity_id: &str, wait: Duration) -> Result<Vec<Token>> {
        let mut rows = self.store.tokens_of_identity(identity_id).await?;
        rows.retain(|row| row.kind == Kind::Ravi.name());
        self.end(rows, wait).await
    }

    /// Revokes the tokens of an issuer, and waits some time for its word.
    pub async fn end_of_issuer(&self, issuer_id: &str, wait: Duration) -> Result<Vec<Token>> {
        self.end(self.store.tokens_of_issuer(issuer_id).await?, wait).await
    }

    async fn end(&self, rows: Vec<TokenRow>, wait: Duration) -> Result<Vec<Token>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        self.condemn(&rows).await?;
        self.settled(rows.into_iter().map(|row| row.id).collect(), wait).await
    }
}

fn check(rows: &[TokenRow]) -> Result<()> {
    let for_good =
        |row: &&TokenRow| !row.undoable && row::state(row).is_ok_and(|state| state == State::Active);
    let Some(row) = rows.iter().find(for_good) else { return Ok(()) };
    let message = format!("a token of {} cannot be issued again once it is revoked", shown(&row.issuer));
    bail!(Error::new(Code::Unconfirmed, message).hint("--force revokes it for good"))
}
