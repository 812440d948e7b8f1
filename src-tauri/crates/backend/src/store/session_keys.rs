//! The table `session_keys`.

use super::{SessionRow, Store};
use anyhow::{Context, Result};
use sqlx::SqliteConnection;

impl Store {
    /// The running session whose key has this hash.
    pub async fn session_by_key(&self, hash: &[u8]) -> Result<Option<SessionRow>> {
        let sql = "SELECT s.* FROM sessions s JOIN session_keys k ON k.session_id = s.id \
                   WHERE k.hash = $1 AND s.ended_at IS NULL";
        sqlx::query_as(sql)
            .bind(hash)
            .fetch_optional(&self.pool)
            .await
            .context("finding a session by its key")
    }

    /// Forgets the key of a session.
    pub async fn delete_session_key(&self, session: &str) -> Result<()> {
        let sql = "DELETE FROM session_keys WHERE session_id = $1";
        sqlx::query(sql).bind(session).execute(&self.pool).await.context("forgetting a session's key")?;
        Ok(())
    }
}

/// Writes the hash of a session's key.
pub(super) async fn put_key(connection: &mut SqliteConnection, session: &str, hash: &[u8]) -> Result<()> {
    let sql = "INSERT INTO session_keys (session_id, hash) VALUES ($1, $2)";
    let put = sqlx::query(sql).bind(session).bind(hash).execute(connection).await;
    put.context("writing a session's key")?;
    Ok(())
}
