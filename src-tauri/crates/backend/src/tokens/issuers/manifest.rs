//! Setting up a GitHub App by a manifest: GitHub makes the App, and gives its key to whoever shows a code.
//!
//! The owner opens a page of ours, which sends the manifest to GitHub. There they agree, and GitHub sends their
//! browser back to the web door with a code. Both pages know the flow by a random state alone: it is worth one
//! App, for an hour, and is kept as a hash in memory.

use super::Issuers;
use super::github_app::{API, github};
use super::http::{Ask, Http, base_url};
use crate::audit::{Audit, By, Fact};
use crate::clock::Clock;
use crate::members::{Hash, random};
use anyhow::{Result, bail};
use api::audit::Kind as About;
use api::issuers::{AddIssuer, AppManifest, BeginApp, Kind};
use api::names::check_name;
use api::{Error, Millis, SecretText};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use subtle::ConstantTimeEq;

/// How long a code of GitHub's is good for, and so the state that goes with it.
const LIFE: Millis = 60 * 60 * 1000;
/// How many flows are kept at most: the oldest go first.
const KEPT: usize = 8;
/// The longest name that GitHub takes for an App.
const APP_NAME_MAX: usize = 34;
/// What an App may do where nobody says: what it takes to work on a repository.
const PERMISSIONS: [(&str, &str); 4] =
    [("contents", "write"), ("issues", "write"), ("metadata", "read"), ("pull_requests", "write")];
/// The path of the page that GitHub sends the browser back to.
pub const BACK: &str = "/github/manifest";
/// The path of the page that sends the manifest.
pub const START: &str = "/github/start";

/// The flows that have begun. Cheap to clone.
#[derive(Clone)]
pub struct Manifests {
    issuers: Issuers,
    audit: Audit,
    clock: Clock,
    begun: Arc<Mutex<Vec<Begun>>>,
}

#[derive(Clone)]
struct Begun {
    state: Hash,
    until: Millis,
    form: Form,
    call: BeginApp,
}

/// What the first page sends to GitHub.
#[derive(Clone)]
pub struct Form {
    /// The server that it goes to, for the page's security policy.
    pub server: String,
    /// Where it goes.
    pub action: String,
    /// The manifest, as JSON.
    pub manifest: String,
}

/// An App that GitHub has made.
pub struct Made {
    /// The issuer's name.
    pub name: String,
    /// The page where it is installed.
    pub install: String,
}

#[derive(Deserialize)]
struct App {
    id: u64,
    client_id: String,
    html_url: String,
    pem: SecretText,
}

impl Manifests {
    /// Opens the room.
    pub fn new(issuers: Issuers, audit: Audit, clock: Clock) -> Self {
        Self { issuers, audit, clock, begun: Arc::default() }
    }

    /// Begins a flow. `door` is the address of the web door.
    pub async fn begin(&self, call: BeginApp, door: &str) -> Result<AppManifest> {
        self.check(&call).await?;
        let form = form(&call, door)?;
        let (state, hash) = random()?;
        let expires_at = self.clock.now() + LIFE;
        let answer = AppManifest {
            // EXPOSE: the address is for the owner who asked for it.
            url: SecretText::new(format!("{door}{START}?state={}", state.expose())),
            manifest: form.manifest.clone(),
            expires_at,
        };
        let mut begun = self.lock();
        if begun.len() == KEPT {
            begun.remove(0);
        }
        begun.push(Begun { state: hash, until: expires_at, form, call });
        Ok(answer)
    }

    /// What the first page of a flow sends to GitHub.
    pub fn form(&self, state: &str) -> Result<Form> {
        let begun = self.lock();
        let at = position(&begun, state, self.clock.now()).ok_or_else(unknown)?;
        Ok(begun[at].form.clone())
    }

    /// Ends a flow: exchanges GitHub's code for the App's key, and seals it.
    pub async fn finish(&self, state: &str, code: &str) -> Result<Made> {
        let Begun { call, .. } = {
            let mut begun = self.lock();
            let at = position(&begun, state, self.clock.now()).ok_or_else(unknown)?;
            begun.remove(at)
        };
        let app = exchange(&call, code).await?;
        let name = call.name.clone();
        let page = app.html_url.clone();
        let settings = [("client_id", app.client_id), ("app_id", app.id.to_string()), ("page", app.html_url)];
        let add = AddIssuer {
            name: call.name,
            kind: Kind::GithubApp,
            base_url: call.base_url,
            settings: settings.map(|(name, value)| (name.to_string(), value)).into(),
            secret: Some(app.pem),
            policy: call.policy,
        };
        self.issuers.add(add).await?;
        let fact = Fact::done(About::Issuer, "issuers.made", &name);
        self.audit.record(By::Daemon, Fact { detail: format!("by its manifest: {page}"), ..fact }).await?;
        Ok(Made { name, install: format!("{page}/installations/new") })
    }

