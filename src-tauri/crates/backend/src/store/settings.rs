//! The table `settings`: what the owner has chosen with a command.

use super::Store;
use anyhow::{Context, Result};

const CURRENT_IDENTITY: &str = "current_identity";

impl Store {
    /// The id of the identity that is meant where none is named.
    pub async fn current_identity(&self) -> Result<Option<String>> {
        sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
            .bind(CURRENT_IDENTITY)
            .fetch_optional(&self.pool)
            .await
            .context("reading the current identity")
    }

    /// Makes this identity the one that is meant where none is named.
    pub async fn set_current_identity(&self, id: &str) -> Result<()> {
        let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        sqlx::query(sql)
            .bind(CURRENT_IDENTITY)
            .bind(id)
            .execute(&self.pool)
            .await
            .context("writing the current identity")?;
        Ok(())
    }
}
