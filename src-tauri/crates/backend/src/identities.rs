//! The room of identities: named personas, each with its own key.

mod links;

pub use links::Given;

use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::make_folder;
use crate::keys::{self, Keys};
use crate::safe::Safe;
use crate::store::{self, IdentityRow, KeyRow, LinkRow, Store};
use anyhow::{Context, Result, bail};
use api::identities::{CreateIdentity, DeleteIdentity, Identity, Provider, UpdateIdentity, UseIdentity};
use api::names::{check_name, shown};
use api::{Code, Done, Error, Event};
use std::path::PathBuf;

/// The longest address, in bytes (RFC 5321 allows 254).
const EMAIL_MAX: usize = 254;

/// The room.
#[derive(Clone)]
pub struct Identities {
    store: Store,
    bus: Bus,
    clock: Clock,
    safe: Safe,
    keys: Keys,
    homes: PathBuf,
    email_domain: String,
}

impl Identities {
    /// Opens the room; homes go below `homes`.
    pub fn new(
        store: Store,
        bus: Bus,
        clock: Clock,
        safe: Safe,
        keys: Keys,
        homes: PathBuf,
        email_domain: String,
    ) -> Self {
        Self { store, bus, clock, safe, keys, homes, email_domain }
    }

    /// All identities, by name.
    pub async fn list(&self) -> Result<Vec<Identity>> {
        let rows = self.store.identities().await?;
        let current = self.store.current_identity().await?;
        let (secrets, keys) = (self.store.secret_keys().await?, self.store.keys().await?);
        let links = self.store.links().await?;
        let seen = |row: IdentityRow| {
            let secrets = secrets.iter().filter(|secret| secret.identity_id == row.id).count();
            let key = keys.iter().find(|key| key.identity_id == row.id && key.retired_at.is_none());
            let is_current = current.as_deref() == Some(&row.id);
            let link = links.iter().find(|link| link.identity_id == row.id);
            seen(row, is_current, secrets, key, link)
        };
        Ok(rows.into_iter().map(seen).collect())
    }

    /// One identity.
    pub async fn show(&self, row: IdentityRow) -> Result<Identity> {
        let current = self.store.current_identity().await?;
        let secrets = self.store.secrets(&row.id).await?.len();
        let is_current = current.as_deref() == Some(&row.id);
        let key = self.store.key(&row.id).await?;
        let link = self.store.link(&row.id).await?;
        Ok(seen(row, is_current, secrets, key.as_ref(), link.as_ref()))
    }

    /// Refuses what could not be created here, before it is made anywhere else.
    pub async fn check_create(&self, call: &CreateIdentity) -> Result<()> {
        check_name("identity", &call.name)?;
        author(call.author_name.clone().unwrap_or_else(|| call.name.clone()))?;
        if let Some(address) = &call.author_email {
            self.address(address)?;
        }
        match self.store.identities().await?.iter().any(|other| other.name == call.name) {
            true => bail!(Error::conflict(format!("there is an identity {} already", shown(&call.name)))),
            false => Ok(()),
        }
    }

    /// Creates an identity with a key and a home of its own; the first one becomes the current one. What a provider
    /// has given it is its own at once.
    pub async fn create(&self, call: CreateIdentity, given: Option<Given>) -> Result<Identity> {
        self.check_create(&call).await?;
        let provided = given.as_ref().and_then(|given| given.email.clone());
        let email = self.address(provided.as_ref().or(call.email.as_ref()).unwrap_or(&call.name))?;
        let now = self.clock.now();
        let id = store::new_id();
        let link = given.as_ref().map(|given| given.link(&id, now));
        let row = IdentityRow {
            author_name: author(call.author_name.unwrap_or_else(|| call.name.clone()))?,
            author_email: self.address(call.author_email.as_deref().unwrap_or(&email))?,
            wrapped_key: self.safe.new_key(&id)?,
            phone: match given {
                Some(given) => links::number(given.phone),
                None => phone(call.phone)?,
            },
            name: call.name,
            email,
            created_at: now,
            updated_at: now,
            id,
        };
        self.check_unique(&row).await?;
        let home = self.homes.join(&row.id);
        make_folder(&home)?;
        if let Err(e) = self.store.insert_identity(&row, link.as_ref()).await {
            // What keeps the row from being written is the failure to tell, not what is left of the folder.
            std::fs::remove_dir(&home).ok();
            return Err(e);
        }
        if let Err(e) = self.keys.of(&row).await {
            tracing::error!(
                "making the SSH key of {}, which is tried again at its first use: {e:#}",
                row.name
            );
        }
        if self.store.current_identity().await?.is_none() {
            self.store.set_current_identity(&row.id).await?;
        }
        self.tell(&row.id);
        self.show(row).await
    }