    /// Refuses early what would fail when GitHub has made the App already, and its code is used up.
    async fn check(&self, call: &BeginApp) -> Result<()> {
        check_name("issuer", &call.name)?;
        if call.name.len() > APP_NAME_MAX {
            bail!(Error::invalid(format!("GitHub takes a name of at most {APP_NAME_MAX} characters")));
        }
        if self.issuers.list().await?.iter().any(|issuer| issuer.name == call.name) {
            bail!(
                Error::conflict(format!("there is an issuer {} already", call.name))
                    .hint("choose another name")
            );
        }
        // A key that can't be sealed would be lost.
        self.issuers.safe.new_key(&call.name).map(|_| ())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Begun>> {
        self.begun.lock().unwrap_or_else(|e| e.into_inner())
    }
}

fn position(begun: &[Begun], state: &str, now: Millis) -> Option<usize> {
    let hash: Hash = Sha256::digest(state.as_bytes()).into();
    begun.iter().position(|known| bool::from(known.state.ct_eq(&hash)) && now < known.until)
}

fn unknown() -> Error {
    Error::refused("that address is unknown, used or too old")
        .hint("begin again: lanyard issuers github-app --name NAME")
}

fn form(call: &BeginApp, door: &str) -> Result<Form> {
    let mut server = base_url(call.base_url.as_deref().unwrap_or(API)).map_err(Error::invalid)?;
    if server.as_str().trim_end_matches('/') == API {
        server.set_host(Some("github.com")).map_err(anyhow::Error::from)?;
    }
    let server = server.origin().ascii_serialization();
    let place = match &call.organization {
        None => String::new(),
        Some(name) => {
            check_name("organization", name)?;
            format!("/organizations/{name}")
        }
    };
    let usual = || PERMISSIONS.map(|(name, level)| (name.to_string(), level.to_string())).into();
    let permissions: BTreeMap<String, String> =
        if call.permissions.is_empty() { usual() } else { call.permissions.clone() };
    let manifest = json!({
        "name": call.name, "url": server, "redirect_url": format!("{door}{BACK}"), "public": false,
        "default_permissions": permissions, "default_events": [],
    });
    Ok(Form { action: format!("{server}{place}/settings/apps/new"), server, manifest: manifest.to_string() })
}

async fn exchange(call: &BeginApp, code: &str) -> Result<App> {
    let http = Http::new(call.base_url.as_deref().unwrap_or(API)).map_err(Error::invalid)?;
    let path = ["app-manifests", code, "conversions"];
    let code = vault::Secret::from(code.to_string());
    let answer = http.ask(github(Ask::post(&path)).hiding(&code)).await;
    Ok(answer.and_then(|answer| answer.json()).map_err(|failure| failure.told(&call.name))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(organization: Option<&str>, base_url: Option<&str>) -> BeginApp {
        BeginApp {
            name: "shop-app".into(),
            organization: organization.map(str::to_string),
            base_url: base_url.map(str::to_string),
            permissions: BTreeMap::new(),
            policy: None,
        }
    }

    #[test]
    fn the_form_goes_to_the_web_pages_of_the_server_whose_api_is_used() {
        let action =
            |organization, base| form(&call(organization, base), "http://127.0.0.1:1").unwrap().action;
        assert_eq!(action(None, None), "https://github.com/settings/apps/new");
        assert_eq!(action(Some("acme"), None), "https://github.com/organizations/acme/settings/apps/new");
        assert_eq!(action(None, Some("https://git.example/api/v3")), "https://git.example/settings/apps/new");
        assert!(form(&call(Some("a/../b"), None), "http://127.0.0.1:1").is_err());
    }

    #[test]
    fn a_manifest_asks_for_no_more_than_working_on_a_repository() {
        let form = form(&call(None, None), "http://127.0.0.1:1").unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&form.manifest).unwrap();
        assert_eq!(manifest["redirect_url"], "http://127.0.0.1:1/github/manifest");
        assert_eq!(manifest["public"], false);
        assert!(manifest.get("hook_attributes").is_none(), "nobody listens for hooks");
        assert_eq!(manifest["default_permissions"]["contents"], "write");
        assert!(manifest["default_permissions"].get("administration").is_none());
    }
}
