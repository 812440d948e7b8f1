//! Mails of Ravi's as they are taken over, with their files; what is missing of those is fetched later.

use super::super::source::{Brought, Content, Failure, Letter, Post};
use super::account::{self, Seat, text};
use super::{Ravi, key, mime};
use crate::clock::from_rfc3339;
use crate::http;
use crate::store::IdentityRow;
use api::Millis;
use api::inbox::Medium;
use serde_json::Value;

impl Ravi {
    /// A message as it is handed over.
    pub(super) async fn arrived(
        &self,
        post: &Post,
        (seat, identity): (&Seat, &IdentityRow),
        medium: Medium,
        message: &Value,
    ) -> Brought {
        let at = from_rfc3339(&text(message, "created_dt")).unwrap_or_else(|| post.now());
        let content = match medium {
            Medium::Email => Content::Letter(self.letter(post, seat, message, at).await),
            Medium::Sms => Content::Text {
                from: text(message, "from_number"),
                to: text(message, "to_number"),
                body: text(message, "body"),
            },
        };
        Brought { identity: identity.clone(), key: Some(key(medium, message)), at, content }
    }

    async fn letter(&self, post: &Post, seat: &Seat, message: &Value, at: Millis) -> Letter {
        let files = self.account.files(seat, message).await;
        let missing = |(index, file): (usize, &super::files::Fetched)| {
            let missing = file.content.as_ref().err()?;
            Some((u32::try_from(index).ok()?, missing.why.clone()))
        };
        Letter {
            raw: mime::mail(message, at, &files),
            theirs: format!("{} {}", post.source_id(), text(message, "id")),
            missing: files.iter().enumerate().filter_map(missing).collect(),
            again: files.iter().any(|file| file.content.as_ref().is_err_and(|missing| missing.again)),
        }
    }

    /// Fetches files that were missing when their mails came.
    pub(super) async fn fetch_missing(
        &self,
        post: &Post,
        seats: &[(Seat, IdentityRow)],
    ) -> Result<(), Failure> {
        for owed in post.unfetched().await? {
            let theirs = post.theirs(&owed.message_id).await?;
            let found = theirs.as_ref().and_then(|(owner, theirs)| {
                let id = theirs.strip_prefix(post.source_id())?.trim_start();
                let seat = seats.iter().find(|(_, identity)| identity.id == *owner)?;
                Some((&seat.0, id))
            });
            let Some((seat, id)) = found else {
                post.fetched(owed, true).await?;
                continue;
            };
            let message = match self.account.message(seat, "email-messages", id).await {
                Ok(message) => message,
                Err(http::Failure::RateLimited { after }) => {
                    return Err(account::failed(http::Failure::RateLimited { after }));
                }
                Err(http::Failure::NotFound(_)) => {
                    post.fetched(owed, false).await?;
                    continue;
                }
                Err(_) => {
                    post.fetched(owed, true).await?;
                    continue;
                }
            };
            let at = from_rfc3339(&text(&message, "created_dt")).unwrap_or_else(|| post.now());
            let letter = self.letter(post, seat, &message, at).await;
            let again = letter.again;
            post.complete(&owed.message_id, letter).await?;
            post.fetched(owed, again).await?;
        }
        Ok(())
    }
}