    /// Changes an identity; what is left out stays.
    pub async fn update(&self, call: UpdateIdentity) -> Result<Identity> {
        let mut row = self.find(&call.identity).await?;
        if let Some(name) = call.name {
            check_name("identity", &name)?;
            row.name = name;
        }
        if let Some(email) = call.email {
            row.email = self.address(&email)?;
        }
        if let Some(author_email) = call.author_email {
            row.author_email = self.address(&author_email)?;
        }
        if let Some(author_name) = call.author_name {
            row.author_name = author(author_name)?;
        }
        if call.phone.is_some() {
            row.phone = phone(call.phone)?;
        }
        self.check_unique(&row).await?;
        row.updated_at = self.clock.now();
        self.store.update_identity(&row, None).await?;
        self.keys.readdress(&row).await?;
        self.tell(&row.id);
        self.show(row).await
    }

    /// Makes an identity the current one.
    pub async fn choose(&self, call: UseIdentity) -> Result<Identity> {
        let row = self.find(&call.identity).await?;
        self.store.set_current_identity(&row.id).await?;
        self.tell(&row.id);
        self.show(row).await
    }

    /// The identity that a call would delete, if it may be deleted.
    pub async fn check_delete(&self, call: &DeleteIdentity) -> Result<IdentityRow> {
        let row = self.find(&call.identity).await?;
        let live = self.store.live_sessions().await?;
        if let Some(session) = live.iter().find(|s| s.identity_id == row.id) {
            bail!(
                Error::conflict(format!("{} works in slot {}", shown(&row.name), session.slot))
                    .hint(format!("stop that session first: lanyard sessions stop {}", session.slot))
            );
        }
        let secrets = self.store.secrets(&row.id).await?.len();
        let passwords = self.store.passwords(&row.id).await?.len();
        let messages = self.store.inbox(&row.id).await?.map_or(0, |inbox| inbox.messages);
        if (secrets + passwords > 0 || messages > 0) && !call.force {
            let lost = match (passwords, messages) {
                (0, 0) => format!("its {secrets} secrets"),
                (_, 0) => format!("its {secrets} secrets and {passwords} passwords"),
                _ => format!("its {secrets} secrets, {passwords} passwords and {messages} messages"),
            };
            let message = format!("deleting {} makes {lost} unreadable for ever", shown(&row.name));
            bail!(Error::new(Code::Unconfirmed, message).hint("go on with --force"));
        }
        Ok(row)
    }

    /// Deletes an identity: its key, its secrets and its home are gone for ever.
    pub async fn delete(&self, call: DeleteIdentity) -> Result<Done> {
        let row = self.check_delete(&call).await?;
        self.keys.retire(&row).await?;
        self.store.delete_identity(&row.id).await?;
        let home = self.homes.join(&row.id);
        if let Err(e) = tokio::fs::remove_dir_all(&home).await
            && e.kind() != std::io::ErrorKind::NotFound
        {
            return Err(e).with_context(|| format!("removing the home {}", home.display()));
        }
        self.tell(&row.id);
        Ok(Done {})
    }

    /// The identity that `wanted` names.
    pub async fn find(&self, wanted: &str) -> Result<IdentityRow> {
        store::find("identity", wanted, self.store.identities().await?)
    }

