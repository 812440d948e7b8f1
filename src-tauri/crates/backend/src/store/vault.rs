//! The table `vault`: the one row that says how the master key is found.

use super::Store;
use anyhow::{Context, Result};
use api::Millis;

/// How the master key is found.
#[derive(sqlx::FromRow)]
pub struct VaultRow {
    /// The vault's id, which names its entry in the keychain.
    pub id: String,
    /// The vault's header, as JSON.
    pub header: String,
}

impl Store {
    /// The vault, if one was made.
    pub async fn vault(&self) -> Result<Option<VaultRow>> {
        sqlx::query_as("SELECT id, header FROM vault ORDER BY created_at LIMIT 1")
            .fetch_optional(&self.pool)
            .await
            .context("reading the vault's header")
    }

    /// Writes the header of a new vault. There is never a second one.
    pub async fn insert_vault(&self, row: &VaultRow, now: Millis) -> Result<()> {
        let sql = "INSERT INTO vault (id, header, created_at) \
                   SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM vault)";
        let done = sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.header)
            .bind(now)
            .execute(&self.pool)
            .await
            .context("writing the vault's header")?;
        anyhow::ensure!(done.rows_affected() == 1, "there is a vault already");
        Ok(())
    }

    /// Loses the vault's header, as a damaged database would.
    #[cfg(test)]
    pub async fn forget_vault(&self) {
        sqlx::query("DELETE FROM vault").execute(&self.pool).await.expect("it is deleted");
    }
}
