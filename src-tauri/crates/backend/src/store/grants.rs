//! The table `grants`.

use super::{Named, Store};
use anyhow::{Context, Result};
use api::Millis;
use api::approvals::Action;
use api::grants::Extent;
use sqlx::{Sqlite, Transaction};
use std::sync::Arc;

/// A grant as it is stored.
#[derive(Clone, sqlx::FromRow)]
pub struct GrantRow {
    /// UUID v7.
    pub id: String,
    /// What it allows.
    #[sqlx(try_from = "String")]
    pub action: Action,
    /// Of what.
    pub subject: String,
    /// The identity's id.
    pub identity_id: String,
    /// The identity's name.
    pub identity: String,
    /// How far it reaches.
    #[sqlx(try_from = "String")]
    pub extent: Extent,
    /// The session that it was given to.
    pub session: String,
    /// That session's slot.
    pub slot: i64,
    /// The worktree that it was given in.
    pub worktree_id: String,
    /// That worktree's name.
    pub worktree: String,
    /// The approval that it was the answer to.
    pub approval: String,
    /// When it was given.
    pub made_at: Millis,
    /// When an hour ends by the wall clock, to be shown.
    pub until: Option<Millis>,
    /// The start of the machine that an hour was given on.
    pub boot: Option<String>,
    /// When an hour ends, in milliseconds since that start.
    pub boot_until: Option<Millis>,
    /// When it was revoked or ended.
    pub ended_at: Option<Millis>,
}

impl Named for GrantRow {
    // A grant has no name of its own.
    fn name(&self) -> &str {
        &self.id
    }
    fn id(&self) -> &str {
        &self.id
    }
}

impl Store {
    /// The grants that nobody has ended, oldest first.
    pub async fn grants(&self) -> Result<Arc<[GrantRow]>> {
        let (known, changes) = self.known.grants.get();
        if let Some(rows) = known {
            return Ok(rows);
        }
        let sql = "SELECT * FROM grants WHERE ended_at IS NULL ORDER BY id";
        let rows: Vec<GrantRow> =
            sqlx::query_as(sql).fetch_all(&self.pool).await.context("reading the grants")?;
        let rows: Arc<[GrantRow]> = rows.into();
        self.known.grants.remember(&rows, changes);
        Ok(rows)
    }

    /// Ends a grant; false if it has ended already.
    pub async fn end_grant(&self, id: &str, at: Millis) -> Result<bool> {
        let _changing = self.known.grants.changing();
        let done = sqlx::query("UPDATE grants SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL")
            .bind(id)
            .bind(at)
            .execute(&self.pool)
            .await
            .context("ending a grant")?;
        Ok(done.rows_affected() > 0)
    }
}

pub(super) async fn insert_grant(tx: &mut Transaction<'_, Sqlite>, row: &GrantRow) -> Result<()> {
    let sql = "INSERT INTO grants (id, action, subject, identity_id, identity, extent, session, slot, \
               worktree_id, worktree, approval, made_at, until, boot, boot_until) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    sqlx::query(sql)
        .bind(&row.id)
        .bind(row.action.name())
        .bind(&row.subject)
        .bind(&row.identity_id)
        .bind(&row.identity)
        .bind(row.extent.name())
        .bind(&row.session)
        .bind(row.slot)
        .bind(&row.worktree_id)
        .bind(&row.worktree)
        .bind(&row.approval)
        .bind(row.made_at)
        .bind(row.until)
        .bind(&row.boot)
        .bind(row.boot_until)
        .execute(&mut **tx)
        .await
        .context("writing a grant")?;
    Ok(())
}
