//! The room of the vault: whether it is open, and sealing and opening under the identities' keys.

use crate::bus::Bus;
use crate::clock::Clock;
use crate::store::{self, IdentityRow, Store, VaultRow};
use anyhow::{Context, Result, bail};
use api::status::{KeySource, VaultState};
use api::{Code, Error, Event};
use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use vault::{Bound, DataKey, Header, Key, Keychain, MasterKey, OpenError, Secret, Source};

/// How long a keychain may take to answer; it may ask its owner to unlock it meanwhile.
const KEYCHAIN_PATIENCE: Duration = Duration::from_secs(120);
/// How long the daemon waits for the vault before it starts without.
const FIRST_WAIT: Duration = Duration::from_secs(4);
/// How long the start waits for a passphrase from a file.
const STRETCHING: Duration = Duration::from_secs(20);
/// The shortest passphrase of a new vault, in characters.
const PASSPHRASE_MIN: usize = 8;

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Safe {
    store: Store,
    bus: Bus,
    clock: Clock,
    keychain: Arc<dyn Keychain>,
    inside: Arc<RwLock<Inside>>,
    // Two unlocks at once must not make two vaults.
    opening: Arc<tokio::sync::Mutex<()>>,
}

struct Inside {
    state: VaultState,
    master: Option<Arc<MasterKey>>,
}

impl Safe {
    /// Opens the room and, where its key is at hand, the vault.
    pub async fn open(
        store: Store,
        bus: Bus,
        clock: Clock,
        keychain: Arc<dyn Keychain>,
        passphrase_file: Option<PathBuf>,
    ) -> Result<Self> {
        let asked = "the keychain has not answered yet; it may be asking you to unlock it";
        let inside = Inside { state: VaultState::Locked { reason: asked.into() }, master: None };
        let safe = Self {
            store,
            bus,
            clock,
            keychain,
            inside: Arc::new(RwLock::new(inside)),
            opening: Arc::default(),
        };
        let passphrase = passphrase_file.map(read_passphrase).transpose()?;
        let is_given = passphrase.is_some();
        let beginning = tokio::spawn({
            let safe = safe.clone();
            async move { safe.begin(passphrase).await }
        });
        // A keychain that asks its owner something must not keep the daemon from starting. A passphrase from a
        // file asks nobody, and only takes as long as a busy machine needs to stretch it.
        let wait = if is_given { STRETCHING } else { FIRST_WAIT };
        match tokio::time::timeout(wait, beginning).await {
            Ok(begun) => begun.context("opening the vault")??,
            Err(_) => tracing::warn!("the vault is not open yet: {asked}"),
        }
        Ok(safe)
    }

    /// Whether secrets can be read.
    pub fn state(&self) -> VaultState {
        self.inside.read().unwrap_or_else(|e| e.into_inner()).state.clone()
    }

    /// Opens the vault with a passphrase, or makes it where there is none yet.
    pub async fn unlock(&self, passphrase: Secret) -> Result<VaultState> {
        // A keychain that never answers must not hold up whoever asks, only be named.
        let Ok(_opening) = tokio::time::timeout(FIRST_WAIT, self.opening.lock()).await else {
            bail!(locked_error(&self.state()));
        };
        if matches!(self.state(), VaultState::Open { .. }) {
            return Ok(self.state());
        }
        match self.store.vault().await? {
            None if self.state() != VaultState::New => bail!(locked_error(&self.state())),
            None => self.create(Some(passphrase)).await?,
            Some(row) => {
                let header = Header::read(&row.header).map_err(|e| broken_error(&e))?;
                if matches!(header.source, Source::Keychain) {
                    // A keychain that was locked may be open by now; a passphrase does not help.
                    self.open_header(header, None).await?;
                    return Ok(self.state());
                }
                match self.derive(header, Some(passphrase)).await? {
                    Ok(master) => self.opened(master, KeySource::Passphrase),
                    Err(e) => bail!(Error::new(Code::Locked, e.to_string()).hint("try again")),
                }
            }
        }
        Ok(self.state())
    }

    /// A new data key for an identity, wrapped.
    pub fn new_key(&self, identity_id: &str) -> Result<Vec<u8>> {
        Ok(self.master()?.wrap(&DataKey::random(), identity_id))
    }

    /// Seals a version of a secret of an identity.
    pub fn seal(&self, identity: &IdentityRow, name: &str, version: i64, secret: &Secret) -> Result<Vec<u8>> {
        let key = self.data_key(identity)?;
        Ok(key.seal(secret, bound(identity, name, version)?))
    }

    /// Opens a version of a secret of an identity.
    pub fn unseal(&self, identity: &IdentityRow, name: &str, version: i64, sealed: &[u8]) -> Result<Secret> {
        let key = self.data_key(identity)?;
        key.open(sealed, bound(identity, name, version)?).map_err(|_| {
            Error::new(Code::Locked, format!("the secret {name} of {} does not open", identity.name))
                .hint("the database was altered; set the secret again")
                .into()
        })
    }

