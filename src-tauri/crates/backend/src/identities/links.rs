//! Identities that Ravi provides: what it gives them, and the links by which they are known.

use super::{Identities, phone};
use crate::store::{IdentityRow, LinkRow};
use anyhow::{Result, bail};
use api::identities::{Identity, RaviLink};
use api::names::shown;
use api::{Error, Millis};

/// What Ravi provides for an identity here.
pub struct Given {
    /// The source that it is reached by.
    pub source_id: String,
    /// That source's name.
    pub source: String,
    /// Its id there.
    pub uuid: String,
    /// Its name there.
    pub name: String,
    /// Its address, where it has one.
    pub email: Option<String>,
    /// Its number, where it has one.
    pub phone: Option<String>,
}

impl Given {
    /// The link that it makes.
    pub(super) fn link(&self, identity_id: &str, now: Millis) -> LinkRow {
        LinkRow {
            identity_id: identity_id.into(),
            source_id: self.source_id.clone(),
            source: self.source.clone(),
            uuid: self.uuid.clone(),
            name: self.name.clone(),
            created_at: now,
        }
    }
}

impl Identities {
    /// Makes an identity one of Ravi's, with that one's address and phone.
    pub async fn link(&self, mut row: IdentityRow, given: Given) -> Result<Identity> {
        let now = self.clock.now();
        let link = given.link(&row.id, now);
        if let Some(email) = given.email {
            row.email = self.address(&email)?;
        }
        row.phone = number(given.phone).or(row.phone);
        self.check_unique(&row).await?;
        row.updated_at = now;
        self.store.update_identity(&row, Some(&link)).await?;
        self.tell(&row.id);
        self.show(row).await
    }

    /// Refuses an identity that is one of Ravi's already.
    pub async fn check_unlinked(&self, row: &IdentityRow) -> Result<()> {
        match self.store.link(&row.id).await? {
            None => Ok(()),
            Some(link) => bail!(
                Error::conflict(format!("{} is {} of Ravi's already", shown(&row.name), shown(&link.name)))
                    .hint(format!("unlink it first: lanyard identity unlink {}", shown(&row.name)))
            ),
        }
    }

    /// Makes an identity Lanyard's own again, if it is one of Ravi's; its address and phone stay until they are
    /// changed. Whether it was.
    pub async fn unlink(&self, row: &IdentityRow) -> Result<bool> {
        let was = self.store.delete_link(&row.id).await?;
        if was {
            self.tell(&row.id);
        }
        Ok(was)
    }

    /// Makes all identities of a source of Ravi's Lanyard's own again.
    pub async fn unlink_all(&self, source_id: &str) -> Result<()> {
        for link in self.store.links().await?.iter().filter(|link| link.source_id == source_id) {
            self.store.delete_link(&link.identity_id).await?;
            self.tell(&link.identity_id);
        }
        Ok(())
    }
}

/// A number that a provider gave, where it is one.
pub(super) fn number(given: Option<String>) -> Option<String> {
    phone(given).ok().flatten()
}

/// A link as its owner sees it.
pub(super) fn seen(link: &LinkRow) -> RaviLink {
    RaviLink { uuid: link.uuid.clone(), name: link.name.clone(), source: link.source.clone() }
}
