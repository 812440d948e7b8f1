//! A route to a topic of an ntfy server: the public one, or one of your own.

use super::notifier::{BoxFuture, Message, Notifier, Setup, Undelivered};
use crate::http::{Ask, Failure, Http};
use api::notify::Occasion;
use serde::Deserialize;
use serde_json::json;
use vault::Secret;

const USUAL: &str = "https://ntfy.sh";

/// The route.
pub struct Ntfy {
    http: Http,
    topic: String,
    token: Option<Secret>,
}

/// What the server says of a message that it has taken.
#[derive(Deserialize)]
struct Taken {
    id: String,
}

impl Ntfy {
    /// Makes it out of its set-up.
    pub fn new(mut setup: Setup) -> Result<Self, String> {
        let topic = setup.need("topic")?;
        if topic.len() > 64 || !topic.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            return Err("a topic has 1 to 64 letters, digits, '-' and '_'".into());
        }
        let http = Http::new(setup.url.as_deref().unwrap_or(USUAL))?;
        Ok(Self { http, topic, token: setup.secret.take() })
    }

    /// As JSON, since a header would carry no title but plain ASCII.
    async fn publish(&self, message: &Message) -> Result<String, Failure> {
        let is_urgent = message.notices.iter().any(|notice| notice.event != Occasion::Finished);
        let mut ask = Ask::post(&[]).json(&json!({
            "topic": self.topic,
            "title": message.title,
            "message": message.text,
            "priority": if is_urgent { 4 } else { 3 },
        }));
        if let Some(token) = &self.token {
            ask = ask.bearer(token);
        }
        let taken: Taken = self.http.ask(ask).await?.json()?;
        Ok(format!("it was published as {}", api::names::shown(&taken.id)))
    }
}

impl Notifier for Ntfy {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<String, Undelivered>> {
        Box::pin(async move { Ok(self.publish(message).await?) })
    }
}
