//! A token's row as callers see it, and whose it is.

use crate::store::{SessionRow, TokenRow};
use anyhow::{Context, Result};
use api::issuers::Kind;
use api::tokens::{State, Token};

/// The state of a stored token.
pub fn state(row: &TokenRow) -> Result<State> {
    let state = State::ALL.into_iter().find(|state| state.name() == row.state);
    state.with_context(|| format!("the database holds a token in the state {}", row.state))
}

/// Whether a token was made for the worktree and the identity of this session.
pub fn belongs(row: &TokenRow, session: &SessionRow) -> bool {
    row.identity_id == session.identity_id && row.worktree_id.as_ref() == Some(&session.worktree_id)
}

/// Whether a token is replaced by itself: not one that is stored, nor one whose life was asked for, since the
/// owner said yes to that long and no longer.
pub fn is_renewable(row: &TokenRow) -> bool {
    row.undoable && row.ttl_ms.is_none()
}

/// The token as callers see it.
pub fn seen(row: TokenRow) -> Result<Token> {
    Ok(Token {
        state: state(&row)?,
        kind: Kind::named(&row.kind).context("a token's issuer is of no known kind")?,
        repositories: serde_json::from_str(&row.repositories).context("reading a token's repositories")?,
        permissions: serde_json::from_str(&row.permissions).context("reading a token's permissions")?,
        slot: row.slot.map(u32::try_from).transpose()?,
        attempts: u32::try_from(row.attempts)?,
        id: row.id,
        issuer: row.issuer,
        identity_id: row.identity_id,
        identity: row.identity,
        worktree_id: row.worktree_id,
        worktree: row.worktree,
        session: row.session,
        reason: row.reason,
        requested_at: row.requested_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        refreshed_at: row.refreshed_at,
        replaced_by: row.replaced_by,
        next_try_at: row.next_try_at,
        last_error: row.last_error,
        undoable: row.undoable,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A token that was asked for.
    pub(crate) fn row(id: &str) -> TokenRow {
        TokenRow {
            id: id.into(),
            name: format!("lanyard-ada-{id}"),
            issuer_id: "issuer".into(),
            issuer: "issuer".into(),
            kind: Kind::Command.name().into(),
            identity_id: "ada".into(),
            identity: "ada".into(),
            state: State::Requested.name().into(),
            repositories: "[]".into(),
            permissions: "{}".into(),
            undoable: true,
            ..TokenRow::default()
        }
    }

    #[test]
    fn every_state_is_read_back_and_no_other() {
        for state in State::ALL {
            let row = TokenRow { state: state.name().into(), ..row("t1") };
            assert_eq!(seen(row).unwrap().state, state);
        }
        assert!(seen(TokenRow { state: "alive".into(), ..row("t1") }).is_err());
    }
}
