//! The private key of a GitHub App, and the short-lived word (a JWT) by which the App says who it is.

use api::Millis;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;
use vault::Secret;
use zeroize::Zeroizing;

/// A JWT is dated back, since clocks differ, and lasts no longer than GitHub takes it: ten minutes.
const DATED_BACK: i64 = 60;
const LIFE: i64 = 9 * 60;

/// The key.
pub struct AppKey(RsaKeyPair);

impl AppKey {
    /// Reads the file that GitHub gives out: PEM, as PKCS #1 or PKCS #8.
    pub fn read(pem: &Secret) -> Result<Self, String> {
        let none = || "that is no private key: a PEM file is expected, with -----BEGIN … PRIVATE KEY-----";
        // EXPOSE: the key is read out of its file.
        let text = pem.expose_str().ok_or_else(none)?;
        let (_, rest) = text.split_once("-----BEGIN ").ok_or_else(none)?;
        let (label, rest) = rest.split_once("-----").ok_or_else(none)?;
        let end = format!("-----END {label}-----");
        let (lines, _) = rest.split_once(&*end).ok_or("the private key's file is cut off")?;
        let mut bare = Zeroizing::new(String::with_capacity(lines.len()));
        bare.extend(lines.split_ascii_whitespace());
        let der = BASE64_STANDARD.decode(bare.as_bytes()).map(Zeroizing::new);
        let der = der.map_err(|_| "the private key's file is damaged: its lines are no base64")?;
        let pair = match label {
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
            "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der),
            "ENCRYPTED PRIVATE KEY" => {
                return Err("the private key is locked by a passphrase; give it without".into());
            }
            _ => return Err(format!("that is no RSA private key, but {}", api::names::shown(label))),
        };
        pair.map(Self).map_err(|e| format!("that is no RSA private key of 2048 bits or more: {e}"))
    }

    /// The App's word, signed by RS256. `client` is its client id, or its number.
    pub fn jwt(&self, client: &str, now: Millis) -> Result<Secret, String> {
        let now = now / 1000;
        let claims = json!({ "iat": now - DATED_BACK, "exp": now + LIFE, "iss": client });
        let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let said = format!("{}.{}", part(json!({ "alg": "RS256", "typ": "JWT" })), part(claims));
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), said.as_bytes(), &mut signature)
            .map_err(|_| "the App's key signs nothing")?;
        Ok(Secret::from(format!("{said}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))))
    }
}
