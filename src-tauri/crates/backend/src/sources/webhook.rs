//! A source that others post to: mail as it came, or a text message as JSON, signed as standardwebhooks.com says.

use super::addresses::Rule;
use super::door::{self, LETTER_MAX, refused, unsigned};
use super::source::{
    Answer, BoxFuture, Brought, Content, Failure, Hears, Never, Post, Posted, Setup, Source,
};
use crate::webhooks::{Signed, Signer, Wrong};
use serde::Deserialize;
use url::Url;

/// The longest text message, in characters: a chain of parts.
const TEXT_MAX: usize = 16_000;

/// The source.
pub struct Webhook {
    signer: Signer,
    rule: Rule,
    public: Option<Url>,
}

/// A text message as it is posted.
#[derive(Deserialize)]
struct Text {
    from: String,
    to: String,
    body: String,
}

impl Webhook {
    /// Makes it out of its set-up.
    pub fn new(mut setup: Setup) -> Result<Self, String> {
        setup.check(&[&["public"], &Rule::SETTINGS[..]].concat())?;
        if setup.url.is_some() {
            return Err("nobody is asked: the address that others post to is --set public=…".into());
        }
        let (rule, public) = (Rule::of(&setup, None)?, door::public(&setup)?);
        Ok(Self { signer: Signer::new(setup.need_secret()?)?, rule, public })
    }

    async fn take(&self, posted: &Posted, post: &Post) -> Result<Answer, Failure> {
        let header = |name| posted.header(name).unwrap_or_default();
        let id = header("webhook-id");
        let signed =
            Signed { id, timestamp: header("webhook-timestamp"), signatures: header("webhook-signature") };
        // The signature is looked at in any case, so that the time of an answer does not tell what was wrong.
        let checked = self.signer.check(&signed, &posted.body, post.now());
        if !door::is_for_us(posted, self.public.as_ref()) {
            return Ok(unsigned());
        }
        match checked {
            Ok(()) => {}
            Err(Wrong::Signature) => return Ok(unsigned()),
            Err(Wrong::Time) => return Ok(refused(400, "webhook-timestamp is more than five minutes off")),
        }
        if posted.body.len() > LETTER_MAX {
            return Ok(refused(413, "it is too large"));
        }
        let (owners, content) = match header("content-type").split(';').next().unwrap_or_default().trim() {
            "message/rfc822" => {
                (self.rule.owners(&posted.body, post).await?, Content::Mail(posted.body.clone()))
            }
            "application/json" => match serde_json::from_slice::<Text>(&posted.body) {
                Ok(text) if text.body.chars().count() > TEXT_MAX => {
                    return Ok(refused(413, "a text message is not so long"));
                }
                Ok(Text { from, to, body }) => {
                    (Vec::from_iter(post.owner_of(&to).await?), Content::Text { from, to, body })
                }
                Err(_) => return Ok(refused(400, r#"it is no {"from":…,"to":…,"body":…}"#)),
            },
            _ => return Ok(refused(415, "mail is message/rfc822, a text message application/json")),
        };
        if owners.is_empty() {
            return Ok(refused(422, "it is for nobody here"));
        }
        // What was posted once is known by its id, also after a restart and when it is posted again.
        let (key, at) = (Some(id.to_string()), post.now());
        let brought = owners.into_iter().map(|identity| Brought {
            identity,
            key: key.clone(),
            at,
            content: content.clone(),
        });
        Ok(door::taken(post.deliver(brought.collect()).await? > 0))
    }
}

impl Source for Webhook {
    fn run<'a>(&'a self, post: &'a Post) -> BoxFuture<'a, Result<Never, Failure>> {
        Box::pin(async move {
            post.listening();
            std::future::pending().await
        })
    }
    fn hears(&self) -> Option<&dyn Hears> {
        Some(self)
    }
}

impl Hears for Webhook {
    fn hear<'a>(&'a self, posted: &'a Posted, post: &'a Post) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.take(posted, post).await.unwrap_or_else(|failure| door::later(&failure)) })
    }
}
