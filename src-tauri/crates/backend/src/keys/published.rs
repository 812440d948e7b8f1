//! What git reads of the keys: a file with each identity's public key, and one with those of all.
//!
//! They lie in a folder that sessions see but cannot write to: a link that an agent put in their place would
//! have the daemon write over a file of the owner's.

use super::line;
use crate::config::write_whole;
use crate::store::KeyRow;
use anyhow::{Context, Result};
use std::fmt::Write;
use std::path::PathBuf;

/// The folder of the files.
#[derive(Clone)]
pub struct Published {
    folder: PathBuf,
}

impl Published {
    /// Files go below `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The file with the public key of one identity.
    pub fn key(&self, identity_id: &str) -> PathBuf {
        self.folder.join(format!("{identity_id}.pub"))
    }

    /// The file with the keys of all identities, as `ssh-keygen` reads it.
    pub fn signers(&self) -> PathBuf {
        self.folder.join("allowed_signers")
    }

    /// Takes away the file of one identity; among the signers it stays.
    pub fn forget(&self, identity_id: &str) -> Result<()> {
        match std::fs::remove_file(self.key(identity_id)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e).context("removing a public key"),
            _ => Ok(()),
        }
    }

    /// Writes the files anew. A retired key stays among the signers: its private part is destroyed, so what it
    /// has signed is all that it will ever sign.
    pub fn write(&self, keys: &[KeyRow]) -> Result<()> {
        let mut signers = String::from("# Kept by Lanyard: the keys of all its identities.\n");
        for key in keys {
            writeln!(signers, "{} namespaces=\"git\" {}", key.email, line(&key.public_key))?;
            if key.retired_at.is_none() {
                let line = format!("{}\n", line(&key.public_key));
                write_whole(&self.key(&key.identity_id), line.as_bytes())?;
            }
        }
        write_whole(&self.signers(), signers.as_bytes())
    }
}
