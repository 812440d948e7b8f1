//! Keys of Ravi's identities: each opens one identity there, and lives until it is revoked.
//!
//! This issuer is set up nowhere: a source of the kind `ravi` is one, by the same id, name, address and management
//! key, which is so kept once (`store/issuers.rs` reads it from the source). When the source is removed, its row here
//! takes the key over until Ravi has confirmed that the last of its keys is gone.

use super::http::{Ask, Http};
use super::setup::gone;
use crate::ravi::{HOME, KEYS};
use crate::tokens::issuer::{BoxFuture, Failure, Found, Held, Issuer, Limits, Minted, Order, Setup};
use api::SecretText;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use vault::Secret;

/// How many pages of keys are read at most.
const PAGES_MAX: usize = 200;

/// The issuer. Its secret is an account's management key.
pub struct Ravi {
    http: Http,
    key: Secret,
}

#[derive(Deserialize)]
struct Made {
    key: SecretText,
    #[serde(default)]
    uuid: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    uuid: Option<String>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    is_active: Option<bool>,
}

/// A list comes bare, or a page at a time.
#[derive(Deserialize)]
#[serde(untagged)]
enum Keys {
    Bare(Vec<Listed>),
    Page {
        results: Vec<Listed>,
        #[serde(default)]
        next: Option<String>,
    },
}

impl Ravi {
    /// Reads the set-up.
    pub fn new(setup: &Setup) -> Result<Self, Failure> {
        Ok(Self {
            http: setup.http(HOME)?, key: setup.secret_as("a management key of Ravi's, ravi_mgmt_…")?
        })
    }

    async fn make(&self, order: &Order) -> Result<Minted, Failure> {
        if !order.permissions.is_empty() || order.ttl.is_some() {
            let why = "a key of Ravi's opens its whole identity, and lives until it is revoked";
            return Err(Failure::Invalid(why.into()));
        }
        let whose = order.account.as_deref();
        let whose = whose.ok_or_else(|| Failure::Invalid("no identity of Ravi's is named".into()))?;
        let body = json!({ "identity_uuid": whose, "label": order.name });
        let ask = Ask::post(&KEYS).slash().bearer(&self.key).json(&body);
        let made: Made = self.http.ask(ask).await?.json()?;
        Ok(Minted {
            // EXPOSE: the key goes into the type that is wiped.
            value: Secret::from(made.key.expose().to_string()),
            upstream_id: made.uuid.filter(|uuid| !uuid.is_empty()),
            expires_at: None,
            repositories: Vec::new(),
            permissions: BTreeMap::new(),
        })
    }

    async fn end(&self, held: &Held) -> Result<(), Failure> {
        let uuid = match &held.upstream_id {
            Some(uuid) => uuid.clone(),
            // Its answer held the key and not its id.
            None => match self.look_for(&held.name).await? {
                Found::Is(uuid) => uuid,
                Found::None | Found::CannotTell => return Ok(()),
            },
        };
        let path = [&KEYS[..], &[&uuid]].concat();
        let answer = self.http.ask(Ask::delete(&path).slash().bearer(&self.key)).await;
        gone(answer.and_then(|answer| answer.done()))
    }

    async fn look_for(&self, name: &str) -> Result<Found, Failure> {
        let mut seen = 0;
        for _ in 0..PAGES_MAX {
            let offset = seen.to_string();
            let ask = Ask::get(&KEYS).slash().bearer(&self.key);
            let ask = if seen == 0 { ask } else { ask.query("offset", &offset) };
            let (keys, more) = match self.http.ask(ask).await?.json()? {
                Keys::Bare(keys) => (keys, false),
                Keys::Page { results, next } => (results, next.is_some()),
            };
            let is_it = |key: &&Listed| key.label.as_deref() == Some(name) && key.is_active != Some(false);
            if let Some(uuid) = keys.iter().find(is_it).and_then(|key| key.uuid.clone()) {
                return Ok(Found::Is(uuid));
            }
            seen += keys.len();
            if !more || keys.is_empty() {
                return Ok(Found::None);
            }
        }
        Err(Failure::Broken("its list of keys has no end".into()))
    }
}

impl Issuer for Ravi {
    fn mint<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Minted, Failure>> {
        Box::pin(self.make(order))
    }

    fn revoke<'a>(&'a self, held: &'a Held) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.end(held))
    }

    fn find<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Found, Failure>> {
        Box::pin(self.look_for(name))
    }

    fn limits(&self) -> Limits {
        Limits { shortest: None, longest: None, undoable: true, repositories: false }
    }
}
