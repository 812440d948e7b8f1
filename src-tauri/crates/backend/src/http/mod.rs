//! One request to somebody's server: in bounded time, with a bounded answer, and following no redirect.

pub mod complaint;
mod failure;
mod file;

pub use failure::Failure;

use crate::clock::Clock;
use axum::body::Bytes;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use complaint::Complaint;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Client, Method, Response, StatusCode, Url, redirect};
use rustls_platform_verifier::BuilderVerifierExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use vault::Secret;
use zeroize::Zeroizing;

/// How long a server may take to take a connection, and for all of one answer.
const CONNECTING: Duration = Duration::from_secs(10);
const ANSWERING: Duration = Duration::from_secs(30);
/// The largest answer that is read, in bytes.
const BODY_MAX: usize = 1024 * 1024;
/// What is said of a larger one.
pub const TOO_LARGE: &str = "it is larger than 1 MiB";
/// Room for the bodies that we send, so that growing leaves no pieces of a secret behind.
const SENT_ROOM: usize = 16 * 1024;

/// Somebody's server.
pub struct Http {
    client: Client,
    base: Url,
    clock: Clock,
}

/// A request, made up step by step.
pub struct Ask<'a> {
    method: Method,
    path: &'a [&'a str],
    slash: bool,
    query: Vec<(&'a str, &'a str)>,
    headers: HeaderMap,
    body: Option<Zeroizing<Vec<u8>>>,
    hidden: Vec<&'a Secret>,
    wrong: Option<String>,
}

/// An answer that says yes.
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Zeroizing<Vec<u8>>,
}

impl Http {
    /// A client for the server at `base`: https, or http on loopback.
    pub fn new(base: &str) -> Result<Self, String> {
        let base = base_url(base)?;
        let plain = base.scheme() == "http";
        let mut client = Client::builder()
            .connect_timeout(CONNECTING)
            .timeout(ANSWERING)
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0);
        if plain {
            // What stays on this machine goes through no proxy, which would read along.
            client = client.no_proxy();
        }
        let tls = tls(plain).map_err(|e| format!("TLS cannot be used: {e}"))?;
        let client = client
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|e| format!("no HTTP client can be made: {e}"))?;
        Ok(Self { client, base, clock: Clock::of_the_machine() })
    }

    /// Sends a request. What is not a yes becomes a failure.
    pub async fn ask(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        if let Some(wrong) = ask.wrong {
            return Err(Failure::Invalid(wrong));
        }
        let mut request =
            self.client.request(ask.method, self.url(ask.path, ask.slash, &ask.query)?).headers(ask.headers);
        if let Some(body) = ask.body {
            // The bytes are wiped when the last of their readers drops them.
            request = request.body(Bytes::from_owner(body));
        }
        let response = request.send().await.map_err(|e| complaint::lost(&e))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read(response).await?;
        if status.is_success() {
            return Ok(Answer { status, headers, body });
        }
        let complaint = Complaint { status: status.as_u16(), headers: &headers, body: &body };
        Err(complaint.failure(&ask.hidden, self.clock.now()))
    }

    /// The server's address with this path, whose parts may hold any character.
    fn url(&self, path: &[&str], slash: bool, query: &[(&str, &str)]) -> Result<Url, Failure> {
        let mut url = self.base.clone();
        if let Some(wrong) = path.iter().find(|part| ["", ".", ".."].contains(*part)) {
            return Err(Failure::Invalid(format!("{wrong:?} names nothing")));
        }
        // Without a path it is the address as it was given, with the slash at its end or without.
        if let (false, Ok(mut parts)) = (path.is_empty(), url.path_segments_mut()) {
            parts.pop_if_empty().extend(path);
            if slash {
                parts.push("");
            }
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }
}

