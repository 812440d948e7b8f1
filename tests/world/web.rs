//! A client for the servers of a test, which are all on loopback.

use crate::DEADLINE;
use reqwest::blocking::{Client, ClientBuilder};

/// A client that goes through no proxy and waits no longer than a test may.
pub fn client() -> ClientBuilder {
    // Cargo builds one reqwest for all of us, and with the daemon's TLS it wants to know whose cryptography to
    // use. Whoever says so second is told that it was said already.
    let _first = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().timeout(DEADLINE)
}
