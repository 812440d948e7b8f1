//! The table `links`: which identities are Ravi's, and in which slots such identities sit.

use super::Store;
use anyhow::{Context, Result};
use api::Millis;
use sqlx::{Sqlite, Transaction};

/// An identity's link as it is stored, with its source's name.
#[derive(Clone, sqlx::FromRow)]
pub struct LinkRow {
    /// The identity here.
    pub identity_id: String,
    /// The source that it is reached by.
    pub source_id: String,
    /// That source's name, from its own table.
    pub source: String,
    /// Its id at Ravi.
    pub uuid: String,
    /// Its name at Ravi.
    pub name: String,
    /// When it was linked.
    pub created_at: Millis,
}

/// A slot in which an identity of Ravi's sits.
#[derive(Clone, sqlx::FromRow)]
pub struct SeatRow {
    /// The slot's number.
    pub slot: i64,
    /// Who sits there.
    pub identity_id: String,
    /// That identity's name.
    pub identity: String,
    /// The source that it is reached by, which is its issuer too.
    pub source_id: String,
    /// That source's name.
    pub source: String,
    /// When that source was last changed.
    pub changed_at: Millis,
}

impl Store {
    /// All links.
    pub async fn links(&self) -> Result<Vec<LinkRow>> {
        sqlx::query_as("SELECT l.*, s.name AS source FROM links l JOIN sources s ON s.id = l.source_id")
            .fetch_all(&self.pool)
            .await
            .context("reading the links")
    }

    /// The link of an identity.
    pub async fn link(&self, identity_id: &str) -> Result<Option<LinkRow>> {
        Ok(self.links().await?.into_iter().find(|link| link.identity_id == identity_id))
    }

    /// Forgets the link of an identity; false if there is none.
    pub async fn delete_link(&self, identity_id: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM links WHERE identity_id = $1")
            .bind(identity_id)
            .execute(&self.pool)
            .await
            .context("deleting a link")?;
        Ok(done.rows_affected() > 0)
    }

    /// The slots in which identities of Ravi's sit, by number.
    pub async fn seats(&self) -> Result<Vec<SeatRow>> {
        let sql = "SELECT t.number AS slot, i.id AS identity_id, i.name AS identity, s.id AS source_id, \
                   n.name AS source, s.updated_at AS changed_at \
                   FROM slots t JOIN links l ON l.identity_id = t.identity_id JOIN identities i ON i.id = l.identity_id \
                   JOIN sources s ON s.id = l.source_id JOIN issuers n ON n.id = s.id ORDER BY t.number";
        sqlx::query_as(sql).fetch_all(&self.pool).await.context("reading who of Ravi's sits where")
    }
}

/// Writes a link, along with what else changes of its identity.
pub(super) async fn write(tx: &mut Transaction<'_, Sqlite>, link: &LinkRow) -> Result<()> {
    let sql =
        "INSERT INTO links (identity_id, source_id, uuid, name, created_at) VALUES ($1, $2, $3, $4, $5)";
    sqlx::query(sql)
        .bind(&link.identity_id)
        .bind(&link.source_id)
        .bind(&link.uuid)
        .bind(&link.name)
        .bind(link.created_at)
        .execute(&mut **tx)
        .await
        .context("writing a link")?;
    Ok(())
}
