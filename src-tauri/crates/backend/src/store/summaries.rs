//! The table `summaries`, and what the audit and the approvals say of one session.

use super::{SessionRow, Store};
use anyhow::{Context, Result};
use api::Millis;
use api::approvals::{Action, State};

/// How many different things a session's summary names of each sort.
const NAMED: i64 = 500;
/// How many sessions are summarized after the fact.
const LATE: i64 = 50;

/// Something that a session did, and how often.
#[derive(sqlx::FromRow)]
pub struct DeedRow {
    /// The audit's action, for example `secrets.read`.
    pub action: String,
    /// To what.
    pub subject: String,
    /// How often it was done.
    pub times: i64,
}

/// What a session asked for, and how often with this outcome.
#[derive(sqlx::FromRow)]
pub struct AskedRow {
    /// What was asked for.
    #[sqlx(try_from = "String")]
    pub action: Action,
    /// Of what.
    pub subject: String,
    /// How the approvals are.
    #[sqlx(try_from = "String")]
    pub state: State,
    /// How many they are.
    pub times: i64,
}

impl Store {
    /// The summary of a session that has ended, as JSON.
    pub async fn summary(&self, session: &str) -> Result<Option<String>> {
        sqlx::query_scalar("SELECT summary FROM summaries WHERE session = $1")
            .bind(session)
            .fetch_optional(&self.pool)
            .await
            .context("reading a summary")
    }

    /// Keeps the summary of a session; the first one stays.
    pub async fn insert_summary(&self, session: &str, summary: &str, at: Millis) -> Result<()> {
        let sql = "INSERT INTO summaries (session, summary, made_at) VALUES ($1, $2, $3) \
                   ON CONFLICT (session) DO NOTHING";
        sqlx::query(sql)
            .bind(session)
            .bind(summary)
            .bind(at)
            .execute(&self.pool)
            .await
            .context("writing a summary")?;
        Ok(())
    }

    /// The newest sessions that have ended and have no summary.
    pub async fn unsummarized(&self) -> Result<Vec<SessionRow>> {
        let sql = "SELECT * FROM sessions s WHERE s.ended_at IS NOT NULL AND NOT EXISTS \
                   (SELECT 1 FROM summaries m WHERE m.session = s.id) ORDER BY s.started_at DESC LIMIT $1";
        sqlx::query_as(sql)
            .bind(LATE)
            .fetch_all(&self.pool)
            .await
            .context("reading the sessions without a summary")
    }

    /// What a session did according to the audit, the first first. The records of its slot since its start
    /// are looked through, for which there is an index.
    pub async fn deeds(&self, row: &SessionRow) -> Result<Vec<DeedRow>> {
        let sql = "SELECT action, subject, COUNT(*) AS times FROM audit WHERE slot = $1 AND session = $2 \
                   AND seq >= COALESCE((SELECT seq FROM audit WHERE high >= $3 ORDER BY high, seq LIMIT 1), 0) \
                   AND outcome = 'done' AND (who = 'agent' OR action = 'secrets.injected') \
                   GROUP BY action, subject ORDER BY MIN(seq) LIMIT $4";
        sqlx::query_as(sql)
            .bind(row.slot)
            .bind(&row.id)
            .bind(row.started_at)
            .bind(NAMED)
            .fetch_all(&self.pool)
            .await
            .context("reading what a session did")
    }

    /// What a session asked its owner for, the first first.
    pub async fn asked(&self, session: &str) -> Result<Vec<AskedRow>> {
        let sql = "SELECT action, subject, state, COUNT(*) AS times FROM approvals WHERE session = $1 \
                   GROUP BY action, subject, state ORDER BY MIN(id) LIMIT $2";
        sqlx::query_as(sql)
            .bind(session)
            .bind(NAMED)
            .fetch_all(&self.pool)
            .await
            .context("reading what a session asked for")
    }
}
