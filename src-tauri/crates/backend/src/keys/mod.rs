//! The room of keys: each identity's ed25519 key, which signs its commits and opens its SSH sessions.
//!
//! The private part is sealed under the identity's key and leaves this room for nobody: what others get is a
//! signature over something that the room has understood.

mod published;
mod purpose;

pub use purpose::Purpose;

use crate::approvals::{Approvals, Wanted};
use crate::audit::{Audit, By, Fact, outcome};
use crate::bus::Bus;
use crate::caller::Caller;
use crate::clock::Clock;
use crate::safe::Safe;
use crate::secrets::read_policy;
use crate::store::{self, IdentityRow, KeyRow, Store};
use crate::telling::told;
use anyhow::{Context, Result, bail};
use api::approvals::Action;
use api::audit::Kind;
use api::keys::Key;
use api::secrets::Policy;
use api::{Error, Event};
use ed25519_dalek::{Signer, SigningKey};
use published::Published;
use ssh_encoding::Encode;
use std::path::PathBuf;
use std::sync::Arc;
use vault::Secret;
use zeroize::Zeroizing;

/// What OpenSSH calls such keys and their signatures.
const ALGORITHM: &str = "ssh-ed25519";
/// A private part is sealed once and never changed.
const VERSION: i64 = 1;

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Keys {
    store: Store,
    bus: Bus,
    clock: Clock,
    safe: Safe,
    approvals: Approvals,
    audit: Audit,
    published: Published,
    // Two first needs at once must not make two keys.
    changing: Arc<tokio::sync::Mutex<()>>,
}

/// What the room is made of.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The bus.
    pub bus: Bus,
    /// The clock.
    pub clock: Clock,
    /// The vault.
    pub safe: Safe,
    /// The room of approvals.
    pub approvals: Approvals,
    /// The audit.
    pub audit: Audit,
    /// The folder of what git reads.
    pub folder: PathBuf,
}

impl Keys {
    /// Opens the room, and writes what may be seen of the keys.
    pub async fn open(parts: Parts) -> Result<Self> {
        let Parts { store, bus, clock, safe, approvals, audit, folder } = parts;
        let published = Published::new(folder);
        let room = Self { store, bus, clock, safe, approvals, audit, published, changing: Arc::default() };
        room.publish().await?;
        Ok(room)
    }

    /// The key of an identity; one that has none yet gets it now.
    pub async fn of(&self, identity: &IdentityRow) -> Result<KeyRow> {
        let _changing = self.changing.lock().await;
        match self.store.key(&identity.id).await? {
            Some(row) => Ok(row),
            None => self.make(identity, Policy::Auto).await,
        }
    }

    /// What may be seen of an identity's key.
    pub async fn show(&self, identity: &IdentityRow) -> Result<Key> {
        let row = self.of(identity).await?;
        Ok(self.seen(identity, &row))
    }

    /// Puts a new key in the place of an identity's, and destroys the old private part.
    pub async fn rotate(&self, identity: &IdentityRow) -> Result<Key> {
        let policy = policy(&self.of(identity).await?);
        let _changing = self.changing.lock().await;
        let row = self.make(identity, policy).await?;
        self.tell(identity);
        Ok(self.seen(identity, &row))
    }

    /// Says what happens when a signature of an identity is asked for.
    pub async fn set(&self, identity: &IdentityRow, policy: Policy) -> Result<Key> {
        self.of(identity).await?;
        self.store.set_key_policy(&identity.id, policy.name()).await?;
        self.tell(identity);
        self.show(identity).await
    }

    /// Takes over that an identity's commits carry another address.
    pub async fn readdress(&self, identity: &IdentityRow) -> Result<()> {
        let _changing = self.changing.lock().await;
        self.store.set_key_email(&identity.id, &identity.author_email).await?;
        self.publish().await
    }

    /// Destroys the private part of an identity that goes.
    pub async fn retire(&self, identity: &IdentityRow) -> Result<()> {
        let _changing = self.changing.lock().await;
        self.store.retire_key(&identity.id, self.clock.now()).await?;
        self.published.forget(&identity.id)
    }

    /// Where git finds the public key of an identity, and those of all.
    pub fn files(&self, identity_id: &str) -> (PathBuf, PathBuf) {
        (self.published.key(identity_id), self.published.signers())
    }

    /// The public key of an agent's identity as the SSH agent's protocol has it, with its comment.
    pub async fn offered(&self, caller: &Caller) -> Result<(Vec<u8>, String)> {
        let identity = self.identity_of(caller).await?;
        Ok((blob(&self.of(&identity).await?.public_key)?, identity.name))
    }

    /// Signs for an agent, if `wanted` is its identity's key and `data` something that can be told to the
    /// owner. The answer is a signature as SSH has it; what cannot be recorded is not given out.
    pub async fn sign(&self, caller: &Caller, wanted: &[u8], data: &[u8]) -> Result<Vec<u8>> {
        self.audit.admit(caller, Kind::Key, "keys.sign")?;
        let purpose = Purpose::read(data, wanted);
        let signed = match &purpose {
            Some(purpose) => self.signed(caller, wanted, data, purpose).await,
            None => Err(Error::refused("only signatures of SSHSIG and SSH logins are made").into()),
        };
        let mut fact = Fact::done(Kind::Key, "keys.sign", purpose::fingerprint(wanted));
        fact.detail = purpose.map(|purpose| purpose.to_string()).unwrap_or_default();
        if let Err(e) = &signed {
            fact.outcome = outcome(told(e).code);
        }
        self.audit.note(By::Caller(caller), fact).await?;
        signed
    }

