//! The tables `messages`, `message_parts` and `message_words`: what identities got and sent, sealed.

use super::{Store, deleted};
use anyhow::{Context, Result};
use api::Millis;
use api::inbox::{Direction, Medium};
use sqlx::{QueryBuilder, Sqlite, Transaction};

/// How many words one statement writes.
const WORDS_AT_ONCE: usize = 400;
/// From how many messages on a word counts as common, however many more hold it.
const COMMON: i64 = 500;

/// A message as it is stored.
#[derive(Clone, sqlx::FromRow)]
pub struct MessageRow {
    /// Its number among all messages.
    pub number: i64,
    /// UUID v7.
    pub id: String,
    /// The identity's id.
    pub identity_id: String,
    /// Mail or text message.
    #[sqlx(try_from = "String")]
    pub medium: Medium,
    /// In or out.
    #[sqlx(try_from = "String")]
    pub direction: Direction,
    /// The thread's id.
    pub thread: String,
    /// Whether nobody has read it.
    pub unread: bool,
    /// The source's name.
    pub source: String,
    /// When it came or was sent.
    pub at: Millis,
    /// A keyed hash of the source's own key of it.
    pub key_hash: Option<String>,
    /// A keyed hash of its Message-ID and what it says.
    pub same_hash: Option<String>,
    /// A keyed hash of its Message-ID.
    pub mail_hash: Option<String>,
    /// What a list shows of it, sealed.
    pub head: Vec<u8>,
    /// How its sending is, for one that goes out.
    pub sending: Option<String>,
    /// How often it was tried.
    pub tries: i64,
    /// When it is tried next.
    pub due_at: Option<Millis>,
    /// What was said of it, sealed.
    pub said: Option<Vec<u8>>,
}

/// A message that is to be written.
pub struct NewMessage {
    /// Its row; the number is given when it is written, and the thread where it answers a message that is there.
    pub row: MessageRow,
    /// Keyed hashes of the Message-IDs of what it answers, the nearest first.
    pub answers: Vec<String>,
    /// Its parts, sealed, in order.
    pub parts: Vec<Vec<u8>>,
    /// Hashes of its words.
    pub words: Vec<i64>,
}

/// What came of writing one.
pub enum Written {
    /// It has this number now.
    New(i64),
    /// It was there already, under this id.
    Known(String),
    /// It was there, and was deleted.
    Deleted,
}

/// Which messages are wanted.
#[derive(Debug, Clone, Default)]
pub struct MessageFilter {
    /// The identity's id.
    pub identity_id: Option<String>,
    /// The medium.
    pub medium: Option<Medium>,
    /// In or out.
    pub direction: Option<Direction>,
    /// Unread ones alone.
    pub unread: bool,
    /// The thread.
    pub thread: Option<String>,
    /// Later than this time.
    pub since: Option<Millis>,
    /// Below this number.
    pub before: Option<i64>,
    /// Above this number.
    pub after: Option<i64>,
    /// Hashes of words that it holds, the rarest first.
    pub words: Vec<i64>,
}

impl Store {
    /// Writes messages, all or none; they are on the disk when this returns.
    pub async fn add_messages(&self, messages: &[NewMessage]) -> Result<Vec<Written>> {
        let mut tx = self.pool.begin().await.context("beginning to write messages")?;
        // This comes first: a transaction that reads before it writes may find that another wrote between.
        let count = i64::try_from(messages.len())?;
        let sql = "UPDATE message_numbers SET last = last + $1 RETURNING last";
        let last: i64 = sqlx::query_scalar(sql).bind(count).fetch_one(&mut *tx).await.context("numbering")?;
        let mut number = last - count;
        let mut written = Vec::with_capacity(messages.len());
        for message in messages {
            number += 1;
            if let Some(id) = known(&mut tx, &message.row).await? {
                written.push(Written::Known(id));
                continue;
            }
            if deleted::was_deleted(&mut tx, &message.row).await? {
                written.push(Written::Deleted);
                continue;
            }
            insert(&mut tx, number, message).await?;
            written.push(Written::New(number));
        }
        tx.commit().await.context("writing messages")?;
        Ok(written)
    }

