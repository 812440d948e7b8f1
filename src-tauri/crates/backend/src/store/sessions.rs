//! The table `sessions`.

use super::held::put_held;
use super::session_keys::put_key;
use super::{HeldSecret, Named, Store};
use anyhow::{Context, Result};
use api::Millis;
use sqlx::SqliteConnection;

/// A session as it is stored.
#[derive(Clone, sqlx::FromRow)]
pub struct SessionRow {
    /// UUID v7.
    pub id: String,
    /// The slot's number.
    pub slot: i64,
    /// The identity's id.
    pub identity_id: String,
    /// The identity's name at the start.
    pub identity: String,
    /// The project's name.
    pub project: String,
    /// The worktree's id.
    pub worktree_id: String,
    /// The worktree's name.
    pub worktree: String,
    /// The worktree's branch.
    pub branch: String,
    /// Where it runs.
    pub path: String,
    /// The agent.
    pub agent: String,
    /// The command, as a JSON array.
    pub command: String,
    /// The state's name.
    pub state: String,
    /// The name of what it waits for.
    pub waiting: Option<String>,
    /// Since when it is in this state.
    pub since: Millis,
    /// Why it failed.
    pub reason: Option<String>,
    /// The last that the agent said.
    pub message: Option<String>,
    /// What it waits for, in its own words.
    pub wants: Option<String>,
    /// Whether state and words come from the terminal.
    pub from_terminal: bool,
    /// Whether the agent's hooks were heard.
    pub hooked: bool,
    /// What asked for a look said.
    pub attention: Option<String>,
    /// When it did.
    pub attention_at: Option<Millis>,
    /// The terminal's title.
    pub title: Option<String>,
    /// How far it is, in percent.
    pub progress: Option<i64>,
    /// The agent's own id of its conversation.
    pub conversation: Option<String>,
    /// The task that it was given.
    pub prompt: Option<String>,
    /// How it ended, as JSON.
    pub exit: Option<String>,
    /// Its keeper's process id.
    pub keeper_pid: Option<i64>,
    /// When it was started.
    pub started_at: Millis,
    /// When it ended.
    pub ended_at: Option<Millis>,
}

impl Named for SessionRow {
    // A session has no name of its own.
    fn name(&self) -> &str {
        &self.id
    }
    fn id(&self) -> &str {
        &self.id
    }
}

impl Store {
    /// The newest sessions first, at most `limit`.
    pub async fn sessions(&self, limit: i64) -> Result<Vec<SessionRow>> {
        sqlx::query_as("SELECT * FROM sessions ORDER BY started_at DESC, id DESC LIMIT $1")
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .context("reading the sessions")
    }

    /// The sessions that run or were running when the daemon ended.
    pub async fn live_sessions(&self) -> Result<Vec<SessionRow>> {
        sqlx::query_as("SELECT * FROM sessions WHERE ended_at IS NULL ORDER BY slot, started_at")
            .fetch_all(&self.pool)
            .await
            .context("reading the live sessions")
    }

    /// The last session of each slot.
    pub async fn last_sessions(&self) -> Result<Vec<SessionRow>> {
        let sql = "SELECT s.* FROM sessions s WHERE NOT EXISTS (SELECT 1 FROM sessions t \
                   WHERE t.slot = s.slot AND (t.started_at > s.started_at \
                   OR (t.started_at = s.started_at AND t.id > s.id))) ORDER BY s.slot";
        sqlx::query_as(sql).fetch_all(&self.pool).await.context("reading the last sessions")
    }

