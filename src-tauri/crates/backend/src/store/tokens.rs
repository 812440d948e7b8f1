//! The table `tokens`: one row for each credential that an issuer was, or is about to be, asked for.
//!
//! What changes a state names the states that it may leave: whoever comes second finds the row changed and
//! does not undo what the first has written.

use super::Store;
use anyhow::{Context, Result};
use api::Millis;
use api::tokens::State;
use sqlx::{AssertSqlSafe, SqlitePool};

/// How many tokens a list with those that are gone shows.
const LISTED: i64 = 500;

/// A token as it is stored, with its issuer's name and kind.
#[derive(Clone, Default, sqlx::FromRow)]
pub struct TokenRow {
    /// UUID v7.
    pub id: String,
    /// Its name at the issuer, by which it can be found there.
    pub name: String,
    /// Its issuer's id.
    pub issuer_id: String,
    /// Its issuer's name, from its own table.
    pub issuer: String,
    /// Its issuer's kind, from its own table.
    pub kind: String,
    /// The identity that it is for.
    pub identity_id: String,
    /// That identity's name when it was asked for.
    pub identity: String,
    /// The worktree that it is for.
    pub worktree_id: Option<String>,
    /// That worktree's name.
    pub worktree: Option<String>,
    /// The session that asked for it.
    pub session: Option<String>,
    /// That session's slot.
    pub slot: Option<i64>,
    /// The state's name.
    pub state: String,
    /// Its repositories, as a JSON array.
    pub repositories: String,
    /// Its permissions, as a JSON object of texts.
    pub permissions: String,
    /// How long it was asked to live.
    pub ttl_ms: Option<i64>,
    /// Why it was asked for.
    pub reason: Option<String>,
    /// Whether a new one can be issued after it is revoked.
    pub undoable: bool,
    /// The token whose place it takes.
    pub replaces: Option<String>,
    /// The token that took its place.
    pub replaced_by: Option<String>,
    /// Its data key, wrapped by the master key; none once it is gone.
    pub wrapped_key: Option<Vec<u8>>,
    /// Its value, sealed with that key.
    pub sealed: Option<Vec<u8>>,
    /// Its id at the issuer.
    pub upstream_id: Option<String>,
    /// When it was asked for.
    pub requested_at: Millis,
    /// When its issuer was about to be called.
    pub intent_at: Option<Millis>,
    /// When its issuer's answer came.
    pub issued_at: Option<Millis>,
    /// The boot of the machine in which that was.
    pub issued_boot: Option<String>,
    /// How long the machine had run by then.
    pub issued_up: Option<Millis>,
    /// When its time is over, by this machine's clock.
    pub expires_at: Option<Millis>,
    /// When its issuer confirmed that it is gone.
    pub revoked_at: Option<Millis>,
    /// When it took the place of an older one.
    pub refreshed_at: Option<Millis>,
    /// How often its revocation was tried in vain.
    pub attempts: i64,
    /// When its revocation is tried next.
    pub next_try_at: Option<Millis>,
    /// What its issuer said last, where that was no success.
    pub last_error: Option<String>,
}

/// What is written of a token once its issuer has answered.
pub struct Issued<'a> {
    /// Its value, sealed.
    pub sealed: &'a [u8],
    /// Its id at the issuer.
    pub upstream_id: Option<&'a str>,
    /// What it was limited to, as a JSON array.
    pub repositories: &'a str,
    /// What it may do, as a JSON object.
    pub permissions: &'a str,
    /// When the answer came.
    pub at: Millis,
    /// The boot of the machine in which that was.
    pub boot: &'a str,
    /// How long the machine had run by then.
    pub up: Millis,
    /// When its time is over.
    pub expires_at: Option<Millis>,
}

/// What is written of a token whose issuer was called and did not answer.
pub struct Orphan<'a> {
    /// When its issuer is asked.
    pub next: Millis,
    /// When it may have been issued, at the latest.
    pub at: Millis,
    /// The boot of the machine in which that was.
    pub boot: &'a str,
    /// How long the machine had run by then.
    pub up: Millis,
    /// When its time is over at the latest, where that is known.
    pub expires_at: Option<Millis>,
}

