//! What is on its way out: written before it is sent, so that whoever sends it can be killed and go on.
//!
//! A mail is tried again where nobody knows whether it was taken: it keeps its `Message-ID`, by which whoever gets it
//! twice knows it. What is asked of the owner is not on its way yet.

use super::Inbox;
use super::elsewhere::Reply;
use super::sealing::Said;
use crate::store::{IdentityRow, MessageRow};
use anyhow::{Context, Result, bail};
use api::inbox::{Medium, Sending};
use api::{Error, Millis};
use std::sync::Arc;
use tokio::sync::Notify;

/// How the sending of a message is, as the store has it.
pub(super) const ASKED: &str = "asked";
pub(super) const QUEUED: &str = "queued";
pub(super) const SENT: &str = "sent";
pub(super) const FAILED: &str = "failed";

/// A message that is to be sent.
pub struct Outgoing {
    /// The message's id.
    pub id: String,
    /// Who sends it.
    pub identity: IdentityRow,
    /// Mail or text message.
    pub medium: Medium,
    /// Addresses or numbers.
    pub to: Vec<String>,
    /// Who gets a copy.
    pub cc: Vec<String>,
    /// Who gets a copy that nobody else sees.
    pub bcc: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
    /// Its `Message-ID` without brackets, the same at each try.
    pub message_id: String,
    /// The `Message-ID` of what it answers.
    pub answers: Option<String>,
    /// The ids of the conversation that it belongs to, oldest first.
    pub references: Vec<String>,
    /// The mail that it answers where a source's server keeps that.
    pub reply: Option<Reply>,
    /// When it was written.
    pub at: Millis,
    /// Who is still to get it, where others have it already.
    pub left: Option<Vec<String>>,
    /// Who never gets it, and why.
    pub refused: Vec<(String, String)>,
}

/// A message that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Its id.
    pub id: String,
    /// Its number: those that were written later have higher ones.
    pub number: i64,
    /// The id of the identity that sends it.
    pub sender: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it is to be tried next.
    pub due_at: Millis,
}

impl Inbox {
    /// Told whenever a message is to be sent.
    pub fn queue(&self) -> Arc<Notify> {
        self.queue.clone()
    }

    /// The messages that wait to be sent.
    pub async fn queued(&self) -> Result<Vec<Queued>> {
        let rows = self.parts.store.messages_on_their_way(QUEUED).await?;
        let seen = |row: MessageRow| Queued {
            tries: u32::try_from(row.tries).unwrap_or(u32::MAX),
            due_at: row.due_at.unwrap_or(0),
            number: row.number,
            sender: row.identity_id,
            id: row.id,
        };
        Ok(rows.into_iter().map(seen).collect())
    }

    /// A message that waits to be sent, opened.
    pub async fn outgoing(&self, id: &str) -> Result<Outgoing> {
        let row = self.on_its_way(id).await?;
        let identity = self.parts.store.identity(&row.identity_id).await?.context("its identity is gone")?;
        let seals = self.seals(&identity)?;
        let (head, body) = (seals.head(&row)?, self.body(&seals, &row).await?);
        let said = seals.said(&row)?.unwrap_or_default();
        Ok(Outgoing {
            id: row.id,
            identity,
            medium: row.medium,
            to: head.to,
            cc: head.cc,
            bcc: body.bcc,
            subject: head.subject,
            text: body.text,
            html: body.html,
            message_id: body.message_id.unwrap_or_default(),
            answers: body.answers,
            references: body.references,
            reply: body.reply,
            at: row.at,
            left: said.left,
            refused: said.refused,
        })
    }

    /// Says that a message is tried now; it is due again then, should nobody say what came of it.
    pub async fn trying(&self, id: &str, again_at: Millis) -> Result<()> {
        let row = self.on_its_way(id).await?;
        let row = MessageRow { tries: row.tries + 1, due_at: Some(again_at), ..row };
        self.parts.store.put_sending(&row).await
    }

    /// Says what came of a message.
    pub async fn settle(
        &self,
        id: &str,
        sending: Sending,
        again_at: Option<Millis>,
        provider_id: Option<String>,
    ) -> Result<()> {
        let row = self.on_its_way(id).await?;
        let identity = self.parts.store.identity(&row.identity_id).await?.context("its identity is gone")?;
        let (state, reason) = match sending {
            Sending::Queued => (QUEUED, None),
            Sending::Sent => (SENT, None),
            Sending::Failed { reason } => (FAILED, Some(reason)),
        };
        let seals = self.seals(&identity)?;
        let before = seals.said(&row)?.unwrap_or_default();
        let provider_id = provider_id.or_else(|| before.provider_id.clone());
        let said = seals.seal(id, "said", &Said { reason, provider_id, ..before })?;
        let row = MessageRow { sending: Some(state.into()), due_at: again_at, said: Some(said), ..row };
        self.parts.store.put_sending(&row).await?;
        self.changed(&row.identity_id);
        Ok(())
    }

    /// Says that some have a message: who is still to get it, and who never does.
    pub async fn partly(&self, id: &str, left: Vec<String>, refused: Vec<(String, String)>) -> Result<()> {
        let row = self.on_its_way(id).await?;
        let identity = self.parts.store.identity(&row.identity_id).await?.context("its identity is gone")?;
        let seals = self.seals(&identity)?;
        let before = seals.said(&row)?.unwrap_or_default();
        let said = seals.seal(id, "said", &Said { left: Some(left), refused, ..before })?;
        self.parts.store.put_sending(&MessageRow { said: Some(said), ..row }).await
    }

    async fn on_its_way(&self, id: &str) -> Result<MessageRow> {
        let row = self.parts.store.messages_named(id, None).await?.pop();
        match row.filter(|row| row.sending.as_deref() == Some(QUEUED)) {
            Some(row) => Ok(row),
            None => bail!(Error::conflict("that message is not on its way any more")),
        }
    }

    /// What a former daemon was asking about is given up.
    pub(super) async fn give_up_asked(&self) -> Result<()> {
        for row in self.parts.store.messages_on_their_way(ASKED).await? {
            // The vault may still be locked, so that nothing can be said of it.
            let row = MessageRow { sending: Some(FAILED.into()), due_at: None, ..row };
            self.parts.store.put_sending(&row).await?;
        }
        Ok(())
    }
}
