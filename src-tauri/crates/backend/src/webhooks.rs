//! Signatures as standardwebhooks.com describes them: made for those whom we tell, checked of those who tell us.

use api::Millis;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use vault::Secret;
use zeroize::Zeroizing;

/// The shortest key that signs, in bytes.
const KEY_MIN: usize = 16;
/// How old a signature may be, and how far in the future: clocks differ.
const TOLERANCE_MS: Millis = 5 * 60 * 1000;
/// How many signatures of one message are looked at: there are several while a key is changed.
const SIGNATURES_MAX: usize = 8;
/// The longest id of a message, in bytes.
const ID_MAX: usize = 256;

/// Who signs, and checks.
pub struct Signer {
    secret: Secret,
}

/// What a message is signed with: its headers `webhook-id`, `webhook-timestamp` and `webhook-signature`.
pub struct Signed<'a> {
    /// The same at every try.
    pub id: &'a str,
    /// Seconds since 1970.
    pub timestamp: &'a str,
    /// One signature or several.
    pub signatures: &'a str,
}

/// What is wrong with a signature.
#[derive(Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is not by our key.
    Signature,
    /// It is by our key, and too old or too young.
    Time,
}

impl Signer {
    /// One with this secret: the bytes behind `whsec_` in base64, or the secret as it is.
    pub fn new(secret: Secret) -> Result<Self, String> {
        match key(&secret) {
            Some(key) if key.len() >= KEY_MIN => Ok(Self { secret }),
            Some(_) => Err(format!("the secret is too short to sign with: it takes {KEY_MIN} bytes")),
            None => Err("what stands behind whsec_ in the secret is no base64".into()),
        }
    }

    /// The secret, so that nobody's words repeat it.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The signature of a message.
    pub fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> Option<String> {
        let signature = self.mac(id, timestamp, body)?.finalize().into_bytes();
        Some(format!("v1,{}", BASE64_STANDARD.encode(signature)))
    }

    /// Whether a message is signed by our key, and lately.
    pub fn check(&self, signed: &Signed<'_>, body: &[u8], now: Millis) -> Result<(), Wrong> {
        let mac = self.mac(signed.id, signed.timestamp, body).ok_or(Wrong::Signature)?;
        let signatures = signed.signatures.split(' ').filter_map(|one| one.strip_prefix("v1,"));
        let is_ours = |coded: &str| {
            let signature = BASE64_STANDARD.decode(coded).unwrap_or_default();
            mac.clone().verify_slice(&signature).is_ok()
        };
        if signed.id.is_empty() || signed.id.len() > ID_MAX || !signatures.take(SIGNATURES_MAX).any(is_ours) {
            return Err(Wrong::Signature);
        }
        let at = signed.timestamp.parse::<Millis>().ok().and_then(|seconds| seconds.checked_mul(1000));
        match at.and_then(|at| now.checked_sub(at)) {
            Some(age) if age.abs() <= TOLERANCE_MS => Ok(()),
            _ => Err(Wrong::Time),
        }
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key(&self.secret)?).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Some(mac)
    }
}

fn key(secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    // EXPOSE: the key goes into the signature.
    let bytes = secret.expose();
    match bytes.strip_prefix(b"whsec_") {
        Some(coded) => BASE64_STANDARD.decode(coded).ok().map(Zeroizing::new),
        None => Some(Zeroizing::new(bytes.to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the reference implementations.
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: &str = "1614265330";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn signer() -> Signer {
        Signer::new(Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_string())).unwrap()
    }

    fn checked(id: &str, timestamp: &str, signatures: &str, body: &[u8], late: Millis) -> Result<(), Wrong> {
        let now = 1_614_265_330_000 + late;
        signer().check(&Signed { id, timestamp, signatures }, body, now)
    }

    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        assert_eq!(signer().sign(ID, TIMESTAMP, BODY).as_deref(), Some(SIGNATURE));
        assert_eq!(checked(ID, TIMESTAMP, SIGNATURE, BODY, 0), Ok(()));
        let several = format!("v1a,xx v1,AAAA {SIGNATURE}");
        assert_eq!(checked(ID, TIMESTAMP, &several, BODY, 0), Ok(()));
    }

    #[test]
    fn nothing_of_what_is_signed_can_be_another() {
        for (id, timestamp, signatures, body) in [
            ("msg_other", TIMESTAMP, SIGNATURE, BODY),
            ("", TIMESTAMP, SIGNATURE, BODY),
            (ID, "1614265331", SIGNATURE, BODY),
            (ID, TIMESTAMP, SIGNATURE, b"{}"),
            (ID, TIMESTAMP, "", BODY),
            (ID, TIMESTAMP, "v1,", BODY),
            (ID, TIMESTAMP, "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", BODY),
            (ID, TIMESTAMP, "v1,g0hM9SsE+OTPJTGt", BODY),
        ] {
            assert_eq!(checked(id, timestamp, signatures, body, 0), Err(Wrong::Signature));
        }
        let flood = "v1,AAAA ".repeat(SIGNATURES_MAX) + SIGNATURE;
        assert_eq!(checked(ID, TIMESTAMP, &flood, BODY, 0), Err(Wrong::Signature));
    }

    #[test]
    fn what_is_old_or_of_the_future_is_told_from_what_is_forged() {
        for late in [0, TOLERANCE_MS, -TOLERANCE_MS] {
            assert_eq!(checked(ID, TIMESTAMP, SIGNATURE, BODY, late), Ok(()));
        }
        for late in [TOLERANCE_MS + 1, -TOLERANCE_MS - 1, Millis::MAX - 2_000_000_000_000] {
            assert_eq!(checked(ID, TIMESTAMP, SIGNATURE, BODY, late), Err(Wrong::Time));
        }
        for timestamp in ["", "soon", "9223372036854775807", "-9223372036854775808", "1614265330.5"] {
            let signature = signer().sign(ID, timestamp, BODY).unwrap();
            assert_eq!(checked(ID, timestamp, &signature, BODY, 0), Err(Wrong::Time));
        }
    }

    #[test]
    fn a_key_is_long_enough() {
        let wrong = |text: &str| Signer::new(Secret::from(text.to_string())).is_err();
        assert!(wrong("short") && wrong("whsec_!!") && wrong("whsec_c2hvcnQ="));
        assert!(!wrong("sixteen bytes!!!"));
    }
}
