//! A personal access token of GitHub that its owner has made: GitHub can't make one by its API, but it can end
//! one, for good.

use super::github_app::{API, github};
use super::http::{Ask, Http};
use crate::tokens::issuer::{BoxFuture, Failure, Found, Held, Issuer, Limits, Login, Minted, Order, Setup};
use api::Millis;
use serde_json::json;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::macros::format_description;
use vault::Secret;

/// The issuer. It has no settings; its secret is the token.
pub struct GithubPat {
    http: Http,
    token: Secret,
    login: Option<Login>,
}

/// Whose token it is.
#[derive(serde::Deserialize)]
struct User {
    #[serde(rename = "login")]
    _login: String,
}

impl GithubPat {
    /// Takes the token.
    pub fn new(setup: &Setup) -> Result<Self, Failure> {
        Ok(Self {
            http: setup.http(API)?,
            token: setup.secret_as("the personal access token")?,
            login: setup.login(API, "x-access-token"),
        })
    }

    /// Hands the token out, if GitHub still takes it: a dead one would only be in the way of a working login.
    async fn make(&self, order: &Order) -> Result<Minted, Failure> {
        if !order.repositories.is_empty() || !order.permissions.is_empty() {
            let why = "a personal access token can do what it was made for, and can't be limited further";
            return Err(Failure::Invalid(why.into()));
        }
        let answer = self.http.ask(github(Ask::get(&["user"])).bearer(&self.token)).await?;
        let _user: User = answer.json()?;
        let ends = answer.header("github-authentication-token-expiration").and_then(expiry);
        // EXPOSE: the token is handed out.
        let value = Secret::new(self.token.expose().to_vec());
        Ok(Minted {
            value,
            upstream_id: None,
            expires_at: ends,
            repositories: Vec::new(),
            permissions: BTreeMap::new(),
        })
    }

    /// Has GitHub end the token. It says that it will; it is done once the token is refused.
    async fn end(&self, held: &Held) -> Result<(), Failure> {
        let token = held.value.as_ref().unwrap_or(&self.token);
        if self.is_dead(token).await? {
            return Ok(());
        }
        // EXPOSE: GitHub must know which token to end.
        let text = token.expose_str().ok_or_else(|| Failure::Invalid("the token is no text".into()))?;
        let body = json!({ "credentials": [text] });
        // Who sends a credential along is refused.
        self.http.ask(github(Ask::post(&["credentials", "revoke"])).json(&body).hiding(token)).await?;
        match self.is_dead(token).await? {
            true => Ok(()),
            false => {
                let message = "the order was taken, but so is the token still".into();
                Err(Failure::Refused { status: 202, message })
            }
        }
    }

    async fn is_dead(&self, token: &Secret) -> Result<bool, Failure> {
        match self.http.ask(github(Ask::get(&["user"])).bearer(token)).await {
            Ok(answer) => answer.json::<User>().map(|_| false),
            Err(Failure::Refused { status: 401, .. }) => Ok(true),
            Err(failure) => Err(failure),
        }
    }
}

/// When GitHub says that a token ends: `2026-12-01 08:00:00 UTC`.
fn expiry(text: &str) -> Option<Millis> {
    let plain = text.trim().strip_suffix(" UTC")?;
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let at = time::PrimitiveDateTime::parse(plain, format).ok()?;
    Some(OffsetDateTime::unix_timestamp(at.assume_utc()) * 1000)
}

impl Issuer for GithubPat {
    fn mint<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Minted, Failure>> {
        Box::pin(self.make(order))
    }

    fn revoke<'a>(&'a self, held: &'a Held) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.end(held))
    }

    fn find<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Found, Failure>> {
        // Nothing is made upstream, so that nothing can be left behind there.
        Box::pin(async { Ok(Found::None) })
    }

    fn limits(&self) -> Limits {
        Limits { shortest: None, longest: None, undoable: false, repositories: false }
    }

    fn login(&self) -> Option<Login> {
        self.login.clone()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_end_that_github_names_is_read_where_it_is_understood() {
        assert_eq!(super::expiry("1970-01-02 00:00:01 UTC"), Some(86_401_000));
        assert_eq!(super::expiry("tomorrow"), None);
    }
}
