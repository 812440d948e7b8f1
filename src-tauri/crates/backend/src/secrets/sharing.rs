//! Sharing: several identities hold the same value, each sealed under its own key.

use super::rotation::version_row;
use super::{Secrets, place};
use crate::caller::Caller;
use crate::secrets::Scope;
use crate::store::{self, IdentityRow, SecretRow};
use anyhow::{Result, bail};
use api::Error;
use api::secrets::SecretEntry;

impl Secrets {
    /// Gives a secret to other identities as well; from now on a new value is a new value for all.
    pub async fn share(&self, scope: &Scope, key: &str, with: Vec<IdentityRow>) -> Result<SecretEntry> {
        let identity = &scope.identity;
        check_others(identity, &with)?;
        let _changing = self.changing.lock().await;
        let row = self.find(&Caller::Owner, scope, key).await?;
        let secret = self.unsealed(identity, &row)?;
        let now = self.clock.now();
        let group_id = row.group_id.clone().unwrap_or_else(store::new_id);
        let mut rows = vec![SecretRow { group_id: Some(group_id.clone()), ..row.clone() }];
        for other in with {
            match self.store.secret(&other.id, key, None).await? {
                Some(theirs) if theirs.group_id.as_ref() == Some(&group_id) => continue,
                Some(_) => bail!(Error::conflict(format!("{} has a {key} of its own", other.name)).hint(
                    format!("delete that first: lanyard secrets delete {key} --identity {}", other.name)
                )),
                None => {}
            }
            let copy = SecretRow {
                id: store::new_id(),
                identity_id: other.id.clone(),
                group_id: Some(group_id.clone()),
                created_at: now,
                updated_at: now,
                ..row.clone()
            };
            let sealed = self.safe.seal(&other, &place(&copy), copy.version, &secret)?;
            rows.push(SecretRow { sealed, ..copy });
        }
        let because = Some(format!("shared by {}", identity.name));
        let version = version_row(&Caller::Owner, row.version, because, now);
        self.store.put_secrets(&rows, Some(&version)).await?;
        rows.iter().for_each(|row| self.tell(row));
        self.entry(&Caller::Owner, rows.swap_remove(0)).await
    }

    /// Takes a shared secret away from other identities.
    pub async fn unshare(&self, scope: &Scope, key: &str, with: Vec<IdentityRow>) -> Result<SecretEntry> {
        check_others(&scope.identity, &with)?;
        let _changing = self.changing.lock().await;
        let row = self.find(&Caller::Owner, scope, key).await?;
        let others = self.others(&row).await?;
        let mut taken = Vec::new();
        for other in with {
            let Some(theirs) = others.iter().find(|row| row.identity_id == other.id) else {
                bail!(
                    Error::invalid(format!(
                        "{} does not share {key} with {}",
                        other.name, scope.identity.name
                    ))
                    .hint("`lanyard secrets list` shows who does")
                );
            };
            taken.push(theirs.clone());
        }
        self.destroy(&taken).await?;
        self.entry(&Caller::Owner, row).await
    }
}

fn check_others(identity: &IdentityRow, with: &[IdentityRow]) -> Result<()> {
    if with.is_empty() {
        bail!(Error::invalid("no other identity is named").hint("name them: --with NAME"));
    }
    if with.iter().any(|other| other.id == identity.id) {
        bail!(Error::invalid(format!("{} holds it itself", identity.name)).hint("name other identities"));
    }
    Ok(())
}
