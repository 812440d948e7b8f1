//! Passwords: an identity's logins to websites, and the one-time codes that go with them.

use crate::secrets::Policy;
use crate::{Millis, SecretText};
use serde::{Deserialize, Serialize};

/// How long a generated password is where nobody says.
pub const LENGTH: u32 = 24;
/// The shortest generated password.
pub const LENGTH_MIN: u32 = 8;
/// The longest generated password.
pub const LENGTH_MAX: u32 = 128;
/// The longest password, and the longest notes, in bytes.
pub const PASSWORD_MAX: usize = 4096;

/// A login without its password and notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordEntry {
    /// UUID v7.
    pub uuid: String,
    /// The name of the identity that holds it.
    pub identity: String,
    /// The host, in lower case and in ASCII, with a port where that matters.
    pub domain: String,
    /// The user's name there; may be empty.
    pub username: String,
    /// What happens when an agent asks for it.
    pub policy: Policy,
    /// Whether it has one-time codes.
    pub has_code: bool,
    /// How often it has been changed.
    pub version: i64,
    /// When it was made, RFC 3339.
    pub created_dt: String,
    /// When it was last changed, RFC 3339.
    pub updated_dt: String,
    /// When it was last changed.
    pub updated_at: Millis,
}

/// A login with its password.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordValue {
    /// UUID v7.
    pub uuid: String,
    /// The name of the identity that holds it.
    pub identity: String,
    /// The host.
    pub domain: String,
    /// The user's name there.
    pub username: String,
    /// The password.
    pub password: SecretText,
    /// The notes, which are as secret as the password.
    pub notes: SecretText,
    /// When it was made, RFC 3339.
    pub created_dt: String,
    /// When it was last changed, RFC 3339.
    pub updated_dt: String,
}

/// A one-time code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OneTimeCode {
    /// The host that it is for.
    pub domain: String,
    /// The user's name there.
    pub username: String,
    /// The digits.
    pub code: SecretText,
    /// For how many seconds it is still the current one.
    pub seconds_left: u32,
}

/// `passwords.generate`: a new password that is kept nowhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratePassword {
    /// How long, 8 to 128; 24 if left out.
    #[serde(default)]
    pub length: Option<u32>,
    /// Whether there are signs in it, such as `!` and `#`.
    #[serde(default = "yes")]
    pub special: bool,
    /// Whether there are digits in it.
    #[serde(default = "yes")]
    pub digits: bool,
    /// Characters that must not be in it.
    #[serde(default)]
    pub exclude: String,
}

fn yes() -> bool {
    true
}

/// A password that was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GeneratedPassword {
    /// The password.
    pub password: SecretText,
}

/// `passwords.list`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListPasswords {
    /// Whose; the current one's if left out, an agent's own always.
    #[serde(default)]
    pub identity: Option<String>,
}

/// `passwords.create`: with a password that is given, or one that is generated.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreatePassword {
    /// Whose; the current one's if left out, an agent's own always.
    #[serde(default)]
    pub identity: Option<String>,
    /// The host.
    pub domain: String,
    /// The user's name there.
    #[serde(default)]
    pub username: String,
    /// The password; one is generated if left out.
    #[serde(default)]
    pub password: Option<SecretText>,
    /// How long a generated one is, 8 to 128; 24 if left out.
    #[serde(default)]
    pub length: Option<u32>,
    /// Notes.
    #[serde(default)]
    pub notes: Option<SecretText>,
    /// What happens when an agent asks for it; `auto` if left out.
    #[serde(default)]
    pub policy: Option<Policy>,
}

/// `passwords.update`: what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdatePassword {
    /// Whose; the current one's if left out, an agent's own always.
    #[serde(default)]
    pub identity: Option<String>,
    /// The host, or the login's id.
    pub domain: String,
    /// The user's name there, where there are several.
    #[serde(default)]
    pub username: Option<String>,
    /// A new password.
    #[serde(default)]
    pub password: Option<SecretText>,
    /// The length of a new password that is generated, 8 to 128.
    #[serde(default)]
    pub length: Option<u32>,
    /// New notes.
    #[serde(default)]
    pub notes: Option<SecretText>,
    /// The secret of its one-time codes, in base32 or as an `otpauth:` address; empty takes it away.
    #[serde(default)]
    pub totp: Option<SecretText>,
    /// A new policy.
    #[serde(default)]
    pub policy: Option<Policy>,
}

/// `passwords.read`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadPassword {
    /// Whose; the current one's if left out, an agent's own always.
    #[serde(default)]
    pub identity: Option<String>,
    /// The host, or the login's id.
    pub domain: String,
    /// The user's name there, where there are several.
    #[serde(default)]
    pub username: Option<String>,
    /// Why, for the owner who is asked where the policy is `ask`.
    #[serde(default)]
    pub reason: Option<String>,
    /// How long to wait for the owner; two minutes if left out.
    #[serde(default)]
    pub wait_ms: Option<u64>,
}

/// `passwords.code`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadCode {
    /// Whose; the current one's if left out, an agent's own always.
    #[serde(default)]
    pub identity: Option<String>,
    /// The host, or the login's id.
    pub domain: String,
    /// The user's name there, where there are several.
    #[serde(default)]
    pub username: Option<String>,
    /// Why, for the owner who is asked where the policy is `ask`.
    #[serde(default)]
    pub reason: Option<String>,
    /// How long to wait for the owner; two minutes if left out.
    #[serde(default)]
    pub wait_ms: Option<u64>,
}

/// `passwords.delete`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeletePassword {
    /// Whose; the current one's if left out, an agent's own always.
    #[serde(default)]
    pub identity: Option<String>,
    /// The host, or the login's id.
    pub domain: String,
    /// The user's name there, where there are several.
    #[serde(default)]
    pub username: Option<String>,
}
