//! The table `unfetched`: mails that are here without some of their files.

use super::Store;
use anyhow::{Context, Result};
use api::Millis;

/// A mail whose files are still to be fetched.
#[derive(Clone, sqlx::FromRow)]
pub struct UnfetchedRow {
    /// The message's id.
    pub message_id: String,
    /// The source that fetches them.
    pub source_id: String,
    /// How often that was tried since it came.
    pub tries: i64,
    /// When it is tried next.
    pub due_at: Millis,
}

impl Store {
    /// Some mails whose files a source is to fetch now.
    pub async fn unfetched(&self, source_id: &str, now: Millis) -> Result<Vec<UnfetchedRow>> {
        let sql = "SELECT * FROM unfetched WHERE source_id = $1 AND due_at <= $2 ORDER BY due_at LIMIT 10";
        sqlx::query_as(sql)
            .bind(source_id)
            .bind(now)
            .fetch_all(&self.pool)
            .await
            .context("reading whose files are to be fetched")
    }

    /// Writes that a mail's files are to be fetched, and when.
    pub async fn put_unfetched(&self, row: &UnfetchedRow) -> Result<()> {
        let sql = "INSERT INTO unfetched (message_id, source_id, tries, due_at) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (message_id) DO UPDATE SET tries = excluded.tries, due_at = excluded.due_at";
        sqlx::query(sql)
            .bind(&row.message_id)
            .bind(&row.source_id)
            .bind(row.tries)
            .bind(row.due_at)
            .execute(&self.pool)
            .await
            .context("writing whose files are to be fetched")?;
        Ok(())
    }

    /// Forgets that a mail's files are to be fetched.
    pub async fn delete_unfetched(&self, message_id: &str) -> Result<()> {
        sqlx::query("DELETE FROM unfetched WHERE message_id = $1")
            .bind(message_id)
            .execute(&self.pool)
            .await
            .context("forgetting whose files are to be fetched")?;
        Ok(())
    }
}
