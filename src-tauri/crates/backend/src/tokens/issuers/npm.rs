//! Granular access tokens of an npm registry. They are made with the account's password, and end after days.

use super::http::{Ask, Http};
use super::setup::{DAY, end, gone};
use crate::clock::from_rfc3339;
use crate::passwords::Totp;
use crate::tokens::issuer::{BoxFuture, Failure, Found, Held, Issuer, Limits, Minted, Order, Setup, taken};
use api::{Millis, SecretText};
use reqwest::header::HeaderName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use vault::Secret;

/// npm's longest life, in days.
const LONGEST: u32 = 90;
/// So many packages one token can be limited to.
const PACKAGES_MAX: usize = 50;

/// The issuer. Setting: `username`. Its secret is the account's password; where the account has a second factor, a
/// second line holds what makes its one-time codes, in base32 or as an `otpauth:` address.
pub struct Npm {
    http: Http,
    username: String,
    password: Secret,
    codes: Option<Totp>,
}

#[derive(Serialize)]
struct Body<'a> {
    name: &'a str,
    password: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    packages: &'a [String],
    packages_all: bool,
    packages_and_scopes_permission: &'a str,
    expires: u64,
}

#[derive(Deserialize)]
struct Made {
    token: SecretText,
    key: String,
    #[serde(default)]
    expires: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    objects: Vec<Listed>,
    #[serde(default)]
    urls: Urls,
}

#[derive(Deserialize, Default)]
struct Urls {
    #[serde(default)]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    key: String,
    #[serde(default)]
    name: Option<String>,
}

impl Npm {
    /// Reads the settings. An account is of one registry, so its address has to be said.
    pub fn new(setup: &Setup) -> Result<Self, Failure> {
        let registry = setup.base_url.as_deref().ok_or_else(|| {
            Failure::Invalid("an issuer of the kind npm needs its registry's address: --url".into())
        })?;
        let (password, codes) = apart(&setup.secret_as("the account's password")?)?;
        Ok(Self {
            http: Http::new(registry).map_err(Failure::Invalid)?,
            username: setup.need("username")?.to_string(),
            password,
            codes,
        })
    }

    async fn make(&self, order: &Order) -> Result<Minted, Failure> {
        if order.repositories.len() > PACKAGES_MAX {
            return Err(Failure::Invalid(format!(
                "a token can be limited to {PACKAGES_MAX} packages at most"
            )));
        }
        let permission = permission(&order.permissions)?;
        let life = order.ttl.unwrap_or(DAY).as_secs().div_ceil(DAY.as_secs());
        // EXPOSE: the registry wants the password along with the account's login.
        let password = self.password.expose_str();
        let body = Body {
            name: &order.name,
            password: password.ok_or_else(|| Failure::Invalid("the password is no text".into()))?,
            packages: &order.repositories,
            packages_all: order.repositories.is_empty(),
            packages_and_scopes_permission: permission,
            expires: life,
        };
        let code = self.code(order.now)?;
        let ask = self.login(Ask::post(&["-", "npm", "v1", "tokens"]), code.as_ref()).json(&body);
        let made: Made = self.http.ask(ask).await.map_err(one_time_code)?.json()?;
        let ends = made.expires.as_deref().and_then(from_rfc3339);
        Ok(Minted {
            // EXPOSE: the token goes into the type that is wiped.
            value: Secret::from(made.token.expose().to_string()),
            upstream_id: Some(made.key),
            expires_at: Some(
                ends.unwrap_or_else(|| end(order.now, Duration::from_secs(life * DAY.as_secs()))),
            ),
            repositories: order.repositories.clone(),
            permissions: BTreeMap::from([("packages".to_string(), permission.to_string())]),
        })
    }

    fn login<'a>(&'a self, ask: Ask<'a>, code: Option<&'a Secret>) -> Ask<'a> {
        let ask = ask.basic(&self.username, &self.password);
        match code {
            Some(code) => ask.credential(HeaderName::from_static("npm-otp"), "", code),
            None => ask,
        }
    }

    /// The one-time code of this moment, where the account has a second factor.
    fn code(&self, now: Millis) -> Result<Option<Secret>, Failure> {
        let codes = self.codes.as_ref().map(|codes| codes.code(now));
        let code = codes.transpose().map_err(|e| Failure::Invalid(e.to_string()))?;
        Ok(code.map(|(code, _)| taken(&code)))
    }

    async fn end(&self, held: &Held) -> Result<(), Failure> {
        let Some(key) = &held.upstream_id else {
            return Err(Failure::Invalid("the token has no key to revoke it by".into()));
        };
        let path = ["-", "npm", "v1", "tokens", "token", key];
        let code = self.code(held.now)?;
        let ask = self.login(Ask::delete(&path), code.as_ref());
        let answer = self.http.ask(ask).await.map_err(one_time_code);
        gone(answer.and_then(|answer| answer.done()))
    }

    /// Only granular tokens have names: where a token has none, it could be the one that is looked for.
    async fn look_for(&self, name: &str) -> Result<Found, Failure> {
        let mut page = "0".to_string();
        let mut nameless = false;
        loop {
            let ask = Ask::get(&["-", "npm", "v1", "tokens"]).query("perPage", "100").query("page", &page);
            let listed: Page = self.http.ask(self.login(ask, None)).await?.json()?;
            if let Some(token) = listed.objects.iter().find(|token| token.name.as_deref() == Some(name)) {
                return Ok(Found::Is(token.key.clone()));
            }
            nameless |= listed.objects.iter().any(|token| token.name.is_none());
            let next = listed.urls.next.filter(|next| !next.is_empty() && !listed.objects.is_empty());
            match next {
                Some(_) => page = (page.parse::<u32>().unwrap_or(0) + 1).to_string(),
                None if nameless => return Ok(Found::CannotTell),
                None => return Ok(Found::None),
            }
        }
    }
}

/// `packages=read` or `packages=write`; reading if nothing is said.
fn permission(permissions: &BTreeMap<String, String>) -> Result<&'static str, Failure> {
    let mut all = permissions.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    match (all.next(), all.next()) {
        (None | Some(("packages", "read")), None) => Ok("read-only"),
        (Some(("packages", "write")), None) => Ok("read-write"),
        _ => Err(Failure::Invalid("npm knows the permissions packages=read and packages=write".into())),
    }
}

/// The password, and what makes one-time codes where that stands in a second line.
fn apart(secret: &Secret) -> Result<(Secret, Option<Totp>), Failure> {
    // EXPOSE: its lines are two secrets, and go into types that are wiped.
    let text = secret.expose_str().ok_or_else(|| Failure::Invalid("the password is no text".into()))?;
    let Some((password, codes)) = text.split_once('\n') else {
        return Ok((Secret::from(text.to_string()), None));
    };
    let codes = Totp::read(&SecretText::new(codes.to_string()))
        .map_err(|e| Failure::Invalid(format!("the second line of the secret: {e}")))?;
    Ok((Secret::from(password.trim_end().to_string()), Some(codes)))
}

/// An account with a second factor wants a code, and another one each time.
fn one_time_code(failure: Failure) -> Failure {
    match failure {
        Failure::Refused { status: 401, message } if message.to_lowercase().contains("one-time pass") => {
            let why = "the account asks for a one-time code, and takes each once: its secret needs a second line \
                       with what makes them, or Lanyard tries again with the next";
            Failure::Refused { status: 401, message: why.into() }
        }
        other => other,
    }
}

impl Issuer for Npm {
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
}
