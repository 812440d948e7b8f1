//! The table `deliveries`: the messages on the routes, kept until they are taken or given up, and then as a log.

use super::Store;
use anyhow::{Context, Result};
use api::Millis;
use api::notify::DeliveryState;

/// A message as it is stored.
#[derive(Clone, sqlx::FromRow)]
pub struct DeliveryRow {
    /// UUID v7.
    pub id: String,
    /// The route's id.
    pub route_id: String,
    /// What must still be so when it is sent for the first time.
    pub cause: Option<String>,
    /// What it tells, as a JSON array.
    pub notices: String,
    /// How it is.
    #[sqlx(try_from = "String")]
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: i64,
    /// What came of the last try.
    pub said: Option<String>,
    /// When it is tried next.
    pub due_at: Option<Millis>,
    /// When it was made.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
}

impl Store {
    /// Adds a message.
    pub async fn add_delivery(&self, row: &DeliveryRow) -> Result<()> {
        let sql = "INSERT INTO deliveries (id, route_id, cause, notices, state, tries, said, due_at, created_at, \
                   updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.route_id)
            .bind(&row.cause)
            .bind(&row.notices)
            .bind(row.state.name())
            .bind(row.tries)
            .bind(&row.said)
            .bind(row.due_at)
            .bind(row.created_at)
            .bind(row.updated_at)
            .execute(&self.pool)
            .await
            .context("adding a message")?;
        Ok(())
    }

    /// The messages that wait, the oldest first.
    pub async fn waiting_deliveries(&self) -> Result<Vec<DeliveryRow>> {
        sqlx::query_as("SELECT * FROM deliveries WHERE state = 'waiting' ORDER BY created_at, id")
            .fetch_all(&self.pool)
            .await
            .context("reading the messages that wait")
    }

    /// Writes what has become of a message; those that it took over are gone.
    pub async fn put_delivery(&self, row: &DeliveryRow, taken_over: &[String]) -> Result<()> {
        let mut change = self.pool.begin().await.context("writing a message")?;
        let sql = "UPDATE deliveries SET cause = $2, notices = $3, state = $4, tries = $5, said = $6, due_at = $7, \
                   updated_at = $8 WHERE id = $1";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.cause)
            .bind(&row.notices)
            .bind(row.state.name())
            .bind(row.tries)
            .bind(&row.said)
            .bind(row.due_at)
            .bind(row.updated_at)
            .execute(&mut *change)
            .await
            .context("writing a message")?;
        for id in taken_over {
            sqlx::query("DELETE FROM deliveries WHERE id = $1")
                .bind(id)
                .execute(&mut *change)
                .await
                .context("joining messages")?;
        }
        change.commit().await.context("writing a message")
    }

    /// Takes back the messages that were not sent yet and have lost their cause; how many those are.
    pub async fn withdraw_deliveries(&self, cause: &str, now: Millis) -> Result<u64> {
        let sql = "UPDATE deliveries SET state = 'withdrawn', due_at = NULL, updated_at = $2 \
                   WHERE cause = $1 AND state = 'waiting' AND tries = 0";
        let done = sqlx::query(sql).bind(cause).bind(now).execute(&self.pool).await;
        Ok(done.context("withdrawing messages")?.rows_affected())
    }

    /// When the messages of a route that were tried since then were last tried, the oldest first.
    pub async fn tried_deliveries(&self, route_id: &str, since: Millis) -> Result<Vec<Millis>> {
        let sql = "SELECT updated_at FROM deliveries WHERE route_id = $1 AND tries > 0 AND updated_at > $2 \
                   ORDER BY updated_at";
        sqlx::query_scalar(sql)
            .bind(route_id)
            .bind(since)
            .fetch_all(&self.pool)
            .await
            .context("counting messages")
    }

    /// The newest messages first, of one route or of all.
    pub async fn deliveries(&self, route_id: Option<&str>, limit: i64) -> Result<Vec<DeliveryRow>> {
        let sql = "SELECT * FROM deliveries WHERE ($1 IS NULL OR route_id = $1) \
                   ORDER BY created_at DESC, id DESC LIMIT $2";
        sqlx::query_as(sql)
            .bind(route_id)
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .context("reading the messages")
    }

    /// Forgets all but the newest messages; those that wait are kept.
    pub async fn forget_deliveries(&self, kept: i64) -> Result<()> {
        let sql = "DELETE FROM deliveries WHERE state <> 'waiting' AND id NOT IN \
                   (SELECT id FROM deliveries ORDER BY created_at DESC, id DESC LIMIT $1)";
        sqlx::query(sql).bind(kept).execute(&self.pool).await.context("forgetting messages")?;
        Ok(())
    }
}
