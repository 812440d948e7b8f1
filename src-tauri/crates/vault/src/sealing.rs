//! How bytes are sealed: XChaCha20-Poly1305 with a random nonce, bound to the place where they belong.
//!
//! ```text
//! sealed = format (1 byte, 1) · nonce (24) · ciphertext · tag (16)
//! associated data = format · label · each part, every one preceded by its length (8 bytes, big-endian)
//! ```

use crate::secret::Secret;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use std::fmt;

/// The length of every key, in bytes.
pub const KEY_LEN: usize = 32;
const FORMAT: u8 = 1;
const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;

/// Sealed bytes that could not be opened: they were altered, cut, belong elsewhere, or the key is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unopened;

impl fmt::Display for Unopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the sealed bytes do not open: they were altered, belong elsewhere, or the key is another",
        )
    }
}

impl std::error::Error for Unopened {}

/// Where sealed bytes belong. Bytes that are moved to another place do not open there.
pub(crate) fn place(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut place = vec![FORMAT];
    // Each part's length stands before it, so that no two lists of parts can look the same.
    for part in std::iter::once(&label.as_bytes()).chain(parts) {
        place.extend_from_slice(&(part.len() as u64).to_be_bytes());
        place.extend_from_slice(part);
    }
    place
}

/// Seals `plain` under `key` for `place`.
pub(crate) fn seal(key: &[u8; KEY_LEN], place: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    fill_random(&mut nonce);
    // The room is reserved at once: a buffer that grows would leave plaintext behind.
    let mut sealed = Vec::with_capacity(1 + NONCE_LEN + plain.len() + TAG_LEN);
    sealed.push(FORMAT);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let body = &mut sealed[1 + NONCE_LEN..];
    let tag = XChaCha20Poly1305::new(key.into())
        .encrypt_inout_detached(&XNonce::from(nonce), place, body.into())
        .expect("no secret is larger than the 256 GiB that the cipher takes");
    sealed.extend_from_slice(&tag);
    sealed
}

/// Opens what [`seal`] made under the same `key` for the same `place`.
pub(crate) fn open(key: &[u8; KEY_LEN], place: &[u8], sealed: &[u8]) -> Result<Secret, Unopened> {
    let (&format, rest) = sealed.split_first().ok_or(Unopened)?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>().ok_or(Unopened)?;
    let (body, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or(Unopened)?;
    if format != FORMAT {
        return Err(Unopened);
    }
    let mut plain = body.to_vec();
    XChaCha20Poly1305::new(key.into())
        .decrypt_inout_detached(&XNonce::from(*nonce), place, plain.as_mut_slice().into(), &Tag::from(*tag))
        .map_err(|_| Unopened)?;
    Ok(Secret::new(plain))
}

/// Fills `bytes` from the operating system's random source.
pub(crate) fn fill_random(bytes: &mut [u8]) {
    // Without randomness nothing can be sealed, and a nonce used twice would be worse than stopping.
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_places_look_the_same() {
        assert_ne!(place("a", &[b"b", b"c"]), place("a", &[b"bc", b""]));
        assert_ne!(place("a", &[b"b"]), place("ab", &[b""]));
        assert_ne!(place("a", &[b"b"]), place("a", &[b"b", b""]));
    }

    #[test]
    fn any_cut_and_any_flipped_bit_is_noticed() {
        let (key, here) = ([7; KEY_LEN], place("test", &[]));
        let sealed = seal(&key, &here, b"abc");
        for end in 0..sealed.len() {
            assert!(open(&key, &here, &sealed[..end]).is_err(), "cut to {end}");
        }
        for bit in 0..sealed.len() * 8 {
            let mut altered = sealed.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&key, &here, &altered).is_err(), "bit {bit}");
        }
    }
}
