//! Opening the database: its file, its pragmas and its migrations.

use super::Store;
use anyhow::{Context, Result, bail};
use api::{Code, Error};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How many connections may be open: readers do not wait for the one writer.
const CONNECTIONS: u32 = 4;
/// How long a statement waits for another that writes, in milliseconds, and how long the emptying of the log does.
const PATIENCE: &str = "PRAGMA busy_timeout = 10000";
const FLUSH_PATIENCE: &str = "PRAGMA busy_timeout = 50";
/// How long the emptying of the log is tried before it is put off, and the pause between two tries.
const FLUSHING: Duration = Duration::from_secs(2);
const FLUSH_AGAIN: Duration = Duration::from_millis(50);

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
        let quick = options.clone().synchronous(SqliteSynchronous::Normal);
        let pool = pool(CONNECTIONS)
            .connect_with(options)
            .await
            .with_context(|| format!("opening the database {}", path.display()))?;
        match MIGRATIONS.run(&pool).await {
            Ok(()) => Ok(Self {
                pool,
                quick: self::pool(1).connect_lazy_with(quick),
                known: Arc::default(),
                unflushed: Arc::default(),
            }),
            Err(MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..)) => bail!(newer(path)),
            Err(e) => Err(e).context("bringing the database to this version"),
        }
    }

    /// Writes everything from the log into the database and empties the log, so that what was deleted
    /// is nowhere on the disk. A program that reads the database for long holds that up: then it is said in
    /// the log, and tried again each time that the audit settles.
    pub async fn flush(&self) -> Result<()> {
        let until = Instant::now() + FLUSHING;
        while !self.try_flush().await? {
            if Instant::now() > until {
                tracing::warn!(
                    "another program reads the database, so what was deleted is still on the disk"
                );
                self.unflushed.store(true, Ordering::Release);
                return Ok(());
            }
            tokio::time::sleep(FLUSH_AGAIN).await;
        }
        Ok(())
    }

    /// Brings to the disk what [`Store::quick_connection`] has committed, and what could not be flushed.
    pub async fn settle(&self) -> Result<()> {
        if self.unflushed.load(Ordering::Acquire) && self.try_flush().await? {
            self.unflushed.store(false, Ordering::Release);
            return Ok(());
        }
        let sql = "PRAGMA wal_checkpoint(PASSIVE)";
        sqlx::query(sql).execute(&self.pool).await.context("bringing the audit to the disk")?;
        Ok(())
    }

    /// Empties the log if nobody reads the database; whether it did. It holds up whoever writes meanwhile, so it
    /// waits for readers no longer than a moment.
    async fn try_flush(&self) -> Result<bool> {
        let mut connection = self.pool.acquire().await.context("waiting to empty the WAL")?;
        sqlx::query(FLUSH_PATIENCE).execute(&mut *connection).await.context("emptying the WAL")?;
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy = sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *connection).await;
        // Where that fails, the connection is not to be used for anything else.
        let usual = sqlx::query(PATIENCE).execute(&mut *connection).await;
        if usual.is_err() {
            connection.close_on_drop();
        }
        Ok(busy.context("emptying the WAL")? == 0)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.quick.close().await;
        self.pool.close().await;
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        // A connection to a file does not grow old, and nothing wakes up to look. A least number of
        // connections would be opened beside the first one, and two at once cannot turn the WAL on.
        .idle_timeout(None)
        .max_lifetime(None)
        // A file does not hang up: asking each time whether it is still there would double every wait.
        .test_before_acquire(false)
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
    use crate::store::SecretRow;

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
    async fn secrets_of_an_older_database_are_kept_with_their_versions() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lanyard.db");
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let pool = SqlitePoolOptions::new().connect_with(options.foreign_keys(true)).await.unwrap();
        let older = MIGRATIONS.iter().filter(|migration| migration.version == 1).cloned();
        Migrator::with_migrations(older.collect()).run(&pool).await.unwrap();
        for sql in [
            "INSERT INTO identities VALUES ('i', 'ada', 'a@b', NULL, 'ada', 'a@b', x'00', 1, 1)",
            "INSERT INTO secrets VALUES ('s', 'i', 'KEY', 'deny', 'notes', 3, 'agent', x'abcd', 4, 5)",
        ] {
            sqlx::query(sql).execute(&pool).await.unwrap();
        }
        pool.close().await;

        let store = Store::open(&path).await.unwrap();
        let row = store.secret("i", "KEY", None).await.unwrap().unwrap();
        assert_eq!((row.id.as_str(), row.policy.as_str(), row.notes.as_str()), ("s", "deny", "notes"));
        assert_eq!((row.version, row.sealed, row.created_at, row.updated_at), (3, vec![0xab, 0xcd], 4, 5));
        assert!(row.worktree_id.is_none() && row.group_id.is_none());
        let versions = store.secret_versions("s").await.unwrap();
        assert_eq!((versions.len(), versions[0].version, versions[0].set_by.as_str()), (1, 3, "agent"));
        let second = SecretRow { id: "t".into(), ..store.secret("i", "KEY", None).await.unwrap().unwrap() };
        assert!(store.put_secrets(&[second], None).await.is_err(), "a key has two secrets for all worktrees");
    }

    #[tokio::test]
    async fn a_log_that_somebody_reads_is_emptied_as_soon_as_nobody_does() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lanyard.db");
        let log = || std::fs::metadata(dir.path().join("lanyard.db-wal")).unwrap().len();
        let store = Store::open(&path).await.unwrap();
        let other = Store::open(&path).await.unwrap();
        let mut reading = other.pool.begin().await.unwrap();
        sqlx::query("SELECT * FROM settings").fetch_all(&mut *reading).await.unwrap();
        store.set_current_identity("someone").await.unwrap();
        store.flush().await.unwrap();
        assert!(log() > 0, "a reader still needs the log");
        reading.rollback().await.unwrap();
        store.settle().await.unwrap();
        assert_eq!(log(), 0);
        store.set_current_identity("another").await.unwrap();
        store.settle().await.unwrap();
        assert!(log() > 0, "it was owed once");
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
