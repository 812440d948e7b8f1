//! What an owner sets up by a kind, an address, settings and a secret: how it is checked, sealed and read again.

use crate::safe::Safe;
use anyhow::{Context, Result, bail};
use api::names::shown;
use api::notify::RouteKind;
use api::secrets::VALUE_MAX;
use api::sources::SourceKind;
use api::{Code, Error, SecretText};
use std::collections::BTreeMap;
use vault::{Bound, Secret};

/// The longest address and the longest setting, in bytes.
const SETTING_MAX: usize = 1024;
/// The most settings of one thing.
const SETTINGS_MAX: usize = 32;

/// A kind of things that can be set up.
pub trait Kind: Copy {
    /// What the things are called, for example `route`.
    const NOUN: &'static str;
    /// The kind's name.
    fn word(self) -> &'static str;
}

impl Kind for RouteKind {
    const NOUN: &'static str = "route";
    fn word(self) -> &'static str {
        self.name()
    }
}

impl Kind for SourceKind {
    const NOUN: &'static str = "source";
    fn word(self) -> &'static str {
        self.name()
    }
}

/// How a thing was set up: what its constructor takes.
pub struct Setup<K> {
    /// What kind it is.
    pub kind: K,
    /// Where its server is.
    pub url: Option<String>,
    /// What else it needs to know.
    pub settings: BTreeMap<String, String>,
    /// Its secret.
    pub secret: Option<Secret>,
}

impl<K: Kind> Setup<K> {
    /// A setting that must be there.
    pub fn need(&self, name: &str) -> Result<String, String> {
        self.may(name).ok_or_else(|| self.lacks(&format!("--set {name}=…")))
    }

    /// A setting that may be there.
    pub fn may(&self, name: &str) -> Option<String> {
        self.settings.get(name).map(|value| value.trim().to_string()).filter(|value| !value.is_empty())
    }

    /// A setting that is `yes` or `no`, and what it is where nobody says.
    pub fn yes_or_no(&self, name: &str, usual: bool) -> Result<bool, String> {
        match self.may(name).as_deref() {
            None => Ok(usual),
            Some("yes" | "true") => Ok(true),
            Some("no" | "false") => Ok(false),
            Some(other) => Err(format!("{name} is yes or no, not {}", shown(other))),
        }
    }

    /// The address, which must be there.
    pub fn need_url(&self) -> Result<&str, String> {
        self.url.as_deref().ok_or_else(|| self.lacks("--url"))
    }

    /// The secret, which must be there.
    pub fn need_secret(&mut self) -> Result<Secret, String> {
        self.secret.take().ok_or_else(|| self.lacks("--secret"))
    }

    /// Refuses settings that this kind does not know: a mistyped one would say nothing.
    pub fn check(&self, known: &[&str]) -> Result<(), String> {
        let stray = self.settings.keys().find(|name| !known.contains(&name.as_str()));
        stray.map_or(Ok(()), |name| {
            Err(format!("there is no setting {}; there is: {}", shown(name), known.join(" ")))
        })
    }

    fn lacks(&self, what: &str) -> String {
        format!("a {} of the kind {} needs {what}", K::NOUN, self.kind.word())
    }
}

/// A secret as the store holds it: sealed under a key of its thing's own.
pub struct Kept<'a> {
    /// What the thing is called, for example `route`.
    pub noun: &'a str,
    /// The thing's name.
    pub name: &'a str,
    /// The thing's id.
    pub id: &'a str,
    /// Its data key, wrapped by the master key.
    pub wrapped_key: &'a [u8],
}

impl Kept<'_> {
    /// Seals a secret that the owner gave.
    pub fn seal(&self, safe: &Safe, secret: &SecretText) -> Result<Vec<u8>> {
        // EXPOSE: the value goes into the type that is wiped and cannot be printed.
        let secret = Secret::from(secret.expose().to_string());
        match secret.len() {
            0 => bail!(Error::invalid("the secret is empty").hint("leave it out where the kind needs none")),
            n if n > VALUE_MAX => bail!(Error::new(Code::TooLarge, "the secret is larger than 64 KiB")),
            _ => Ok(safe.key(self.id, self.wrapped_key)?.seal(&secret, self.bound())),
        }
    }

    /// Opens the secret, where there is one.
    pub fn unseal(&self, safe: &Safe, sealed: Option<&[u8]>) -> Result<Option<Secret>> {
        let Some(sealed) = sealed else { return Ok(None) };
        let opened = safe.key(self.id, self.wrapped_key)?.open(sealed, self.bound());
        opened.map(Some).map_err(|_| {
            let message = format!("the secret of the {} {} does not open", self.noun, shown(self.name));
            Error::new(Code::Locked, message).hint("the database was altered; give the secret again").into()
        })
    }

    fn bound(&self) -> Bound<'_> {
        Bound { identity: self.id, name: self.noun, version: 1 }
    }
}

/// The settings that the store holds as JSON.
pub fn settings(noun: &str, json: &str) -> Result<BTreeMap<String, String>> {
    serde_json::from_str(json).with_context(|| format!("reading the settings of a {noun}"))
}

/// Settings after some were changed; an empty one is gone.
pub fn changed(
    mut settings: BTreeMap<String, String>,
    changes: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    settings.extend(changes);
    settings.retain(|_, value| !value.is_empty());
    settings
}

/// Refuses what is too long.
pub fn check(settings: &BTreeMap<String, String>, url: Option<&str>) -> Result<()> {
    let long = |(name, value): (&String, &String)| name.len() > 64 || value.len() > SETTING_MAX;
    if settings.len() > SETTINGS_MAX
        || settings.iter().any(long)
        || url.is_some_and(|url| url.len() > SETTING_MAX)
    {
        bail!(Error::invalid(format!(
            "there are at most {SETTINGS_MAX} settings of at most {SETTING_MAX} bytes each"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_is_no_other_word() {
        let of = |value: &str| {
            let settings = BTreeMap::from([("starttls".to_string(), value.to_string())]);
            Setup { kind: SourceKind::Smtp, url: None, settings, secret: None }.yes_or_no("starttls", false)
        };
        assert_eq!((of("yes"), of(" true "), of("no"), of("")), (Ok(true), Ok(true), Ok(false), Ok(false)));
        assert!(of("1").is_err_and(|told| told == "starttls is yes or no, not \"1\""));
    }
}
