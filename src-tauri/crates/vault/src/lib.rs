//! The secrets of Lanyard: types that cannot be printed, the keys that seal them, and where the master key lives.
//!
//! One master key opens the vault. It is kept by the operating system's keychain, or derived from a
//! passphrase ([`opening`]). It wraps one data key per identity ([`keys`]), and a data key seals that
//! identity's secrets. What has to be kept in clear about all this is the [`header`]. This crate does no
//! storing of its own: the caller keeps the header, the wrapped keys and the sealed values.

pub mod header;
pub mod keychain;
pub mod keys;
pub mod opening;
mod sealing;
pub mod secret;

pub use header::{Header, Source};
pub use keychain::{Keychain, KeychainError, OsKeychain};
pub use keys::{Bound, DataKey, MasterKey};
pub use opening::{Key, OpenError, create, open};
pub use sealing::Unopened;
pub use secret::Secret;
