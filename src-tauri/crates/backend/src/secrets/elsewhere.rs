//! Secrets that a source's server keeps as well: what that has is taken over, unless it was changed here meanwhile.

use super::{Scope, Secrets, text};
use crate::caller::Caller;
use crate::store::{IdentityRow, SecretRow};
use anyhow::{Result, bail};
use api::secrets::SetSecret;
use api::{Error, SecretText};

/// What a value begins with that Ravi's clients before 0.6 have encrypted, with a key that is not here.
const LEGACY: &str = "e2e::";

/// Whether a value was encrypted by such a client.
pub fn is_legacy(value: &SecretText) -> bool {
    // EXPOSE: only its beginning is looked at.
    value.expose().starts_with(LEGACY)
}

/// Refuses such a value: it is of use to nobody.
pub fn check_legacy(value: &SecretText) -> Result<()> {
    match is_legacy(value) {
        false => Ok(()),
        true => bail!(
            Error::conflict("the value is legacy-encrypted: an old client of Ravi's has made it unreadable")
                .hint("set it anew, with its plain value")
        ),
    }
}

impl Secrets {
    /// Writes what a source's server has, and gives the secret as it is now; nothing is done, and none given, if it is
    /// not at the version here that the source knows.
    pub async fn take_over(
        &self,
        identity: &IdentityRow,
        known: Option<i64>,
        call: SetSecret,
    ) -> Result<Option<SecretRow>> {
        let scope = Scope { identity: identity.clone(), worktree: None };
        let _changing = self.changing.lock().await;
        let is = self.store.secret(&identity.id, &call.key, None).await?.map(|row| row.version);
        match is == known {
            true => self.write(&Caller::Source, &scope, call).await.map(Some),
            false => Ok(None),
        }
    }

    /// Deletes what a source's server has no longer, unless it was changed here meanwhile.
    pub async fn give_up(&self, row: SecretRow) -> Result<bool> {
        let _changing = self.changing.lock().await;
        let is = self.store.secret(&row.identity_id, &row.key, None).await?;
        let known = is.is_some_and(|is| is.id == row.id && is.version == row.version);
        if known {
            self.destroy(&[row]).await?;
        }
        Ok(known)
    }

    /// A secret's value, for the source whose server keeps it as well.
    pub fn kept(&self, identity: &IdentityRow, row: &SecretRow) -> Result<SecretText> {
        text(&self.unsealed(identity, row)?)
    }
}
