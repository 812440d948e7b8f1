//! The keys: one master key that wraps a data key per identity, and data keys that seal that identity's secrets.

use crate::sealing::{self, KEY_LEN, Unopened};
use crate::secret::Secret;
use zeroize::Zeroizing;

// Labels keep the three uses of sealing apart, so that bytes of one can never stand in for another.
const CHECK: &str = "lanyard check";
const DATA_KEY: &str = "lanyard data key";
const SECRET: &str = "lanyard secret";
const CHECK_TEXT: &[u8] = b"this is the right key";

// The box keeps a key at one address: moving a value on the stack would leave copies behind.
type KeyBytes = Box<Zeroizing<[u8; KEY_LEN]>>;

/// The key of the whole vault: it wraps data keys and seals nothing else but the header's check.
pub struct MasterKey(KeyBytes);

/// The key of one identity. Whoever destroys its wrapped form makes that identity's secrets unreadable.
pub struct DataKey(KeyBytes);

/// Where a secret belongs: it opens for no other identity, name or version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound<'a> {
    /// The identity's id.
    pub identity: &'a str,
    /// The secret's name.
    pub name: &'a str,
    /// How often its value has been set.
    pub version: u64,
}

impl MasterKey {
    /// A new random key.
    pub fn random() -> Self {
        Self(random())
    }

    /// The key that these bytes are, where there are 32.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key: KeyBytes = Box::default();
        (bytes.len() == KEY_LEN).then(|| key.copy_from_slice(bytes))?;
        Some(Self(key))
    }

    /// A key whose bytes `fill` writes in place.
    pub(crate) fn filled<E>(fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut key: KeyBytes = Box::default();
        fill(key.as_mut_slice())?;
        Ok(Self(key))
    }

    /// The bytes, for the keychain alone.
    pub(crate) fn bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    /// The identity's data key in a form that can be stored.
    pub fn wrap(&self, key: &DataKey, identity_id: &str) -> Vec<u8> {
        sealing::seal(&self.0, &sealing::place(DATA_KEY, &[identity_id.as_bytes()]), key.0.as_slice())
    }

    /// The data key that [`MasterKey::wrap`] stored for the same identity.
    pub fn unwrap(&self, wrapped: &[u8], identity_id: &str) -> Result<DataKey, Unopened> {
        let place = sealing::place(DATA_KEY, &[identity_id.as_bytes()]);
        let opened = sealing::open(&self.0, &place, wrapped)?;
        let mut key: KeyBytes = Box::default();
        // EXPOSE: a data key becomes a typed key again; the opened bytes are wiped on return.
        (opened.len() == KEY_LEN).then(|| key.copy_from_slice(opened.expose())).ok_or(Unopened)?;
        Ok(DataKey(key))
    }

    /// A value by which this key is recognised as the vault's.
    pub(crate) fn check(&self, vault_id: &str) -> Vec<u8> {
        sealing::seal(&self.0, &sealing::place(CHECK, &[vault_id.as_bytes()]), CHECK_TEXT)
    }

    /// Whether [`MasterKey::check`] made `check` with this key for the same vault.
    pub(crate) fn fits(&self, check: &[u8], vault_id: &str) -> bool {
        let place = sealing::place(CHECK, &[vault_id.as_bytes()]);
        // Nothing but a matching tag counts: the text itself is no secret.
        sealing::open(&self.0, &place, check).is_ok()
    }
}

impl DataKey {
    /// A new random key.
    pub fn random() -> Self {
        Self(random())
    }

    /// The key's bytes, for a process of ours that seals one answer and ends.
    pub fn lend(&self) -> Secret {
        Secret::new(self.0.to_vec())
    }

    /// The key that [`DataKey::lend`] gave away.
    pub fn lent(bytes: &Secret) -> Option<Self> {
        let mut key: KeyBytes = Box::default();
        // EXPOSE: the bytes become a typed key again.
        (bytes.len() == KEY_LEN).then(|| key.copy_from_slice(bytes.expose()))?;
        Some(Self(key))
    }

