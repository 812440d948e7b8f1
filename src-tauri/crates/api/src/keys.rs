//! Keys: the ed25519 key of an identity, with which its commits are signed and its SSH sessions opened.

use crate::Millis;
use crate::secrets::Policy;
use serde::{Deserialize, Serialize};

/// The public part of a key; nothing gives the private part out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The name of the identity whose key it is.
    pub identity: String,
    /// The public key as OpenSSH writes it, to be given to a forge or a server.
    pub public_key: String,
    /// Its fingerprint, `SHA256:…`.
    pub fingerprint: String,
    /// What happens when a signature is asked for.
    pub policy: Policy,
    /// When it was made.
    pub created_at: Millis,
    /// The file with the public keys of all identities, for `git verify-commit`
    /// (`gpg.ssh.allowedSignersFile`).
    pub allowed_signers: String,
}

/// `keys.show`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowKey {
    /// Whose; the current one's if left out, an agent's own always.
    #[serde(default)]
    pub identity: Option<String>,
}

/// `keys.set`: what happens when a signature is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetKey {
    /// Whose; the current one's if left out.
    #[serde(default)]
    pub identity: Option<String>,
    /// The new policy.
    pub policy: Policy,
}

/// `keys.rotate`: a new key takes the old one's place, whose private part is destroyed. What the old one
/// signed can still be verified.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// Whose; the current one's if left out.
    #[serde(default)]
    pub identity: Option<String>,
}
