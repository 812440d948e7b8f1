//! A source that brings nothing and sends by somebody's mail server: a relay.

use super::letter::{envelope, letter};
use super::source::{BoxFuture, Failure, Never, Outgoing, Post, Sends, Sent, Setup, Source};
use crate::mailer::Mailer;
use api::inbox::Medium;

/// The way out.
pub struct Relay {
    mailer: Mailer,
}

impl Relay {
    /// Makes it out of its set-up.
    pub fn new(mut setup: Setup) -> Result<Self, String> {
        setup.check(&["username", "starttls"])?;
        Ok(Self { mailer: Mailer::of(&mut setup)? })
    }

    /// The one that a mailer speaks to.
    pub fn by(mailer: Mailer) -> Self {
        Self { mailer }
    }

    /// The one of settings.toml, which has no login: a secret has no place in that file.
    pub fn at(url: &str) -> Result<Self, String> {
        Ok(Self { mailer: Mailer::new(url, false, None)? })
    }
}

impl Source for Relay {
    fn run<'a>(&'a self, post: &'a Post) -> BoxFuture<'a, Result<Never, Failure>> {
        Box::pin(async move {
            post.listening();
            std::future::pending().await
        })
    }

    fn sends(&self) -> Option<&dyn Sends> {
        Some(self)
    }
}

impl Sends for Relay {
    fn takes(&self, medium: Medium) -> bool {
        medium == Medium::Email
    }

    fn send<'a>(
        &'a self,
        outgoing: &'a Outgoing,
        away: &'a [String],
    ) -> BoxFuture<'a, Result<Sent, Failure>> {
        Box::pin(async move {
            let letter = letter(outgoing)?;
            let taken = self.mailer.send(&envelope(outgoing, away)?, &letter.formatted()).await?;
            Ok(Sent { provider_id: None, refused: taken.refused })
        })
    }
}
