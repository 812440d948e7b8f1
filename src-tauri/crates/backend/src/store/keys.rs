//! The table `identity_keys`: one live key for each identity, and the public parts of those that were.

use super::Store;
use anyhow::{Context, Result};
use api::Millis;

/// A key as it is stored.
#[derive(Clone, sqlx::FromRow)]
pub struct KeyRow {
    /// UUID v7.
    pub id: String,
    /// The identity whose key it is, or was.
    pub identity_id: String,
    /// The address that its signatures stand for.
    pub email: String,
    /// The public part, 32 bytes.
    pub public_key: Vec<u8>,
    /// The private part, sealed under the identity's key; none once the key is retired.
    pub sealed: Option<Vec<u8>>,
    /// What happens when a signature is asked for.
    pub policy: String,
    /// When it was made.
    pub created_at: Millis,
    /// When another took its place.
    pub retired_at: Option<Millis>,
}

impl Store {
    /// Every key that ever was, oldest first.
    pub async fn keys(&self) -> Result<Vec<KeyRow>> {
        sqlx::query_as("SELECT * FROM identity_keys ORDER BY created_at, id")
            .fetch_all(&self.pool)
            .await
            .context("reading the keys")
    }

    /// The live key of an identity.
    pub async fn key(&self, identity_id: &str) -> Result<Option<KeyRow>> {
        sqlx::query_as("SELECT * FROM identity_keys WHERE identity_id = $1 AND retired_at IS NULL")
            .bind(identity_id)
            .fetch_optional(&self.pool)
            .await
            .context("reading a key")
    }

    /// Adds a key in the place of the live one, whose private part is gone from the disk then.
    pub async fn replace_key(&self, row: &KeyRow) -> Result<()> {
        let mut tx = self.pool.begin().await.context("beginning to write a key")?;
        sqlx::query(RETIRE)
            .bind(&row.identity_id)
            .bind(row.created_at)
            .execute(&mut *tx)
            .await
            .context("retiring a key")?;
        let sql = "INSERT INTO identity_keys (id, identity_id, email, public_key, sealed, policy, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.identity_id)
            .bind(&row.email)
            .bind(&row.public_key)
            .bind(&row.sealed)
            .bind(&row.policy)
            .bind(row.created_at)
            .execute(&mut *tx)
            .await
            .context("writing a key")?;
        tx.commit().await.context("writing a key")?;
        self.flush().await
    }

    /// Retires the live key of an identity that goes.
    pub async fn retire_key(&self, identity_id: &str, now: Millis) -> Result<()> {
        sqlx::query(RETIRE)
            .bind(identity_id)
            .bind(now)
            .execute(&self.pool)
            .await
            .context("retiring a key")?;
        self.flush().await
    }

    /// Writes what happens when a signature of an identity is asked for.
    pub async fn set_key_policy(&self, identity_id: &str, policy: &str) -> Result<()> {
        sqlx::query("UPDATE identity_keys SET policy = $2 WHERE identity_id = $1 AND retired_at IS NULL")
            .bind(identity_id)
            .bind(policy)
            .execute(&self.pool)
            .await
            .context("changing a key's policy")?;
        Ok(())
    }

    /// Writes the address that all signatures of an identity stand for.
    pub async fn set_key_email(&self, identity_id: &str, email: &str) -> Result<()> {
        sqlx::query("UPDATE identity_keys SET email = $2 WHERE identity_id = $1")
            .bind(identity_id)
            .bind(email)
            .execute(&self.pool)
            .await
            .context("changing a key's address")?;
        Ok(())
    }
}

const RETIRE: &str =
    "UPDATE identity_keys SET retired_at = $2, sealed = NULL WHERE identity_id = $1 AND retired_at IS NULL";
