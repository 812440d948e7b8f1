//! Making a vault and opening it: making never happens by opening, and a key that does not fit is told apart from one that is lost.

use crate::header::{Header, Source, Stretch};
use crate::keychain::{Keychain, KeychainError};
use crate::keys::MasterKey;
use crate::secret::Secret;
use std::fmt;

/// What keeps the master key of a new vault.
pub enum Key<'a> {
    /// A random key, kept by this keychain.
    Keychain(&'a dyn Keychain),
    /// A key derived from this passphrase.
    Passphrase(&'a Secret),
}

/// Why a vault was not opened, or not made. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenError {
    /// The keychain does not answer or is locked: the reason in words.
    KeychainUnavailable(String),
    /// The keychain answers and no longer holds this vault's key.
    KeyLost,
    /// The keychain holds a key under this vault's id that is not its key.
    WrongKey,
    /// The passphrase is not this vault's.
    WrongPassphrase,
    /// The vault's key comes from a passphrase, and none was given.
    NeedsPassphrase,
    /// The header or the keychain's entry is damaged: what is wrong, in words.
    Corrupt(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::KeychainUnavailable(reason) => write!(f, "the keychain cannot be used: {reason}"),
            OpenError::KeyLost => f.write_str("the keychain no longer holds the vault's key"),
            OpenError::WrongKey => f.write_str("the key in the keychain is not this vault's key"),
            OpenError::WrongPassphrase => f.write_str("the passphrase is wrong"),
            OpenError::NeedsPassphrase => f.write_str("the vault is locked by a passphrase"),
            OpenError::Corrupt(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<KeychainError> for OpenError {
    fn from(error: KeychainError) -> Self {
        match error {
            KeychainError::Unavailable(reason) => OpenError::KeychainUnavailable(reason),
            KeychainError::Corrupt(reason) => {
                OpenError::Corrupt(format!("the keychain's entry for the vault is damaged: {reason}"))
            }
        }
    }
}

/// Makes a vault: the caller stores the header before it seals anything under the key.
pub fn create(vault_id: &str, key: Key<'_>) -> Result<(Header, MasterKey), OpenError> {
    match key {
        Key::Keychain(keychain) => {
            if keychain.read(vault_id)?.is_some() {
                return Err(OpenError::Corrupt(
                    "the keychain already holds a key for a vault of this id".into(),
                ));
            }
            let master = MasterKey::random();
            keychain.write(vault_id, &master)?;
            let header = Header::new(vault_id, Source::Keychain, &master);
            // Some keychains take an entry and keep it nowhere: secrets are sealed only under a key that
            // was read back.
            let kept = open(&header, keychain, None)?;
            Ok((header, kept))
        }
        Key::Passphrase(passphrase) => {
            let stretch = Stretch::new();
            let master = stretch.derive(passphrase).map_err(OpenError::Corrupt)?;
            Ok((Header::new(vault_id, Source::Passphrase(stretch), &master), master))
        }
    }
}

/// Opens a vault. It never makes or changes anything.
pub fn open(
    header: &Header,
    keychain: &dyn Keychain,
    passphrase: Option<&Secret>,
) -> Result<MasterKey, OpenError> {
    let (master, otherwise) = match &header.source {
        Source::Keychain => (keychain.read(&header.vault)?.ok_or(OpenError::KeyLost)?, OpenError::WrongKey),
        Source::Passphrase(stretch) => {
            let passphrase = passphrase.ok_or(OpenError::NeedsPassphrase)?;
            (stretch.derive(passphrase).map_err(OpenError::Corrupt)?, OpenError::WrongPassphrase)
        }
    };
    match header.fits(&master).map_err(OpenError::Corrupt)? {
        true => Ok(master),
        false => Err(otherwise),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keychain::tests::MemoryKeychain;
    use crate::keys::DataKey;

    fn passphrase(text: &str) -> Secret {
        Secret::from(text.to_string())
    }

    fn error(result: Result<MasterKey, OpenError>) -> OpenError {
        result.err().expect("it does not open")
    }

    #[test]
    fn a_vault_in_the_keychain_opens_again_with_the_same_key() {
        let keychain = MemoryKeychain::default();
        let (header, master) = create("v1", Key::Keychain(&keychain)).expect("it is made");
        let wrapped = master.wrap(&DataKey::random(), "i1");
        let header = Header::read(&header.to_json()).expect("it reads back");
        let again = open(&header, &keychain, None).expect("it opens");
        assert!(again.unwrap(&wrapped, "i1").is_ok());
    }

    #[test]
    fn a_lost_key_is_told_and_makes_no_second_vault() {
        let keychain = MemoryKeychain::default();
        let (header, _) = create("v1", Key::Keychain(&keychain)).expect("it is made");
        keychain.delete("v1").expect("it is deleted");
        assert_eq!(error(open(&header, &keychain, None)), OpenError::KeyLost);
        assert_eq!(keychain.entries(), 0);
    }

    #[test]
    fn another_vaults_key_is_a_wrong_key() {
        let keychain = MemoryKeychain::default();
        let (header, _) = create("v1", Key::Keychain(&keychain)).expect("it is made");
        keychain.write("v1", &MasterKey::random()).expect("it is written");
        assert_eq!(error(open(&header, &keychain, None)), OpenError::WrongKey);
    }

    #[test]
    fn a_keychain_that_does_not_answer_is_not_a_lost_key() {
        let keychain = MemoryKeychain::default();
        let (header, _) = create("v1", Key::Keychain(&keychain)).expect("it is made");
        let silent = MemoryKeychain::failing(KeychainError::Unavailable("locked".into()));
        assert_eq!(error(open(&header, &silent, None)), OpenError::KeychainUnavailable("locked".into()));
        assert!(create("v2", Key::Keychain(&silent)).is_err());
    }

    #[test]
    fn a_key_that_is_there_is_never_overwritten_by_a_new_vault() {
        let keychain = MemoryKeychain::default();
        let (header, _) = create("v1", Key::Keychain(&keychain)).expect("it is made");
        assert!(create("v1", Key::Keychain(&keychain)).is_err());
        assert!(open(&header, &keychain, None).is_ok());
    }

    #[test]
    fn a_passphrase_opens_its_vault_and_another_does_not() {
        let nowhere = MemoryKeychain::default();
        let right = passphrase("correct horse");
        let (header, master) = create("v1", Key::Passphrase(&right)).expect("it is made");
        let wrapped = master.wrap(&DataKey::random(), "i1");
        let again = open(&header, &nowhere, Some(&right)).expect("it opens");
        assert!(again.unwrap(&wrapped, "i1").is_ok());
        let wrong = open(&header, &nowhere, Some(&passphrase("correct house")));
        assert_eq!(error(wrong), OpenError::WrongPassphrase);
        assert_eq!(error(open(&header, &nowhere, None)), OpenError::NeedsPassphrase);
    }
}
