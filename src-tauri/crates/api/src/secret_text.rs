//! A secret's value on its way over the wire: it can be sent, but not printed, and it is wiped when dropped.

use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// Text that must not be seen. `Debug` shows dots; dropping it wipes the memory.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Every use says why in a line `// EXPOSE: …`.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("••••")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_prints_as_dots() {
        assert_eq!(format!("{:?}", SecretText::new("ghp_abc".into())), "••••");
    }
}
