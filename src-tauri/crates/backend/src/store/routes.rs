//! The table `routes`: the ways on which the owner is told besides the desktop.

use super::{Named, Store};
use anyhow::{Context, Result};
use api::Millis;

/// A route as it is stored.
#[derive(Clone, sqlx::FromRow)]
pub struct RouteRow {
    /// UUID v7.
    pub id: String,
    /// Its unique name.
    pub name: String,
    /// The kind's name.
    pub kind: String,
    /// Where its server is.
    pub url: Option<String>,
    /// What else it needs to know, as a JSON object of texts.
    pub settings: String,
    /// Which notices it takes, as JSON.
    pub rule: String,
    /// Its data key, wrapped by the master key.
    pub wrapped_key: Vec<u8>,
    /// Its secret, sealed with that key.
    pub sealed: Option<Vec<u8>>,
    /// When it was added.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
}

impl Named for RouteRow {
    fn name(&self) -> &str {
        &self.name
    }
    fn id(&self) -> &str {
        &self.id
    }
}

impl Store {
    /// All routes, by name.
    pub async fn routes(&self) -> Result<Vec<RouteRow>> {
        sqlx::query_as("SELECT * FROM routes ORDER BY name")
            .fetch_all(&self.pool)
            .await
            .context("reading the routes")
    }

    /// Adds a route, or writes what may have changed of it.
    pub async fn put_route(&self, row: &RouteRow) -> Result<()> {
        let sql = "INSERT INTO routes (id, name, kind, url, settings, rule, wrapped_key, sealed, created_at, \
                   updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                   ON CONFLICT (id) DO UPDATE SET url = excluded.url, settings = excluded.settings, \
                   rule = excluded.rule, sealed = excluded.sealed, updated_at = excluded.updated_at";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.name)
            .bind(&row.kind)
            .bind(&row.url)
            .bind(&row.settings)
            .bind(&row.rule)
            .bind(&row.wrapped_key)
            .bind(&row.sealed)
            .bind(row.created_at)
            .bind(row.updated_at)
            .execute(&self.pool)
            .await
            .context("writing a route")?;
        Ok(())
    }

    /// Forgets a route with its messages.
    pub async fn delete_route(&self, id: &str) -> Result<()> {
        sqlx::query("DELETE FROM routes WHERE id = $1")
            .bind(id)
            .execute(&self.pool)
            .await
            .context("deleting a route")?;
        Ok(())
    }
}
