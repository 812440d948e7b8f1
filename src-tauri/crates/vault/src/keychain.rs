//! Where the operating system keeps the master key: the Secret Service, the macOS keychain, or Windows' credentials.

use crate::keys::MasterKey;
use crate::secret::Secret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::fmt;
use zeroize::Zeroizing;

const SERVICE: &str = "lanyard";

/// A place that keeps master keys by vault id. Calls block, some of them for as long as a person takes to
/// answer a prompt: a daemon makes them on a thread for blocking work, with a deadline of its own.
pub trait Keychain: Send + Sync {
    /// The key of a vault; `None` if the keychain answers and has no such entry.
    fn read(&self, vault_id: &str) -> Result<Option<MasterKey>, KeychainError>;
    /// Keeps a vault's key, in place of one that is there.
    fn write(&self, vault_id: &str, key: &MasterKey) -> Result<(), KeychainError>;
    /// Forgets a vault's key; it is no error if there is none.
    fn delete(&self, vault_id: &str) -> Result<(), KeychainError>;
}

/// Why a keychain gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeychainError {
    /// It does not answer, it is locked, or there is none: the reason in words.
    Unavailable(String),
    /// It holds an entry that is no key, or several for one vault.
    Corrupt(String),
}

impl fmt::Display for KeychainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeychainError::Unavailable(reason) => write!(f, "the keychain cannot be used: {reason}"),
            KeychainError::Corrupt(reason) => write!(f, "the keychain's entry is damaged: {reason}"),
        }
    }
}

impl std::error::Error for KeychainError {}

/// The operating system's keychain. It can be shared between threads. It connects on first use and
/// remembers for the life of the process that there was none.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsKeychain;

impl OsKeychain {
    fn entry(vault_id: &str) -> Result<keyring::Entry, KeychainError> {
        if let Err(error) = keyring::Entry::store_status() {
            return Err(told(error));
        }
        keyring::Entry::new(SERVICE, vault_id).map_err(|e| told(&e))
    }
}

impl Keychain for OsKeychain {
    fn read(&self, vault_id: &str) -> Result<Option<MasterKey>, KeychainError> {
        match Self::entry(vault_id)?.get_secret() {
            Ok(text) => decode(&Secret::new(text)).map(Some),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(told(&error)),
        }
    }

    fn write(&self, vault_id: &str, key: &MasterKey) -> Result<(), KeychainError> {
        // Text survives every keychain and can be copied by a person who makes a backup.
        let text = Zeroizing::new(BASE64_STANDARD.encode(key.bytes()));
        Self::entry(vault_id)?.set_secret(text.as_bytes()).map_err(|e| told(&e))
    }

    fn delete(&self, vault_id: &str) -> Result<(), KeychainError> {
        match Self::entry(vault_id)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(told(&error)),
        }
    }
}

fn decode(text: &Secret) -> Result<MasterKey, KeychainError> {
    // EXPOSE: the entry's text is the master key in base64.
    let bytes = BASE64_STANDARD.decode(text.expose().trim_ascii()).map(Zeroizing::new);
    let key = bytes.ok().and_then(|bytes| MasterKey::from_bytes(&bytes));
    key.ok_or_else(|| KeychainError::Corrupt("it is no key of 32 bytes in base64".into()))
}

/// An error of the keychain in our words. Those variants that carry the entry's bytes are never printed.
fn told(error: &keyring::Error) -> KeychainError {
    use keyring::Error::*;
    match error {
        PlatformFailure(inner) => KeychainError::Unavailable(plain(&inner.to_string())),
        NoStorageAccess(inner) => {
            KeychainError::Unavailable(format!("it is locked ({})", plain(&inner.to_string())))
        }
        NoDefaultStore => KeychainError::Unavailable("there is none on this machine".into()),
        BadEncoding(_) | BadDataFormat(..) => KeychainError::Corrupt("it cannot be decoded".into()),
        BadStoreFormat(_) => KeychainError::Corrupt("the keychain's own store is damaged".into()),
        Ambiguous(entries) => {
            KeychainError::Corrupt(format!("there are {} entries for one vault", entries.len()))
        }
        other => KeychainError::Unavailable(plain(&other.to_string())),
    }
}

/// The commonest failures of the Secret Service in words that a person can act on.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase();
    let known = [
        ("serviceunknown", "no keychain service runs on this session's D-Bus"),
        ("was not provided by any", "no keychain service runs on this session's D-Bus"),
        ("no such file", "there is no D-Bus session bus"),
        ("connection refused", "the D-Bus session bus does not answer"),
        ("address", "there is no D-Bus session bus"),
        ("prompt", "it is locked and its prompt was dismissed"),
        ("locked", "it is locked"),
        ("result not returned", "it is locked and its prompt was dismissed"),
    ];
    match known.iter().find(|(sign, _)| lower.contains(sign)) {
        Some((_, words)) => (*words).to_string(),
        None => text.chars().filter(|c| !c.is_control()).take(200).collect(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::HashMap;
    use std::sync::Mutex;

    /// A keychain in memory, that can be made to fail.
    #[derive(Default)]
    pub(crate) struct MemoryKeychain {
        keys: Mutex<HashMap<String, Vec<u8>>>,
        failure: Option<KeychainError>,
    }

    impl Keychain for MemoryKeychain {
        fn read(&self, vault_id: &str) -> Result<Option<MasterKey>, KeychainError> {
            self.answers()?;
            let keys = self.keys.lock().expect("no test panics while it holds the keys");
            Ok(keys.get(vault_id).and_then(|bytes| MasterKey::from_bytes(bytes)))
        }

        fn write(&self, vault_id: &str, key: &MasterKey) -> Result<(), KeychainError> {
            self.answers()?;
            let mut keys = self.keys.lock().expect("no test panics while it holds the keys");
            keys.insert(vault_id.to_string(), key.bytes().to_vec());
            Ok(())
        }

        fn delete(&self, vault_id: &str) -> Result<(), KeychainError> {
            self.answers()?;
            self.keys.lock().expect("no test panics while it holds the keys").remove(vault_id);
            Ok(())
        }
    }

    impl MemoryKeychain {
        pub(crate) fn failing(error: KeychainError) -> Self {
            Self { failure: Some(error), ..Self::default() }
        }

        fn answers(&self) -> Result<(), KeychainError> {
            self.failure.clone().map_or(Ok(()), Err)
        }

        pub(crate) fn entries(&self) -> usize {
            self.keys.lock().expect("no test panics while it holds the keys").len()
        }
    }

    #[test]
    fn an_entry_that_is_no_key_is_damaged_and_is_not_quoted() {
        for text in ["", "AAAA", "not base64: ghp_abc"] {
            let error = decode(&Secret::from(text.to_string())).err().expect("it is refused");
            assert!(matches!(error, KeychainError::Corrupt(_)));
            assert!(!error.to_string().contains("ghp_abc"));
        }
    }

    #[test]
    fn an_error_that_carries_the_entry_does_not_show_it() {
        let error = told(&keyring::Error::BadEncoding(b"ghp_abc".to_vec()));
        assert_eq!(error, KeychainError::Corrupt("it cannot be decoded".into()));
    }

    #[test]
    fn a_missing_service_is_told_in_words() {
        let text =
            "org.freedesktop.DBus.Error.ServiceUnknown: The name org.freedesktop.secrets was not provided";
        assert_eq!(plain(text), "no keychain service runs on this session's D-Bus");
    }
}