    /// Puts a message that is there in the place of itself: what a list shows of it, and its parts.
    pub async fn replace_message(&self, message: &NewMessage) -> Result<()> {
        let (row, mut tx) =
            (&message.row, self.pool.begin().await.context("beginning to replace a message")?);
        let sql = "UPDATE messages SET head = $2 WHERE number = $1";
        let done = sqlx::query(sql).bind(row.number).bind(&row.head).execute(&mut *tx).await;
        if done.context("replacing a message")?.rows_affected() > 0 {
            let sql = "DELETE FROM message_parts WHERE number = $1";
            sqlx::query(sql)
                .bind(row.number)
                .execute(&mut *tx)
                .await
                .context("replacing a message's parts")?;
            insert_parts(&mut tx, row.number, message).await?;
        }
        tx.commit().await.context("replacing a message")
    }

    /// A page of messages, those with the highest numbers first.
    pub async fn messages(&self, filter: &MessageFilter, limit: i64) -> Result<Vec<MessageRow>> {
        // The first word leads where there is one: its index gives the numbers in order, however many there are.
        let (from, number) = match filter.words.is_empty() {
            true => ("messages m WHERE TRUE", "m.number"),
            false => ("message_words w CROSS JOIN messages m WHERE m.number = w.number", "w.number"),
        };
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT m.* FROM ");
        sql.push(from).push(" AND ").push(number).push(" < ").push_bind(filter.before.unwrap_or(i64::MAX));
        if let Some(after) = filter.after {
            sql.push(" AND ").push(number).push(" > ").push_bind(after);
        }
        for (at, word) in filter.words.iter().enumerate() {
            let holds = match at {
                0 => " AND w.word = ",
                _ => {
                    " AND m.number IN (SELECT o.number FROM message_words o WHERE o.number = m.number AND o.word = "
                }
            };
            sql.push(holds).push_bind(*word).push(if at == 0 { "" } else { ")" });
        }
        if let Some(identity_id) = &filter.identity_id {
            sql.push(" AND m.identity_id = ").push_bind(identity_id);
        }
        if let Some(medium) = filter.medium {
            sql.push(" AND m.medium = ").push_bind(medium.name());
        }
        if let Some(direction) = filter.direction {
            sql.push(" AND m.direction = ").push_bind(direction.name());
        }
        if filter.unread {
            sql.push(" AND m.unread = TRUE");
        }
        if let Some(thread) = &filter.thread {
            sql.push(" AND m.thread = ").push_bind(thread);
        }
        if let Some(since) = filter.since {
            sql.push(" AND m.at > ").push_bind(since);
        }
        sql.push(" ORDER BY ").push(number).push(" DESC LIMIT ").push_bind(limit);
        sql.build_query_as().fetch_all(&self.pool).await.context("reading messages")
    }

