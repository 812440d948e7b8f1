//! The table `session_secrets`: which version of which secret a session has in its environment.

use super::Store;
use anyhow::{Context, Result};
use sqlx::SqliteConnection;

/// A secret that was put into a session's environment.
#[derive(Clone)]
pub struct HeldSecret {
    /// The variable's name.
    pub key: String,
    /// The secret.
    pub secret_id: String,
    /// Its version then.
    pub version: i64,
}

/// A running session that holds a value which is no longer the one that it would get.
#[derive(Clone, sqlx::FromRow)]
pub struct StaleRow {
    /// The session.
    pub session_id: String,
    /// Its slot.
    pub slot: i64,
    /// Its identity's id.
    pub identity_id: String,
    /// Its identity's name.
    pub identity: String,
    /// Its worktree's id.
    pub worktree_id: String,
    /// Its worktree's name.
    pub worktree: String,
    /// The variable's name.
    pub key: String,
    /// The secret whose value it holds.
    pub secret_id: String,
    /// The version that it holds.
    pub version: i64,
    /// Whether that secret still exists.
    pub exists: bool,
}

impl Store {
    /// The running sessions that hold a value that was replaced, deleted, or given way to their worktree's own.
    pub async fn stale(&self) -> Result<Vec<StaleRow>> {
        let sql = "SELECT h.session_id, s.slot, s.identity_id, s.identity, s.worktree_id, s.worktree, h.key, \
                   h.secret_id, h.version, \
                   EXISTS (SELECT 1 FROM secrets c WHERE c.id = h.secret_id) AS \"exists\" \
                   FROM session_secrets h JOIN sessions s ON s.id = h.session_id \
                   WHERE s.ended_at IS NULL AND (\
                   NOT EXISTS (SELECT 1 FROM secrets c WHERE c.id = h.secret_id AND c.version = h.version) \
                   OR EXISTS (SELECT 1 FROM secrets c WHERE c.id <> h.secret_id AND c.key = h.key \
                   AND c.identity_id = s.identity_id AND c.worktree_id = s.worktree_id)) \
                   ORDER BY s.slot, h.key";
        sqlx::query_as(sql).fetch_all(&self.pool).await.context("reading who holds old values")
    }
}

/// Writes what a session has in its environment.
pub(super) async fn put_held(
    connection: &mut SqliteConnection,
    session: &str,
    held: &[HeldSecret],
) -> Result<()> {
    let sql = "INSERT INTO session_secrets (session_id, key, secret_id, version) VALUES ($1, $2, $3, $4)";
    for held in held {
        sqlx::query(sql)
            .bind(session)
            .bind(&held.key)
            .bind(&held.secret_id)
            .bind(held.version)
            .execute(&mut *connection)
            .await
            .context("writing what a session holds")?;
    }
    Ok(())
}