    /// The session with this id.
    pub async fn session(&self, id: &str) -> Result<Option<SessionRow>> {
        sqlx::query_as("SELECT * FROM sessions WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .context("reading a session")
    }

    /// Sessions whose id begins with `prefix`, which holds only hexadecimal digits and hyphens.
    pub async fn sessions_by_prefix(&self, prefix: &str) -> Result<Vec<SessionRow>> {
        sqlx::query_as("SELECT * FROM sessions WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 3")
            .bind(prefix)
            .bind(format!("{prefix}~"))
            .fetch_all(&self.pool)
            .await
            .context("reading sessions")
    }

    /// Whether a session of another slot has this conversation.
    pub async fn is_talked_elsewhere(&self, conversation: &str, slot: i64) -> Result<bool> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sessions WHERE conversation = $1 AND slot <> $2)")
            .bind(conversation)
            .bind(slot)
            .fetch_one(&self.pool)
            .await
            .context("looking for a conversation")
    }

    /// The id of the session that a slot had before this one.
    pub async fn former_session(&self, slot: i64, new: &str) -> Result<Option<String>> {
        let sql =
            "SELECT id FROM sessions WHERE slot = $1 AND id <> $2 ORDER BY started_at DESC, id DESC LIMIT 1";
        sqlx::query_scalar(sql)
            .bind(slot)
            .bind(new)
            .fetch_optional(&self.pool)
            .await
            .context("reading a slot's former session")
    }

    /// Writes that a session begins, and which secrets it will have: all or nothing. It outlives the daemon at
    /// once, and the machine's power a moment later: a machine that loses it earlier has lost the session too.
    pub async fn begin_session(
        &self,
        row: &SessionRow,
        held: &[HeldSecret],
        key: Option<&[u8]>,
    ) -> Result<()> {
        let mut tx = self.quick.begin().await.context("beginning to write a session")?;
        put(&mut tx, row).await?;
        put_held(&mut tx, &row.id, held).await?;
        if let Some(hash) = key {
            put_key(&mut tx, &row.id, hash).await?;
        }
        tx.commit().await.context("writing a session")
    }

    /// Writes how a running session is now, as durably as its beginning.
    pub async fn put_session_quickly(&self, row: &SessionRow) -> Result<()> {
        let mut connection = self.quick.acquire().await.context("waiting to write a session")?;
        put(&mut connection, row).await
    }

    /// Writes what may have changed of a session.
    pub async fn put_session(&self, row: &SessionRow) -> Result<()> {
        let mut connection = self.pool.acquire().await.context("waiting to write a session")?;
        put(&mut connection, row).await
    }

    /// Forgets a session that never ran.
    pub async fn delete_session(&self, id: &str) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE id = $1")
            .bind(id)
            .execute(&self.pool)
            .await
            .context("deleting a session")?;
        Ok(())
    }
}

/// Adds a session, or writes what may have changed of it.
async fn put(connection: &mut SqliteConnection, row: &SessionRow) -> Result<()> {
    let sql = "INSERT INTO sessions (id, slot, identity_id, identity, project, worktree_id, worktree, \
                   branch, path, agent, command, state, reason, exit, keeper_pid, started_at, ended_at, \
                   waiting, since, message, wants, from_terminal, hooked, attention, attention_at, title, \
                   progress, conversation, prompt) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
                   $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29) \
                   ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = excluded.reason, \
                   exit = excluded.exit, keeper_pid = excluded.keeper_pid, ended_at = excluded.ended_at, \
                   waiting = excluded.waiting, since = excluded.since, message = excluded.message, \
                   wants = excluded.wants, from_terminal = excluded.from_terminal, \
                   hooked = excluded.hooked, attention = excluded.attention, \
                   attention_at = excluded.attention_at, title = excluded.title, \
                   progress = excluded.progress, conversation = excluded.conversation";
    sqlx::query(sql)
        .bind(&row.id)
        .bind(row.slot)
        .bind(&row.identity_id)
        .bind(&row.identity)
        .bind(&row.project)
        .bind(&row.worktree_id)
        .bind(&row.worktree)
        .bind(&row.branch)
        .bind(&row.path)
        .bind(&row.agent)
        .bind(&row.command)
        .bind(&row.state)
        .bind(&row.reason)
        .bind(&row.exit)
        .bind(row.keeper_pid)
        .bind(row.started_at)
        .bind(row.ended_at)
        .bind(&row.waiting)
        .bind(row.since)
        .bind(&row.message)
        .bind(&row.wants)
        .bind(row.from_terminal)
        .bind(row.hooked)
        .bind(&row.attention)
        .bind(row.attention_at)
        .bind(&row.title)
        .bind(row.progress)
        .bind(&row.conversation)
        .bind(&row.prompt)
        .execute(connection)
        .await
        .context("writing a session")?;
    Ok(())
}
