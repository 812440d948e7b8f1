//! Logins that a source's server keeps as well: what that has is taken over, unless it was changed here meanwhile.

use super::{Passwords, domain, subject};
use crate::caller::Caller;
use crate::store::{IdentityRow, PasswordRow};
use anyhow::Result;
use api::SecretText;
use api::approvals::Action;
use api::passwords::{CreatePassword, UpdatePassword};

impl Passwords {
    /// Makes a login that a source's server has.
    pub async fn take_over_new(&self, identity: &IdentityRow, call: CreatePassword) -> Result<PasswordRow> {
        let _changing = self.changing.lock().await;
        self.make(&Caller::Source, identity, call).await
    }

    /// Writes what a source's server has of a login, unless it was changed here meanwhile: then nothing is done, and
    /// none is given.
    pub async fn take_over(
        &self,
        identity: &IdentityRow,
        row: &PasswordRow,
        password: SecretText,
        notes: SecretText,
    ) -> Result<Option<PasswordRow>> {
        let _changing = self.changing.lock().await;
        let call = UpdatePassword {
            domain: row.id.clone(),
            password: Some(password),
            notes: Some(notes),
            ..UpdatePassword::default()
        };
        match self.is_at(row).await? {
            true => self.change(&Caller::Source, identity, call).await.map(Some),
            false => Ok(None),
        }
    }

    /// Deletes a login that a source's server has no longer, unless it was changed here meanwhile.
    pub async fn give_up(&self, identity: &IdentityRow, row: &PasswordRow) -> Result<bool> {
        let _changing = self.changing.lock().await;
        if !self.is_at(row).await? {
            return Ok(false);
        }
        self.grants.end_of_subject(&identity.id, Action::ReadPassword, &subject(row)).await?;
        self.store.delete_password(&row.id).await?;
        self.store.flush().await?;
        self.tell(identity);
        Ok(true)
    }

    /// A login's password and notes, for the source whose server keeps it as well.
    pub fn kept(&self, identity: &IdentityRow, row: &PasswordRow) -> Result<(SecretText, SecretText)> {
        let content = self.content(identity, row)?;
        Ok((content.password, content.notes))
    }

    /// The spelling of a domain that logins are kept under; none if it is no domain.
    pub fn domain(text: &str) -> Option<String> {
        domain::normalise(text).ok()
    }

    async fn is_at(&self, row: &PasswordRow) -> Result<bool> {
        let rows = self.store.passwords(&row.identity_id).await?;
        Ok(rows.iter().any(|is| is.id == row.id && is.version == row.version))
    }
}
