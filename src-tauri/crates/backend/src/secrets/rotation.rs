//! New values: sealed for each identity that shares the secret, all at once, and the old ones destroyed.

use super::{Scope, Secrets, author_of, check_value, place};
use crate::caller::Caller;
use crate::store::{SecretRow, VersionRow};
use anyhow::{Context, Result, bail};
use api::approvals::WORDS_MAX;
use api::names::clean;
use api::secrets::{RotateSecret, SecretEntry, SecretVersion};
use api::{Error, SecretText};
use vault::Secret;

impl Secrets {
    /// Gives a secret that is there a new value, for all that share it.
    pub async fn rotate(&self, caller: &Caller, scope: &Scope, call: RotateSecret) -> Result<SecretEntry> {
        super::check_legacy(&call.value)?;
        let because = call.because.map(|because| reason(&because)).transpose()?;
        let _changing = self.changing.lock().await;
        let row = self.find(caller, scope, &call.key).await?;
        let others = self.others(&row).await?;
        let row = self.renew(caller, row, others, &call.value, because).await?;
        self.entry(caller, row).await
    }

    /// Who set each value of a secret, when and why; the newest first.
    pub async fn versions(&self, caller: &Caller, scope: &Scope, key: &str) -> Result<Vec<SecretVersion>> {
        let row = self.find(caller, scope, key).await?;
        let seen = |row: VersionRow| SecretVersion {
            version: row.version,
            by: row.set_by,
            slot: row.slot.and_then(|slot| u32::try_from(slot).ok()),
            session: row.session,
            because: row.because,
            set_at: row.set_at,
        };
        Ok(self.store.secret_versions(&row.id).await?.into_iter().map(seen).collect())
    }

    /// The other identities' rows of a shared secret.
    pub(super) async fn others(&self, row: &SecretRow) -> Result<Vec<SecretRow>> {
        let mut rows = self.store.shared_secrets().await?;
        rows.retain(|other| other.group_id == row.group_id && other.id != row.id);
        Ok(if row.group_id.is_some() { rows } else { Vec::new() })
    }

    /// Seals a new value for a secret and for those that share it. The old values are destroyed.
    pub(super) async fn renew(
        &self,
        caller: &Caller,
        row: SecretRow,
        others: Vec<SecretRow>,
        value: &SecretText,
        because: Option<String>,
    ) -> Result<SecretRow> {
        check_value(value)?;
        // EXPOSE: the value is about to be sealed.
        let secret = Secret::from(value.expose().to_string());
        let (now, mut rows) = (self.clock.now(), others);
        rows.insert(0, row);
        let version = 1 + rows.iter().map(|row| row.version).max().unwrap_or(0);
        for row in &mut rows {
            let identity = self.store.identity(&row.identity_id).await?.context("a secret of nobody")?;
            row.sealed = self.safe.seal(&identity, &place(row), version, &secret)?;
            row.version = version;
            row.set_by = author_of(caller).into();
            row.updated_at = now;
        }
        self.store.put_secrets(&rows, Some(&version_row(caller, version, because, now))).await?;
        self.store.flush().await?;
        rows.iter().for_each(|row| self.tell(row));
        Ok(rows.swap_remove(0))
    }
}

/// The record of a value that a caller sets now.
pub(super) fn version_row(
    caller: &Caller,
    version: i64,
    because: Option<String>,
    now: api::Millis,
) -> VersionRow {
    let (session, slot) = match caller {
        Caller::Agent { session, slot, .. } => (Some(session.clone()), Some(i64::from(*slot))),
        _ => (None, None),
    };
    VersionRow { version, set_by: author_of(caller).into(), session, slot, because, set_at: now }
}

fn reason(text: &str) -> Result<String> {
    if text.chars().count() > WORDS_MAX {
        bail!(Error::invalid(format!("the reason is longer than {WORDS_MAX} characters")).hint("be brief"));
    }
    Ok(clean(text.trim()).into_owned())
}
