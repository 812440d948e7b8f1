//! The table `identities`, with each identity's wrapped key.

use super::{Named, Store};
use anyhow::{Context, Result};
use api::Millis;

/// An identity as it is stored.
#[derive(Clone, sqlx::FromRow)]
pub struct IdentityRow {
    /// UUID v7.
    pub id: String,
    /// Its unique name.
    pub name: String,
    /// Its unique address.
    pub email: String,
    /// Its phone number.
    pub phone: Option<String>,
    /// The name that its commits carry.
    pub author_name: String,
    /// The address that its commits carry.
    pub author_email: String,
    /// Its data key, wrapped by the master key.
    pub wrapped_key: Vec<u8>,
    /// When it was created.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
}

impl Named for IdentityRow {
    fn name(&self) -> &str {
        &self.name
    }
    fn id(&self) -> &str {
        &self.id
    }
}

impl Store {
    /// All identities, by name.
    pub async fn identities(&self) -> Result<Vec<IdentityRow>> {
        sqlx::query_as("SELECT * FROM identities ORDER BY name")
            .fetch_all(&self.pool)
            .await
            .context("reading the identities")
    }

    /// The identity with this id.
    pub async fn identity(&self, id: &str) -> Result<Option<IdentityRow>> {
        sqlx::query_as("SELECT * FROM identities WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .context("reading an identity")
    }

    /// Adds an identity.
    pub async fn insert_identity(&self, row: &IdentityRow) -> Result<()> {
        let sql = "INSERT INTO identities (id, name, email, phone, author_name, author_email, wrapped_key, \
                   created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.name)
            .bind(&row.email)
            .bind(&row.phone)
            .bind(&row.author_name)
            .bind(&row.author_email)
            .bind(&row.wrapped_key)
            .bind(row.created_at)
            .bind(row.updated_at)
            .execute(&self.pool)
            .await
            .context("writing an identity")?;
        Ok(())
    }

    /// Writes everything about an identity but its key.
    pub async fn update_identity(&self, row: &IdentityRow) -> Result<()> {
        let sql = "UPDATE identities SET name = $2, email = $3, phone = $4, author_name = $5, \
                   author_email = $6, updated_at = $7 WHERE id = $1";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.name)
            .bind(&row.email)
            .bind(&row.phone)
            .bind(&row.author_name)
            .bind(&row.author_email)
            .bind(row.updated_at)
            .execute(&self.pool)
            .await
            .context("changing an identity")?;
        Ok(())
    }

    /// Deletes an identity, its key and its secrets, and leaves no trace of them on the disk.
    pub async fn delete_identity(&self, id: &str) -> Result<()> {
        let mut tx = self.pool.begin().await.context("beginning to delete an identity")?;
        for sql in [
            "DELETE FROM secrets WHERE identity_id = $1",
            "DELETE FROM passwords WHERE identity_id = $1",
            "UPDATE slots SET identity_id = NULL WHERE identity_id = $1",
            "DELETE FROM settings WHERE name = 'current_identity' AND value = $1",
            "DELETE FROM identities WHERE id = $1",
        ] {
            sqlx::query(sql).bind(id).execute(&mut *tx).await.context("deleting an identity")?;
        }
        tx.commit().await.context("deleting an identity")?;
        self.flush().await
    }
}
