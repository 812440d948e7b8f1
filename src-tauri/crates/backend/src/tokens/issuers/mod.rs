//! The room of issuers: what mints tokens, as the owner has set it up, each with its secret under its own key.

mod app_key;
mod cloudflare;
mod command;
#[cfg(test)]
mod failing;
mod github_app;
mod github_pat;
mod gitlab;
mod kinds;
pub mod manifest;
mod npm;
mod ravi;
mod setup;
#[cfg(test)]
mod stand_in;
mod vercel;
#[cfg(test)]
mod working;

pub use kinds::open;

use super::issuer::{Issuer, Setup};
use crate::bus::Bus;
use crate::clock::Clock;
// The issuers' files know it as a neighbour.
use crate::http;
use crate::safe::Safe;
use crate::secrets::read_policy;
use crate::setup::{Kept, changed, settings as read_settings};
use crate::store::{self, IssuerRow, Store};
use anyhow::{Context, Result, bail};
use api::issuers::{AddIssuer, Issuer as Seen, Kind, RemoveIssuer, UpdateIssuer};
use api::names::{check_name, shown};
use api::secrets::Policy;
use api::{Code, Done, Error, Event, SecretText};
use std::collections::BTreeMap;

/// The longest setting, in bytes.
const SETTING_MAX: usize = 4096;
/// The most settings of one issuer.
const SETTINGS_MAX: usize = 32;

/// The room.
#[derive(Clone)]
pub struct Issuers {
    store: Store,
    bus: Bus,
    clock: Clock,
    safe: Safe,
}

impl Issuers {
    /// Opens the room.
    pub fn new(store: Store, bus: Bus, clock: Clock, safe: Safe) -> Self {
        Self { store, bus, clock, safe }
    }

    /// The issuers, by name.
    pub async fn list(&self) -> Result<Vec<Seen>> {
        self.store.issuers().await?.into_iter().map(seen).collect()
    }

    /// Adds an issuer; its set-up is looked at first.
    pub async fn add(&self, call: AddIssuer) -> Result<Seen> {
        check_name("issuer", &call.name)?;
        if call.kind == Kind::Ravi {
            bail!(
                Error::invalid("a source of the kind ravi is an issuer as well, of the same name and key")
                    .hint("add the source: lanyard sources add NAME --kind ravi --secret -")
            );
        }
        if self.store.issuers().await?.iter().any(|row| row.name == call.name) {
            bail!(Error::conflict(format!("there is an issuer {} already", shown(&call.name))));
        }
        let (id, now) = (store::new_id(), self.clock.now());
        let row = IssuerRow {
            wrapped_key: self.safe.new_key(&id)?,
            kind: call.kind.name().into(),
            base_url: call.base_url.filter(|url| !url.is_empty()),
            settings: serde_json::to_string(&call.settings)?,
            policy: call.policy.unwrap_or(Policy::Ask).name().into(),
            name: call.name,
            sealed: None,
            created_at: now,
            updated_at: now,
            id,
        };
        self.write(row, call.secret).await
    }

    /// Changes an issuer; what is left out stays.
    pub async fn update(&self, call: UpdateIssuer) -> Result<Seen> {
        let mut row = self.find(&call.issuer).await?;
        if kind(&row)? == Kind::Ravi {
            return self.update_policy(row, call).await;
        }
        row.settings = serde_json::to_string(&changed(settings(&row)?, call.settings))?;
        if let Some(url) = call.base_url {
            row.base_url = Some(url).filter(|url| !url.is_empty());
        }
        if let Some(policy) = call.policy {
            row.policy = policy.name().into();
        }
        row.updated_at = self.clock.now();
        self.write(row, call.secret).await
    }

    /// Removes an issuer with the memory of its tokens; not while one of them may be alive.
    pub async fn remove(&self, call: RemoveIssuer) -> Result<Done> {
        let row = self.find(&call.issuer).await?;
        let sources = self.store.sources().await?;
        if sources.iter().any(|source| source.id == row.id) {
            bail!(
                Error::conflict(format!("{} is a source as well", shown(&row.name)))
                    .hint(format!("both go by: lanyard sources remove {}", shown(&row.name)))
            );
        }
        if !self.store.delete_issuer(&row.id).await? {
            bail!(
                Error::conflict(format!("tokens of {} may still be alive", shown(&row.name)))
                    .hint("revoke them first: lanyard tokens list")
            );
        }
        self.store.flush().await?;
        self.tell(&row.id);
        Ok(Done {})
    }

