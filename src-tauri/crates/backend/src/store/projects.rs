//! The table `projects`.

use super::{Named, Store};
use anyhow::{Context, Result};
use api::Millis;

/// A project as it is stored.
#[derive(Clone, sqlx::FromRow)]
pub struct ProjectRow {
    /// UUID v7.
    pub id: String,
    /// Its unique name.
    pub name: String,
    /// Its main checkout.
    pub path: String,
    /// Names of variables that pass from the owner's environment, as a JSON array.
    pub allowed_env: String,
    /// When it was added.
    pub created_at: Millis,
}

impl Named for ProjectRow {
    fn name(&self) -> &str {
        &self.name
    }
    fn id(&self) -> &str {
        &self.id
    }
}

impl Store {
    /// All projects, by name.
    pub async fn projects(&self) -> Result<Vec<ProjectRow>> {
        sqlx::query_as("SELECT * FROM projects ORDER BY name")
            .fetch_all(&self.pool)
            .await
            .context("reading the projects")
    }

    /// The project with this id.
    pub async fn project(&self, id: &str) -> Result<Option<ProjectRow>> {
        sqlx::query_as("SELECT * FROM projects WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .context("reading a project")
    }

    /// Adds a project.
    pub async fn insert_project(&self, row: &ProjectRow) -> Result<()> {
        let sql =
            "INSERT INTO projects (id, name, path, allowed_env, created_at) VALUES ($1, $2, $3, $4, $5)";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.name)
            .bind(&row.path)
            .bind(&row.allowed_env)
            .bind(row.created_at)
            .execute(&self.pool)
            .await
            .context("writing a project")?;
        Ok(())
    }

    /// Sets the variables that pass from the owner's environment.
    pub async fn set_allowed_env(&self, id: &str, allowed_env: &str) -> Result<()> {
        sqlx::query("UPDATE projects SET allowed_env = $2 WHERE id = $1")
            .bind(id)
            .bind(allowed_env)
            .execute(&self.pool)
            .await
            .context("changing a project")?;
        Ok(())
    }

    /// Forgets a project and its archived worktrees.
    pub async fn delete_project(&self, id: &str) -> Result<()> {
        sqlx::query("DELETE FROM projects WHERE id = $1")
            .bind(id)
            .execute(&self.pool)
            .await
            .context("deleting a project")?;
        Ok(())
    }
}
