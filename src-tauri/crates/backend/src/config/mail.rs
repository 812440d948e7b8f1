//! The mail server on this machine as its owner has set it: `[inbox]` in `settings.toml`.

use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

/// How it is set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailSettings {
    /// Where it listens. At any other address than one of loopback, whoever reaches the port can send mail.
    pub smtp_address: IpAddr,
    /// Its port; 0 takes a free one, and keeps it as long as it is free at each start.
    pub smtp_port: u16,
    /// How many seconds a client may take to get on: to end a command, or to send 16 KiB of its mail. A mail, and all
    /// that is said before one, may take ten times as long.
    pub smtp_patience: u64,
    /// The file of the certificate that it shows after STARTTLS, which it offers only then.
    pub tls_certificate: Option<PathBuf>,
    /// The file of the certificate's key.
    pub tls_key: Option<PathBuf>,
    /// The server that sends for identities which no source sends for, without a login: `smtp://127.0.0.1:25`.
    pub relay: Option<String>,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            smtp_address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            smtp_port: 0,
            smtp_patience: 60,
            tls_certificate: None,
            tls_key: None,
            relay: None,
        }
    }
}
