//! The table `settings`: what the owner has chosen with a command.

use super::Store;
use anyhow::{Context, Result};

const CURRENT_IDENTITY: &str = "current_identity";
const NOTIFY: &str = "notify";

impl Store {
    /// The id of the identity that is meant where none is named.
    pub async fn current_identity(&self) -> Result<Option<String>> {
        self.setting(CURRENT_IDENTITY).await
    }

    /// Makes this identity the one that is meant where none is named.
    pub async fn set_current_identity(&self, id: &str) -> Result<()> {
        self.set(CURRENT_IDENTITY, id).await
    }

    /// How notifications are set, as JSON.
    pub async fn notify_settings(&self) -> Result<Option<String>> {
        self.setting(NOTIFY).await
    }

    /// Sets notifications.
    pub async fn set_notify_settings(&self, json: &str) -> Result<()> {
        self.set(NOTIFY, json).await
    }

    async fn setting(&self, name: &str) -> Result<Option<String>> {
        sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .with_context(|| format!("reading the setting {name}"))
    }

    async fn set(&self, name: &str, value: &str) -> Result<()> {
        let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        sqlx::query(sql)
            .bind(name)
            .bind(value)
            .execute(&self.pool)
            .await
            .with_context(|| format!("writing the setting {name}"))?;
        Ok(())
    }
}
