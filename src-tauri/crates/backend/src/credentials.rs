//! The room of credentials: what a slot's git and `gh` log in with at a host, out of what its identity has.

use crate::caller::Caller;
use crate::passwords::Passwords;
use crate::secrets::{Scope, Secrets};
use crate::tokens::Tokens;
use anyhow::{Result, bail};
use api::credentials::{GetCredential, GitCredential};
use api::names::shown;
use api::passwords::ReadPassword;
use api::secrets::ReadSecret;
use api::{Code, Error};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The user whose token it is, and the keys that the token goes by, at the hosts that everybody knows.
const KNOWN: [(&str, &str, &[&str]); 3] = [
    ("github.com", "x-access-token", &["GITHUB_TOKEN", "GH_TOKEN"]),
    ("gist.github.com", "x-access-token", &["GITHUB_TOKEN", "GH_TOKEN"]),
    ("gitlab.com", "oauth2", &["GITLAB_TOKEN"]),
];
/// The user's name where nobody names one. Forges that take a token as the password do not look at it.
const ANYBODY: &str = "git";

/// The room.
#[derive(Clone)]
pub struct Credentials {
    tokens: Tokens,
    secrets: Secrets,
    passwords: Passwords,
    hosts: BTreeMap<String, String>,
}

impl Credentials {
    /// Opens the room; `hosts` are the owner's own: which secret is for which host.
    pub fn new(
        tokens: Tokens,
        secrets: Secrets,
        passwords: Passwords,
        hosts: BTreeMap<String, String>,
    ) -> Self {
        Self { tokens, secrets, passwords, hosts }
    }

    /// What an agent's git logs in with at a host: a token of its worktree, else a secret that is for the host,
    /// else a login of a website's kind. What is there but kept from the agent is an error, and
    /// nothing else is tried in its place.
    pub async fn get(
        &self,
        caller: &Caller,
        scope: &Scope,
        call: GetCredential,
    ) -> Result<Option<GitCredential>> {
        check_protocol(&call)?;
        let host = call.host.to_ascii_lowercase();
        if let Caller::Agent { session, .. } = caller
            && let Some((username, password, expires_at)) = self.tokens.fresh(session, &host).await?
        {
            return Ok(Some(GitCredential { username, password, expires_at }));
        }
        let reason = Some(format!("git or gh logs in at {}", shown(&host)));
        let (user, keys) = self.keys(&host);
        for key in keys {
            let read = ReadSecret { key, reason: reason.clone(), ..ReadSecret::default() };
            if let Some(secret) = found(self.secrets.read(caller, scope, &read).await)? {
                let username = call.username.clone().unwrap_or_else(|| user.to_string());
                return Ok(Some(GitCredential { username, password: secret.value, expires_at: None }));
            }
        }
        let wait_ms = None;
        let read = ReadPassword { identity: None, domain: host, username: call.username, reason, wait_ms };
        let login = found(self.passwords.read(caller, &scope.identity, read).await)?;
        Ok(login.map(|login| GitCredential {
            username: login.username,
            password: login.password,
            expires_at: None,
        }))
    }

    /// The secrets that may be for a host, and the user's name that goes with them.
    fn keys(&self, host: &str) -> (&str, Vec<String>) {
        if let Some(set) = self.hosts.get(host) {
            let (user, key) = set.split_once(':').unwrap_or((ANYBODY, set));
            return (user, vec![key.to_string()]);
        }
        let known = KNOWN.iter().find(|(known, ..)| *known == host);
        let keys = |keys: &[&str]| keys.iter().map(|key| key.to_string()).collect();
        known.map_or((ANYBODY, Vec::new()), |(_, user, known)| (*user, keys(known)))
    }
}

/// What is not there is no failure: something else may be. Nor is a host by whose name nothing can be kept.
fn found<T>(read: Result<T>) -> Result<Option<T>> {
    let missing = |e: &Error| matches!(e.code, Code::NotFound | Code::Invalid);
    match read {
        Ok(value) => Ok(Some(value)),
        Err(e) if e.downcast_ref().is_some_and(missing) => Ok(None),
        Err(e) => Err(e),
    }
}

/// A password goes over the network only where nobody can read it.
fn check_protocol(call: &GetCredential) -> Result<()> {
    match call.protocol.as_str() {
        "https" => Ok(()),
        "http" if is_this_machine(&call.host) => Ok(()),
        other => bail!(
            Error::refused(format!("no password is given out for {}://{}", shown(other), shown(&call.host)))
                .hint("use https, or ssh with the identity's key: lanyard keys show")
        ),
    }
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_in_the_clear_to_this_machine_alone() {
        let call = |protocol: &str, host: &str| GetCredential {
            protocol: protocol.into(),
            host: host.into(),
            username: None,
        };
        for host in ["127.0.0.1:80", "localhost", "LOCALHOST:1", "[::1]:8080", "[::1]", "127.9.9.9"] {
            assert!(check_protocol(&call("http", host)).is_ok(), "{host}");
        }
        for host in
            ["example.com", "localhost.example.com", "10.0.0.1", "127.0.0.1.example.com", "[::2]:1", ""]
        {
            assert!(check_protocol(&call("http", host)).is_err(), "{host}");
            assert!(check_protocol(&call("https", host)).is_ok(), "{host}");
        }
        assert!(check_protocol(&call("ftp", "localhost")).is_err());
    }
}
