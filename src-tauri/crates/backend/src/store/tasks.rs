//! The table `tasks`.

use super::{Named, Store};
use anyhow::{Context, Result};
use api::Millis;
use api::tasks::{State, WhenDone};
use sqlx::AssertSqlSafe;

/// How many tasks are kept that have left the line.
const KEPT: i64 = 1_000;
/// A row with the beginning of its prompt: a line of long ones is not read again and again.
const BRIEF: &str = "SELECT id, rank, state, reason, project_id, project, branch, base, agent, command, slot, \
                     identity_id, identity, SUBSTR(prompt, 1, 200) AS prompt, when_done, session, added_at, \
                     left_at FROM tasks";

/// A task as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct TaskRow {
    /// UUID v7.
    pub id: String,
    /// What the line is sorted by.
    pub rank: i64,
    /// How it is.
    #[sqlx(try_from = "String")]
    pub state: State,
    /// Why it failed.
    pub reason: Option<String>,
    /// The project's id.
    pub project_id: String,
    /// The project's name when it was added.
    pub project: String,
    /// The branch.
    pub branch: String,
    /// Where a new branch starts.
    pub base: Option<String>,
    /// The agent.
    pub agent: Option<String>,
    /// The command in place of an agent, as a JSON array.
    pub command: String,
    /// The only slot that will do.
    pub slot: Option<i64>,
    /// The id of the only identity that will do.
    pub identity_id: Option<String>,
    /// Its name when the task was added.
    pub identity: Option<String>,
    /// What the agent shall do.
    pub prompt: Option<String>,
    /// What becomes of its session when the agent's turn is over.
    #[sqlx(try_from = "String")]
    pub when_done: WhenDone,
    /// The session that is being started for it, or was.
    pub session: Option<String>,
    /// When it was added.
    pub added_at: Millis,
    /// When it left the line.
    pub left_at: Option<Millis>,
}

impl Named for TaskRow {
    // A task has no name of its own.
    fn name(&self) -> &str {
        &self.id
    }
    fn id(&self) -> &str {
        &self.id
    }
}

impl Store {
    /// The tasks that wait, in the order of the line, each with the beginning of its prompt.
    pub async fn queued_tasks(&self) -> Result<Vec<TaskRow>> {
        self.brief_tasks("WHERE state = 'queued' ORDER BY rank, id LIMIT $1", i64::MAX).await
    }

    /// The tasks whose start was begun and not finished.
    pub async fn starting_tasks(&self) -> Result<Vec<TaskRow>> {
        self.brief_tasks("WHERE state = 'starting' ORDER BY rank, id LIMIT $1", i64::MAX).await
    }

    /// The tasks in line, and the newest `left` of those that have left it or are leaving it, the newest first;
    /// all as they are at one moment, so that none is missed that comes or goes.
    pub async fn all_tasks(&self, left: i64) -> Result<(Vec<TaskRow>, Vec<TaskRow>)> {
        let which = "WHERE state = 'queued' OR id IN (SELECT id FROM tasks WHERE state <> 'queued' \
                     ORDER BY added_at DESC, id DESC LIMIT $1) ORDER BY added_at DESC, id DESC";
        let rows = self.brief_tasks(which, left).await?.into_iter();
        let (mut queued, left): (Vec<_>, Vec<_>) = rows.partition(|row| row.state == State::Queued);
        queued.sort_by(|one, other| (one.rank, &one.id).cmp(&(other.rank, &other.id)));
        Ok((queued, left))
    }

