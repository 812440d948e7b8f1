//! How Lanyard itself is: its vault, its version, its counts, and its doors.

use crate::audit::Anchor;
use crate::{Role, SecretText};
use serde::{Deserialize, Serialize};

/// Where the master key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeySource {
    /// In the keychain of the operating system.
    Keychain,
    /// Derived from a passphrase (Argon2id).
    Passphrase,
}

/// Whether secrets can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum VaultState {
    /// They can.
    Open {
        /// Where the key came from.
        key: KeySource,
    },
    /// There is no keychain and no vault yet: a passphrase must be chosen.
    New,
    /// The passphrase is asked for.
    Locked {
        /// Why it is locked, in words.
        reason: String,
    },
    /// The key is lost or does not fit; nothing was changed.
    Broken {
        /// What is wrong, in words.
        reason: String,
        /// What to do about it.
        hint: String,
    },
}

/// `status`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetStatus {}

/// How Lanyard is, as the caller may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The daemon's version.
    pub version: String,
    /// What the caller is to the daemon.
    pub role: Role,
    /// The daemon's process id; for an owner only.
    pub pid: Option<u32>,
    /// The folder that Lanyard keeps its data in; for an owner only.
    pub data: Option<String>,
    /// Whether secrets can be read.
    pub vault: VaultState,
    /// The caller's identity: an agent's own, else the current one.
    pub identity: Option<String>,
    /// The caller's slot, for an agent.
    pub slot: Option<u32>,
    /// The caller's session, for an agent.
    pub session: Option<String>,
    /// How many slots there are.
    pub slots: u32,
    /// How many sessions run.
    pub running: u32,
    /// The newest record of the audit; not for an agent.
    pub audit: Option<Anchor>,
    /// What protects sessions on this machine; not for an agent.
    pub walls: Option<Walls>,
    /// Where the mail server on this machine listens, for example `127.0.0.1:2525`: who has to send mail to an
    /// identity, as an app under test does, sends it there.
    #[serde(default)]
    pub smtp: Option<String>,
    /// The agents that can be started, found on the daemon's PATH or not.
    pub agents: Vec<AgentProgram>,
}

/// What this machine's kernel and settings let Lanyard put round a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walls {
    /// Landlock holds: a session cannot trace, signal or read the memory of processes outside.
    pub guarded: bool,
    /// Namespaces hold and the owner wants them: a session sees neither Lanyard's files nor your logins.
    pub hidden: bool,
}

/// An agent that Lanyard knows how to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentProgram {
    /// Its name, as `--agent` takes it.
    pub name: String,
    /// Where its program is, if it was found.
    pub path: Option<String>,
}

/// `vault.unlock`: opens the vault with a passphrase, or makes it where there is none yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnlockVault {
    /// The passphrase; at least 8 characters for a new vault.
    pub passphrase: SecretText,
}

/// `events.subscribe`: from now on this connection also carries events.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {}

/// `web.open`: a one-time address for a browser on this machine.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenWeb {}

/// A one-time address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebAddress {
    /// `http://127.0.0.1:PORT/#code=…`: the code is worth one exchange, for five minutes.
    pub url: SecretText,
    /// When the code ends.
    pub expires_at: crate::Millis,
}

/// `daemon.stop`: ends the daemon; sessions go on and are adopted by the next one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopDaemon {}
