//! The table `origins`: what the vaults here and those at sources' servers have in common.

use super::Store;
use anyhow::{Context, Result};
use api::Millis;

/// A secret or a login that is both here and at a source's server, or was.
#[derive(Clone, sqlx::FromRow)]
pub struct OriginRow {
    /// The source.
    pub source_id: String,
    /// `secret` or `login`.
    pub sort: String,
    /// The server's id of it.
    pub their_id: String,
    /// Whose it is there, in words of the source's own.
    pub seat: String,
    /// Whose it is here.
    pub identity_id: String,
    /// Its id here, which may be gone.
    pub held_id: String,
    /// Which version was here when both were last looked at.
    pub version: i64,
    /// When that was last changed.
    pub held_at: Millis,
    /// Whether the identity's agents may change it.
    pub open: bool,
    /// What both held then, sealed.
    pub sealed: Vec<u8>,
}

impl Store {
    /// What a source's server and an identity's vault have in common.
    pub async fn origins(&self, source_id: &str, identity_id: &str) -> Result<Vec<OriginRow>> {
        sqlx::query_as("SELECT * FROM origins WHERE source_id = $1 AND identity_id = $2 ORDER BY their_id")
            .bind(source_id)
            .bind(identity_id)
            .fetch_all(&self.pool)
            .await
            .context("reading what came from a source")
    }

    /// The ids of what an identity has in common with any source.
    pub async fn sourced(&self, identity_id: &str) -> Result<Vec<String>> {
        sqlx::query_scalar("SELECT held_id FROM origins WHERE identity_id = $1")
            .bind(identity_id)
            .fetch_all(&self.pool)
            .await
            .context("reading what came from sources")
    }

    /// Whether agents may change a secret or a login that came from a source.
    pub async fn is_open(&self, held_id: &str) -> Result<bool> {
        let sql = "SELECT COUNT(*) FROM origins WHERE held_id = $1 AND open = TRUE";
        let open: i64 = sqlx::query_scalar(sql)
            .bind(held_id)
            .fetch_one(&self.pool)
            .await
            .context("reading where a secret came from")?;
        Ok(open > 0)
    }

    /// Writes what a server and a vault have in common now.
    pub async fn put_origin(&self, row: &OriginRow) -> Result<()> {
        let sql = "INSERT INTO origins (source_id, sort, their_id, seat, identity_id, held_id, version, held_at, \
                   open, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                   ON CONFLICT (source_id, sort, their_id) DO UPDATE SET seat = excluded.seat, \
                   identity_id = excluded.identity_id, held_id = excluded.held_id, version = excluded.version, \
                   held_at = excluded.held_at, open = excluded.open, sealed = excluded.sealed";
        sqlx::query(sql)
            .bind(&row.source_id)
            .bind(&row.sort)
            .bind(&row.their_id)
            .bind(&row.seat)
            .bind(&row.identity_id)
            .bind(&row.held_id)
            .bind(row.version)
            .bind(row.held_at)
            .bind(row.open)
            .bind(&row.sealed)
            .execute(&self.pool)
            .await
            .context("writing what came from a source")?;
        Ok(())
    }

    /// Forgets that a server and a vault have something in common; both keep it.
    pub async fn delete_origin(&self, row: &OriginRow) -> Result<()> {
        sqlx::query("DELETE FROM origins WHERE source_id = $1 AND sort = $2 AND their_id = $3")
            .bind(&row.source_id)
            .bind(&row.sort)
            .bind(&row.their_id)
            .execute(&self.pool)
            .await
            .context("forgetting what came from a source")?;
        Ok(())
    }
}
