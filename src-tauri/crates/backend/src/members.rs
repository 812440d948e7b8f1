//! The room of members: who may come in through the web door. So far that is the owner's own browser.
//!
//! A code is given out on the owner's socket, is worth one exchange within five minutes, and becomes a
//! token. Codes and tokens are kept as hashes, in memory only: a new daemon knows none of them.

use crate::clock::Clock;
use anyhow::{Context, Result, bail};
use api::status::WebAddress;
use api::{Code, Error, Millis, Role, SecretText};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, OnceLock};
use subtle::ConstantTimeEq;

/// How long a code is worth something.
const CODE_LIFE: Millis = 5 * 60 * 1000;
/// How long a browser stays in.
const TOKEN_LIFE: Millis = 24 * 60 * 60 * 1000;
/// How many codes, and how many tokens, are kept at most: the oldest go first.
const KEPT: usize = 32;

/// What is kept of a random text.
pub type Hash = [u8; 32];

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Members {
    clock: Clock,
    address: Arc<OnceLock<String>>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    codes: Vec<(Hash, Millis)>,
    tokens: Vec<(Hash, Millis)>,
}

impl Members {
    /// Opens the room.
    pub fn new(clock: Clock) -> Self {
        Self { clock, address: Arc::default(), kept: Arc::default() }
    }

    /// Says where the web door is, for example `http://127.0.0.1:4711`.
    pub fn set_address(&self, address: String) {
        self.address.set(address).ok();
    }

    /// Where the web door is.
    pub fn address(&self) -> Result<&str> {
        let closed = || {
            Error::new(
                Code::Unsupported,
                "the web door is closed: its port could not be taken or no page was found",
            )
            .hint("the daemon's log says which; the setting web_port = 0 takes any free port")
        };
        Ok(self.address.get().ok_or_else(closed)?)
    }

    /// A one-time address for the owner's browser.
    pub fn open_web(&self) -> Result<WebAddress> {
        let address = self.address()?;
        let (code, hash) = random()?;
        let expires_at = self.clock.now() + CODE_LIFE;
        push(&mut self.lock().codes, hash, expires_at);
        // EXPOSE: the address is for the owner who asked for it.
        let url = SecretText::new(format!("{address}/#code={}", code.expose()));
        Ok(WebAddress { url, expires_at })
    }

    /// Exchanges a code for a token. The code is gone after that.
    pub fn exchange(&self, code: &str) -> Result<SecretText> {
        let now = self.clock.now();
        let mut kept = self.lock();
        let Some(at) = position(&kept.codes, code, now) else {
            bail!(
                Error::refused("that code is unknown, used or too old")
                    .hint("ask for a new address: lanyard web")
            );
        };
        kept.codes.remove(at);
        let (token, hash) = random()?;
        push(&mut kept.tokens, hash, now + TOKEN_LIFE);
        Ok(token)
    }

    /// What the bearer of a token is, if anything.
    pub fn role(&self, token: &str) -> Option<Role> {
        position(&self.lock().tokens, token, self.clock.now()).map(|_| Role::Owner)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(|e| e.into_inner())
    }
}

fn push(list: &mut Vec<(Hash, Millis)>, hash: Hash, until: Millis) {
    if list.len() == KEPT {
        list.remove(0);
    }
    list.push((hash, until));
}

fn position(list: &[(Hash, Millis)], text: &str, now: Millis) -> Option<usize> {
    let hash: Hash = Sha256::digest(text.as_bytes()).into();
    list.iter().position(|(kept, until)| bool::from(kept.ct_eq(&hash)) && now < *until)
}

/// A text that nobody can guess, and what is kept of it.
pub fn random() -> Result<(SecretText, Hash)> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("asking the system for randomness")?;
    let text = BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let hash = Sha256::digest(text.as_bytes()).into();
    Ok((SecretText::new(text), hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Members {
        let members = Members::new(Clock::of_the_machine());
        members.set_address("http://127.0.0.1:1".into());
        members
    }

    fn code(members: &Members) -> String {
        let url = members.open_web().unwrap().url;
        url.expose().split_once("#code=").unwrap().1.to_string()
    }

    #[test]
    fn a_code_is_worth_one_exchange() {
        let members = members();
        let code = code(&members);
        let token = members.exchange(&code).unwrap();
        assert_eq!(members.role(token.expose()), Some(Role::Owner));
        assert!(members.exchange(&code).is_err());
    }

    #[test]
    fn a_guess_is_worth_nothing() {
        let members = members();
        code(&members);
        assert!(members.exchange("").is_err());
        assert_eq!(members.role(""), None);
    }

    #[test]
    fn old_codes_make_room_for_new_ones() {
        let members = members();
        let first = code(&members);
        for _ in 0..KEPT {
            code(&members);
        }
        assert!(members.exchange(&first).is_err());
        assert_eq!(members.lock().codes.len(), KEPT);
    }
}