    async fn signed(
        &self,
        caller: &Caller,
        wanted: &[u8],
        data: &[u8],
        purpose: &Purpose,
    ) -> Result<Vec<u8>> {
        let identity = self.identity_of(caller).await?;
        let row = self.of(&identity).await?;
        if blob(&row.public_key)? != wanted {
            bail!(Error::refused("that key is not of this session's identity"));
        }
        self.check(caller, &identity, &row, purpose).await?;
        // The owner may have taken minutes to answer, and the key may be gone by now.
        let identity = self.identity_of(caller).await?;
        let Some(row) = self.store.key(&identity.id).await?.filter(|now| now.id == row.id) else {
            bail!(Error::refused("that key has been replaced"));
        };
        // EXPOSE: the private part signs, and is wiped as the function ends.
        let seed = self.safe.unseal(&identity, &bound_name(&row), VERSION, sealed(&row)?)?;
        let seed: Zeroizing<[u8; 32]> =
            Zeroizing::new(seed.expose().try_into().context("a private key has 32 bytes")?);
        let signature = SigningKey::from_bytes(&seed).sign(data);
        words(&[ALGORITHM.as_bytes(), &signature.to_bytes()])
    }

    async fn check(
        &self,
        caller: &Caller,
        identity: &IdentityRow,
        row: &KeyRow,
        purpose: &Purpose,
    ) -> Result<()> {
        let wanted = match policy(row) {
            Policy::Auto => return Ok(()),
            Policy::Deny => bail!(Error::refused("the owner keeps this key from signing")),
            Policy::Ask => Wanted {
                action: Action::Sign,
                subject: purpose::fingerprint(&blob(&row.public_key)?),
                identity: identity.clone(),
                reason: None,
                wait: None,
                details: purpose.details(),
            },
        };
        self.approvals.permit(caller, wanted).await?;
        Ok(())
    }

    async fn identity_of(&self, caller: &Caller) -> Result<IdentityRow> {
        let Caller::Agent { identity_id, .. } = caller else {
            bail!(Error::refused("only a session signs"));
        };
        Ok(self
            .store
            .identity(identity_id)
            .await?
            .ok_or_else(|| Error::not_found("identity", identity_id))?)
    }

    async fn make(&self, identity: &IdentityRow, policy: Policy) -> Result<KeyRow> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|e| anyhow::anyhow!("making a key: {e}"))?;
        let public_key = SigningKey::from_bytes(&seed).verifying_key().to_bytes().to_vec();
        let mut row = KeyRow {
            id: store::new_id(),
            identity_id: identity.id.clone(),
            email: identity.author_email.clone(),
            public_key,
            sealed: None,
            policy: policy.name().into(),
            created_at: self.clock.now(),
            retired_at: None,
        };
        let secret = Secret::new(seed.to_vec());
        row.sealed = Some(self.safe.seal(identity, &bound_name(&row), VERSION, &secret)?);
        self.store.replace_key(&row).await?;
        self.publish().await?;
        Ok(row)
    }

    async fn publish(&self) -> Result<()> {
        self.published.write(&self.store.keys().await?)
    }

    fn seen(&self, identity: &IdentityRow, row: &KeyRow) -> Key {
        Key {
            identity: identity.name.clone(),
            public_key: format!("{} {}", line(&row.public_key), identity.name),
            fingerprint: blob(&row.public_key).map(|blob| purpose::fingerprint(&blob)).unwrap_or_default(),
            policy: policy(row),
            created_at: row.created_at,
            allowed_signers: self.published.signers().to_string_lossy().into_owned(),
        }
    }

    fn tell(&self, identity: &IdentityRow) {
        self.bus.publish(Event::IdentityChanged { identity: identity.id.clone() });
    }
}

/// What happens when a signature by this key is asked for.
pub fn policy(row: &KeyRow) -> Policy {
    read_policy(&row.policy)
}

/// A public key as OpenSSH writes it, without a comment.
pub fn line(public_key: &[u8]) -> String {
    use base64::Engine as _;
    let blob = blob(public_key).unwrap_or_default();
    format!("{ALGORITHM} {}", base64::engine::general_purpose::STANDARD.encode(blob))
}

fn blob(public_key: &[u8]) -> Result<Vec<u8>> {
    words(&[ALGORITHM.as_bytes(), public_key])
}

/// Byte strings one after the other, each with its length, as SSH writes them.
fn words(words: &[&[u8]]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for word in words {
        word.encode(&mut bytes).context("writing what SSH reads")?;
    }
    Ok(bytes)
}

fn sealed(row: &KeyRow) -> Result<&[u8]> {
    row.sealed.as_deref().context("a live key has a private part")
}

/// No secret can have this name, so no sealed secret can take a key's place.
fn bound_name(row: &KeyRow) -> String {
    format!("ssh-key/{}", row.id)
}
