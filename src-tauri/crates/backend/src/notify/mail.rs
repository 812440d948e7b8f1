//! A route to a mailbox, by a server that speaks SMTP.

use super::notifier::{BoxFuture, Message, Notifier, Setup, Undelivered};
use crate::mailer::Mailer;
use lettre::address::AddressError;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Mailboxes};

/// The route.
pub struct Mail {
    mailer: Mailer,
    from: Mailbox,
    to: Mailboxes,
}

impl Mail {
    /// Makes it out of its set-up.
    pub fn new(mut setup: Setup) -> Result<Self, String> {
        let wrong = |what: &str, e: AddressError| format!("{what} is no mail address: {e}");
        Ok(Self {
            mailer: Mailer::of(&mut setup)?,
            from: setup.need("from")?.parse().map_err(|e| wrong("from", e))?,
            to: setup.need("to")?.parse().map_err(|e| wrong("to", e))?,
        })
    }

    fn letter(&self, message: &Message) -> Result<lettre::Message, lettre::error::Error> {
        let mut letter = lettre::Message::builder()
            .from(self.from.clone())
            .subject(&message.title)
            // The same at every try, so that a mailbox can tell.
            .message_id(Some(format!("<{}@lanyard.localhost>", message.id)))
            .date_now()
            .header(ContentType::TEXT_PLAIN);
        for to in self.to.iter() {
            letter = letter.to(to.clone());
        }
        letter.body(format!("{}\n", message.text))
    }
}

impl Notifier for Mail {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<String, Undelivered>> {
        Box::pin(async move {
            let letter = self
                .letter(message)
                .map_err(|e| Undelivered::lasting(format!("no letter can be made: {e}")))?;
            let taken = self.mailer.send(letter.envelope(), &letter.formatted()).await?;
            match taken.refused.into_iter().next() {
                None => Ok(taken.said),
                Some((_, failure)) if taken.said.is_empty() => Err(failure),
                Some((to, failure)) => Ok(format!("{}, but not for {to}: {}", taken.said, failure.said)),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::notify::RouteKind;
    use vault::Secret;

    fn opened(url: &str, settings: &[(&str, &str)], secret: Option<&str>) -> Result<Mail, String> {
        let pairs = [
            &[("from", "Lanyard <lanyard@example.com>"), ("to", "me@example.com, <you@example.com>")],
            settings,
        ];
        Mail::new(Setup {
            kind: RouteKind::Mail,
            url: Some(url.into()),
            settings: pairs.concat().iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
            secret: secret.map(|secret| Secret::from(secret.to_string())),
        })
    }

    #[test]
    fn a_login_is_whole() {
        assert!(opened("smtps://x", &[("username", "me")], None).is_err());
        assert!(opened("smtps://x", &[], Some("pw")).is_err());
        assert!(opened("smtps://x", &[("username", "me")], Some("pw")).is_ok());
    }
}
