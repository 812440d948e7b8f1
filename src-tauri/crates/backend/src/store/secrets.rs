//! The tables `secrets` and `secret_versions`: sealed values, and what is known about them in clear.

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
    /// The worktree that it is for alone; none if it is for all.
    pub worktree_id: Option<String>,
    /// What the rows of a shared secret have in common.
    pub group_id: Option<String>,
    /// Its key, unique within identity and worktree.
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

/// Who set a value, when and why.
#[derive(Clone, sqlx::FromRow)]
pub struct VersionRow {
    /// Which value: 1 is the first.
    pub version: i64,
    /// `owner` or `agent`.
    pub set_by: String,
    /// The agent's session.
    pub session: Option<String>,
    /// The agent's slot.
    pub slot: Option<i64>,
    /// Why.
    pub because: Option<String>,
    /// When.
    pub set_at: Millis,
}

/// What is known of a secret without its value and notes.
#[derive(Clone, sqlx::FromRow)]
pub struct KeyOfSecret {
    /// The identity that holds it.
    pub identity_id: String,
    /// The worktree that it is for alone.
    pub worktree_id: Option<String>,
    /// Its key.
    pub key: String,
    /// `auto`, `ask` or `deny`.
    pub policy: String,
}

impl Store {
    /// The secrets of one identity, by key; those for all worktrees before those for one.
    pub async fn secrets(&self, identity_id: &str) -> Result<Vec<SecretRow>> {
        let sql = "SELECT * FROM secrets WHERE identity_id = $1 \
                   ORDER BY key, worktree_id IS NOT NULL, worktree_id";
        sqlx::query_as(sql).bind(identity_id).fetch_all(&self.pool).await.context("reading secrets")
    }

    /// Every secret without its value, by key; those for all worktrees before those for one.
    pub async fn secret_keys(&self) -> Result<Vec<KeyOfSecret>> {
        let sql = "SELECT identity_id, worktree_id, key, policy FROM secrets \
                   ORDER BY key, worktree_id IS NOT NULL, worktree_id";
        sqlx::query_as(sql).fetch_all(&self.pool).await.context("reading the keys of secrets")
    }

    /// One secret of an identity: the one for all worktrees, or the one for one alone.
    pub async fn secret(
        &self,
        identity_id: &str,
        key: &str,
        worktree_id: Option<&str>,
    ) -> Result<Option<SecretRow>> {
        let sql = "SELECT * FROM secrets WHERE identity_id = $1 AND key = $2 \
                   AND (worktree_id = $3 OR ($3 IS NULL AND worktree_id IS NULL))";
        sqlx::query_as(sql)
            .bind(identity_id)
            .bind(key)
            .bind(worktree_id)
            .fetch_optional(&self.pool)
            .await
            .context("reading a secret")
    }

    /// The secret that a session has under this key: its worktree's own one wins.
    pub async fn secret_of_session(
        &self,
        identity_id: &str,
        key: &str,
        session: &str,
    ) -> Result<Option<SecretRow>> {
        let sql = "SELECT * FROM secrets WHERE identity_id = $1 AND key = $2 AND (worktree_id IS NULL \
                   OR worktree_id = (SELECT worktree_id FROM sessions WHERE id = $3)) \
                   ORDER BY worktree_id IS NULL LIMIT 1";
        sqlx::query_as(sql)
            .bind(identity_id)
            .bind(key)
            .bind(session)
            .fetch_optional(&self.pool)
            .await
            .context("reading a session's secret")
    }

    /// The secrets that are for one worktree alone.
    pub async fn secrets_of_worktree(&self, worktree_id: &str) -> Result<Vec<SecretRow>> {
        sqlx::query_as("SELECT * FROM secrets WHERE worktree_id = $1 ORDER BY key")
            .bind(worktree_id)
            .fetch_all(&self.pool)
            .await
            .context("reading a worktree's secrets")
    }

