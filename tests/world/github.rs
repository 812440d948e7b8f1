//! A stand-in for GitHub: it keeps which tokens live, takes no JWT that the App has not signed, and can fail.
//!
//! Prism, which serves GitHub's own description, forgets everything between two requests: that a revocation
//! took effect is proven here. `e2e/prism.rs` holds this stand-in to the same description.

use crate::server::{Fault, Reply, Request, Server};
use crate::shapes;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

/// The private key of the stand-in's App, and of every App that it makes. It opens nothing.
pub const APP_KEY: &str = include_str!("../../src-tauri/crates/backend/tests/app_key.pem");
/// The client id of the stand-in's App.
pub const CLIENT_ID: &str = "Iv23liStandIn";
/// The App's only installation.
pub const INSTALLATION: u64 = 4711;
/// Who has installed the App.
pub const ACCOUNT: &str = "octo";
/// The repositories that the App can see.
pub const REPOSITORIES: [&str; 3] = ["shop", "site", "work"];
/// What the App may do.
pub const PERMISSIONS: [(&str, &str); 4] =
    [("contents", "write"), ("issues", "write"), ("metadata", "read"), ("pull_requests", "write")];

/// The stand-in.
pub struct GitHub {
    server: Server,
    state: Arc<Mutex<State>>,
}

/// A token that was given out.
#[derive(Debug, Clone)]
pub struct Given {
    /// Its value.
    pub value: String,
    /// Whether it still works.
    pub lives: bool,
    /// The repositories that it is limited to.
    pub repositories: Vec<String>,
    /// What it can do.
    pub permissions: BTreeMap<String, String>,
}

#[derive(Default)]
struct State {
    given: Vec<Given>,
    // Personal tokens, and whether they still work.
    stored: BTreeMap<String, bool>,
    // Codes that an App can be fetched by, once, and the manifests that they stand for.
    codes: BTreeMap<String, Value>,
}

impl Default for GitHub {
    fn default() -> Self {
        Self::new()
    }
}

impl GitHub {
    /// A stand-in with one App that is installed once.
    pub fn new() -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let kept = state.clone();
        Self { server: Server::start(move |request| answer(&mut lock(&kept), request)), state }
    }

    /// Where its API is.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// Every token that was given out, the oldest first.
    pub fn given(&self) -> Vec<Given> {
        lock(&self.state).given.clone()
    }

    /// The tokens that still work.
    pub fn living(&self) -> Vec<String> {
        self.given().into_iter().filter(|given| given.lives).map(|given| given.value).collect()
    }

    /// Makes a personal token that works, as its owner does on a page of GitHub's.
    pub fn store(&self, value: &str) {
        lock(&self.state).stored.insert(value.into(), true);
    }

    /// Whether a personal token still works.
    pub fn takes(&self, value: &str) -> bool {
        lock(&self.state).stored.get(value) == Some(&true)
    }

    /// Ends a token behind everybody's back, as GitHub does when its time is over.
    pub fn expire(&self, value: &str) {
        lock(&self.state).given.iter_mut().filter(|given| given.value == value).for_each(|g| g.lives = false);
    }

    /// Every method and path that it was asked.
    pub fn asked(&self) -> Vec<String> {
        self.server.asked()
    }

    /// From now on requests that begin with `line`, for example `POST /app` or just `DELETE`, fail like this.
    pub fn fails(&self, line: &str, fault: Fault) {
        self.server.fails(line, fault);
    }

    /// From now on nothing fails any more.
    pub fn heals(&self) {
        self.server.heals();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(|e| e.into_inner())
}

fn answer(state: &mut State, request: &Request) -> Reply {
    let (method, path) = request.line.split_once(' ').unwrap_or_default();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match (method, parts.as_slice()) {
        ("GET", ["app", "installations"]) => as_app(request, || Reply::json(200, &json!([installation()]))),
        ("GET", ["app", "installations", id]) => as_app(request, || match is_ours(id) {
            true => Reply::json(200, &installation()),
            false => Reply::error(404, "Not Found"),
        }),
        ("POST", ["app", "installations", id, "access_tokens"]) => as_app(request, || match is_ours(id) {
            true => give(state, &request.json()),
            false => Reply::error(404, "Not Found"),
        }),
        ("DELETE", ["installation", "token"]) => match living(state, request.bearer()) {
            Some(given) => {
                given.lives = false;
                Reply::bare(204)
            }
            None => bad_credentials(),
        },
        ("GET", ["installation", "repositories"]) => match living(state, request.bearer()) {
            Some(given) => Reply::json(200, &shapes::repositories(ACCOUNT, &given.repositories)),
            None => bad_credentials(),
        },
        ("GET", ["user"]) => match state.stored.get(request.bearer()) {
            Some(true) => Reply::json(200, &shapes::user(ACCOUNT)),
            _ => bad_credentials(),
        },
        ("POST", ["credentials", "revoke"]) => revoke(state, request),
        ("POST", ["settings", "apps", "new"] | ["organizations", _, "settings", "apps", "new"]) => {
            propose(state, request)
        }
        ("POST", ["app-manifests", code, "conversions"]) => match state.codes.remove(*code) {
            Some(manifest) => Reply::json(201, &shapes::made_app(&manifest, CLIENT_ID, APP_KEY)),
            None => Reply::error(404, "Not Found"),
        },
        _ => Reply::error(404, "Not Found"),
    }
}

