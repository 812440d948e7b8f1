//! Issuers: what makes tokens and takes them back, as the owner has set them up.

use crate::secrets::Policy;
use crate::{Millis, SecretText};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kinds of issuers that Lanyard knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Installation tokens of a GitHub App.
    GithubApp,
    /// A personal access token of GitHub's that the owner stored.
    GithubPat,
    /// Access tokens of a GitLab project.
    GitlabProject,
    /// Access tokens of a GitLab group.
    GitlabGroup,
    /// Granular tokens of an npm registry.
    Npm,
    /// API tokens of Cloudflare's.
    Cloudflare,
    /// Tokens of Vercel's.
    Vercel,
    /// Keys of Ravi's identities, by the source of the same name.
    Ravi,
    /// A program of the owner's.
    Command,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 9] = [
        Kind::GithubApp,
        Kind::GithubPat,
        Kind::GitlabProject,
        Kind::GitlabGroup,
        Kind::Npm,
        Kind::Cloudflare,
        Kind::Vercel,
        Kind::Ravi,
        Kind::Command,
    ];

    /// The kind's name, for example `github-app`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::GithubApp => "github-app",
            Kind::GithubPat => "github-pat",
            Kind::GitlabProject => "gitlab-project",
            Kind::GitlabGroup => "gitlab-group",
            Kind::Npm => "npm",
            Kind::Cloudflare => "cloudflare",
            Kind::Vercel => "vercel",
            Kind::Ravi => "ravi",
            Kind::Command => "command",
        }
    }

    /// The kinds that are set up by themselves: a source of Ravi's is an issuer without any more ado.
    pub fn to_add() -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(|kind| *kind != Kind::Ravi)
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// An issuer without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    /// UUID v7.
    pub id: String,
    /// Its unique name.
    pub name: String,
    /// What kind it is.
    pub kind: Kind,
    /// Where its API is; the kind's usual place if none.
    pub base_url: Option<String>,
    /// What else it needs to know; no secrets.
    pub settings: BTreeMap<String, String>,
    /// Whether it has a secret of its own.
    pub has_secret: bool,
    /// What happens when an agent asks for a token.
    pub policy: Policy,
    /// When it was added.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
}

/// `issuers.list`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListIssuers {}

/// `issuers.add`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddIssuer {
    /// A unique name.
    pub name: String,
    /// What kind it is.
    pub kind: Kind,
    /// Where its API is; the kind's usual place if left out.
    #[serde(default)]
    pub base_url: Option<String>,
    /// What else it needs to know; no secrets.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Its secret: an app's private key, a password, a token that may make tokens.
    #[serde(default)]
    pub secret: Option<SecretText>,
    /// What happens when an agent asks for a token; `ask` if left out.
    #[serde(default)]
    pub policy: Option<Policy>,
}

/// `issuers.update`: what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateIssuer {
    /// Which one, by name or id.
    pub issuer: String,
    /// Another place of its API; empty text is the kind's usual place.
    #[serde(default)]
    pub base_url: Option<String>,
    /// Settings to change; empty text takes one away.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Another secret.
    #[serde(default)]
    pub secret: Option<SecretText>,
    /// Another policy.
    #[serde(default)]
    pub policy: Option<Policy>,
}

/// `issuers.remove`: only where none of its tokens can be alive.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveIssuer {
    /// Which one, by name or id.
    pub issuer: String,
}

/// `issuers.manifest`: begins to make a GitHub App, whose key is sealed when GitHub has made it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeginApp {
    /// The issuer's name, and the App's.
    pub name: String,
    /// The organization that shall own it; the person who agrees if left out.
    #[serde(default)]
    pub organization: Option<String>,
    /// Where GitHub's API is; GitHub's own if left out.
    #[serde(default)]
    pub base_url: Option<String>,
    /// The most that its tokens can do; what it takes to work on a repository if left out.
    #[serde(default)]
    pub permissions: BTreeMap<String, String>,
    /// What happens when an agent asks for a token; `ask` if left out.
    #[serde(default)]
    pub policy: Option<Policy>,
}

/// A GitHub App that is being made. [`crate::Event::IssuerChanged`] tells when it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AppManifest {
    /// The page to open in a browser: it sends the manifest to GitHub, and is worth one App.
    pub url: SecretText,
    /// The manifest, as JSON.
    pub manifest: String,
    /// When the page ends.
    pub expires_at: Millis,
}
