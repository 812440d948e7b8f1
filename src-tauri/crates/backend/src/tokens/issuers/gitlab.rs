//! Project and group access tokens of GitLab. They end on a date, at midnight UTC.

use super::http::{Ask, Http};
use super::setup::{DAY, gone, whole_days};
use crate::clock::rfc3339;
use crate::tokens::issuer::{BoxFuture, Failure, Found, Held, Issuer, Limits, Login, Minted, Order, Setup};
use api::SecretText;
use reqwest::header::HeaderName;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use vault::Secret;

/// GitLab's own API.
const API: &str = "https://gitlab.com/api/v4";
/// The header that carries a token.
const TOKEN: HeaderName = HeaderName::from_static("private-token");
/// GitLab's longest life, in days.
const LONGEST: u32 = 365;
/// Developer: may push to branches that are not protected.
const ACCESS_LEVEL: u8 = 30;

/// What the tokens are of.
#[derive(Clone, Copy)]
pub enum Place {
    /// Of one project.
    Project,
    /// Of a group and all its projects.
    Group,
}

/// The issuer. Settings: `project` or `group` (its number or its path), `scopes` and `access_level` where the
/// usual ones will not do. Its secret is a personal token that may make others.
pub struct Gitlab {
    http: Http,
    secret: Secret,
    place: Place,
    id: String,
    scopes: Vec<String>,
    access_level: u8,
    login: Option<Login>,
}

#[derive(Deserialize)]
struct Made {
    id: u64,
    token: SecretText,
}

#[derive(Deserialize)]
struct Listed {
    id: u64,
    name: String,
    #[serde(default)]
    revoked: bool,
}

impl Gitlab {
    /// Reads the settings.
    pub fn new(place: Place, setup: &Setup) -> Result<Self, Failure> {
        let id = match place {
            Place::Project => setup.need("project")?.to_string(),
            Place::Group => setup.need("group")?.to_string(),
        };
        let access_level = match setup.get("access_level").map(str::parse) {
            Some(Ok(level)) if [10, 15, 20, 30, 40, 50].contains(&level) => level,
            Some(_) => {
                return Err(Failure::Invalid("access_level is one of 10, 15, 20, 30, 40, 50".into()));
            }
            None => ACCESS_LEVEL,
        };
        let scopes = setup.get("scopes").unwrap_or("read_repository,write_repository");
        Ok(Self {
            http: setup.http(API)?,
            scopes: scopes.split(',').map(|scope| scope.trim().to_string()).collect(),
            secret: setup.secret_as("a personal token of GitLab's with the scope api")?,
            place,
            id,
            access_level,
            login: setup.login(API, "oauth2"),
        })
    }

    fn path<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        let kind = match self.place {
            Place::Project => "projects",
            Place::Group => "groups",
        };
        [&[kind, &self.id, "access_tokens"], rest].concat()
    }

    async fn make(&self, order: &Order) -> Result<Minted, Failure> {
        if order.repositories.iter().any(|name| *name != self.id) {
            let which = api::names::shown(&self.id);
            return Err(Failure::Invalid(format!(
                "the tokens of this issuer are for {which} and for nothing else"
            )));
        }
        let scopes = scopes(&order.permissions, &self.scopes)?;
        let ends = whole_days(order.now, order.ttl.unwrap_or(DAY));
        let date: String = rfc3339(ends).chars().take(10).collect();
        let body = json!({
            "name": order.name, "scopes": scopes, "access_level": self.access_level, "expires_at": date,
        });
        let path = self.path(&[]);
        let ask = Ask::post(&path).credential(TOKEN, "", &self.secret).json(&body);
        let made: Made = self.http.ask(ask).await?.json()?;
        Ok(Minted {
            // EXPOSE: the token goes into the type that is wiped.
            value: Secret::from(made.token.expose().to_string()),
            upstream_id: Some(made.id.to_string()),
            expires_at: Some(ends),
            repositories: vec![self.id.clone()],
            permissions: scopes.into_iter().map(|scope| (scope, "granted".to_string())).collect(),
        })
    }

    async fn end(&self, held: &Held) -> Result<(), Failure> {
        if let Some(id) = &held.upstream_id {
            let path = self.path(&[id]);
            let answer = self.http.ask(Ask::delete(&path).credential(TOKEN, "", &self.secret)).await;
            return gone(answer.and_then(|answer| answer.done()));
        }
        let Some(value) = &held.value else {
            return Err(Failure::Invalid("the token has neither a number nor a value".into()));
        };
        let own = Ask::delete(&["personal_access_tokens", "self"]).credential(TOKEN, "", value);
        match self.http.ask(own).await {
            // It is the token itself that is refused here: it has ended.
            Err(Failure::Refused { status: 401, .. }) => Ok(()),
            answer => answer?.done(),
        }
    }

    async fn look_for(&self, name: &str) -> Result<Found, Failure> {
        let path = self.path(&[]);
        let mut page = "1".to_string();
        loop {
            let ask = Ask::get(&path).query("state", "active").query("per_page", "100").query("page", &page);
            let answer = self.http.ask(ask.credential(TOKEN, "", &self.secret)).await?;
            let listed: Vec<Listed> = answer.json()?;
            let ids = listed.iter().filter(|token| token.name == name && !token.revoked);
            let ids: Vec<String> = ids.map(|token| token.id.to_string()).collect();
            let next = answer.header("x-next-page").unwrap_or_default().to_string();
            if !ids.is_empty() || next.is_empty() || next == page {
                return Ok(ids.into_iter().next().map_or(Found::None, Found::Is));
            }
            page = next;
        }
    }
}

/// `repository=read` is the scope `read_repository`, `api=write` the scope `api`.
fn scopes(permissions: &BTreeMap<String, String>, usual: &[String]) -> Result<Vec<String>, Failure> {
    if permissions.is_empty() {
        return Ok(usual.to_vec());
    }
    let scope = |(name, value): (&String, &String)| match (name.as_str(), value.as_str()) {
        ("api", "write") => Ok(vec!["api".to_string()]),
        (name, "read") => Ok(vec![format!("read_{name}")]),
        (name, "write") => Ok(vec![format!("read_{name}"), format!("write_{name}")]),
        (name, _) => {
            Err(Failure::Invalid(format!("a permission is read or write: {}", api::names::shown(name))))
        }
    };
    Ok(permissions.iter().map(scope).collect::<Result<Vec<_>, _>>()?.concat())
}

impl Issuer for Gitlab {
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
        Limits { shortest: Some(DAY), longest: Some(DAY * LONGEST), undoable: true, repositories: true }
    }

    fn login(&self) -> Option<Login> {
        self.login.clone()
    }
}
