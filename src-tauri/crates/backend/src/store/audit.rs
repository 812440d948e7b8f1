//! The table `audit`: rows are added and read, never changed.

use super::intents::{delete_intent, insert_intent};
use super::{IntentRow, Store};
use anyhow::{Context, Result};
use api::Millis;
use api::audit::Kind;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteSynchronous;
use sqlx::{ConnectOptions, Connection, QueryBuilder, Sqlite, SqliteConnection};

/// A record as it is stored. As JSON it has no place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, Serialize, Deserialize)]
pub struct AuditRow {
    /// Its number, from 1 and without gaps.
    #[serde(skip)]
    pub seq: i64,
    /// When, by the machine's clock.
    pub at: Millis,
    /// The latest time of all records up to this one.
    #[serde(skip)]
    pub high: Millis,
    /// Who did it.
    pub who: String,
    /// Through which door.
    pub door: String,
    /// What it is about.
    pub kind: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// The identity's id.
    pub identity_id: Option<String>,
    /// The identity's name at that time.
    pub identity: Option<String>,
    /// The session's id.
    pub session: Option<String>,
    /// The session's slot.
    pub slot: Option<i64>,
    /// The worktree's id.
    pub worktree_id: Option<String>,
    /// The worktree's name.
    pub worktree: Option<String>,
    /// `done`, or the error's code.
    pub outcome: String,
    /// More, in words.
    pub detail: String,
    /// The hash of the row before.
    #[serde(skip)]
    pub previous: Vec<u8>,
    /// The hash of this row.
    #[serde(skip)]
    pub hash: Vec<u8>,
}

/// What is written together, all or none.
#[derive(Debug, Default)]
pub struct AuditBatch {
    /// The rows, in the order of their numbers.
    pub rows: Vec<AuditRow>,
    /// What is about to be changed.
    pub begins: Vec<IntentRow>,
    /// The ids of those of whom the rows say what came of them.
    pub settles: Vec<String>,
}

/// What ids stand for.
#[derive(Debug, Clone, Default)]
pub struct AuditNames {
    /// The identity's name.
    pub identity: Option<String>,
    /// The worktree's id.
    pub worktree_id: Option<String>,
    /// The worktree's name.
    pub worktree: Option<String>,
}

/// Which rows are wanted.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// The identity's id.
    pub identity_id: Option<String>,
    /// The slot.
    pub slot: Option<u32>,
    /// The kind.
    pub kind: Option<Kind>,
    /// From this time on.
    pub since: Option<Millis>,
    /// Before the clock first passed this time.
    pub until: Option<Millis>,
    /// The worktree's name at that time.
    pub worktree: Option<String>,
    /// Words in the subject.
    pub subject: Option<String>,
    /// Below this number.
    pub before: Option<i64>,
    /// Above this number, and then the lowest numbers first.
    pub after: Option<i64>,
}

const INSERT: &str = "INSERT INTO audit (seq, at, high, who, door, kind, action, subject, identity_id, \
                      identity, session, slot, worktree_id, worktree, outcome, detail, previous, hash) ";

impl Store {
    /// A connection for what must be written at once and may reach the disk a moment later: what it commits
    /// outlives this process, and a [`Store::settle`] makes it outlive the machine's power.
    pub async fn quick_connection(&self) -> Result<SqliteConnection> {
        let options = (*self.pool.connect_options()).clone();
        let options = options.synchronous(SqliteSynchronous::Normal);
        options.connect().await.context("opening the audit's own connection")
    }

    /// Writes a batch, and returns when it is on the disk.
    pub async fn add_audit(&self, batch: &AuditBatch) -> Result<()> {
        let mut connection = self.pool.acquire().await.context("waiting to write into the audit")?;
        write(&mut connection, batch).await
    }

    /// Writes a batch over a quick connection.
    pub async fn add_audit_quickly(&self, quick: &mut SqliteConnection, batch: &AuditBatch) -> Result<()> {
        write(quick, batch).await
    }

    /// The newest row.
    pub async fn audit_head(&self) -> Result<Option<AuditRow>> {
        sqlx::query_as("SELECT * FROM audit ORDER BY seq DESC LIMIT 1")
            .fetch_optional(&self.pool)
            .await
            .context("reading the head of the audit")
    }

    /// At most `limit` rows from the number `from` on, in order.
    pub async fn audit_from(&self, from: i64, limit: i64) -> Result<Vec<AuditRow>> {
        sqlx::query_as("SELECT * FROM audit WHERE seq >= $1 ORDER BY seq LIMIT $2")
            .bind(from)
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .context("reading the audit")
    }

