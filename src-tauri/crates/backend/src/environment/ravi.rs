//! What a session's programs need to speak Ravi's REST shape.

use api::SecretText;

/// The variable that Ravi's programs take their key from.
pub const API_KEY: &str = "RAVI_API_KEY";

/// How the session's programs speak Ravi's REST shape.
pub struct Access {
    /// Their key.
    pub key: SecretText,
    /// The web door's address.
    pub address: String,
}

/// What Ravi's own command and libraries look for.
pub fn variables(access: &Access) -> [(String, SecretText); 3] {
    let address = || SecretText::new(access.address.clone());
    [
        (API_KEY.into(), access.key.clone()),
        ("RAVI_API_URL".into(), address()),
        ("RAVI_BASE_URL".into(), address()),
    ]
}