    /// Words in the order in which a search shall take them: one that few messages hold leads.
    pub async fn rarest_first(&self, words: Vec<i64>) -> Result<Vec<i64>> {
        let mut counted = Vec::with_capacity(words.len());
        for word in words {
            let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM message_words WHERE word = $1 LIMIT $2) AS held";
            let count: i64 = sqlx::query_scalar(sql)
                .bind(word)
                .bind(COMMON)
                .fetch_one(&self.pool)
                .await
                .context("counting what holds a word")?;
            counted.push((count, word));
        }
        // Those that are as common keep their order.
        counted.sort_by_key(|(count, _)| *count);
        Ok(counted.into_iter().map(|(_, word)| word).collect())
    }

    /// The message with this number.
    pub async fn message_numbered(&self, number: i64) -> Result<Option<MessageRow>> {
        sqlx::query_as("SELECT * FROM messages WHERE number = $1")
            .bind(number)
            .fetch_optional(&self.pool)
            .await
            .context("reading a message")
    }

    /// At most two messages whose ids begin so, of one identity or of all.
    pub async fn messages_named(&self, prefix: &str, identity_id: Option<&str>) -> Result<Vec<MessageRow>> {
        // `g` comes after every digit of an id.
        let sql =
            "SELECT * FROM messages WHERE id >= $1 AND id < $2 AND ($3 IS NULL OR identity_id = $3) LIMIT 2";
        sqlx::query_as(sql)
            .bind(prefix)
            .bind(format!("{prefix}g"))
            .bind(identity_id)
            .fetch_all(&self.pool)
            .await
            .context("finding a message")
    }

    /// A part of a message, sealed.
    pub async fn message_part(&self, number: i64, part: i64) -> Result<Option<Vec<u8>>> {
        sqlx::query_scalar("SELECT sealed FROM message_parts WHERE number = $1 AND part = $2")
            .bind(number)
            .bind(part)
            .fetch_optional(&self.pool)
            .await
            .context("reading a message's part")
    }

    /// Marks a message; whether that changed it.
    pub async fn mark_message(&self, row: &MessageRow, unread: bool) -> Result<bool> {
        let mut tx = self.pool.begin().await.context("beginning to mark a message")?;
        let sql = "UPDATE messages SET unread = $2 WHERE number = $1 AND unread <> $2";
        let done = sqlx::query(sql).bind(row.number).bind(unread).execute(&mut *tx).await;
        let changed = done.context("marking a message")?.rows_affected() > 0;
        if changed {
            count(&mut tx, &row.identity_id, 0, if unread { 1 } else { -1 }).await?;
        }
        tx.commit().await.context("marking a message")?;
        Ok(changed)
    }

    /// The numbers of some messages of an identity that came before a time, the oldest first, but of none that is
    /// on its way.
    pub async fn old_messages(&self, identity_id: &str, before: Millis, limit: i64) -> Result<Vec<i64>> {
        let sql = "SELECT number FROM messages WHERE identity_id = $1 AND at < $2 \
                   AND (sending IS NULL OR sending NOT IN ('asked', 'queued')) ORDER BY at LIMIT $3";
        let query = sqlx::query_scalar(sql).bind(identity_id).bind(before).bind(limit);
        query.fetch_all(&self.pool).await.context("looking for old messages")
    }

    /// The numbers of some messages of an identity.
    pub async fn some_messages(&self, identity_id: &str, limit: i64) -> Result<Vec<i64>> {
        let sql = "SELECT number FROM messages WHERE identity_id = $1 LIMIT $2";
        let query = sqlx::query_scalar(sql).bind(identity_id).bind(limit);
        query.fetch_all(&self.pool).await.context("looking for an identity's messages")
    }

    /// Deletes messages with their parts and words. Until that time their sources cannot bring them back.
    pub async fn delete_messages(&self, numbers: &[i64], until: Option<Millis>) -> Result<()> {
        if numbers.is_empty() {
            return Ok(());
        }
        let mut tx = self.pool.begin().await.context("beginning to delete messages")?;
        if let Some(until) = until {
            deleted::remember(&mut tx, numbers, until).await?;
        }
        let mut sql = QueryBuilder::<Sqlite>::new("DELETE FROM messages WHERE number IN (");
        let mut list = sql.separated(", ");
        for number in numbers {
            list.push_bind(*number);
        }
        sql.push(") RETURNING identity_id, unread");
        let deleted: Vec<(String, bool)> =
            sql.build_query_as().fetch_all(&mut *tx).await.context("deleting messages")?;
        for (identity_id, unread) in deleted {
            count(&mut tx, &identity_id, -1, -i64::from(unread)).await?;
        }
        tx.commit().await.context("deleting messages")
    }
}