    /// A page of rows. Each filter has an index that gives its rows in the order of their numbers.
    pub async fn audit_page(&self, filter: &AuditFilter, limit: u32) -> Result<Vec<AuditRow>> {
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM audit WHERE seq < ");
        sql.push_bind(filter.before.unwrap_or(i64::MAX));
        if let Some(after) = filter.after {
            sql.push(" AND seq > ").push_bind(after);
        }
        if let Some(identity_id) = &filter.identity_id {
            sql.push(" AND identity_id = ").push_bind(identity_id);
        }
        if let Some(slot) = filter.slot {
            sql.push(" AND slot = ").push_bind(i64::from(slot));
        }
        if let Some(kind) = filter.kind {
            sql.push(" AND kind = ").push_bind(kind.name());
        }
        if let Some(since) = filter.since {
            sql.push(" AND at >= ").push_bind(since);
            sql.push(" AND seq >= (SELECT seq FROM audit WHERE high >= ").push_bind(since);
            sql.push(" ORDER BY high, seq LIMIT 1)");
        }
        if let Some(until) = filter.until {
            sql.push(" AND seq < COALESCE((SELECT seq FROM audit WHERE high > ").push_bind(until);
            sql.push(" ORDER BY high, seq LIMIT 1), ").push_bind(i64::MAX).push(")");
        }
        if let Some(worktree) = &filter.worktree {
            sql.push(" AND worktree = ").push_bind(worktree);
        }
        if let Some(subject) = &filter.subject {
            // No index finds words inside a text: this one goes through the rows that the others leave.
            sql.push(" AND lower(subject) LIKE lower(").push_bind(pattern(subject)).push(") ESCAPE '!'");
        }
        sql.push(if filter.after.is_some() { " ORDER BY seq" } else { " ORDER BY seq DESC" });
        sql.push(" LIMIT ").push_bind(i64::from(limit));
        sql.build_query_as().fetch_all(&self.pool).await.context("reading a page of the audit")
    }

    /// The names that these ids have now; the worktree is the session's if none is given.
    pub async fn audit_names(
        &self,
        identity_id: Option<&str>,
        session: Option<&str>,
        worktree_id: Option<&str>,
    ) -> Result<AuditNames> {
        let identity = match identity_id {
            Some(id) => self.identity(id).await?.map(|row| row.name),
            None => None,
        };
        let known = worktree_id.and_then(|id| Some((id.to_string(), self.known.worktree(id)?)));
        let place = match (known, session.or(worktree_id)) {
            (Some(known), _) => Some(known),
            (None, Some(_)) => self.audit_place(session, worktree_id).await?,
            (None, None) => None,
        };
        let (worktree_id, worktree) = place.unzip();
        Ok(AuditNames { identity, worktree_id, worktree })
    }

    async fn audit_place(
        &self,
        session: Option<&str>,
        worktree_id: Option<&str>,
    ) -> Result<Option<(String, String)>> {
        let sql = "SELECT id, name FROM worktrees \
                   WHERE id = COALESCE($2, (SELECT worktree_id FROM sessions WHERE id = $1))";
        let query = sqlx::query_as::<_, (String, String)>(sql).bind(session).bind(worktree_id);
        let place = query.fetch_optional(&self.pool).await.context("reading names for the audit")?;
        if let Some((id, name)) = &place {
            self.known.remember_worktree(id, name);
        }
        Ok(place)
    }

    /// The id of the identity that was made under this name last, by what the audit says of identities.
    pub async fn former_identity_id(&self, name: &str) -> Result<Option<String>> {
        let sql = "SELECT identity_id FROM audit WHERE kind = 'identity' AND identity = $1 \
                   AND identity_id IS NOT NULL ORDER BY seq DESC LIMIT 1";
        sqlx::query_scalar(sql)
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .context("finding an identity that is gone")
    }
}

async fn write(connection: &mut SqliteConnection, batch: &AuditBatch) -> Result<()> {
    let statements = usize::from(!batch.rows.is_empty()) + batch.begins.len() + batch.settles.len();
    if statements < 2 {
        // One statement is a transaction of its own.
        return write_each(connection, batch).await;
    }
    let mut tx = connection.begin().await.context("beginning to write into the audit")?;
    write_each(&mut tx, batch).await?;
    tx.commit().await.context("writing into the audit")
}

async fn write_each(connection: &mut SqliteConnection, batch: &AuditBatch) -> Result<()> {
    if !batch.rows.is_empty() {
        insert(connection, &batch.rows).await?;
    }
    for intent in &batch.begins {
        insert_intent(connection, intent).await?;
    }
    for id in &batch.settles {
        delete_intent(connection, id).await?;
    }
    Ok(())
}

/// What `LIKE` takes to find a text anywhere, and as it is.
fn pattern(text: &str) -> String {
    let plain = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{plain}%")
}

/// One statement for all rows.
async fn insert(connection: &mut SqliteConnection, rows: &[AuditRow]) -> Result<()> {
    let mut sql = QueryBuilder::<Sqlite>::new(INSERT);
    sql.push_values(rows, |mut row, r| {
        row.push_bind(r.seq).push_bind(r.at).push_bind(r.high);
        row.push_bind(&r.who).push_bind(&r.door).push_bind(&r.kind).push_bind(&r.action);
        row.push_bind(&r.subject).push_bind(&r.identity_id).push_bind(&r.identity).push_bind(&r.session);
        row.push_bind(r.slot).push_bind(&r.worktree_id).push_bind(&r.worktree).push_bind(&r.outcome);
        row.push_bind(&r.detail).push_bind(&r.previous).push_bind(&r.hash);
    });
    // Statements for one row, and for a read with the grant that allowed it, are kept; each other number of rows
    // would be kept as one more.
    let query = sql.build().persistent(rows.len() <= 2);
    query.execute(connection).await.context("writing into the audit")?;
    Ok(())
}
