//! The room of messages: mail and texts of each identity, sealed; found, waited for, read and sent.
//!
//! A message is parsed when it comes, and kept sealed under its identity's key, bound to its id. While the vault is
//! locked nothing can come: [`Inbox::receive`] fails, and whoever brings a message has to bring it again.

mod asked;
mod elsewhere;
pub mod finding;
mod keeping;
pub mod mail;
mod outgoing;
mod owners;
mod reading;
mod receiving;
mod sealing;
mod searching;
mod sending;
#[cfg(test)]
mod tests;
mod waiting;
mod words;

pub use elsewhere::{Letter, Reply};
pub use outgoing::{Outgoing, Queued};
pub use receiving::{Arrived, Content, RAW_MAX, Received};

use crate::approvals::Approvals;
use crate::audit::Audit;
use crate::bus::Bus;
use crate::caller::Caller;
use crate::clock::Clock;
use crate::safe::Safe;
use crate::store::{self, IdentityRow, MessageRow, Store};
use crate::turns::Turns;
use anyhow::{Context, Result, bail};
use api::inbox::{Message, Sending};
use api::names::shown;
use api::{Code, Error, Event};
use sealing::{Head, Said, Seals};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

/// How many mails are taken apart at once.
const READ_AT_ONCE: usize = 2;

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Inbox {
    parts: Parts,
    queue: Arc<Notify>,
    parsing: Arc<Semaphore>,
    waits: Turns,
    // What an agent may still send is counted before its message is written.
    sending: Arc<tokio::sync::Mutex<()>>,
}

/// What the room stands on.
#[derive(Clone)]
pub struct Parts {
    /// The database.
    pub store: Store,
    /// What happens.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
    /// The vault.
    pub safe: Safe,
    /// The open questions.
    pub approvals: Approvals,
    /// The record.
    pub audit: Audit,
    /// The domain of addresses that are given without one.
    pub domain: String,
    /// The folder that the database lies in.
    pub data: PathBuf,
    /// Cancelled when the daemon ends.
    pub ending: CancellationToken,
}

impl Inbox {
    /// Opens the room. What a former daemon was asking its owner about is not sent: nobody waits for the answer.
    pub async fn open(parts: Parts) -> Result<Self> {
        let parsing = Arc::new(Semaphore::new(READ_AT_ONCE));
        let waits = Turns::new(waiting::WAITS_MAX);
        let room = Self { parts, queue: Arc::default(), parsing, waits, sending: Arc::default() };
        room.give_up_asked().await?;
        Ok(room)
    }

    /// The message that a text names, by its number, its id or the beginning of that. An agent's is its own; of
    /// others it does not hear that they are there.
    async fn find(&self, caller: &Caller, wanted: &str) -> Result<(IdentityRow, MessageRow)> {
        let store = &self.parts.store;
        let own = match caller {
            Caller::Agent { identity_id, .. } => Some(identity_id.as_str()),
            _ => None,
        };
        let mut found = Vec::new();
        if let Ok(number) = wanted.parse::<i64>() {
            found.extend(store.message_numbered(number).await?);
            found.retain(|row| own.is_none_or(|own| own == row.identity_id));
        }
        if found.is_empty() && store::is_prefix(wanted) {
            found = store.messages_named(&wanted.to_ascii_lowercase(), own).await?;
        }
        let none = || Error::not_found("message", wanted).hint("`lanyard inbox list` shows what there is");
        if found.len() > 1 {
            bail!(
                Error::new(Code::Ambiguous, format!("{} names several messages", shown(wanted)))
                    .hint("give its number, or more characters of the id")
            );
        }
        let row = found.pop().ok_or_else(none)?;
        let identity = store.identity(&row.identity_id).await?.ok_or_else(none)?;
        Ok((identity, row))
    }

    /// What seals and opens an identity's messages.
    fn seals(&self, identity: &IdentityRow) -> Result<Seals> {
        Seals::new(&identity.id, self.parts.safe.key(&identity.id, &identity.wrapped_key)?)
    }

    /// Messages as a list shows them.
    async fn seen(&self, rows: &[MessageRow]) -> Result<Vec<Message>> {
        let identities = self.parts.store.identities().await?;
        let mut opened: HashMap<&str, (&IdentityRow, Seals)> = HashMap::new();
        let mut messages = Vec::with_capacity(rows.len());
        for row in rows {
            if !opened.contains_key(row.identity_id.as_str()) {
                // An identity that was deleted a moment ago has no messages.
                let Some(identity) = identities.iter().find(|one| one.id == row.identity_id) else {
                    continue;
                };
                opened.insert(&row.identity_id, (identity, self.seals(identity)?));
            }
            if let Some((identity, seals)) = opened.get(row.identity_id.as_str()) {
                messages.push(message(identity, row, seals.head(row)?, seals)?);
            }
        }
        Ok(messages)
    }

    async fn seen_one(&self, row: &MessageRow) -> Result<Message> {
        let seen = self.seen(std::slice::from_ref(row)).await?.pop();
        Ok(seen.ok_or_else(|| Error::not_found("message", &row.id))?)
    }

    fn changed(&self, identity_id: &str) {
        self.parts.bus.publish(Event::InboxChanged { identity: identity_id.to_string() });
    }
}

fn message(identity: &IdentityRow, row: &MessageRow, head: Head, seals: &Seals) -> Result<Message> {
    Ok(Message {
        id: row.id.clone(),
        number: row.number,
        identity: identity.id.clone(),
        identity_name: identity.name.clone(),
        medium: row.medium,
        direction: row.direction,
        thread: row.thread.clone(),
        from_name: head.from_name,
        from: head.from,
        to: head.to,
        cc: head.cc,
        subject: head.subject,
        preview: head.preview,
        unread: row.unread,
        attachments: head.attachments,
        found: head.found,
        source: row.source.clone(),
        sending: row.sending.as_deref().map(|state| sending(state, row, seals)).transpose()?,
        at: row.at,
    })
}

fn sending(state: &str, row: &MessageRow, seals: &Seals) -> Result<Sending> {
    Ok(match state {
        outgoing::ASKED | outgoing::QUEUED => Sending::Queued,
        outgoing::SENT => Sending::Sent,
        _ => {
            let said: Option<Said> = seals.said(row).context("reading why a message was not sent")?;
            // What a killed daemon was asking about could not be told by the one that gave it up.
            let ended = || "the daemon ended while its owner was asked".to_string();
            Sending::Failed { reason: said.and_then(|said| said.reason).unwrap_or_else(ended) }
        }
    })
}