/// The id of a message that is the same as this one.
async fn known(tx: &mut Transaction<'_, Sqlite>, row: &MessageRow) -> Result<Option<String>> {
    for (hash, sql) in [
        (&row.key_hash, "SELECT id FROM messages WHERE key_hash = $1 LIMIT 1"),
        (&row.same_hash, "SELECT id FROM messages WHERE same_hash = $1 LIMIT 1"),
    ] {
        if let Some(hash) = hash
            && let Some(id) = sqlx::query_scalar(sql).bind(hash).fetch_optional(&mut **tx).await?
        {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The thread of the nearest message that is answered and is there.
async fn answered(tx: &mut Transaction<'_, Sqlite>, answers: &[String]) -> Result<Option<String>> {
    for hash in answers {
        let sql = "SELECT thread FROM messages WHERE mail_hash = $1 ORDER BY number LIMIT 1";
        if let Some(thread) = sqlx::query_scalar(sql).bind(hash).fetch_optional(&mut **tx).await? {
            return Ok(Some(thread));
        }
    }
    Ok(None)
}

async fn insert(tx: &mut Transaction<'_, Sqlite>, number: i64, message: &NewMessage) -> Result<()> {
    let row = &message.row;
    let thread = answered(tx, &message.answers).await?;
    let sql = "INSERT INTO messages (number, id, identity_id, medium, direction, thread, unread, source, at, \
               key_hash, same_hash, mail_hash, head, sending, tries, due_at, said) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    sqlx::query(sql)
        .bind(number)
        .bind(&row.id)
        .bind(&row.identity_id)
        .bind(row.medium.name())
        .bind(row.direction.name())
        .bind(thread.as_ref().unwrap_or(&row.thread))
        .bind(row.unread)
        .bind(&row.source)
        .bind(row.at)
        .bind(&row.key_hash)
        .bind(&row.same_hash)
        .bind(&row.mail_hash)
        .bind(&row.head)
        .bind(&row.sending)
        .bind(row.tries)
        .bind(row.due_at)
        .bind(&row.said)
        .execute(&mut **tx)
        .await
        .context("writing a message")?;
    insert_parts(tx, number, message).await?;
    for words in message.words.chunks(WORDS_AT_ONCE) {
        let mut sql = QueryBuilder::<Sqlite>::new("INSERT INTO message_words (number, word) ");
        sql.push_values(words, |mut row, word| {
            row.push_bind(number).push_bind(*word);
        });
        let query = sql.build().persistent(words.len() == WORDS_AT_ONCE);
        query.execute(&mut **tx).await.context("writing a message's words")?;
    }
    count(tx, &row.identity_id, 1, i64::from(row.unread)).await
}

async fn insert_parts(tx: &mut Transaction<'_, Sqlite>, number: i64, message: &NewMessage) -> Result<()> {
    for (part, sealed) in message.parts.iter().enumerate() {
        let sql = "INSERT INTO message_parts (number, part, sealed) VALUES ($1, $2, $3)";
        let query = sqlx::query(sql).bind(number).bind(i64::try_from(part)?).bind(sealed);
        query.execute(&mut **tx).await.context("writing a message's parts")?;
    }
    Ok(())
}

/// Counts messages of an identity.
async fn count(tx: &mut Transaction<'_, Sqlite>, identity_id: &str, all: i64, unread: i64) -> Result<()> {
    let sql = "INSERT INTO inboxes (identity_id, keep_days, sending, messages, unread) \
               VALUES ($1, NULL, 'auto', $2, $3) ON CONFLICT (identity_id) \
               DO UPDATE SET messages = inboxes.messages + $2, unread = inboxes.unread + $3";
    let query = sqlx::query(sql).bind(identity_id).bind(all).bind(unread);
    query.execute(&mut **tx).await.context("counting messages")?;
    Ok(())
}