    /// The ids of the other identities that share an identity's secret of this key.
    pub async fn sharers(&self, identity_id: &str, key: &str) -> Result<Vec<String>> {
        let sql = "SELECT o.identity_id FROM secrets s JOIN secrets o ON o.group_id = s.group_id \
                   WHERE s.identity_id = $1 AND s.key = $2 AND s.worktree_id IS NULL AND o.id <> s.id";
        sqlx::query_scalar(sql)
            .bind(identity_id)
            .bind(key)
            .fetch_all(&self.pool)
            .await
            .context("reading who shares a secret")
    }

    /// The rows of all shared secrets.
    pub async fn shared_secrets(&self) -> Result<Vec<SecretRow>> {
        sqlx::query_as("SELECT * FROM secrets WHERE group_id IS NOT NULL ORDER BY id")
            .fetch_all(&self.pool)
            .await
            .context("reading the shared secrets")
    }

    /// Adds secrets, or writes what may have changed of them, and who set their values: all or nothing.
    pub async fn put_secrets(&self, rows: &[SecretRow], version: Option<&VersionRow>) -> Result<()> {
        let sql = "INSERT INTO secrets (id, identity_id, worktree_id, group_id, key, policy, notes, version, \
                   set_by, sealed, created_at, updated_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
                   ON CONFLICT (id) DO UPDATE SET group_id = excluded.group_id, policy = excluded.policy, \
                   notes = excluded.notes, version = excluded.version, set_by = excluded.set_by, \
                   sealed = excluded.sealed, updated_at = excluded.updated_at";
        let mut tx = self.pool.begin().await.context("beginning to write secrets")?;
        for row in rows {
            sqlx::query(sql)
                .bind(&row.id)
                .bind(&row.identity_id)
                .bind(&row.worktree_id)
                .bind(&row.group_id)
                .bind(&row.key)
                .bind(&row.policy)
                .bind(&row.notes)
                .bind(row.version)
                .bind(&row.set_by)
                .bind(&row.sealed)
                .bind(row.created_at)
                .bind(row.updated_at)
                .execute(&mut *tx)
                .await
                .context("writing a secret")?;
            if let Some(version) = version {
                insert_version(&mut tx, &row.id, version).await?;
            }
        }
        tx.commit().await.context("writing secrets")
    }

    /// Who set each value of a secret, the newest first.
    pub async fn secret_versions(&self, secret_id: &str) -> Result<Vec<VersionRow>> {
        let sql = "SELECT version, set_by, session, slot, because, set_at FROM secret_versions \
                   WHERE secret_id = $1 ORDER BY version DESC";
        sqlx::query_as(sql).bind(secret_id).fetch_all(&self.pool).await.context("reading versions")
    }

    /// Deletes secrets, and leaves no trace of them on the disk.
    pub async fn delete_secrets(&self, rows: &[SecretRow]) -> Result<()> {
        let mut tx = self.pool.begin().await.context("beginning to delete secrets")?;
        for row in rows {
            sqlx::query("DELETE FROM secrets WHERE id = $1")
                .bind(&row.id)
                .execute(&mut *tx)
                .await
                .context("deleting a secret")?;
        }
        tx.commit().await.context("deleting secrets")?;
        self.flush().await
    }
}

async fn insert_version(
    tx: &mut sqlx::Transaction<'_, sqlx::Sqlite>,
    secret_id: &str,
    row: &VersionRow,
) -> Result<()> {
    let sql = "INSERT INTO secret_versions (secret_id, version, set_by, session, slot, because, set_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    sqlx::query(sql)
        .bind(secret_id)
        .bind(row.version)
        .bind(&row.set_by)
        .bind(&row.session)
        .bind(row.slot)
        .bind(&row.because)
        .bind(row.set_at)
        .execute(&mut **tx)
        .await
        .context("writing who set a secret")?;
    Ok(())
}