const SELECT: &str =
    "SELECT t.*, i.name AS issuer, i.kind AS kind FROM tokens t JOIN issuers i ON i.id = t.issuer_id";
const MAY_LIVE: &str = "('requested', 'approved', 'active', 'revoking')";

impl Store {
    /// The tokens that may be alive, the oldest first.
    pub async fn live_tokens(&self) -> Result<Vec<TokenRow>> {
        let sql = format!("{SELECT} WHERE t.state IN {MAY_LIVE} ORDER BY t.requested_at, t.id");
        rows(&self.pool, sql, None).await
    }

    /// The newest tokens, those that are gone as well.
    pub async fn tokens(&self) -> Result<Vec<TokenRow>> {
        rows(&self.pool, format!("{SELECT} ORDER BY t.requested_at DESC, t.id DESC LIMIT {LISTED}"), None)
            .await
    }

    /// The token with this id.
    pub async fn token(&self, id: &str) -> Result<Option<TokenRow>> {
        Ok(rows(&self.pool, format!("{SELECT} WHERE t.id = $1"), Some(id)).await?.pop())
    }

    /// Tokens whose id begins with `prefix`, which holds only hexadecimal digits and hyphens.
    pub async fn tokens_by_prefix(&self, prefix: &str) -> Result<Vec<TokenRow>> {
        let like = format!("{prefix}%");
        rows(&self.pool, format!("{SELECT} WHERE t.id LIKE $1 LIMIT 3"), Some(&like)).await
    }

    /// The tokens of a worktree that may be alive.
    pub async fn tokens_of_worktree(&self, id: &str) -> Result<Vec<TokenRow>> {
        rows(&self.pool, format!("{SELECT} WHERE t.state IN {MAY_LIVE} AND t.worktree_id = $1"), Some(id))
            .await
    }

    /// The tokens of a worktree that can be used, or replaced by ones that can, the oldest first.
    pub async fn tokens_to_use(&self, worktree_id: &str) -> Result<Vec<TokenRow>> {
        let sql = format!(
            "{SELECT} WHERE t.state IN ('active', 'expired') AND t.replaced_by IS NULL AND t.worktree_id = $1 \
             ORDER BY t.requested_at, t.id"
        );
        rows(&self.pool, sql, Some(worktree_id)).await
    }

    /// The keys of slots that may be alive: those that no session and no person has asked for.
    pub async fn slot_keys(&self) -> Result<Vec<TokenRow>> {
        let sql = format!(
            "{SELECT} WHERE t.state IN {MAY_LIVE} AND i.kind = 'ravi' AND t.slot IS NOT NULL \
             AND t.session IS NULL ORDER BY t.slot, t.id"
        );
        rows(&self.pool, sql, None).await
    }

    /// The tokens of an issuer that may be alive.
    pub async fn tokens_of_issuer(&self, id: &str) -> Result<Vec<TokenRow>> {
        rows(&self.pool, format!("{SELECT} WHERE t.state IN {MAY_LIVE} AND t.issuer_id = $1"), Some(id)).await
    }

    /// The tokens of an identity that may be alive.
    pub async fn tokens_of_identity(&self, id: &str) -> Result<Vec<TokenRow>> {
        rows(&self.pool, format!("{SELECT} WHERE t.state IN {MAY_LIVE} AND t.identity_id = $1"), Some(id))
            .await
    }

