//! Installation tokens of a GitHub App: limited to repositories and permissions, an hour long, and revoked by
//! themselves alone.

use super::app_key::AppKey;
use super::http::{Ask, Http};
use super::setup::end;
use crate::clock::from_rfc3339;
use crate::tokens::issuer::{BoxFuture, Failure, Found, Held, Issuer, Limits, Login, Minted, Order, Setup};
use api::SecretText;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use vault::Secret;

/// GitHub's own API.
pub const API: &str = "https://api.github.com";
/// How long such a token lives; GitHub knows no other life.
const LIFE: Duration = Duration::from_secs(3600);
/// The version of GitHub's API that this is written for.
pub const VERSION: (&str, &str) = ("x-github-api-version", "2022-11-28");
/// How GitHub wants to be asked; its description knows the plain name of the same thing alone.
pub const JSON: (&str, &str) = ("accept", "application/vnd.github+json, application/json");

/// The issuer. Settings: `client_id` (or `app_id`), `installation_id` where the App has several, and `page`, where
/// it is installed from.
pub struct GithubApp {
    http: Http,
    key: AppKey,
    client: String,
    installation: Option<String>,
    page: Option<String>,
    login: Option<Login>,
}

/// A place where the App is installed.
#[derive(Deserialize)]
struct Installation {
    id: u64,
    account: Option<Account>,
}

#[derive(Deserialize)]
struct Account {
    #[serde(default)]
    login: String,
}

#[derive(Deserialize)]
struct Made {
    token: SecretText,
    expires_at: String,
    #[serde(default)]
    permissions: BTreeMap<String, String>,
    #[serde(default)]
    repositories: Vec<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

#[derive(serde::Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repositories: Vec<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    permissions: &'a BTreeMap<String, String>,
}

impl GithubApp {
    /// Reads the settings and the key.
    pub fn new(setup: &Setup) -> Result<Self, Failure> {
        let client = setup.get("client_id").or_else(|| setup.get("app_id"));
        let installation = setup.get("installation_id").map(str::to_string);
        if installation.as_deref().is_some_and(|id| id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(Failure::Invalid(
                "installation_id is a number, as in the installation's address".into(),
            ));
        }
        Ok(Self {
            http: setup.http(API)?,
            key: AppKey::read(&setup.secret_as("the App's private key")?).map_err(Failure::Invalid)?,
            client: client.map_or_else(|| setup.need("client_id"), Ok)?.to_string(),
            installation,
            page: setup.get("page").map(str::to_string),
            login: setup.login(API, "x-access-token"),
        })
    }

    async fn make(&self, order: &Order) -> Result<Minted, Failure> {
        let jwt = self.key.jwt(&self.client, order.now).map_err(Failure::Invalid)?;
        let installation = self.installation(&jwt, &order.repositories).await?;
        let names = order.repositories.iter().map(|name| name.rsplit('/').next().unwrap_or(name)).collect();
        let path = ["app", "installations", &installation, "access_tokens"];
        let body = Body { repositories: names, permissions: &order.permissions };
        let made: Made = self.http.ask(github(Ask::post(&path)).bearer(&jwt).json(&body)).await?.json()?;
        // EXPOSE: the token goes into the type that is wiped.
        let value = Secret::from(made.token.expose().to_string());
        Ok(Minted {
            value,
            upstream_id: None,
            expires_at: Some(from_rfc3339(&made.expires_at).unwrap_or_else(|| end(order.now, LIFE))),
            repositories: made.repositories.into_iter().map(|repository| repository.full_name).collect(),
            permissions: made.permissions,
        })
    }

    /// The installation that holds these repositories. A name alone means the same repository of another owner
    /// too, so an owner that was named must be the installation's.
    async fn installation(&self, jwt: &Secret, repositories: &[String]) -> Result<String, Failure> {
        let mut owners = repositories.iter().filter_map(|name| Some(name.split_once('/')?.0));
        let owner = owners.next();
        if let Some(other) = owners.find(|other| Some(*other) != owner) {
            let both = [owner.unwrap_or_default(), other].join(" and ");
            return Err(Failure::Invalid(format!(
                "one token is for repositories of one owner, not of {both}"
            )));
        }
        let fits = |installation: &Installation| {
            let login = installation.account.as_ref().map_or("", |account| &account.login);
            owner.is_none_or(|owner| owner.eq_ignore_ascii_case(login))
        };
        if let Some(id) = &self.installation {
            if owner.is_none() {
                return Ok(id.clone());
            }
            let path = ["app", "installations", id];
            let installation: Installation =
                self.http.ask(github(Ask::get(&path)).bearer(jwt)).await?.json()?;
            return match fits(&installation) {
                true => Ok(id.clone()),
                false => Err(self.unseen(owner)),
            };
        }
        let mut all = self.installations(jwt).await?;
        all.retain(fits);
        match all.as_slice() {
            [one] => Ok(one.id.to_string()),
            [] => Err(self.unseen(owner)),
            _ => Err(Failure::Invalid(
                "the App is installed at several places: name repositories as OWNER/NAME, or set installation_id".into(),
            )),
        }
    }

    fn unseen(&self, owner: Option<&str>) -> Failure {
        let place = owner.map(|owner| format!(" at {}", api::names::shown(owner))).unwrap_or_default();
        let page = self
            .page
            .as_deref()
            .map_or("its page at GitHub".into(), |page| format!("{page}/installations/new"));
        Failure::NotFound(format!("an installation of the App{place}: install it from {page}"))
    }

    async fn installations(&self, jwt: &Secret) -> Result<Vec<Installation>, Failure> {
        let ask = github(Ask::get(&["app", "installations"])).query("per_page", "100");
        self.http.ask(ask.bearer(jwt)).await?.json()
    }

    async fn end(&self, held: &Held) -> Result<(), Failure> {
        let Some(token) = &held.value else {
            return Err(Failure::Invalid("an installation token can be revoked with its value alone".into()));
        };
        match self.http.ask(github(Ask::delete(&["installation", "token"])).bearer(token)).await {
            // What GitHub no longer takes is revoked, expired, or its installation is gone.
            Err(Failure::Refused { status: 401, .. }) => Ok(()),
            answer => answer?.done(),
        }
    }
}

/// A request in GitHub's dialect.
pub fn github(ask: Ask<'_>) -> Ask<'_> {
    ask.header(JSON.0, JSON.1).header(VERSION.0, VERSION.1)
}

impl Issuer for GithubApp {
    fn mint<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Minted, Failure>> {
        Box::pin(self.make(order))
    }

    fn revoke<'a>(&'a self, held: &'a Held) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.end(held))
    }

    fn find<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Found, Failure>> {
        // GitHub lists no installation tokens. One whose answer was lost ends after its hour.
        Box::pin(async { Ok(Found::CannotTell) })
    }

    fn limits(&self) -> Limits {
        Limits { shortest: Some(LIFE), longest: Some(LIFE), undoable: true, repositories: true }
    }

    fn login(&self) -> Option<Login> {
        self.login.clone()
    }
}
