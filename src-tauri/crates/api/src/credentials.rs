//! Credentials for git: what a slot's git and `gh` log in with at a host.

use crate::{Millis, SecretText};
use serde::{Deserialize, Serialize};

/// What to log in with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GitCredential {
    /// The user's name; hosts that know a token by itself take any.
    pub username: String,
    /// The password or token.
    pub password: SecretText,
    /// When it ends, where that is known.
    pub expires_at: Option<Millis>,
}

/// `git.credential`: nothing is answered where the identity has nothing for the host.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetCredential {
    /// `https`; `http` is for this machine alone.
    pub protocol: String,
    /// The host, with its port where it is not the protocol's own.
    pub host: String,
    /// The user's name, where the address or a setting names one.
    #[serde(default)]
    pub username: Option<String>,
}
