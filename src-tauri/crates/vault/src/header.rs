//! The header: what has to be kept in clear about a vault, so that the right key can be found and recognised.

use crate::keys::MasterKey;
use crate::sealing;
use crate::secret::Secret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

const FORMAT: u32 = 1;

/// What is known about a vault without its key. It is stored as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    format: u32,
    /// The vault's id; the keychain files the master key under it.
    pub vault: String,
    /// Where the master key comes from.
    pub source: Source,
    /// A value sealed under the master key, in base64: it tells a wrong key before anything else is tried.
    check: String,
}

/// Where a vault's master key comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Source {
    /// The keychain of the operating system holds it.
    Keychain,
    /// It is derived from a passphrase.
    Passphrase(Stretch),
}

/// How a passphrase becomes a key: Argon2id, with its salt and its cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// Random bytes in base64.
    salt: String,
    /// Memory in KiB.
    memory_kib: u32,
    /// Passes over that memory.
    passes: u32,
    /// Lanes that could run at once.
    lanes: u32,
}

impl Header {
    pub(crate) fn new(vault: &str, source: Source, key: &MasterKey) -> Self {
        let check = BASE64_STANDARD.encode(key.check(vault));
        Self { format: FORMAT, vault: vault.to_string(), source, check }
    }

    /// Reads a stored header; the error says in words what is wrong with it.
    pub fn read(json: &str) -> Result<Self, String> {
        let header: Header =
            serde_json::from_str(json).map_err(|e| format!("the vault's header is damaged: {e}"))?;
        if header.format != FORMAT {
            return Err(format!(
                "the vault's header has format {}, this version knows format {FORMAT}",
                header.format
            ));
        }
        header.check_bytes()?;
        if let Source::Passphrase(stretch) = &header.source {
            stretch.checked()?;
        }
        Ok(header)
    }

    /// The header as it is stored.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a header is plain text and numbers")
    }

    /// Whether `key` is this vault's master key.
    pub(crate) fn fits(&self, key: &MasterKey) -> Result<bool, String> {
        Ok(key.fits(&self.check_bytes()?, &self.vault))
    }

    fn check_bytes(&self) -> Result<Vec<u8>, String> {
        BASE64_STANDARD.decode(&self.check).map_err(|_| "the vault's header has a damaged check".to_string())
    }
}

impl Stretch {
    /// A new random salt, and a cost of some tenths of a second on a machine of today.
    pub(crate) fn new() -> Self {
        let mut salt = [0; 16];
        sealing::fill_random(&mut salt);
        Self { salt: BASE64_STANDARD.encode(salt), memory_kib: 64 * 1024, passes: 3, lanes: 1 }
    }

    /// Derives the master key from a passphrase.
    pub(crate) fn derive(&self, passphrase: &Secret) -> Result<MasterKey, String> {
        let (argon, salt) = self.checked()?;
        MasterKey::filled(|key| {
            // EXPOSE: the passphrase is what the key is made of.
            argon.hash_password_into(passphrase.expose(), &salt, key)
        })
        .map_err(|e| format!("no key could be derived from the passphrase: {e}"))
    }

    /// The parameters within bounds: a forged header must neither exhaust the machine nor weaken the key.
    fn checked(&self) -> Result<(argon2::Argon2<'static>, Vec<u8>), String> {
        let damaged = |what: &str| format!("the vault's header is damaged: {what}");
        let salt = BASE64_STANDARD.decode(&self.salt).map_err(|_| damaged("its salt is no base64"))?;
        let sane = (16..=64).contains(&salt.len())
            && (8 * 1024..=1024 * 1024).contains(&self.memory_kib)
            && (1..=20).contains(&self.passes)
            && (1..=8).contains(&self.lanes);
        if !sane {
            return Err(damaged("the cost of its passphrase is out of bounds"));
        }
        let params = argon2::Params::new(self.memory_kib, self.passes, self.lanes, Some(sealing::KEY_LEN))
            .map_err(|e| damaged(&e.to_string()))?;
        Ok((argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params), salt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header::new("v1", Source::Passphrase(Stretch::new()), &MasterKey::random())
    }

    #[test]
    fn a_header_reads_back() {
        let header = header();
        assert_eq!(Header::read(&header.to_json()), Ok(header));
    }

    #[test]
    fn a_header_that_would_exhaust_the_machine_is_refused() {
        let json = header().to_json();
        for (now, forged) in [
            ("\"memory_kib\":65536", "\"memory_kib\":104857600"),
            ("\"memory_kib\":65536", "\"memory_kib\":8"),
            ("\"passes\":3", "\"passes\":4000000000"),
            ("\"lanes\":1", "\"lanes\":16777215"),
        ] {
            assert!(json.contains(now), "{json}");
            let error = Header::read(&json.replace(now, forged)).unwrap_err();
            assert!(error.contains("out of bounds"), "{error}");
        }
    }

    #[test]
    fn a_header_of_a_later_format_is_told_apart_from_a_damaged_one() {
        let error = Header::read(&header().to_json().replace("\"format\":1", "\"format\":2")).unwrap_err();
        assert!(error.contains("format 2"), "{error}");
        assert!(Header::read("{}").unwrap_err().contains("damaged"));
    }
}