impl<'a> Ask<'a> {
    fn new(method: Method, path: &'a [&'a str]) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("lanyard/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Self {
            method,
            path,
            slash: false,
            query: Vec::new(),
            headers,
            body: None,
            hidden: Vec::new(),
            wrong: None,
        }
    }

    /// Reads what is at a path.
    pub fn get(path: &'a [&'a str]) -> Self {
        Self::new(Method::GET, path)
    }

    /// Makes something at a path.
    pub fn post(path: &'a [&'a str]) -> Self {
        Self::new(Method::POST, path)
    }

    /// Changes what is at a path.
    pub fn patch(path: &'a [&'a str]) -> Self {
        Self::new(Method::PATCH, path)
    }

    /// Deletes what is at a path.
    pub fn delete(path: &'a [&'a str]) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// With a slash behind the path, as Django's servers want it.
    pub fn slash(mut self) -> Self {
        self.slash = true;
        self
    }

    /// With a parameter behind the path.
    pub fn query(mut self, name: &'a str, value: &'a str) -> Self {
        self.query.push((name, value));
        self
    }

    /// With a header that is no secret.
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    /// With a header of this moment, which is no secret.
    pub fn moment(mut self, name: &'static str, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => drop(self.headers.insert(HeaderName::from_static(name), value)),
            Err(_) => self.wrong = Some(format!("no header {name} carries such a value")),
        }
        self
    }

    /// With a bearer's token.
    pub fn bearer(self, token: &'a Secret) -> Self {
        self.credential(AUTHORIZATION, "Bearer ", token)
    }

    /// With a secret in a header of its own.
    pub fn credential(mut self, name: HeaderName, before: &str, secret: &'a Secret) -> Self {
        // EXPOSE: the header carries it to the server.
        let value = Zeroizing::new([before.as_bytes(), secret.expose()].concat());
        self.set_hidden(name, &value);
        self.hiding(secret)
    }

    /// With a name and a password.
    pub fn basic(mut self, name: &str, password: &'a Secret) -> Self {
        // EXPOSE: the header carries it to the server.
        let pair = Zeroizing::new([name.as_bytes(), b":", password.expose()].concat());
        let coded = Zeroizing::new(BASE64_STANDARD.encode(&*pair));
        self.set_hidden(AUTHORIZATION, &Zeroizing::new([b"Basic ", coded.as_bytes()].concat()));
        self.hiding(password)
    }

    /// With a body, which may hold secrets: name them by [`Ask::hiding`].
    pub fn json(mut self, body: &impl Serialize) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(SENT_ROOM));
        if let Err(e) = serde_json::to_writer(&mut *bytes, body) {
            self.wrong = Some(format!("the request can't be written: {e}"));
        }
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = Some(bytes);
        self
    }

    /// With JSON that is written already, as a signature needs it.
    pub fn written(mut self, json: Vec<u8>) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = Some(Zeroizing::new(json));
        self
    }

    /// With the fields of a form.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        self.body = Some(Zeroizing::new(form.into_bytes()));
        self
    }

    /// What the server says must not show this secret.
    pub fn hiding(mut self, secret: &'a Secret) -> Self {
        self.hidden.push(secret);
        self
    }

    fn set_hidden(&mut self, name: HeaderName, value: &[u8]) {
        match HeaderValue::from_bytes(value) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.headers.insert(name, value);
            }
            Err(_) => self.wrong = Some("its secret holds characters that no header carries".into()),
        }
    }
}

impl Answer {
    /// The body, in the shape that is expected.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|e| Failure::Broken(complaint::misfit(&self.body, &e)))
    }

    /// Whether something was done for which there is nothing to say. A page does not count: it may come from
    /// whoever stands between us and the issuer.
    pub fn done(&self) -> Result<(), Failure> {
        match self.status {
            StatusCode::NO_CONTENT => Ok(()),
            _ => self.json::<serde::de::IgnoredAny>().map(|_| ()),
        }
    }

    /// Its status, which says yes.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// A header, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Reads an address that a token may be sent to.
pub fn base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| format!("{} is no address: {e}", api::names::shown(text)))?;
    let loopback = match url.host_str() {
        Some(host) => ["localhost", "127.0.0.1", "[::1]"].contains(&host),
        None => return Err(format!("{} names no server", api::names::shown(text))),
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        _ => return Err(format!("{} is not https: a token would be sent in clear", api::names::shown(text))),
    }
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err("the address holds more than a server and a path".into());
    }
    Ok(url)
}

/// TLS by rustls, with the certificates that this machine trusts; where none will be met, they aren't read.
pub fn tls(unused: bool) -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(match unused {
        true => config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth(),
        false => config.with_platform_verifier()?.with_no_client_auth(),
    })
}

async fn read(mut response: Response) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut body = Zeroizing::new(Vec::with_capacity(SENT_ROOM));
    while let Some(chunk) = response.chunk().await.map_err(|e| complaint::lost(&e))? {
        if body.len() + chunk.len() > BODY_MAX {
            return Err(Failure::Broken(TOO_LARGE.into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_https_or_stays_on_this_machine() {
        for good in
            ["https://api.github.com", "https://git.example/api/v3/", "http://127.0.0.1:1", "http://[::1]:2"]
        {
            assert!(base_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://git.example",
            "ftp://x",
            "github.com",
            "",
            "https://me:pw@x",
            "https://x?a=b",
            "https://x#a",
        ] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_part_of_a_path_stays_one_part() {
        let http = Http::new("http://127.0.0.1:9/api/v4/").unwrap();
        let url = http.url(&["projects", "a b/c?d#e", "x"], false, &[("q", "1&2")]).unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:9/api/v4/projects/a%20b%2Fc%3Fd%23e/x?q=1%262");
        assert!(http.url(&["projects", ".."], false, &[]).is_err());
        assert!(http.url(&["projects", ""], false, &[]).is_err());
        let url = http.url(&["events"], true, &[("since", "1")]).unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:9/api/v4/events/?since=1");
    }
}