fn is_ours(id: &str) -> bool {
    id.parse() == Ok(INSTALLATION)
}

fn bad_credentials() -> Reply {
    Reply::error(401, "Bad credentials")
}

fn living<'a>(state: &'a mut State, value: &str) -> Option<&'a mut Given> {
    state.given.iter_mut().find(|given| given.lives && given.value == value)
}

fn installation() -> Value {
    shapes::installation(INSTALLATION, ACCOUNT, &PERMISSIONS)
}

/// Answers an App that shows a JWT of its own.
fn as_app(request: &Request, answer: impl FnOnce() -> Reply) -> Reply {
    match claims(request.bearer()) {
        Some(claims) if holds(&claims) => answer(),
        Some(_) => {
            Reply::error(401, "'Expiration time' claim ('exp') must be a numeric value in the near future")
        }
        None => Reply::error(401, "A JSON web token could not be decoded"),
    }
}

/// What a JWT says, if the App's key signed it.
fn claims(token: &str) -> Option<Value> {
    let (said, signature) = token.rsplit_once('.')?;
    let (head, claims) = said.split_once('.')?;
    let read = |part: &str| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    let head: Value = read(head)?;
    let der: String = APP_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    let pair = RsaKeyPair::from_der(&BASE64_STANDARD.decode(der).ok()?).ok()?;
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    let signed = public.verify(said.as_bytes(), &BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?).is_ok();
    if head["alg"] == "RS256" && signed { read(claims) } else { None }
}

/// Whether a JWT is the App's, and neither too old nor good for too long.
fn holds(claims: &Value) -> bool {
    let (now, number) = (now(), |name: &str| claims[name].as_i64().unwrap_or(0));
    claims["iss"] == CLIENT_ID && number("iat") <= now && number("exp") > now && number("exp") <= now + 600
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right").as_secs() as i64
}

fn give(state: &mut State, body: &Value) -> Reply {
    let asked: Vec<String> = match body["repositories"].as_array() {
        Some(names) => names.iter().filter_map(Value::as_str).map(str::to_string).collect(),
        None => REPOSITORIES.map(str::to_string).to_vec(),
    };
    if asked.iter().any(|name| !REPOSITORIES.contains(&name.as_str())) {
        return Reply::error(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        );
    }
    let may: BTreeMap<&str, &str> = PERMISSIONS.into();
    let mut permissions = BTreeMap::new();
    for (name, level) in body["permissions"].as_object().into_iter().flatten() {
        let level = level.as_str().unwrap_or_default();
        match may.get(name.as_str()) {
            Some(most) if level == "read" || level == *most => {
                permissions.insert(name.clone(), level.to_string())
            }
            _ => return Reply::error(422, "The permissions requested are not granted to this installation."),
        };
    }
    if permissions.is_empty() {
        permissions = may.iter().map(|(name, level)| (name.to_string(), level.to_string())).collect();
    }
    permissions.insert("metadata".into(), "read".into());
    // GitHub's newer tokens are longer than the old ones, and hold dots and other signs.
    let value =
        format!("ghs_99_eyJ0.{:06}.stand-in_{}", state.given.len(), "x".repeat(state.given.len() % 90));
    let limited = body["repositories"].is_array();
    let answer = shapes::token(&value, now() + 3600, &permissions, limited.then_some((ACCOUNT, &asked)));
    state.given.push(Given { value, lives: true, repositories: asked, permissions });
    Reply::json(201, &answer)
}

/// Ends personal tokens for whoever shows them, and takes no login along.
fn revoke(state: &mut State, request: &Request) -> Reply {
    if !request.header("authorization").is_empty() {
        return Reply::error(403, "Authenticated requests are not allowed.");
    }
    let body = request.json();
    let Some(values) = body["credentials"].as_array().filter(|values| !values.is_empty()) else {
        return Reply::error(422, "credentials is missing");
    };
    for value in values.iter().filter_map(Value::as_str) {
        if let Some(lives) = state.stored.get_mut(value) {
            *lives = false;
        }
    }
    Reply::json(202, &json!({}))
}

/// The page where a person agrees to a new App: it sends the browser back with a code.
fn propose(state: &mut State, request: &Request) -> Reply {
    let field = request.body.strip_prefix("manifest=").unwrap_or_default();
    let form = field.replace('+', " ");
    let manifest: Value = serde_json::from_slice(&percent_decoded(&form)).unwrap_or_default();
    let Some(back) = manifest["redirect_url"].as_str() else {
        return Reply::error(422, "the manifest has no redirect_url");
    };
    let code = format!("code-{}", state.codes.len() + 1);
    let given = request.query.split('&').find_map(|pair| pair.strip_prefix("state=")).unwrap_or_default();
    let location = format!("{back}?code={code}&state={given}");
    state.codes.insert(code, manifest);
    Reply { headers: vec![("Location".into(), location)], ..Reply::bare(302) }
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = (*first == b'%').then(|| after.get(..2)).flatten();
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    bytes
}
