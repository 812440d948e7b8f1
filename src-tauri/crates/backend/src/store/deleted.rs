//! The table `deleted_messages`: by what a message is known that was deleted here, so that its source cannot bring it
//! back. Only sources that have keys of their own for what they bring can do that.

use super::{MessageRow, Store};
use anyhow::{Context, Result};
use api::Millis;
use sqlx::{QueryBuilder, Sqlite, Transaction};

impl Store {
    /// Forgets what was to be known until now.
    pub async fn forget_deleted(&self, now: Millis) -> Result<()> {
        let query = sqlx::query("DELETE FROM deleted_messages WHERE until <= $1").bind(now);
        query.execute(&self.pool).await.context("forgetting what was deleted")?;
        Ok(())
    }
}

/// Remembers messages that are about to be deleted.
pub(super) async fn remember(tx: &mut Transaction<'_, Sqlite>, numbers: &[i64], until: Millis) -> Result<()> {
    for hash in ["key_hash", "same_hash"] {
        let mut sql =
            QueryBuilder::<Sqlite>::new("INSERT INTO deleted_messages (hash, identity_id, until) SELECT ");
        sql.push(hash).push(", identity_id, ").push_bind(until);
        sql.push(" FROM messages WHERE key_hash IS NOT NULL AND ")
            .push(hash)
            .push(" IS NOT NULL AND number IN (");
        let mut list = sql.separated(", ");
        for number in numbers {
            list.push_bind(*number);
        }
        sql.push(") ON CONFLICT (hash) DO UPDATE SET until = excluded.until");
        sql.build().execute(&mut **tx).await.context("remembering what is deleted")?;
    }
    Ok(())
}

/// Whether a message was deleted here.
pub(super) async fn was_deleted(tx: &mut Transaction<'_, Sqlite>, row: &MessageRow) -> Result<bool> {
    if row.key_hash.is_none() {
        return Ok(false);
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM deleted_messages WHERE hash = $1 OR hash = $2)";
    let query = sqlx::query_scalar(sql).bind(&row.key_hash).bind(&row.same_hash);
    query.fetch_one(&mut **tx).await.context("looking for what was deleted")
}
