//! A secret's bytes: they cannot be printed, cloned or serialised, and they are wiped when dropped.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes that must not be seen. Reading them is the one greppable word `expose`; what could show or copy
/// them by accident does not compile:
///
/// ```compile_fail
/// println!("{:?}", vault::Secret::from("ghp_abc".to_string()));
/// ```
/// ```compile_fail
/// let copy = vault::Secret::from("ghp_abc".to_string()).clone();
/// ```
/// ```compile_fail
/// serde_json::to_string(&vault::Secret::from("ghp_abc".to_string()));
/// ```
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over, without a copy.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves. Every use says why in a line `// EXPOSE: …`.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text, where they are UTF-8. Every use says why in a line `// EXPOSE: …`.
    pub fn expose_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

/// Equality in constant time: only the lengths can be told apart by a clock.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bytes_are_equal_and_others_are_not() {
        let secret = Secret::from("ghp_abc".to_string());
        assert!(secret == Secret::new(b"ghp_abc".to_vec()));
        assert!(secret != Secret::new(b"ghp_abd".to_vec()));
        assert!(secret != Secret::new(b"ghp_ab".to_vec()));
    }

    #[test]
    fn bytes_that_are_no_text_are_still_a_secret() {
        let secret = Secret::new(vec![0xff, 0]);
        assert_eq!(secret.len(), 2);
        // EXPOSE: the test's own bytes.
        assert_eq!(secret.expose_str(), None);
    }
}
