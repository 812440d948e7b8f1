//! Finding the session that a caller means: a slot's number, an id, or a unique prefix of one.

use super::Sessions;
use crate::store::{self, SessionRow};
use anyhow::{Result, bail};
use api::names::shown;
use api::sessions::{Session, ShowSession};
use api::{Code, Error};

impl Sessions {
    /// One session.
    pub async fn show(&self, call: ShowSession) -> Result<Session> {
        let mut session = super::seen(self.find(&call.session).await?);
        let stale = self.store.stale().await?.into_iter().filter(|held| held.session_id == session.id);
        session.stale = stale.map(|held| held.key).collect();
        Ok(session)
    }

    /// The running session of a keeper.
    pub async fn kept_by(&self, keeper: u32) -> Result<Option<Session>> {
        let live = self.store.live_sessions().await?;
        Ok(live.into_iter().find(|row| row.keeper_pid == Some(i64::from(keeper))).map(super::seen))
    }

    /// The session that `wanted` names; a slot's number names the one that runs there, else the last one.
    pub(super) async fn find(&self, wanted: &str) -> Result<SessionRow> {
        if let Some(slot) = slot_number(wanted) {
            let last = self.store.last_sessions().await?.into_iter().find(|row| row.slot == slot);
            let none = || Error::new(Code::NotFound, format!("slot {slot} has run no session yet"));
            return Ok(last.ok_or_else(none)?);
        }
        let rows = match store::is_prefix(wanted) {
            true => self.store.sessions_by_prefix(&wanted.to_ascii_lowercase()).await?,
            false => Vec::new(),
        };
        store::find("session", &wanted.to_ascii_lowercase(), rows).map_err(|e| match e.downcast::<Error>() {
            Ok(error) if error.code == Code::NotFound => Error::not_found("session", wanted)
                .hint("`lanyard sessions list --all` shows what there is")
                .into(),
            Ok(error) => error.into(),
            Err(e) => e,
        })
    }

    /// The running session that `wanted` names.
    pub(super) async fn find_live(&self, wanted: &str) -> Result<SessionRow> {
        let row = self.find(wanted).await?;
        if row.ended_at.is_none() {
            return Ok(row);
        }
        bail!(
            Error::conflict(format!("the session {} has ended ({})", shown(wanted), row.state))
                .hint(format!("start it again: lanyard sessions restart {wanted}"))
        )
    }

    /// The error for a session whose keeper does not answer any more.
    pub(super) fn terminal_gone(&self, row: &SessionRow, error: Error) -> Error {
        match row.ended_at.is_none() {
            true => error,
            false => Error::new(Code::NotFound, "the terminal of that session is gone")
                .hint("it is kept until the slot starts another one or the machine restarts"),
        }
    }
}

fn slot_number(text: &str) -> Option<i64> {
    let digits = text.len() <= 3 && !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
