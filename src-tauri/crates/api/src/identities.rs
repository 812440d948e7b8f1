//! Identities: named personas, each with its own address, phone, git author and vault.

use crate::Millis;
use serde::{Deserialize, Serialize};

/// Who provides the mailbox and the phone of an identity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Lanyard itself, on this machine.
    #[default]
    Local,
    /// Ravi, by a source of that kind.
    Ravi,
}

impl Provider {
    /// The provider's name, for example `ravi`.
    pub fn name(self) -> &'static str {
        match self {
            Provider::Local => "local",
            Provider::Ravi => "ravi",
        }
    }
}

/// Which of Ravi's identities one here is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaviLink {
    /// Its id at Ravi.
    pub uuid: String,
    /// Its name at Ravi.
    pub name: String,
    /// The name of the source that it is reached by.
    pub source: String,
}

/// A persona that a slot can wear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// UUID v7.
    pub id: String,
    /// Its unique name.
    pub name: String,
    /// Its address, by default `<name>@lanyard.localhost`.
    pub email: String,
    /// Its phone number in E.164 form, where it has one.
    pub phone: Option<String>,
    /// The name that its commits carry.
    pub author_name: String,
    /// The address that its commits carry.
    pub author_email: String,
    /// The SSH key that signs its commits, as OpenSSH writes it; none before its first need.
    pub public_key: Option<String>,
    /// Who provides mailbox and phone.
    pub provider: Provider,
    /// Which of Ravi's identities it is, where Ravi provides it.
    #[serde(default)]
    pub ravi: Option<RaviLink>,
    /// Whether commands that name no identity mean this one.
    pub current: bool,
    /// How many secrets its vault holds.
    pub secrets: u32,
    /// When it was created.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
}

/// `identities.list`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListIdentities {}

/// `identities.show`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowIdentity {
    /// Which one; an agent may leave it out and means its own.
    #[serde(default)]
    pub identity: Option<String>,
}

/// `identities.create`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateIdentity {
    /// A unique name.
    pub name: String,
    /// The local part of its address, or a whole address; the name if left out.
    #[serde(default)]
    pub email: Option<String>,
    /// A phone number in E.164 form; one of Ravi's gets its number from there.
    #[serde(default)]
    pub phone: Option<String>,
    /// The name for its commits; the identity's name if left out.
    #[serde(default)]
    pub author_name: Option<String>,
    /// The address for its commits; the identity's address if left out.
    #[serde(default)]
    pub author_email: Option<String>,
    /// Who provides mailbox and phone. At Ravi it is made first, or taken if one of this name is there.
    #[serde(default)]
    pub provider: Provider,
    /// The source that it is made by; the only one of Ravi's if left out.
    #[serde(default)]
    pub source: Option<String>,
    /// Whether Ravi shall give it a phone number as well.
    #[serde(default)]
    pub provision_phone: bool,
}

/// `identities.link`: it becomes one of Ravi's, with that one's address and phone.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkIdentity {
    /// Which one here.
    pub identity: String,
    /// Which one there: its id or its name.
    pub ravi: String,
    /// The source that it is reached by; the only one of Ravi's if left out.
    #[serde(default)]
    pub source: Option<String>,
}

/// `identities.unlink`: its keys at Ravi are revoked; what it has there stays there.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnlinkIdentity {
    /// Which one here.
    pub identity: String,
}

/// `identities.update`: what is left out stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateIdentity {
    /// Which one.
    pub identity: String,
    /// A new name.
    #[serde(default)]
    pub name: Option<String>,
    /// A new address, whole or its local part.
    #[serde(default)]
    pub email: Option<String>,
    /// A new phone number; empty removes it.
    #[serde(default)]
    pub phone: Option<String>,
    /// A new name for its commits.
    #[serde(default)]
    pub author_name: Option<String>,
    /// A new address for its commits.
    #[serde(default)]
    pub author_email: Option<String>,
}

/// `identities.use`: makes it the one that is meant where none is named.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UseIdentity {
    /// Which one.
    pub identity: String,
}

/// `identities.delete`: destroys its key, so that its secrets can never be read again.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteIdentity {
    /// Which one.
    pub identity: String,
    /// Go on although it holds secrets.
    #[serde(default)]
    pub force: bool,
}

/// `identities.environment`: the variables for one command run under an identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetEnvironment {
    /// Whose.
    pub identity: String,
    /// The project whose allowlist counts as well.
    #[serde(default)]
    pub project: Option<String>,
}

/// One variable of an environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value, which may be a secret.
    pub value: crate::SecretText,
}