    /// The issuer that `wanted` names.
    pub async fn find(&self, wanted: &str) -> Result<IssuerRow> {
        store::find("issuer", wanted, self.store.issuers().await?).map_err(|e| match e.downcast::<Error>() {
            Ok(error) if error.code == Code::NotFound => Error::not_found("issuer", wanted)
                .hint("`lanyard issuers list` shows the owner what there is")
                .into(),
            Ok(error) => error.into(),
            Err(e) => e,
        })
    }

    /// The issuer with this id, ready to be called.
    pub async fn open(&self, id: &str) -> Result<Box<dyn Issuer>> {
        let row = self.store.issuer(id).await?.context("a token's issuer is gone")?;
        self.opened(&row)
    }

    /// An issuer, ready to be called.
    pub fn opened(&self, row: &IssuerRow) -> Result<Box<dyn Issuer>> {
        Ok(kinds::open(self.setup(row)?).map_err(|failure| failure.told(&row.name))?)
    }

    /// How an issuer was set up, with its secret.
    pub fn setup(&self, row: &IssuerRow) -> Result<Setup> {
        let secret = kept(row).unseal(&self.safe, row.sealed.as_deref())?;
        Ok(Setup { kind: kind(row)?, base_url: row.base_url.clone(), settings: settings(row)?, secret })
    }

    /// An issuer that is a source has nothing of its own but its policy.
    async fn update_policy(&self, row: IssuerRow, call: UpdateIssuer) -> Result<Seen> {
        let url = call.base_url.filter(|url| !url.is_empty() && row.base_url.as_ref() != Some(url));
        if url.is_some() || call.secret.is_some() || call.settings.values().any(|value| !value.is_empty()) {
            bail!(
                Error::invalid("its address and its key are those of the source of the same name")
                    .hint(format!("change them there: lanyard sources update {}", shown(&row.name)))
            );
        }
        if let Some(policy) = call.policy {
            self.store.set_issuer_policy(&row.id, policy.name(), self.clock.now()).await?;
            self.tell(&row.id);
        }
        seen(self.find(&row.id).await?)
    }

    async fn write(&self, mut row: IssuerRow, secret: Option<SecretText>) -> Result<Seen> {
        check_settings(&settings(&row)?)?;
        if let Some(secret) = secret {
            row.sealed = Some(kept(&row).seal(&self.safe, &secret)?);
        }
        kinds::open(self.setup(&row)?).map_err(|failure| {
            Error::invalid(format!("the issuer cannot be set up like this: {failure}"))
                .hint("see: lanyard issuers add --help")
        })?;
        self.store.put_issuer(&row).await?;
        self.tell(&row.id);
        seen(row)
    }

    fn tell(&self, id: &str) {
        self.bus.publish(Event::IssuerChanged { issuer: id.to_string() });
    }
}

/// What an agent's request meets.
pub fn policy(row: &IssuerRow) -> Policy {
    read_policy(&row.policy)
}

fn kept(row: &IssuerRow) -> Kept<'_> {
    // What a source has sealed stays the source's.
    let noun = if row.kind == Kind::Ravi.name() { "source" } else { "issuer" };
    Kept { noun, name: &row.name, id: &row.id, wrapped_key: &row.wrapped_key }
}

fn kind(row: &IssuerRow) -> Result<Kind> {
    Kind::named(&row.kind).with_context(|| format!("the database holds an issuer of the kind {}", row.kind))
}

fn settings(row: &IssuerRow) -> Result<BTreeMap<String, String>> {
    read_settings("issuer", &row.settings)
}

fn check_settings(settings: &BTreeMap<String, String>) -> Result<()> {
    let long = |(name, value): (&String, &String)| {
        name.is_empty() || name.len() > 64 || value.len() > SETTING_MAX || value.contains('\0')
    };
    if settings.len() > SETTINGS_MAX || settings.iter().any(long) {
        bail!(Error::invalid(format!(
            "an issuer has at most {SETTINGS_MAX} settings of at most {SETTING_MAX} bytes each"
        )));
    }
    Ok(())
}

fn seen(row: IssuerRow) -> Result<Seen> {
    Ok(Seen {
        kind: kind(&row)?,
        settings: settings(&row)?,
        policy: policy(&row),
        has_secret: row.sealed.is_some(),
        id: row.id,
        name: row.name,
        base_url: row.base_url,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}