    /// Seals a secret for its place.
    pub fn seal(&self, secret: &Secret, bound: Bound<'_>) -> Vec<u8> {
        // EXPOSE: to encrypt it.
        sealing::seal(&self.0, &bound.place(), secret.expose())
    }

    /// Opens a secret that was sealed for the same place.
    pub fn open(&self, sealed: &[u8], bound: Bound<'_>) -> Result<Secret, Unopened> {
        sealing::open(&self.0, &bound.place(), sealed)
    }
}

impl Bound<'_> {
    fn place(&self) -> Vec<u8> {
        sealing::place(SECRET, &[self.identity.as_bytes(), self.name.as_bytes(), &self.version.to_be_bytes()])
    }
}

fn random() -> KeyBytes {
    let mut key: KeyBytes = Box::default();
    sealing::fill_random(key.as_mut_slice());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Bound<'static> = Bound { identity: "i1", name: "GITHUB_TOKEN", version: 3 };

    fn sealed() -> (DataKey, Vec<u8>) {
        let key = DataKey::random();
        let sealed = key.seal(&Secret::from("ghp_abc".to_string()), HERE);
        (key, sealed)
    }

    #[test]
    fn a_sealed_secret_opens_where_it_belongs() {
        let (key, sealed) = sealed();
        assert!(key.open(&sealed, HERE).ok() == Some(Secret::from("ghp_abc".to_string())));
    }

    #[test]
    fn a_sealed_secret_opens_nowhere_else() {
        let (key, sealed) = sealed();
        assert!(key.open(&sealed, Bound { identity: "i2", ..HERE }).is_err());
        assert!(key.open(&sealed, Bound { name: "GITLAB_TOKEN", ..HERE }).is_err());
        assert!(key.open(&sealed, Bound { version: 2, ..HERE }).is_err());
        assert!(key.open(&sealed, Bound { identity: "i1G", name: "ITHUB_TOKEN", version: 3 }).is_err());
    }

    #[test]
    fn another_identitys_key_does_not_open_it() {
        let (_, sealed) = sealed();
        assert!(DataKey::random().open(&sealed, HERE).is_err());
    }

    #[test]
    fn a_key_that_was_lent_is_the_same_key() {
        let (key, sealed) = sealed();
        let lent = DataKey::lent(&key.lend()).expect("it has 32 bytes");
        assert!(lent.open(&sealed, HERE).is_ok());
        assert!(DataKey::lent(&Secret::new(vec![0; 31])).is_none());
    }

    #[test]
    fn two_seals_of_the_same_secret_differ() {
        let key = DataKey::random();
        let seal = || key.seal(&Secret::from("ghp_abc".to_string()), HERE);
        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_sealed_secret_does_not_show_its_plaintext() {
        let (_, sealed) = sealed();
        assert!(!sealed.windows(7).any(|part| part == b"ghp_abc"));
    }

    #[test]
    fn a_wrapped_key_comes_back_for_its_own_identity_and_no_other() {
        let (master, (data, sealed)) = (MasterKey::random(), sealed());
        let wrapped = master.wrap(&data, "i1");
        let back = master.unwrap(&wrapped, "i1").expect("it unwraps");
        assert!(back.open(&sealed, HERE).is_ok());
        assert!(master.unwrap(&wrapped, "i2").is_err());
        assert!(MasterKey::random().unwrap(&wrapped, "i1").is_err());
        assert!(master.unwrap(&wrapped[..wrapped.len() - 1], "i1").is_err());
    }

    #[test]
    fn a_check_cannot_stand_in_for_a_wrapped_key() {
        let master = MasterKey::random();
        assert!(master.unwrap(&master.check("i1"), "i1").is_err());
        assert!(master.fits(&master.check("v"), "v"));
        assert!(!master.fits(&master.check("v"), "w"));
        assert!(!MasterKey::random().fits(&master.check("v"), "v"));
    }
}
