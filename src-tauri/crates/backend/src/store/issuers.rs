//! The table `issuers`: what makes tokens, with its secret sealed under a key of its own.

use super::{Named, Store};
use anyhow::{Context, Result};
use api::Millis;

/// An issuer as it is stored.
#[derive(Clone, sqlx::FromRow)]
pub struct IssuerRow {
    /// UUID v7.
    pub id: String,
    /// Its unique name.
    pub name: String,
    /// The kind's name.
    pub kind: String,
    /// Where its API is.
    pub base_url: Option<String>,
    /// What else it needs to know, as a JSON object of texts.
    pub settings: String,
    /// `auto`, `ask` or `deny`.
    pub policy: String,
    /// Its data key, wrapped by the master key.
    pub wrapped_key: Vec<u8>,
    /// Its secret, sealed with that key.
    pub sealed: Option<Vec<u8>>,
    /// When it was added.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
}

impl Named for IssuerRow {
    fn name(&self) -> &str {
        &self.name
    }
    fn id(&self) -> &str {
        &self.id
    }
}

impl Store {
    /// All issuers, by name.
    pub async fn issuers(&self) -> Result<Vec<IssuerRow>> {
        sqlx::query_as("SELECT * FROM issuers ORDER BY name")
            .fetch_all(&self.pool)
            .await
            .context("reading the issuers")
    }

    /// The issuer with this id.
    pub async fn issuer(&self, id: &str) -> Result<Option<IssuerRow>> {
        sqlx::query_as("SELECT * FROM issuers WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .context("reading an issuer")
    }

    /// Adds an issuer, or writes what may have changed of it.
    pub async fn put_issuer(&self, row: &IssuerRow) -> Result<()> {
        let sql = "INSERT INTO issuers (id, name, kind, base_url, settings, policy, wrapped_key, sealed, \
                   created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                   ON CONFLICT (id) DO UPDATE SET base_url = excluded.base_url, settings = excluded.settings, \
                   policy = excluded.policy, sealed = excluded.sealed, updated_at = excluded.updated_at";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.name)
            .bind(&row.kind)
            .bind(&row.base_url)
            .bind(&row.settings)
            .bind(&row.policy)
            .bind(&row.wrapped_key)
            .bind(&row.sealed)
            .bind(row.created_at)
            .bind(row.updated_at)
            .execute(&self.pool)
            .await
            .context("writing an issuer")?;
        Ok(())
    }

    /// Forgets an issuer with its tokens that are gone; false where one of them may still be alive.
    pub async fn delete_issuer(&self, id: &str) -> Result<bool> {
        let sql = "DELETE FROM issuers WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM tokens \
                   WHERE issuer_id = $1 AND state IN ('requested', 'approved', 'active', 'revoking'))";
        let done = sqlx::query(sql).bind(id).execute(&self.pool).await.context("deleting an issuer")?;
        Ok(done.rows_affected() > 0)
    }
}
