//! The table `slots`.

use super::Store;
use anyhow::{Context, Result};

/// A slot as it is stored.
#[derive(Clone, sqlx::FromRow)]
pub struct SlotRow {
    /// Its number, from 1.
    pub number: i64,
    /// Who sits there.
    pub identity_id: Option<String>,
    /// The agent that is started there by default.
    pub agent: String,
    /// Its hue, 0 to 11.
    pub hue: i64,
}

impl Store {
    /// All slots, by number.
    pub async fn slots(&self) -> Result<Vec<SlotRow>> {
        sqlx::query_as("SELECT * FROM slots ORDER BY number")
            .fetch_all(&self.pool)
            .await
            .context("reading the slots")
    }

    /// Writes slots, new or changed, all or none.
    pub async fn put_slots(&self, rows: &[SlotRow]) -> Result<()> {
        let sql = "INSERT INTO slots (number, identity_id, agent, hue) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (number) DO UPDATE SET identity_id = excluded.identity_id, \
                   agent = excluded.agent, hue = excluded.hue";
        let mut tx = self.pool.begin().await.context("beginning to write slots")?;
        for row in rows {
            sqlx::query(sql)
                .bind(row.number)
                .bind(&row.identity_id)
                .bind(&row.agent)
                .bind(row.hue)
                .execute(&mut *tx)
                .await
                .context("writing a slot")?;
        }
        tx.commit().await.context("writing slots")
    }
}
