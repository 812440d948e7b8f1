//! A route to any address: JSON, signed as standardwebhooks.com describes it.

use super::notifier::{BoxFuture, Message, Notifier, Setup, Undelivered};
use crate::clock::{Clock, rfc3339};
use crate::http::{Ask, Failure, Http};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;
use vault::Secret;
use zeroize::Zeroizing;

/// The shortest key that signs, in bytes.
const KEY_MIN: usize = 16;

/// The route.
pub struct Webhook {
    http: Http,
    secret: Secret,
}

impl Webhook {
    /// Makes it out of its set-up.
    pub fn new(mut setup: Setup) -> Result<Self, String> {
        let http = Http::new(setup.need_url()?)?;
        let secret = setup.need_secret()?;
        match key(&secret) {
            Some(key) if key.len() >= KEY_MIN => Ok(Self { http, secret }),
            Some(_) => Err(format!("the secret is too short to sign with: it takes {KEY_MIN} bytes")),
            None => Err("what stands behind whsec_ in the secret is no base64".into()),
        }
    }

    async fn post(&self, message: &Message) -> Result<String, Failure> {
        let body = json!({
            "type": if message.notices.is_empty() { "lanyard.test" } else { "lanyard.notices" },
            "timestamp": rfc3339(message.at),
            "data": { "title": message.title, "text": message.text, "notices": message.notices },
        });
        let body = body.to_string();
        // The time is that of this try: a receiver refuses what is old.
        let now = (Clock::of_the_machine().now() / 1000).to_string();
        let signature = signature(&self.secret, &message.id, &now, &body)
            .ok_or_else(|| Failure::Invalid("the secret signs nothing".into()))?;
        let ask = Ask::post(&[])
            .written(body.into_bytes())
            .moment("webhook-id", &message.id)
            .moment("webhook-timestamp", &now)
            .moment("webhook-signature", &signature)
            .hiding(&self.secret);
        let answer = self.http.ask(ask).await?;
        Ok(format!("it was taken ({})", answer.status()))
    }
}

impl Notifier for Webhook {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<String, Undelivered>> {
        Box::pin(async move { Ok(self.post(message).await?) })
    }
}

/// What signs: the bytes behind `whsec_`, or the secret as it is.
fn key(secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    // EXPOSE: the key goes into the signature.
    let bytes = secret.expose();
    match bytes.strip_prefix(b"whsec_") {
        Some(coded) => BASE64_STANDARD.decode(coded).ok().map(Zeroizing::new),
        None => Some(Zeroizing::new(bytes.to_vec())),
    }
}

fn signature(secret: &Secret, id: &str, timestamp: &str, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key(secret)?).ok()?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Some(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        // The example of the reference implementations.
        let secret = Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_string());
        let body = r#"{"test": 2432232314}"#;
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body);
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }
}