    /// The data key that [`Safe::new_key`] made for the thing with this id, which need not be an identity.
    pub fn key(&self, id: &str, wrapped: &[u8]) -> Result<DataKey> {
        self.master()?.unwrap(wrapped, id).map_err(|_| {
            Error::new(Code::Locked, "a key does not open")
                .hint("the database was altered; restore it from a backup")
                .into()
        })
    }

    fn data_key(&self, identity: &IdentityRow) -> Result<DataKey> {
        self.master()?.unwrap(&identity.wrapped_key, &identity.id).map_err(|_| {
            Error::new(Code::Locked, format!("the key of {} does not open", identity.name))
                .hint("the database was altered; restore it from a backup")
                .into()
        })
    }

    fn master(&self) -> Result<Arc<MasterKey>> {
        let inside = self.inside.read().unwrap_or_else(|e| e.into_inner());
        match &inside.master {
            Some(master) => Ok(master.clone()),
            None => bail!(locked_error(&inside.state)),
        }
    }

    async fn begin(&self, passphrase: Option<Secret>) -> Result<()> {
        let _opening = self.opening.lock().await;
        if let Some(row) = self.store.vault().await? {
            return match Header::read(&row.header) {
                Ok(header) => self.open_header(header, passphrase).await,
                Err(reason) => {
                    self.set(broken(&reason), None);
                    Ok(())
                }
            };
        }
        if !self.store.identities().await?.is_empty() {
            self.set(broken("the database holds identities, but no vault"), None);
            return Ok(());
        }
        self.create(passphrase).await
    }

    async fn open_header(&self, header: Header, passphrase: Option<Secret>) -> Result<()> {
        let source = match header.source {
            Source::Keychain => KeySource::Keychain,
            Source::Passphrase(_) => KeySource::Passphrase,
        };
        match self.derive(header, passphrase).await? {
            Ok(master) => self.opened(master, source),
            Err(error) => self.set(state_of(&error), None),
        }
        Ok(())
    }

    /// Makes the vault: with the passphrase where one was given, else in the keychain, else not yet.
    async fn create(&self, passphrase: Option<Secret>) -> Result<()> {
        if let Some(passphrase) = &passphrase {
            check_passphrase(passphrase)?;
        }
        let id = store::new_id();
        let source = if passphrase.is_some() { KeySource::Passphrase } else { KeySource::Keychain };
        let (keychain, vault_id) = (self.keychain.clone(), id.clone());
        let made = in_time(move || match &passphrase {
            Some(passphrase) => vault::create(&vault_id, Key::Passphrase(passphrase)),
            None => vault::create(&vault_id, Key::Keychain(&*keychain)),
        });
        match made.await? {
            Ok((header, master)) => {
                let row = VaultRow { id, header: header.to_json() };
                self.store.insert_vault(&row, self.clock.now()).await?;
                self.opened(master, source);
            }
            Err(OpenError::KeychainUnavailable(reason)) => {
                tracing::info!("no keychain answers ({reason}); a passphrase is asked for");
                self.set(VaultState::New, None);
            }
            Err(error) => self.set(state_of(&error), None),
        }
        Ok(())
    }

    async fn derive(
        &self,
        header: Header,
        passphrase: Option<Secret>,
    ) -> Result<Result<MasterKey, OpenError>> {
        let keychain = self.keychain.clone();
        in_time(move || vault::open(&header, &*keychain, passphrase.as_ref())).await
    }

    fn opened(&self, master: MasterKey, key: KeySource) {
        let place = match key {
            KeySource::Keychain => "the keychain of the operating system",
            KeySource::Passphrase => "a passphrase",
        };
        tracing::info!("the vault is open; its key comes from {place}");
        self.set(VaultState::Open { key }, Some(Arc::new(master)));
    }

    fn set(&self, state: VaultState, master: Option<Arc<MasterKey>>) {
        if let VaultState::Broken { reason, .. } | VaultState::Locked { reason } = &state {
            tracing::warn!("the vault is closed: {reason}");
        }
        *self.inside.write().unwrap_or_else(|e| e.into_inner()) = Inside { state: state.clone(), master };
        self.bus.publish(Event::VaultChanged { vault: state });
    }
}

/// Runs what may ask a keychain, or stretch a passphrase, off the async threads and not for ever.
async fn in_time<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, OpenError> + Send + 'static,
) -> Result<Result<T, OpenError>> {
    match tokio::time::timeout(KEYCHAIN_PATIENCE, tokio::task::spawn_blocking(work)).await {
        Ok(done) => done.context("asking for the vault's key"),
        Err(_) => Ok(Err(OpenError::KeychainUnavailable("it does not answer".into()))),
    }
}

fn bound<'a>(identity: &'a IdentityRow, name: &'a str, version: i64) -> Result<Bound<'a>> {
    let version = u64::try_from(version).context("a version below zero")?;
    Ok(Bound { identity: &identity.id, name, version })
}

