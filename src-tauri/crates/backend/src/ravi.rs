//! What all who ask Ravi's server know of it.

/// Where it is, where nobody says otherwise.
pub const HOME: &str = "https://api.ravi.id";
/// The path of the keys that open one identity each.
pub const KEYS: [&str; 4] = ["api", "auth", "keys", "identity"];
