//! A route to any address: JSON, signed as standardwebhooks.com describes it.

use super::notifier::{BoxFuture, Message, Notifier, Setup, Undelivered};
use crate::clock::{Clock, rfc3339};
use crate::http::{Ask, Failure, Http};
use crate::webhooks::Signer;
use serde_json::json;

/// The route.
pub struct Webhook {
    http: Http,
    signer: Signer,
}

impl Webhook {
    /// Makes it out of its set-up.
    pub fn new(mut setup: Setup) -> Result<Self, String> {
        let http = Http::new(setup.need_url()?)?;
        Ok(Self { http, signer: Signer::new(setup.need_secret()?)? })
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
        let signature = self.signer.sign(&message.id, &now, body.as_bytes());
        let signature = signature.ok_or_else(|| Failure::Invalid("the secret signs nothing".into()))?;
        let ask = Ask::post(&[])
            .written(body.into_bytes())
            .moment("webhook-id", &message.id)
            .moment("webhook-timestamp", &now)
            .moment("webhook-signature", &signature)
            .hiding(self.signer.secret());
        let answer = self.http.ask(ask).await?;
        Ok(format!("it was taken ({})", answer.status()))
    }
}

impl Notifier for Webhook {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<String, Undelivered>> {
        Box::pin(async move { Ok(self.post(message).await?) })
    }
}
