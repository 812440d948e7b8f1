//! API tokens of a Cloudflare user or account, made by a token that may make others.

use super::http::{Answer, Ask, Http};
use super::setup::{DAY, end, gone};
use crate::clock::rfc3339;
use crate::tokens::issuer::{BoxFuture, Failure, Found, Held, Issuer, Limits, Minted, Order, Setup};
use api::SecretText;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use vault::Secret;

/// How long a token lives if nothing is said.
const LIFE: Duration = Duration::from_secs(3600);
/// How many tokens stand on a page of the list.
const PER_PAGE: usize = 50;

/// The issuer. Settings: `policies`, a JSON list as Cloudflare's API has it, and `account_id` for tokens of an
/// account. Its secret is a token with the permission "API Tokens Write".
pub struct Cloudflare {
    http: Http,
    secret: Secret,
    account: Option<String>,
    policies: Value,
}

/// Cloudflare's envelope. A no may come with any status.
#[derive(Deserialize)]
struct Envelope {
    success: bool,
    #[serde(default)]
    result: Value,
}

#[derive(Deserialize)]
struct Made {
    id: String,
    value: SecretText,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    name: String,
}

impl Cloudflare {
    /// Reads the settings.
    pub fn new(setup: &Setup) -> Result<Self, Failure> {
        let policies: Value = serde_json::from_str(setup.need("policies")?).unwrap_or_default();
        if policies.as_array().is_none_or(|list| list.is_empty()) {
            let why = "policies is a JSON list of what the tokens may do, as Cloudflare's API has it";
            return Err(Failure::Invalid(why.into()));
        }
        Ok(Self {
            http: setup.http("https://api.cloudflare.com/client/v4")?,
            account: setup.get("account_id").map(str::to_string),
            secret: setup.secret_as("a token that may make others (API Tokens Write)")?,
            policies,
        })
    }

    fn path<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        match &self.account {
            Some(account) => [&["accounts", account, "tokens"], rest].concat(),
            None => [&["user", "tokens"], rest].concat(),
        }
    }

    async fn make(&self, order: &Order) -> Result<Minted, Failure> {
        if !order.repositories.is_empty() || !order.permissions.is_empty() {
            let why =
                "what a token of Cloudflare's may do stands in the issuer's policies, not in the request";
            return Err(Failure::Invalid(why.into()));
        }
        // Cloudflare reads whole seconds.
        let ends = end(order.now, order.ttl.unwrap_or(LIFE)) / 1000 * 1000;
        let body = json!({ "name": order.name, "policies": self.policies, "expires_on": rfc3339(ends) });
        let path = self.path(&[]);
        let made: Made = result(&self.http.ask(Ask::post(&path).bearer(&self.secret).json(&body)).await?)?;
        Ok(Minted {
            // EXPOSE: the token goes into the type that is wiped.
            value: Secret::from(made.value.expose().to_string()),
            upstream_id: Some(made.id),
            expires_at: Some(ends),
            repositories: Vec::new(),
            permissions: BTreeMap::new(),
        })
    }

    async fn end(&self, held: &Held) -> Result<(), Failure> {
        let Some(id) = &held.upstream_id else {
            return Err(Failure::Invalid("the token has no id to revoke it by".into()));
        };
        let path = self.path(&[id]);
        let answer = self.http.ask(Ask::delete(&path).bearer(&self.secret)).await;
        gone(answer.and_then(|answer| result::<Value>(&answer)))
    }

    async fn look_for(&self, name: &str) -> Result<Found, Failure> {
        let path = self.path(&[]);
        for page in 1.. {
            let page = page.to_string();
            let ask = Ask::get(&path).query("per_page", "50").query("page", &page);
            let listed: Vec<Listed> = result(&self.http.ask(ask.bearer(&self.secret)).await?)?;
            if let Some(token) = listed.iter().find(|token| token.name == name) {
                return Ok(Found::Is(token.id.clone()));
            }
            if listed.len() < PER_PAGE {
                break;
            }
        }
        Ok(Found::None)
    }
}

/// What an envelope holds, if it says yes.
fn result<T: DeserializeOwned>(answer: &Answer) -> Result<T, Failure> {
    let envelope: Envelope = answer.json()?;
    if !envelope.success {
        return Err(Failure::Broken("a failure with the status of a success".into()));
    }
    serde_json::from_value(envelope.result)
        .map_err(|_| Failure::Broken("it has another shape than expected".into()))
}

impl Issuer for Cloudflare {
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
        Limits {
            shortest: Some(Duration::from_secs(60)),
            longest: Some(DAY * 365),
            undoable: true,
            repositories: false,
        }
    }
}
