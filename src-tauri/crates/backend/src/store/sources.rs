//! The table `sources`: where messages come from, with its secret sealed under a key of its own, and how far it is.

use super::{Named, Store};
use anyhow::{Context, Result};
use api::Millis;
use api::secrets::Policy;
use api::sources::SourceKind;

/// A source as it is stored.
#[derive(Clone, sqlx::FromRow)]
pub struct SourceRow {
    /// UUID v7; `local` for the one that is always there.
    pub id: String,
    /// Its unique name.
    pub name: String,
    /// The kind's name.
    pub kind: String,
    /// The one identity that it serves.
    pub identity_id: Option<String>,
    /// Where its server is.
    pub url: Option<String>,
    /// What else it needs to know, as a JSON object of texts.
    pub settings: String,
    /// Its data key, wrapped by the master key; empty for one that never has a secret.
    pub wrapped_key: Vec<u8>,
    /// Its secret, sealed with that key.
    pub sealed: Option<Vec<u8>>,
    /// How far it has come, in words of its kind's own.
    pub cursor: Option<String>,
    /// How many messages it has brought.
    pub messages: i64,
    /// When it last looked and nothing was wrong.
    pub synced_at: Option<Millis>,
    /// When it was added.
    pub created_at: Millis,
    /// When its set-up was last changed.
    pub updated_at: Millis,
}

impl Named for SourceRow {
    fn name(&self) -> &str {
        &self.name
    }
    fn id(&self) -> &str {
        &self.id
    }
}

impl Store {
    /// All sources, by name.
    pub async fn sources(&self) -> Result<Vec<SourceRow>> {
        sqlx::query_as("SELECT * FROM sources ORDER BY name")
            .fetch_all(&self.pool)
            .await
            .context("reading the sources")
    }

    /// Adds a source, or writes what may have changed of its set-up. One of Ravi's is an issuer as well.
    pub async fn put_source(&self, row: &SourceRow) -> Result<()> {
        let mut tx = self.pool.begin().await.context("beginning to write a source")?;
        let sql = "INSERT INTO sources (id, name, kind, identity_id, url, settings, wrapped_key, sealed, cursor, \
                   messages, synced_at, created_at, updated_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
                   ON CONFLICT (id) DO UPDATE SET url = excluded.url, settings = excluded.settings, \
                   sealed = excluded.sealed, updated_at = excluded.updated_at";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.name)
            .bind(&row.kind)
            .bind(&row.identity_id)
            .bind(&row.url)
            .bind(&row.settings)
            .bind(&row.wrapped_key)
            .bind(&row.sealed)
            .bind(&row.cursor)
            .bind(row.messages)
            .bind(row.synced_at)
            .bind(row.created_at)
            .bind(row.updated_at)
            .execute(&mut *tx)
            .await
            .context("writing a source")?;
        if row.kind == SourceKind::Ravi.name() {
            let sql = "INSERT INTO issuers (id, name, kind, settings, policy, wrapped_key, created_at, updated_at) \
                       VALUES ($1, $2, $3, '{}', $4, $5, $6, $6) ON CONFLICT DO NOTHING";
            sqlx::query(sql)
                .bind(&row.id)
                .bind(&row.name)
                .bind(&row.kind)
                .bind(Policy::Ask.name())
                .bind(&row.wrapped_key)
                .bind(row.created_at)
                .execute(&mut *tx)
                .await
                .context("writing a source as an issuer")?;
        }
        tx.commit().await.context("writing a source")
    }

    /// How far a source has come.
    pub async fn source_cursor(&self, id: &str) -> Result<Option<String>> {
        let sql = "SELECT cursor FROM sources WHERE id = $1";
        let found: Option<Option<String>> = sqlx::query_scalar(sql)
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .context("reading how far a source is")?;
        Ok(found.flatten())
    }

    /// Writes how far a source has come; nothing has it begin anew.
    pub async fn set_source_cursor(&self, id: &str, cursor: Option<&str>) -> Result<()> {
        sqlx::query("UPDATE sources SET cursor = $2 WHERE id = $1")
            .bind(id)
            .bind(cursor)
            .execute(&self.pool)
            .await
            .context("writing how far a source is")?;
        Ok(())
    }

    /// Adds to what a source has brought, and writes when it last looked.
    pub async fn count_source(&self, id: &str, more: i64, synced_at: Option<Millis>) -> Result<()> {
        let sql =
            "UPDATE sources SET messages = messages + $2, synced_at = COALESCE($3, synced_at) WHERE id = $1";
        sqlx::query(sql)
            .bind(id)
            .bind(more)
            .bind(synced_at)
            .execute(&self.pool)
            .await
            .context("counting what a source brought")?;
        Ok(())
    }

    /// Forgets a source; what it brought stays. The issuer that one of Ravi's was keeps the source's address and
    /// secret for itself as long as one of its keys may be alive.
    pub async fn delete_source(&self, id: &str) -> Result<()> {
        let mut tx = self.pool.begin().await.context("beginning to delete a source")?;
        for sql in [
            "UPDATE issuers SET base_url = (SELECT url FROM sources WHERE id = $1), \
             sealed = (SELECT sealed FROM sources WHERE id = $1) WHERE id = $1",
            "DELETE FROM sources WHERE id = $1",
        ] {
            sqlx::query(sql).bind(id).execute(&mut *tx).await.context("deleting a source")?;
        }
        tx.commit().await.context("deleting a source")?;
        self.flush().await
    }
}
