//! Access tokens of a Vercel user, for a team or a project.

use super::http::{Ask, Http};
use super::setup::{DAY, end, gone};
use crate::tokens::issuer::{BoxFuture, Failure, Found, Held, Issuer, Limits, Minted, Order, Setup};
use api::SecretText;
use reqwest::header::AUTHORIZATION;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use vault::Secret;

/// How long a token lives if nothing is said.
const LIFE: Duration = Duration::from_secs(3600);

/// The issuer. Settings: `team_id` and `project_id`, where the tokens are for one alone. Its secret is a token of
/// the user's.
pub struct Vercel {
    http: Http,
    secret: Secret,
    team: Option<String>,
    project: Option<String>,
}

#[derive(Deserialize)]
struct Made {
    #[serde(rename = "bearerToken")]
    bearer: SecretText,
    token: Token,
}

#[derive(Deserialize)]
struct Token {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(rename = "expiresAt", default)]
    expires_at: Option<i64>,
}

#[derive(Deserialize)]
struct Page {
    tokens: Vec<Token>,
    #[serde(default)]
    pagination: Pagination,
}

#[derive(Deserialize, Default)]
struct Pagination {
    #[serde(default)]
    next: Option<i64>,
}

impl Vercel {
    /// Reads the settings.
    pub fn new(setup: &Setup) -> Result<Self, Failure> {
        Ok(Self {
            http: setup.http("https://api.vercel.com")?,
            team: setup.get("team_id").map(str::to_string),
            project: setup.get("project_id").map(str::to_string),
            secret: setup.secret_as("a token of the user's")?,
        })
    }

    fn with_team<'a>(&'a self, ask: Ask<'a>) -> Ask<'a> {
        let ask = ask.credential(AUTHORIZATION, "Bearer ", &self.secret);
        match &self.team {
            Some(team) => ask.query("teamId", team),
            None => ask,
        }
    }

    async fn make(&self, order: &Order) -> Result<Minted, Failure> {
        if !order.repositories.is_empty() || !order.permissions.is_empty() {
            let why = "a token of Vercel's is for the issuer's team or project, and can't be limited further";
            return Err(Failure::Invalid(why.into()));
        }
        let ends = end(order.now, order.ttl.unwrap_or(LIFE));
        let mut body = json!({ "name": order.name, "expiresAt": ends });
        if let Some(project) = &self.project {
            body["projectId"] = json!(project);
        }
        let ask = self.with_team(Ask::post(&["v3", "user", "tokens"])).json(&body);
        let made: Made = self.http.ask(ask).await?.json()?;
        Ok(Minted {
            // EXPOSE: the token goes into the type that is wiped.
            value: Secret::from(made.bearer.expose().to_string()),
            upstream_id: Some(made.token.id),
            expires_at: Some(made.token.expires_at.unwrap_or(ends)),
            repositories: Vec::new(),
            permissions: BTreeMap::new(),
        })
    }

    async fn end(&self, held: &Held) -> Result<(), Failure> {
        if let Some(id) = &held.upstream_id {
            let path = ["v3", "user", "tokens", id];
            let answer = self.http.ask(self.with_team(Ask::delete(&path))).await;
            return gone(answer.and_then(|answer| answer.done()));
        }
        let Some(value) = &held.value else {
            return Err(Failure::Invalid("the token has neither an id nor a value".into()));
        };
        match self.http.ask(Ask::delete(&["v3", "user", "tokens", "current"]).bearer(value)).await {
            // It is the token itself that is refused here: it has ended.
            Err(Failure::Refused { status: 401, .. }) => Ok(()),
            answer => answer?.done(),
        }
    }

    async fn look_for(&self, name: &str) -> Result<Found, Failure> {
        let mut until = None;
        loop {
            let text = until.map(|until: i64| until.to_string()).unwrap_or_default();
            let mut ask = Ask::get(&["v6", "user", "tokens"]).query("limit", "100");
            if until.is_some() {
                ask = ask.query("until", &text);
            }
            let page: Page = self.http.ask(self.with_team(ask)).await?.json()?;
            if let Some(token) = page.tokens.iter().find(|token| token.name.as_deref() == Some(name)) {
                return Ok(Found::Is(token.id.clone()));
            }
            match page.pagination.next.filter(|next| until != Some(*next)) {
                Some(next) => until = Some(next),
                None => return Ok(Found::None),
            }
        }
    }
}

impl Issuer for Vercel {
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
