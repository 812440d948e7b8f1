//! The table `passwords`: sealed logins, and what is known about them in clear.

use super::Store;
use anyhow::{Context, Result};
use api::Millis;

/// A login as it is stored.
#[derive(Clone, sqlx::FromRow)]
pub struct PasswordRow {
    /// UUID v7.
    pub id: String,
    /// The identity that holds it.
    pub identity_id: String,
    /// The host.
    pub domain: String,
    /// The user's name there, unique within identity and host.
    pub username: String,
    /// `auto`, `ask` or `deny`.
    pub policy: String,
    /// Whether it has one-time codes.
    pub has_code: bool,
    /// How often it has been changed; bound into the seal.
    pub version: i64,
    /// Who set it: `owner` or `agent`.
    pub set_by: String,
    /// Password, notes and the secret of the codes, sealed with the identity's key.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
}

impl Store {
    /// The logins of one identity, by host and user.
    pub async fn passwords(&self, identity_id: &str) -> Result<Vec<PasswordRow>> {
        sqlx::query_as("SELECT * FROM passwords WHERE identity_id = $1 ORDER BY domain, username")
            .bind(identity_id)
            .fetch_all(&self.pool)
            .await
            .context("reading passwords")
    }

    /// Adds a login, or puts its newer version in place.
    pub async fn put_password(&self, row: &PasswordRow) -> Result<()> {
        let sql = "INSERT INTO passwords (id, identity_id, domain, username, policy, has_code, version, \
                   set_by, sealed, created_at, updated_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
                   ON CONFLICT (id) DO UPDATE SET policy = excluded.policy, has_code = excluded.has_code, \
                   version = excluded.version, set_by = excluded.set_by, sealed = excluded.sealed, \
                   updated_at = excluded.updated_at";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.identity_id)
            .bind(&row.domain)
            .bind(&row.username)
            .bind(&row.policy)
            .bind(row.has_code)
            .bind(row.version)
            .bind(&row.set_by)
            .bind(&row.sealed)
            .bind(row.created_at)
            .bind(row.updated_at)
            .execute(&self.pool)
            .await
            .context("writing a password")?;
        Ok(())
    }

    /// Deletes a login.
    pub async fn delete_password(&self, id: &str) -> Result<()> {
        sqlx::query("DELETE FROM passwords WHERE id = $1")
            .bind(id)
            .execute(&self.pool)
            .await
            .context("deleting a password")?;
        Ok(())
    }
}
