//! The table `approvals`.

use super::grants::insert_grant;
use super::{GrantRow, Named, Store};
use anyhow::{Context, Result};
use api::Millis;
use api::approvals::{Action, State};

/// How many settled approvals are kept; the audit log keeps what happened to all of them.
const KEPT: i64 = 2_000;

/// An approval as it is stored.
#[derive(Clone, sqlx::FromRow)]
pub struct ApprovalRow {
    /// UUID v7.
    pub id: String,
    /// What is asked for.
    #[sqlx(try_from = "String")]
    pub action: Action,
    /// Of what.
    pub subject: String,
    /// The identity's id.
    pub identity_id: String,
    /// The identity's name.
    pub identity: String,
    /// The session that asks.
    pub session: String,
    /// Its slot.
    pub slot: i64,
    /// Its agent.
    pub agent: String,
    /// Its worktree's id.
    pub worktree_id: String,
    /// Its worktree's name.
    pub worktree: String,
    /// The process that asks.
    pub pid: i64,
    /// That process's command line, as a JSON array.
    pub command: String,
    /// Why.
    pub reason: Option<String>,
    /// More to know, as a JSON array of pairs.
    pub details: String,
    /// When it was asked.
    pub asked_at: Millis,
    /// When no answer becomes a denial.
    pub until: Millis,
    /// How it is.
    #[sqlx(try_from = "String")]
    pub state: State,
    /// The owner's answer, as JSON.
    pub answer: Option<String>,
    /// The owner's word, or why there was no answer.
    pub because: Option<String>,
    /// When it was settled.
    pub answered_at: Option<Millis>,
}

impl Named for ApprovalRow {
    // An approval has no name of its own.
    fn name(&self) -> &str {
        &self.id
    }
    fn id(&self) -> &str {
        &self.id
    }
}

impl Store {
    /// The open approvals, oldest first.
    pub async fn open_approvals(&self) -> Result<Vec<ApprovalRow>> {
        sqlx::query_as("SELECT * FROM approvals WHERE state = 'open' ORDER BY id")
            .fetch_all(&self.pool)
            .await
            .context("reading the open approvals")
    }

    /// The newest approvals first, at most `limit`.
    pub async fn approvals(&self, limit: i64) -> Result<Vec<ApprovalRow>> {
        sqlx::query_as("SELECT * FROM approvals ORDER BY id DESC LIMIT $1")
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .context("reading the approvals")
    }

    /// The approval with this id.
    pub async fn approval(&self, id: &str) -> Result<Option<ApprovalRow>> {
        sqlx::query_as("SELECT * FROM approvals WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .context("reading an approval")
    }

    /// Why the last question of a process about this was withdrawn, if it was.
    pub async fn withdrawn_because(
        &self,
        session: &str,
        pid: u32,
        action: Action,
        subject: &str,
    ) -> Result<Option<String>> {
        let sql = "SELECT because FROM approvals WHERE session = $1 AND pid = $2 AND action = $3 \
                   AND subject = $4 AND state = 'withdrawn' AND because IS NOT NULL ORDER BY id DESC LIMIT 1";
        sqlx::query_scalar(sql)
            .bind(session)
            .bind(i64::from(pid))
            .bind(action.name())
            .bind(subject)
            .fetch_optional(&self.pool)
            .await
            .context("reading what a process has asked before")
    }

    /// Approvals whose id begins with `prefix`, which holds only hexadecimal digits and hyphens.
    pub async fn approvals_by_prefix(&self, prefix: &str) -> Result<Vec<ApprovalRow>> {
        // No id has a `g`, and everything that begins with the prefix sorts before it.
        sqlx::query_as("SELECT * FROM approvals WHERE id >= $1 AND id < $2 LIMIT 3")
            .bind(prefix)
            .bind(format!("{prefix}g"))
            .fetch_all(&self.pool)
            .await
            .context("reading approvals")
    }

    /// Adds an open approval, and forgets the oldest settled ones.
    pub async fn insert_approval(&self, row: &ApprovalRow) -> Result<()> {
        let sql = "INSERT INTO approvals (id, action, subject, identity_id, identity, session, slot, agent, \
                   worktree_id, worktree, pid, command, reason, details, asked_at, until, state) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
        let mut tx = self.pool.begin().await.context("beginning to write an approval")?;
        sqlx::query(sql)
            .bind(&row.id)
            .bind(row.action.name())
            .bind(&row.subject)
            .bind(&row.identity_id)
            .bind(&row.identity)
            .bind(&row.session)
            .bind(row.slot)
            .bind(&row.agent)
            .bind(&row.worktree_id)
            .bind(&row.worktree)
            .bind(row.pid)
            .bind(&row.command)
            .bind(&row.reason)
            .bind(&row.details)
            .bind(row.asked_at)
            .bind(row.until)
            .bind(row.state.name())
            .execute(&mut *tx)
            .await
            .context("writing an approval")?;
        let sql = "DELETE FROM approvals WHERE state <> 'open' \
                   AND id < (SELECT id FROM approvals ORDER BY id DESC LIMIT 1 OFFSET $1)";
        sqlx::query(sql).bind(KEPT).execute(&mut *tx).await.context("forgetting old approvals")?;
        tx.commit().await.context("writing an approval")
    }

    /// Writes how an open approval was settled, and the grant that was given with it, both or neither.
    /// False if somebody else has settled it.
    pub async fn settle_approval(&self, row: &ApprovalRow, grant: Option<&GrantRow>) -> Result<bool> {
        let sql = "UPDATE approvals SET state = $2, answer = $3, because = $4, answered_at = $5 \
                   WHERE id = $1 AND state = 'open'";
        let mut tx = self.pool.begin().await.context("beginning to settle an approval")?;
        let done = sqlx::query(sql)
            .bind(&row.id)
            .bind(row.state.name())
            .bind(&row.answer)
            .bind(&row.because)
            .bind(row.answered_at)
            .execute(&mut *tx)
            .await
            .context("settling an approval")?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let _changing = grant.map(|_| self.known.grants.changing());
        if let Some(grant) = grant {
            insert_grant(&mut tx, grant).await?;
        }
        tx.commit().await.context("settling an approval")?;
        Ok(true)
    }
}