    /// The whole task with this id.
    pub async fn task(&self, id: &str) -> Result<Option<TaskRow>> {
        sqlx::query_as("SELECT * FROM tasks WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .context("reading a task")
    }

    /// Tasks whose id begins with `prefix`, which holds only hexadecimal digits and hyphens.
    pub async fn tasks_by_prefix(&self, prefix: &str) -> Result<Vec<TaskRow>> {
        sqlx::query_as("SELECT * FROM tasks WHERE id LIKE $1 LIMIT 3")
            .bind(format!("{prefix}%"))
            .fetch_all(&self.pool)
            .await
            .context("reading tasks")
    }

    /// The running sessions whose task wants them to end, because their agent's turn is over.
    pub async fn finished_sessions(&self) -> Result<Vec<String>> {
        let sql = "SELECT s.id FROM tasks t JOIN sessions s ON s.id = t.session \
                   WHERE t.state = 'started' AND t.when_done = 'stop' AND s.ended_at IS NULL \
                   AND s.state IN ('done', 'failed')";
        sqlx::query_scalar(sql).fetch_all(&self.pool).await.context("reading the sessions that are finished")
    }

    /// Adds a task at the end of the line, and forgets the oldest of those that have left it.
    pub async fn insert_task(&self, row: &TaskRow) -> Result<()> {
        let sql = "INSERT INTO tasks (id, rank, state, project_id, project, branch, base, agent, command, slot, \
                   identity_id, identity, prompt, when_done, added_at) \
                   SELECT $1, COALESCE(MAX(rank), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
                   $14 FROM tasks";
        let mut tx = self.pool.begin().await.context("beginning to write a task")?;
        sqlx::query(sql)
            .bind(&row.id)
            .bind(row.state.name())
            .bind(&row.project_id)
            .bind(&row.project)
            .bind(&row.branch)
            .bind(&row.base)
            .bind(&row.agent)
            .bind(&row.command)
            .bind(row.slot)
            .bind(&row.identity_id)
            .bind(&row.identity)
            .bind(&row.prompt)
            .bind(row.when_done.name())
            .bind(row.added_at)
            .execute(&mut *tx)
            .await
            .context("writing a task")?;
        let sql = "DELETE FROM tasks WHERE state NOT IN ('queued', 'starting') \
                   AND id < (SELECT id FROM tasks ORDER BY id DESC LIMIT 1 OFFSET $1)";
        sqlx::query(sql).bind(KEPT).execute(&mut *tx).await.context("forgetting old tasks")?;
        tx.commit().await.context("writing a task")
    }

    /// Writes which session is about to be started for a task; false if it has left the line meanwhile.
    pub async fn intend_task(&self, id: &str, session: &str) -> Result<bool> {
        let sql = "UPDATE tasks SET state = 'starting', session = $2 WHERE id = $1 AND state = 'queued'";
        let done = sqlx::query(sql).bind(id).bind(session).execute(&self.pool).await;
        Ok(done.context("writing which task is started")?.rows_affected() > 0)
    }

    /// Puts a task back to its place in line, because nothing was started for it.
    pub async fn requeue_task(&self, id: &str) -> Result<()> {
        let sql = "UPDATE tasks SET state = 'queued', session = NULL WHERE id = $1 AND state = 'starting'";
        sqlx::query(sql).bind(id).execute(&self.pool).await.context("putting a task back in line")?;
        Ok(())
    }

    /// Writes what became of a task that was in the state `from`; false if it was not.
    pub async fn settle_task(
        &self,
        id: &str,
        from: State,
        state: State,
        reason: Option<&str>,
        at: Millis,
    ) -> Result<bool> {
        let sql = "UPDATE tasks SET state = $3, reason = $4, left_at = $5, \
                   session = CASE WHEN $3 = 'started' THEN session ELSE NULL END WHERE id = $1 AND state = $2";
        let query = sqlx::query(sql).bind(id).bind(from.name()).bind(state.name()).bind(reason).bind(at);
        let done = query.execute(&self.pool).await.context("writing what became of a task")?;
        Ok(done.rows_affected() > 0)
    }

    /// Gives the tasks that wait the order of `ids`.
    pub async fn order_tasks(&self, ids: &[&str]) -> Result<()> {
        let mut tx = self.pool.begin().await.context("beginning to order the tasks")?;
        for (rank, id) in (1_i64..).zip(ids) {
            sqlx::query("UPDATE tasks SET rank = $2 WHERE id = $1 AND state = 'queued'")
                .bind(id)
                .bind(rank)
                .execute(&mut *tx)
                .await
                .context("ordering the tasks")?;
        }
        tx.commit().await.context("ordering the tasks")
    }

    async fn brief_tasks(&self, which: &str, limit: i64) -> Result<Vec<TaskRow>> {
        // Only constants of this file are put together; what comes from outside is bound.
        let sql = AssertSqlSafe(format!("{BRIEF} {which}"));
        sqlx::query_as(sql).bind(limit).fetch_all(&self.pool).await.context("reading the tasks")
    }
}
