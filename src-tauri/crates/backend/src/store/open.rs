//! Opening the database: its file, its pragmas and its migrations.

use super::Store;
use anyhow::{Context, Result, bail};
use api::{Code, Error};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How many connections may be open: readers do not wait for the one writer.
const CONNECTIONS: u32 = 4;

impl Store {
    /// Opens the database at `path`, makes it where there is none, and brings it to this version.
    pub async fn open(path: &Path) -> Result<Self> {
        make_private(path).with_context(|| format!("making the database {}", path.display()))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            // A deleted key must not stay readable in a free page.
            .pragma("secure_delete", "ON");
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            // A connection to a file does not grow old, and nothing wakes up to look. A least number of
            // connections would be opened beside the first one, and two at once cannot turn the WAL on.
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await
            .with_context(|| format!("opening the database {}", path.display()))?;
        match MIGRATIONS.run(&pool).await {
            Ok(()) => Ok(Self { pool }),
            Err(MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..)) => bail!(newer(path)),
            Err(e) => Err(e).context("bringing the database to this version"),
        }
    }

    /// Writes everything from the log into the database and empties the log, so that what was deleted
    /// is nowhere on the disk.
    pub async fn flush(&self) -> Result<()> {
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&self.pool)
            .await
            .context("emptying the WAL")?;
        Ok(())
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Makes an empty file for the owner alone; SQLite gives its logs the mode of the database.
fn make_private(path: &Path) -> std::io::Result<()> {
    std::fs::File::options().create(true).append(true).mode(0o600).open(path).map(|_| ())
}

fn newer(path: &Path) -> Error {
    Error::new(Code::Version, format!("{} was written by a newer Lanyard", path.display()))
        .hint("start the newer version; nothing was changed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lanyard.db");
        let store = Store::open(&path).await.unwrap();
        let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                   VALUES (9999, 'later', TRUE, x'00', 0)";
        sqlx::query(sql).execute(&store.pool).await.unwrap();
        store.close().await;
        let error = Store::open(&path).await.err().unwrap().downcast::<Error>().unwrap();
        assert_eq!(error.code, Code::Version);
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lanyard.db");
        std::fs::write(&path, "this is a diary, not a database, and it is long enough").unwrap();
        assert!(Store::open(&path).await.is_err());
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("this is a diary"));
    }
}
