//! The table `secrets`: sealed values, and what is known about them in clear.

use super::Store;
use anyhow::{Context, Result};
use api::Millis;

/// A secret as it is stored.
#[derive(Clone, sqlx::FromRow)]
pub struct SecretRow {
    /// UUID v7.
    pub id: String,
    /// The identity that holds it.
    pub identity_id: String,
    /// Its key, unique within the identity.
    pub key: String,
    /// `auto`, `ask` or `deny`.
    pub policy: String,
    /// The owner's notes.
    pub notes: String,
    /// How often its value has been set; bound into the seal.
    pub version: i64,
    /// Who set its value: `owner` or `agent`.
    pub set_by: String,
    /// Its value, sealed with the identity's key.
    pub sealed: Vec<u8>,
    /// When it was first set.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
}

impl Store {
    /// The secrets of one identity, by key.
    pub async fn secrets(&self, identity_id: &str) -> Result<Vec<SecretRow>> {
        sqlx::query_as("SELECT * FROM secrets WHERE identity_id = $1 ORDER BY key")
            .bind(identity_id)
            .fetch_all(&self.pool)
            .await
            .context("reading secrets")
    }

    /// Key and policy of every secret, as (identity's id, key, policy), by key.
    pub async fn secret_keys(&self) -> Result<Vec<(String, String, String)>> {
        sqlx::query_as("SELECT identity_id, key, policy FROM secrets ORDER BY key")
            .fetch_all(&self.pool)
            .await
            .context("reading the keys of secrets")
    }

    /// One secret of an identity.
    pub async fn secret(&self, identity_id: &str, key: &str) -> Result<Option<SecretRow>> {
        sqlx::query_as("SELECT * FROM secrets WHERE identity_id = $1 AND key = $2")
            .bind(identity_id)
            .bind(key)
            .fetch_optional(&self.pool)
            .await
            .context("reading a secret")
    }

    /// Adds a secret, or puts a newer version in place of the one that is there.
    pub async fn put_secret(&self, row: &SecretRow) -> Result<()> {
        let sql = "INSERT INTO secrets (id, identity_id, key, policy, notes, version, set_by, sealed, \
                   created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                   ON CONFLICT (identity_id, key) DO UPDATE SET policy = excluded.policy, \
                   notes = excluded.notes, version = excluded.version, set_by = excluded.set_by, \
                   sealed = excluded.sealed, updated_at = excluded.updated_at";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.identity_id)
            .bind(&row.key)
            .bind(&row.policy)
            .bind(&row.notes)
            .bind(row.version)
            .bind(&row.set_by)
            .bind(&row.sealed)
            .bind(row.created_at)
            .bind(row.updated_at)
            .execute(&self.pool)
            .await
            .context("writing a secret")?;
        Ok(())
    }

    /// Deletes a secret.
    pub async fn delete_secret(&self, id: &str) -> Result<()> {
        sqlx::query("DELETE FROM secrets WHERE id = $1")
            .bind(id)
            .execute(&self.pool)
            .await
            .context("deleting a secret")?;
        Ok(())
    }
}