fn read_passphrase(path: PathBuf) -> Result<Secret> {
    let read = std::fs::read(&path).map_err(|e| {
        Error::new(Code::Locked, format!("the passphrase file {} cannot be read: {e}", path.display()))
            .hint("LANYARD_PASSPHRASE_FILE names it")
    });
    let mut bytes = zeroize::Zeroizing::new(read?);
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    Ok(Secret::new(std::mem::take(&mut *bytes)))
}

fn check_passphrase(passphrase: &Secret) -> Result<()> {
    // EXPOSE: its characters are counted.
    let long_enough = passphrase.expose_str().is_some_and(|text| text.chars().count() >= PASSPHRASE_MIN);
    match long_enough {
        true => Ok(()),
        false => bail!(Error::invalid(format!("a passphrase has at least {PASSPHRASE_MIN} characters"))),
    }
}

fn state_of(error: &OpenError) -> VaultState {
    let reason = match error {
        OpenError::NeedsPassphrase => "its passphrase has not been given".into(),
        other => other.to_string(),
    };
    match error {
        OpenError::NeedsPassphrase | OpenError::WrongPassphrase | OpenError::KeychainUnavailable(_) => {
            VaultState::Locked { reason }
        }
        OpenError::KeyLost | OpenError::WrongKey | OpenError::Corrupt(_) => broken(&reason),
    }
}

fn broken(reason: &str) -> VaultState {
    let hint = "nothing was changed; restore the keychain or the database from a backup, \
                or start anew with another LANYARD_HOME";
    VaultState::Broken { reason: reason.to_string(), hint: hint.into() }
}

fn broken_error(reason: &str) -> Error {
    locked_error(&broken(reason))
}

fn locked_error(state: &VaultState) -> Error {
    match state {
        VaultState::Broken { reason, hint } => Error::new(Code::Locked, reason.clone()).hint(hint.clone()),
        VaultState::Locked { reason } => Error::new(Code::Locked, format!("the vault is locked: {reason}"))
            .hint("unlock it: lanyard unlock"),
        VaultState::New => Error::new(Code::Locked, "there is no vault yet, because no keychain answers")
            .hint("choose a passphrase: lanyard unlock"),
        VaultState::Open { .. } => Error::internal(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use vault::KeychainError;

    /// A machine without a keychain.
    struct Silent;

    impl Keychain for Silent {
        fn read(&self, _: &str) -> Result<Option<MasterKey>, KeychainError> {
            Err(KeychainError::Unavailable("there is none".into()))
        }
        fn write(&self, _: &str, _: &MasterKey) -> Result<(), KeychainError> {
            Err(KeychainError::Unavailable("there is none".into()))
        }
        fn delete(&self, _: &str) -> Result<(), KeychainError> {
            Ok(())
        }
    }

    async fn opened(folder: &Path) -> (Store, Safe) {
        let store = Store::open(&folder.join("lanyard.db")).await.unwrap();
        let clock = Clock::of_the_machine();
        let safe = Safe::open(store.clone(), Bus::default(), clock, Arc::new(Silent), None).await.unwrap();
        (store, safe)
    }

    fn secret(text: &str) -> Secret {
        Secret::from(text.to_string())
    }

    fn is_open(safe: &Safe) -> bool {
        safe.state() == VaultState::Open { key: KeySource::Passphrase }
    }

    #[tokio::test]
    async fn without_a_keychain_a_passphrase_makes_the_vault_and_opens_it_again() {
        let dir = tempfile::tempdir().unwrap();
        let (store, safe) = opened(dir.path()).await;
        assert_eq!(safe.state(), VaultState::New);
        assert!(safe.new_key("i1").is_err());
        assert!(safe.unlock(secret("short")).await.is_err());
        safe.unlock(secret("long enough")).await.unwrap();
        assert!(is_open(&safe));
        store.close().await;

        let (store, safe) = opened(dir.path()).await;
        assert!(matches!(safe.state(), VaultState::Locked { .. }));
        let before = store.vault().await.unwrap().unwrap().header;
        assert!(safe.unlock(secret("another one")).await.is_err());
        assert!(!is_open(&safe));
        assert_eq!(store.vault().await.unwrap().unwrap().header, before);
        safe.unlock(secret("long enough")).await.unwrap();
        assert!(is_open(&safe));
    }

    #[tokio::test]
    async fn a_vault_that_is_lost_is_not_replaced_by_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let (store, safe) = opened(dir.path()).await;
        safe.unlock(secret("long enough")).await.unwrap();
        let wrapped_key = safe.new_key("i1").unwrap();
        let row = IdentityRow {
            id: "i1".into(),
            name: "a".into(),
            email: "a@b".into(),
            phone: None,
            author_name: "a".into(),
            author_email: "a@b".into(),
            wrapped_key,
            created_at: 0,
            updated_at: 0,
        };
        store.insert_identity(&row, None).await.unwrap();
        store.forget_vault().await;
        store.close().await;

        let (store, safe) = opened(dir.path()).await;
        assert!(matches!(safe.state(), VaultState::Broken { .. }));
        assert!(safe.unlock(secret("long enough")).await.is_err());
        assert!(store.vault().await.unwrap().is_none());
    }
}