    /// Adds a token that was asked for.
    pub async fn insert_token(&self, row: &TokenRow) -> Result<()> {
        let sql = "INSERT INTO tokens (id, name, issuer_id, identity_id, identity, worktree_id, worktree, \
                   session, slot, state, repositories, permissions, ttl_ms, reason, undoable, replaces, \
                   requested_at, attempts) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0)";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.name)
            .bind(&row.issuer_id)
            .bind(&row.identity_id)
            .bind(&row.identity)
            .bind(&row.worktree_id)
            .bind(&row.worktree)
            .bind(&row.session)
            .bind(row.slot)
            .bind(&row.state)
            .bind(&row.repositories)
            .bind(&row.permissions)
            .bind(row.ttl_ms)
            .bind(&row.reason)
            .bind(row.undoable)
            .bind(&row.replaces)
            .bind(row.requested_at)
            .execute(&self.pool)
            .await
            .context("writing a token")?;
        Ok(())
    }

    /// Writes the intent to call the issuer, with the key that will seal its answer. False where the token is
    /// no longer asked for, or its worktree was archived meanwhile.
    pub async fn intend_token(&self, id: &str, wrapped_key: &[u8], at: Millis) -> Result<bool> {
        let sql = "UPDATE tokens SET state = 'approved', wrapped_key = $2, intent_at = $3 \
                   WHERE id = $1 AND state = 'requested' AND NOT EXISTS (SELECT 1 FROM worktrees w \
                   WHERE w.id = tokens.worktree_id AND w.archived_at IS NOT NULL)";
        let done = sqlx::query(sql).bind(id).bind(wrapped_key).bind(at).execute(&self.pool).await;
        Ok(done.context("writing what is intended")?.rows_affected() > 0)
    }

    /// Writes the issuer's answer. An approved token becomes active, or is at once to be revoked where
    /// `orphaned`; one that is to be revoked already stays so.
    pub async fn issue_token(&self, id: &str, issued: &Issued<'_>, orphaned: bool) -> Result<()> {
        let state = if orphaned { State::Revoking } else { State::Active };
        let sql = "UPDATE tokens SET state = CASE WHEN state = 'approved' THEN $2 ELSE state END, sealed = $3, \
                   upstream_id = $4, repositories = $5, permissions = $6, issued_at = $7, issued_boot = $8, \
                   issued_up = $9, expires_at = $10 WHERE id = $1 AND state IN ('approved', 'revoking')";
        sqlx::query(sql)
            .bind(id)
            .bind(state.name())
            .bind(issued.sealed)
            .bind(issued.upstream_id)
            .bind(issued.repositories)
            .bind(issued.permissions)
            .bind(issued.at)
            .bind(issued.boot)
            .bind(issued.up)
            .bind(issued.expires_at)
            .execute(&self.pool)
            .await
            .context("writing what an issuer answered")?;
        Ok(())
    }

    /// The new token takes the old one's place: the one is written as its successor, the other is to be
    /// revoked, both or neither.
    pub async fn replace_token(&self, old: &str, new: &str, at: Millis) -> Result<()> {
        let mut tx = self.pool.begin().await.context("beginning to replace a token")?;
        for (sql, first, second) in [
            ("UPDATE tokens SET refreshed_at = $3, replaces = $2 WHERE id = $1", new, old),
            (
                "UPDATE tokens SET replaced_by = $2, next_try_at = $3, attempts = 0, \
                 state = CASE WHEN state = 'active' THEN 'revoking' ELSE state END WHERE id = $1",
                old,
                new,
            ),
        ] {
            sqlx::query(sql)
                .bind(first)
                .bind(second)
                .bind(at)
                .execute(&mut *tx)
                .await
                .context("replacing a token")?;
        }
        tx.commit().await.context("replacing a token")
    }

    /// The token shall be gone, from now on. One whose issuer was never called is gone already.
    pub async fn condemn_token(&self, id: &str, at: Millis) -> Result<()> {
        let sql = "UPDATE tokens SET next_try_at = $2, attempts = 0, \
                   state = CASE WHEN state = 'requested' THEN 'failed' ELSE 'revoking' END, \
                   last_error = CASE WHEN state = 'requested' THEN 'it was revoked before it was issued' \
                   ELSE last_error END \
                   WHERE id = $1 AND state IN ('requested', 'approved', 'active')";
        sqlx::query(sql).bind(id).bind(at).execute(&self.pool).await.context("condemning a token")?;
        Ok(())
    }

    /// The next try at a revocation is due at once.
    pub async fn hasten_token(&self, id: &str, at: Millis) -> Result<()> {
        let sql = "UPDATE tokens SET next_try_at = $2 WHERE id = $1 AND state = 'revoking'";
        sqlx::query(sql).bind(id).bind(at).execute(&self.pool).await.context("hastening a revocation")?;
        Ok(())
    }

    /// The tokens of archived worktrees that nobody has condemned: what a crash, or a request that came late,
    /// has left.
    pub async fn condemn_archived(&self, at: Millis) -> Result<()> {
        let sql = "UPDATE tokens SET state = 'revoking', attempts = 0, next_try_at = $1 WHERE state = 'active' \
                   AND worktree_id IN (SELECT id FROM worktrees WHERE archived_at IS NOT NULL)";
        sqlx::query(sql).bind(at).execute(&self.pool).await.context("condemning what was left")?;
        Ok(())
    }

    /// The issuer was called, and what it answered is lost: from `next` on it is asked what became of it.
    pub async fn orphan_token(&self, id: &str, error: &str, orphan: &Orphan<'_>) -> Result<()> {
        let sql = "UPDATE tokens SET state = 'revoking', attempts = 0, last_error = $2, next_try_at = $3, \
                   issued_at = $4, issued_boot = $5, issued_up = $6, expires_at = $7 \
                   WHERE id = $1 AND state IN ('approved', 'revoking')";
        sqlx::query(sql)
            .bind(id)
            .bind(error)
            .bind(orphan.next)
            .bind(orphan.at)
            .bind(orphan.boot)
            .bind(orphan.up)
            .bind(orphan.expires_at)
            .execute(&self.pool)
            .await
            .context("writing an orphan")?;
        Ok(())
    }

    /// The token was never issued.
    pub async fn fail_token(&self, id: &str, error: &str) -> Result<()> {
        let sql = "UPDATE tokens SET state = 'failed', wrapped_key = NULL, sealed = NULL, next_try_at = NULL, \
                   last_error = $2 WHERE id = $1 AND state IN ('requested', 'approved', 'revoking')";
        sqlx::query(sql).bind(id).bind(error).execute(&self.pool).await.context("failing a token")?;
        Ok(())
    }

    /// The token is gone: `state` says how, and its key is destroyed.
    pub async fn end_token(&self, id: &str, state: State, revoked_at: Option<Millis>) -> Result<()> {
        let sql = "UPDATE tokens SET state = $2, revoked_at = $3, wrapped_key = NULL, sealed = NULL, \
                   next_try_at = NULL, last_error = NULL WHERE id = $1 AND state IN ('active', 'revoking')";
        let done = sqlx::query(sql).bind(id).bind(state.name()).bind(revoked_at).execute(&self.pool).await;
        done.context("ending a token")?;
        Ok(())
    }

    /// What an issuer knows a token by that it was asked to look for.
    pub async fn found_token(&self, id: &str, upstream_id: &str) -> Result<()> {
        let sql = "UPDATE tokens SET upstream_id = $2 WHERE id = $1";
        sqlx::query(sql)
            .bind(id)
            .bind(upstream_id)
            .execute(&self.pool)
            .await
            .context("writing what was found")?;
        Ok(())
    }

    /// A revocation was tried in vain.
    pub async fn retry_token(&self, id: &str, error: &str, next: Millis) -> Result<()> {
        let sql =
            "UPDATE tokens SET attempts = attempts + 1, last_error = $2, next_try_at = $3 WHERE id = $1";
        let done = sqlx::query(sql).bind(id).bind(error).bind(next).execute(&self.pool).await;
        done.context("writing a revocation that failed")?;
        Ok(())
    }
}

async fn rows(pool: &SqlitePool, sql: String, bound: Option<&str>) -> Result<Vec<TokenRow>> {
    // Only constants of this file are put together; what comes from outside is bound.
    let mut query = sqlx::query_as(AssertSqlSafe(sql));
    if let Some(bound) = bound {
        query = query.bind(bound);
    }
    query.fetch_all(pool).await.context("reading tokens")
}
