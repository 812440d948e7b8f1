//! The table `worktrees`.

use super::Store;
use anyhow::{Context, Result};
use api::Millis;

/// A worktree as it is stored, with its project's name.
#[derive(Clone, sqlx::FromRow)]
pub struct WorktreeRow {
    /// UUID v7.
    pub id: String,
    /// The project's id.
    pub project_id: String,
    /// The project's name, from its own table.
    pub project: String,
    /// Its name, unique among the project's live worktrees.
    pub name: String,
    /// Its branch.
    pub branch: String,
    /// The branch that it started from.
    pub base: Option<String>,
    /// Where it is.
    pub path: String,
    /// When it was made.
    pub created_at: Millis,
    /// When it was archived.
    pub archived_at: Option<Millis>,
}

impl Store {
    /// All worktrees, the live ones first, then by age.
    pub async fn worktrees(&self) -> Result<Vec<WorktreeRow>> {
        let sql = "SELECT w.*, p.name AS project FROM worktrees w JOIN projects p ON p.id = w.project_id \
                   ORDER BY w.archived_at IS NOT NULL, w.created_at DESC";
        sqlx::query_as(sql).fetch_all(&self.pool).await.context("reading the worktrees")
    }

    /// The worktree with this id.
    pub async fn worktree(&self, id: &str) -> Result<Option<WorktreeRow>> {
        let sql = "SELECT w.*, p.name AS project FROM worktrees w JOIN projects p ON p.id = w.project_id \
                   WHERE w.id = $1";
        sqlx::query_as(sql).bind(id).fetch_optional(&self.pool).await.context("reading a worktree")
    }

    /// Adds a worktree.
    pub async fn insert_worktree(&self, row: &WorktreeRow) -> Result<()> {
        let sql = "INSERT INTO worktrees (id, project_id, name, branch, base, path, created_at, archived_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.project_id)
            .bind(&row.name)
            .bind(&row.branch)
            .bind(&row.base)
            .bind(&row.path)
            .bind(row.created_at)
            .bind(row.archived_at)
            .execute(&self.pool)
            .await
            .context("writing a worktree")?;
        Ok(())
    }

    /// Marks a worktree as archived.
    pub async fn set_archived(&self, id: &str, at: Millis) -> Result<()> {
        sqlx::query("UPDATE worktrees SET archived_at = $2 WHERE id = $1")
            .bind(id)
            .bind(at)
            .execute(&self.pool)
            .await
            .context("archiving a worktree")?;
        Ok(())
    }

    /// Forgets a worktree that was never used.
    pub async fn delete_worktree(&self, id: &str) -> Result<()> {
        sqlx::query("DELETE FROM worktrees WHERE id = $1")
            .bind(id)
            .execute(&self.pool)
            .await
            .context("deleting a worktree")?;
        Ok(())
    }
}
