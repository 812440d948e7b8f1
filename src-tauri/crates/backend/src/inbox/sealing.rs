//! How a message is sealed, and how its words, threads and ids are made into keyed hashes that tell nothing.

use super::elsewhere::Reply;
use crate::store::MessageRow;
use anyhow::{Context, Result};
use api::inbox::{Attachment, Found};
use api::{Code, Error};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use vault::{Bound, DataKey, Secret};

/// What a list shows of a message.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Head {
    pub from_name: Option<String>,
    pub from: String,
    pub to: Vec<String>,
    pub cc: Vec<String>,
    pub subject: String,
    pub preview: String,
    pub attachments: u32,
    pub found: Found,
}

/// The rest of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Body {
    pub text: String,
    pub html: Option<String>,
    pub files: Vec<Attachment>,
    pub message_id: Option<String>,
    pub references: Vec<String>,
    pub reply_to: Option<String>,
    pub bcc: Vec<String>,
    pub answers: Option<String>,
    /// Where else it is kept.
    #[serde(default)]
    pub theirs: Option<String>,
    /// What it answers there.
    #[serde(default)]
    pub reply: Option<Reply>,
}

/// What came of sending one.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Said {
    pub reason: Option<String>,
    pub provider_id: Option<String>,
    /// Who is still to get it, where others have it already.
    #[serde(default)]
    pub left: Option<Vec<String>>,
    /// Who never gets it, and why.
    #[serde(default)]
    pub refused: Vec<(String, String)>,
}

/// What seals, opens and hashes the messages of one identity.
pub struct Seals {
    identity_id: String,
    key: DataKey,
    blind: Hmac<Sha256>,
}

impl Seals {
    /// Those of an identity with this key.
    pub fn new(identity_id: &str, key: DataKey) -> Result<Self> {
        let lent = key.lend();
        // EXPOSE: another key is derived from it, for hashes alone.
        let mut derived = hasher(lent.expose())?;
        derived.update(b"lanyard inbox index");
        let derived = Secret::new(derived.finalize().into_bytes().to_vec());
        // EXPOSE: the hashes are keyed with it.
        let blind = hasher(derived.expose())?;
        Ok(Self { identity_id: identity_id.to_string(), key, blind })
    }

    /// Seals what belongs to a message.
    pub fn seal<T: Serialize>(&self, id: &str, what: &str, value: &T) -> Result<Vec<u8>> {
        let json = Secret::new(serde_json::to_vec(value)?);
        Ok(self.key.seal(&json, Bound { identity: &self.identity_id, name: &name(id, what), version: 0 }))
    }

    /// Seals a piece of a mail as it came.
    pub fn seal_piece(&self, id: &str, part: u64, bytes: &[u8]) -> Vec<u8> {
        let bound = Bound { identity: &self.identity_id, name: &name(id, "raw"), version: part };
        self.key.seal(&Secret::new(bytes.to_vec()), bound)
    }

    /// Opens a piece of a mail.
    pub fn piece(&self, id: &str, part: u64, sealed: &[u8]) -> Result<Secret> {
        self.opened(id, "raw", part, sealed)
    }

    /// What a list shows of a message.
    pub fn head(&self, row: &MessageRow) -> Result<Head> {
        self.open(&row.id, "head", &row.head)
    }

    /// The rest of a message.
    pub fn body(&self, id: &str, sealed: &[u8]) -> Result<Body> {
        self.open(id, "body", sealed)
    }

    /// What was said of a message's sending.
    pub fn said(&self, row: &MessageRow) -> Result<Option<Said>> {
        row.said.as_deref().map(|sealed| self.open(&row.id, "said", sealed)).transpose()
    }

    fn open<T: DeserializeOwned>(&self, id: &str, what: &str, sealed: &[u8]) -> Result<T> {
        let opened = self.opened(id, what, 0, sealed)?;
        // EXPOSE: it is taken apart for whoever may read the message.
        serde_json::from_slice(opened.expose()).ok().context("a stored message is malformed")
    }

    fn opened(&self, id: &str, what: &str, version: u64, sealed: &[u8]) -> Result<Secret> {
        let name = name(id, what);
        self.key.open(sealed, Bound { identity: &self.identity_id, name: &name, version }).map_err(|_| {
            Error::new(Code::Locked, format!("the message {id} does not open"))
                .hint("the database was altered; restore it from a backup, or delete the message")
                .into()
        })
    }

    /// A keyed hash, as text. Equal parts under the same label give the same one, for this identity alone.
    pub fn hash(&self, label: &str, parts: &[&str]) -> String {
        let digest = self.digest(label, parts);
        data_encoding::HEXLOWER.encode(&digest[..16])
    }

    /// A keyed hash of a word, as a number. Six bytes tell words apart well enough, and take less room.
    pub fn word(&self, label: &str, word: &str) -> i64 {
        let digest = self.digest(label, &[word]);
        digest[..6].iter().fold(0, |number, byte| (number << 8) | i64::from(*byte))
    }

    fn digest(&self, label: &str, parts: &[&str]) -> Vec<u8> {
        let mut hash = self.blind.clone();
        // Each part's length stands before it, so that no two lists of parts look the same.
        for part in std::iter::once(&label).chain(parts) {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().into_bytes().to_vec()
    }
}

fn hasher(key: &[u8]) -> Result<Hmac<Sha256>> {
    Hmac::new_from_slice(key).ok().context("a key of any length will do")
}

/// The name that a part of a message is sealed for. No secret and no login has one of three words that begins so.
fn name(id: &str, what: &str) -> String {
    format!("message {id} {what}")
}
