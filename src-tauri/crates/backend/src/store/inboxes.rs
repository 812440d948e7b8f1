//! The table `inboxes`: how each identity's inbox is set, and how much is in it; and what is on its way out.

use super::{MessageRow, Store};
use anyhow::{Context, Result};
use api::Millis;

/// An inbox as it is stored.
#[derive(Clone, sqlx::FromRow)]
pub struct InboxRow {
    /// The identity's id.
    pub identity_id: String,
    /// How many days a message is kept.
    pub keep_days: Option<i64>,
    /// The policy for what its agents send.
    pub sending: String,
    /// How many messages it holds.
    pub messages: i64,
    /// How many of them nobody has read.
    pub unread: i64,
}

impl Store {
    /// Every inbox that was used or set.
    pub async fn inboxes(&self) -> Result<Vec<InboxRow>> {
        let sql = "SELECT * FROM inboxes";
        sqlx::query_as(sql).fetch_all(&self.pool).await.context("reading the inboxes")
    }

    /// The inbox of an identity, if it was used or set.
    pub async fn inbox(&self, identity_id: &str) -> Result<Option<InboxRow>> {
        sqlx::query_as("SELECT * FROM inboxes WHERE identity_id = $1")
            .bind(identity_id)
            .fetch_optional(&self.pool)
            .await
            .context("reading an inbox")
    }

    /// Sets an inbox.
    pub async fn set_inbox(&self, identity_id: &str, keep_days: Option<i64>, sending: &str) -> Result<()> {
        let sql = "INSERT INTO inboxes (identity_id, keep_days, sending, messages, unread) \
                   VALUES ($1, $2, $3, 0, 0) \
                   ON CONFLICT (identity_id) DO UPDATE SET keep_days = $2, sending = $3";
        let query = sqlx::query(sql).bind(identity_id).bind(keep_days).bind(sending);
        query.execute(&self.pool).await.context("setting an inbox")?;
        Ok(())
    }

    /// The messages whose sending is so, those that are due first before the others.
    pub async fn messages_on_their_way(&self, sending: &str) -> Result<Vec<MessageRow>> {
        sqlx::query_as("SELECT * FROM messages WHERE sending = $1 ORDER BY due_at, number")
            .bind(sending)
            .fetch_all(&self.pool)
            .await
            .context("reading what is on its way")
    }

    /// How many messages an identity has sent since a time.
    pub async fn sent_since(&self, identity_id: &str, since: Millis) -> Result<i64> {
        let sql = "SELECT COUNT(*) FROM messages WHERE identity_id = $1 AND sending IS NOT NULL AND at > $2";
        let query = sqlx::query_scalar(sql).bind(identity_id).bind(since);
        query.fetch_one(&self.pool).await.context("counting what was sent")
    }

    /// Writes how the sending of a message is.
    pub async fn put_sending(&self, row: &MessageRow) -> Result<()> {
        let sql = "UPDATE messages SET sending = $2, tries = $3, due_at = $4, said = $5 WHERE number = $1";
        sqlx::query(sql)
            .bind(row.number)
            .bind(&row.sending)
            .bind(row.tries)
            .bind(row.due_at)
            .bind(&row.said)
            .execute(&self.pool)
            .await
            .context("writing how a message was sent")?;
        Ok(())
    }
}
