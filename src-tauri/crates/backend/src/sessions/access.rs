//! The key by which a session's programs speak Ravi's REST shape: made at its start, kept as a hash, gone at its end.

use super::Sessions;
use crate::environment::Access;
use crate::members::{Hash, random};
use crate::store::SessionRow;
use anyhow::Result;
use api::SecretText;
use sha2::{Digest, Sha256};

/// What every key of this kind begins with, as Ravi's do.
const PREFIX: &str = "ravi_id_";

impl Sessions {
    /// A new key and what is kept of it; none while the web door is closed.
    pub(super) fn make_key(&self) -> Result<Option<(Access, Hash)>> {
        let Ok(address) = self.members.address() else { return Ok(None) };
        // EXPOSE: the key is made of it.
        let key = SecretText::new(format!("{PREFIX}{}", random()?.0.expose()));
        // EXPOSE: its hash is what is kept.
        let hash = hash(key.expose());
        Ok(Some((Access { key, address: address.to_string() }, hash)))
    }

    /// The running session that a key is for. What is looked up is the hash of 256 random bits: how long that takes
    /// says nothing of a key.
    pub async fn by_key(&self, key: &str) -> Result<Option<SessionRow>> {
        match key.starts_with(PREFIX) {
            true => self.store.session_by_key(&hash(key)).await,
            false => Ok(None),
        }
    }
}

fn hash(key: &str) -> Hash {
    Sha256::digest(key.as_bytes()).into()
}
