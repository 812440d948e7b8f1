//! The table `issuers`: what makes tokens, with its secret sealed under a key of its own.

use super::{Named, Store};
use anyhow::{Context, Result};
use api::Millis;
use sqlx::AssertSqlSafe;

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

/// An issuer's row. One that is a source of Ravi's has that source's address and secret.
const SELECT: &str = "SELECT i.id, i.name, i.kind, COALESCE(s.url, i.base_url) AS base_url, i.settings, i.policy, \
                      i.wrapped_key, COALESCE(s.sealed, i.sealed) AS sealed, i.created_at, i.updated_at \
                      FROM issuers i LEFT JOIN sources s ON s.id = i.id";

impl Store {
    /// All issuers, by name.
    pub async fn issuers(&self) -> Result<Vec<IssuerRow>> {
        sqlx::query_as(AssertSqlSafe(format!("{SELECT} ORDER BY i.name")))
            .fetch_all(&self.pool)
            .await
            .context("reading the issuers")
    }

    /// The issuer with this id.
    pub async fn issuer(&self, id: &str) -> Result<Option<IssuerRow>> {
        sqlx::query_as(AssertSqlSafe(format!("{SELECT} WHERE i.id = $1")))
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

    /// Writes what happens when an agent asks an issuer.
    pub async fn set_issuer_policy(&self, id: &str, policy: &str, at: Millis) -> Result<()> {
        sqlx::query("UPDATE issuers SET policy = $2, updated_at = $3 WHERE id = $1")
            .bind(id)
            .bind(policy)
            .bind(at)
            .execute(&self.pool)
            .await
            .context("writing an issuer's policy")?;
        Ok(())
    }

    /// Forgets the issuers whose source is removed and none of whose keys may be alive any more.
    pub async fn forget_sourceless_issuers(&self) -> Result<Vec<String>> {
        let sql = "DELETE FROM issuers WHERE kind = 'ravi' AND id NOT IN (SELECT id FROM sources) \
                   AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.issuer_id = issuers.id \
                   AND t.state IN ('requested', 'approved', 'active', 'revoking')) RETURNING id";
        sqlx::query_scalar(sql).fetch_all(&self.pool).await.context("forgetting issuers")
    }
}
