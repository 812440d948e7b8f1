//! The table `intents`: what is about to be changed, until the audit holds what came of it.

use super::{AuditRow, Store};
use anyhow::{Context, Result};
use sqlx::SqliteConnection;

/// An intent as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct IntentRow {
    /// UUID v7.
    pub id: String,
    /// What the audit shall hold if nobody comes to say what came of it: rows as a JSON array.
    pub records: String,
}

impl IntentRow {
    /// An intent that stands for these rows, whose place in the chain nobody knows yet.
    pub fn of(id: String, rows: &[AuditRow]) -> Result<Self> {
        Ok(Self { id, records: serde_json::to_string(rows)? })
    }

    /// The rows that it stands for.
    pub fn rows(&self) -> Result<Vec<AuditRow>> {
        serde_json::from_str(&self.records).context("reading an intent")
    }
}

impl Store {
    /// The intents of which nobody has said what came of them, oldest first.
    pub async fn intents(&self) -> Result<Vec<IntentRow>> {
        sqlx::query_as("SELECT * FROM intents ORDER BY id")
            .fetch_all(&self.pool)
            .await
            .context("reading the intents")
    }
}

pub(super) async fn insert_intent(connection: &mut SqliteConnection, row: &IntentRow) -> Result<()> {
    sqlx::query("INSERT INTO intents (id, records) VALUES ($1, $2)")
        .bind(&row.id)
        .bind(&row.records)
        .execute(connection)
        .await
        .context("writing an intent")?;
    Ok(())
}

pub(super) async fn delete_intent(connection: &mut SqliteConnection, id: &str) -> Result<()> {
    let done = sqlx::query("DELETE FROM intents WHERE id = $1").bind(id).execute(connection).await;
    done.context("settling an intent")?;
    Ok(())
}
