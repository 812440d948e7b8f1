//! The table `identities`, with each identity's wrapped key.

use super::{LinkRow, Named, Store, links};
use anyhow::{Context, Result};
use api::Millis;
use std::sync::Arc;

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
        Ok(self.known_identities().await?.to_vec())
    }

    /// The identity with this id.
    pub async fn identity(&self, id: &str) -> Result<Option<IdentityRow>> {
        Ok(self.known_identities().await?.iter().find(|row| row.id == id).cloned())
    }

    /// The id of the identity of this name or id.
    pub async fn identity_id(&self, wanted: &str) -> Result<Option<String>> {
        let is_it = |row: &&IdentityRow| row.id == wanted || row.name == wanted;
        Ok(self.known_identities().await?.iter().find(is_it).map(|row| row.id.clone()))
    }

    async fn known_identities(&self) -> Result<Arc<[IdentityRow]>> {
        let (known, changes) = self.known.identities.get();
        if let Some(rows) = known {
            return Ok(rows);
        }
        let sql = "SELECT * FROM identities ORDER BY name";
        let rows: Vec<IdentityRow> =
            sqlx::query_as(sql).fetch_all(&self.pool).await.context("reading the identities")?;
        let rows: Arc<[IdentityRow]> = rows.into();
        self.known.identities.remember(&rows, changes);
        Ok(rows)
    }

    /// Adds an identity, and its link where it has one: both or neither.
    pub async fn insert_identity(&self, row: &IdentityRow, link: Option<&LinkRow>) -> Result<()> {
        let _changing = self.known.identities.changing();
        let mut tx = self.pool.begin().await.context("beginning to write an identity")?;
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
            .execute(&mut *tx)
            .await
            .context("writing an identity")?;
        if let Some(link) = link {
            links::write(&mut tx, link).await?;
        }
        tx.commit().await.context("writing an identity")
    }

    /// Writes everything about an identity but its key, and its link where it gets one.
    pub async fn update_identity(&self, row: &IdentityRow, link: Option<&LinkRow>) -> Result<()> {
        let _changing = self.known.identities.changing();
        let mut tx = self.pool.begin().await.context("beginning to change an identity")?;
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
            .execute(&mut *tx)
            .await
            .context("changing an identity")?;
        if let Some(link) = link {
            links::write(&mut tx, link).await?;
        }
        tx.commit().await.context("changing an identity")
    }

    /// Deletes an identity, its key and its secrets, and leaves no trace of them on the disk.
    pub async fn delete_identity(&self, id: &str) -> Result<()> {
        // Its grants go with it.
        let changing = (self.known.identities.changing(), self.known.grants.changing());
        let mut tx = self.pool.begin().await.context("beginning to delete an identity")?;
        for sql in [
            "DELETE FROM secrets WHERE identity_id = $1",
            "DELETE FROM passwords WHERE identity_id = $1",
            "UPDATE slots SET identity_id = NULL WHERE identity_id = $1",
            // A source of its own goes with it; the issuer that it was still has keys to take back.
            "UPDATE issuers SET base_url = (SELECT s.url FROM sources s WHERE s.id = issuers.id), \
             sealed = (SELECT s.sealed FROM sources s WHERE s.id = issuers.id) \
             WHERE id IN (SELECT id FROM sources WHERE identity_id = $1)",
            "DELETE FROM settings WHERE name = 'current_identity' AND value = $1",
            "DELETE FROM identities WHERE id = $1",
        ] {
            sqlx::query(sql).bind(id).execute(&mut *tx).await.context("deleting an identity")?;
        }
        tx.commit().await.context("deleting an identity")?;
        drop(changing);
        self.flush().await
    }
}