    /// The identity that `wanted` names, or the current one.
    pub async fn find_or_current(&self, wanted: Option<&str>) -> Result<IdentityRow> {
        if let Some(wanted) = wanted {
            return self.find(wanted).await;
        }
        let none = || {
            Error::new(Code::NotFound, "no identity is named and none is the current one")
                .hint("name one with --identity, or choose one: lanyard identity use NAME")
        };
        let id = self.store.current_identity().await?.ok_or_else(none)?;
        Ok(self.store.identity(&id).await?.ok_or_else(none)?)
    }

    fn address(&self, text: &str) -> Result<String> {
        let address = match text.contains('@') {
            true => text.to_string(),
            false => format!("{text}@{}", self.email_domain),
        };
        let plain = |part: &str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c))
        };
        let good = address.len() <= EMAIL_MAX
            && address.split_once('@').is_some_and(|(local, domain)| plain(local) && plain(domain));
        match good {
            true => Ok(address),
            false => bail!(
                Error::invalid(format!("{} is no e-mail address", shown(text)))
                    .hint("give a local part such as build-1, or a whole address")
            ),
        }
    }

    async fn check_unique(&self, row: &IdentityRow) -> Result<()> {
        for other in self.store.identities().await? {
            if other.id == row.id {
                continue;
            }
            if other.name == row.name {
                bail!(Error::conflict(format!("there is an identity {} already", shown(&row.name))));
            }
            if other.email.eq_ignore_ascii_case(&row.email) {
                bail!(
                    Error::conflict(format!(
                        "{} is the address of {} already",
                        row.email,
                        shown(&other.name)
                    ))
                    .hint("give another with --email")
                );
            }
        }
        Ok(())
    }

    fn tell(&self, id: &str) {
        self.bus.publish(Event::IdentityChanged { identity: id.to_string() });
    }
}

/// A name for commits: git takes no line breaks and no angle brackets.
fn author(name: String) -> Result<String> {
    let good = !name.trim().is_empty()
        && name.len() <= 128
        && !name.chars().any(|c| c.is_control() || matches!(c, '<' | '>'));
    match good {
        true => Ok(name),
        false => bail!(Error::invalid(format!("{} is no name for a git author", shown(&name)))),
    }
}

/// A phone number in E.164 form; empty text is none.
fn phone(number: Option<String>) -> Result<Option<String>> {
    let Some(number) = number.filter(|n| !n.is_empty()) else { return Ok(None) };
    let digits = number.strip_prefix('+').unwrap_or_default();
    let good = (7..=15).contains(&digits.len())
        && digits.chars().all(|c| c.is_ascii_digit())
        && !digits.starts_with('0');
    match good {
        true => Ok(Some(number)),
        false => bail!(
            Error::invalid(format!("{} is no phone number", shown(&number)))
                .hint("write it like +4915112345678")
        ),
    }
}

fn seen(
    row: IdentityRow,
    current: bool,
    secrets: usize,
    key: Option<&KeyRow>,
    link: Option<&LinkRow>,
) -> Identity {
    let ravi = link.map(links::seen);
    Identity {
        id: row.id,
        name: row.name,
        email: row.email,
        phone: row.phone,
        author_name: row.author_name,
        author_email: row.author_email,
        public_key: key.map(|key| keys::line(&key.public_key)),
        provider: if ravi.is_some() { Provider::Ravi } else { Provider::Local },
        ravi,
        current,
        secrets: u32::try_from(secrets).unwrap_or(u32::MAX),
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_are_e164_or_none() {
        assert_eq!(phone(Some("+4915112345678".into())).unwrap(), Some("+4915112345678".into()));
        assert_eq!(phone(Some(String::new())).unwrap(), None);
        for bad in ["4915112345678", "+0123456789", "+49 151", "+123456", "+1234567890123456"] {
            assert!(phone(Some(bad.into())).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_author_cannot_break_a_commit() {
        for bad in ["", " ", "a\nb", "a <b>", "a\0"] {
            assert!(author(bad.into()).is_err(), "{bad:?}");
        }
        assert!(author("Ünï Çødé".into()).is_ok());
    }
}
