//! What a source is given to work with: where it puts messages, says how it is, and keeps how far it has come.

use super::Parts;
use super::live::Live;
use super::source::{Brought, Failure};
use super::vault::Vault;
use crate::attempt::pause;
use crate::inbox::{Arrived, Content, Letter, Received};
use crate::store::{IdentityRow, UnfetchedRow};
use crate::telling::told;
use api::sources::SourceState;
use api::{Code, Millis};
use std::sync::Arc;

/// How many bytes are received in one transaction.
const TOGETHER_MAX: usize = 32 * 1024 * 1024;

/// How much of what a source could not do is told.
const NOTES_MAX: usize = 20;

/// A source's connection to the room of messages.
pub struct Post {
    parts: Arc<Parts>,
    live: Arc<Live>,
}

impl Post {
    /// The connection of a source.
    pub(super) fn new(parts: Arc<Parts>, live: Arc<Live>) -> Self {
        Self { parts, live }
    }

    /// The name of the source.
    pub fn name(&self) -> &str {
        &self.live.row.name
    }

    /// The id of the source.
    pub fn source_id(&self) -> &str {
        &self.live.row.id
    }

    /// The time.
    pub fn now(&self) -> Millis {
        self.live.now()
    }

    /// Hands messages over, which are durable when this returns: how many of them were new. What can never be kept
    /// is left out, so that it does not stand in the way of the next one for ever.
    pub async fn deliver(&self, brought: Vec<Brought>) -> Result<usize, Failure> {
        let mut new = 0;
        let owing = |one: &Brought| matches!(&one.content, Content::Letter(letter) if letter.again);
        let owing: Vec<bool> = brought.iter().map(owing).collect();
        for (received, owes) in self.receive(brought).await.into_iter().zip(owing) {
            if let (true, Ok(Received::New(id) | Received::Known(id))) = (owes, &received) {
                self.owe(id).await?;
            }
            match received {
                Ok(Received::New(_)) => new += 1,
                Ok(Received::Known(_) | Received::Deleted) => {}
                Err(e) if is_of_one(e.code) => {
                    tracing::warn!("the source {} brought what cannot be kept: {}", self.name(), e.message);
                }
                Err(e) => return Err(Failure::passing(e.to_string())),
            }
        }
        Ok(new)
    }

    /// Hands messages over and says what became of each. They go in one transaction as long as they are not huge
    /// and nothing is wrong with one of them.
    pub async fn receive(&self, brought: Vec<Brought>) -> Vec<api::Result<Received>> {
        let mut all = Vec::with_capacity(brought.len());
        let mut together: Vec<Arrived> = Vec::new();
        let mut size = 0;
        for one in brought {
            size += one.content.size();
            if size > TOGETHER_MAX && !together.is_empty() {
                all.extend(self.receive_together(std::mem::take(&mut together)).await);
                size = one.content.size();
            }
            together.push(self.arrived(one));
        }
        all.extend(self.receive_together(together).await);
        let new = all.iter().filter(|one| matches!(one, Ok(Received::New(_)))).count();
        self.live.brought(new);
        all
    }

    async fn receive_together(&self, arrived: Vec<Arrived>) -> Vec<api::Result<Received>> {
        let count = arrived.len();
        if count > 1 {
            match self.parts.inbox.receive_all(arrived.clone()).await.map_err(|e| told(&e)) {
                Ok(received) => return received.into_iter().map(Ok).collect(),
                Err(e) if !is_of_one(e.code) => return vec![Err(e); count],
                Err(_) => {}
            }
        }
        let mut all = Vec::with_capacity(count);
        for one in arrived {
            all.push(self.parts.inbox.receive(one).await.map_err(|e| told(&e)));
        }
        all
    }

    fn arrived(&self, brought: Brought) -> Arrived {
        let Brought { identity, key, at, content } = brought;
        Arrived { identity, source: self.name().to_string(), key, at, content }
    }

    async fn owe(&self, message_id: &str) -> Result<(), Failure> {
        let row = UnfetchedRow {
            message_id: message_id.to_string(),
            source_id: self.source_id().to_string(),
            tries: 0,
            due_at: self.now() + pause(1).unwrap_or_default(),
        };
        self.parts.store.put_unfetched(&row).await.map_err(|e| failed(&e))
    }

    /// The mails whose files are to be fetched now.
    pub async fn unfetched(&self) -> Result<Vec<UnfetchedRow>, Failure> {
        self.parts.store.unfetched(self.source_id(), self.now()).await.map_err(|e| failed(&e))
    }

    /// Says that a mail's files were fetched; or that some are missing still, for which it is tried again for hours.
    pub async fn fetched(&self, row: UnfetchedRow, again: bool) -> Result<(), Failure> {
        let (store, tries) = (&self.parts.store, row.tries + 1);
        let done = match pause(tries + 1).filter(|_| again) {
            Some(pause) => {
                store.put_unfetched(&UnfetchedRow { tries, due_at: self.now() + pause, ..row }).await
            }
            None => store.delete_unfetched(&row.message_id).await,
        };
        done.map_err(|e| failed(&e))
    }

    /// Whose a message is, and where else it is kept.
    pub async fn theirs(&self, message_id: &str) -> Result<Option<(String, String)>, Failure> {
        self.parts.inbox.theirs(message_id).await.map_err(|e| failed(&e))
    }

    /// Puts a mail with more of its files in its place.
    pub async fn complete(&self, message_id: &str, letter: Letter) -> Result<(), Failure> {
        self.parts.inbox.complete(message_id, letter).await.map_err(|e| failed(&e))
    }

    /// The one identity that the source serves; none if it serves all.
    pub async fn identity(&self) -> Result<Option<IdentityRow>, Failure> {
        match &self.live.row.identity_id {
            Some(id) => self.parts.store.identity(id).await.map_err(|e| failed(&e)),
            None => Ok(None),
        }
    }

    /// Whose an address or a number is, as far as the source serves them.
    pub async fn owner_of(&self, address: &str) -> Result<Option<IdentityRow>, Failure> {
        let owner = self.parts.inbox.owner_of(address).await.map_err(|e| failed(&e))?;
        Ok(owner.filter(|owner| self.serves(owner)))
    }

    /// The identity of this name, or whose address begins so, as far as the source serves it: `me+NAME@…` is NAME's.
    pub async fn owner_named(&self, name: &str) -> Result<Option<IdentityRow>, Failure> {
        let owner = self.parts.inbox.owner_named(name).await.map_err(|e| failed(&e))?;
        Ok(owner.filter(|owner| self.serves(owner)))
    }

    fn serves(&self, identity: &IdentityRow) -> bool {
        self.live.row.identity_id.as_ref().is_none_or(|only| *only == identity.id)
    }

    /// The vault of an identity.
    pub fn vault<'a>(&'a self, identity: &'a IdentityRow) -> Vault<'a> {
        Vault::new(&self.parts, (&self.live.row.id, &self.live.row.name), identity)
    }

    /// How far it has come, in its own words.
    pub async fn cursor(&self) -> Result<Option<String>, Failure> {
        self.parts.store.source_cursor(&self.live.row.id).await.map_err(|e| failed(&e))
    }

    /// Keeps how far it has come, durably.
    pub async fn set_cursor(&self, cursor: &str) -> Result<(), Failure> {
        self.parts.store.set_source_cursor(&self.live.row.id, Some(cursor)).await.map_err(|e| failed(&e))
    }

    /// It takes over what is there, and has taken so many of so many.
    pub fn progress(&self, done: u64, total: Option<u64>) {
        self.live.is(SourceState::Syncing { done, total });
    }

    /// It has all there is, and hears what comes.
    pub fn listening(&self) {
        self.live.looked();
        self.live.is(SourceState::Listening);
    }

    /// What it could not do, in words without secrets; nothing where all went well.
    pub fn could_not(&self, mut notes: Vec<String>) {
        let more = notes.len().saturating_sub(NOTES_MAX);
        notes.truncate(NOTES_MAX);
        if more > 0 {
            notes.push(format!("and {more} more"));
        }
        self.live.could_not(notes);
    }

    /// Returns when something in the vaults here has changed.
    pub async fn stirred(&self) {
        self.live.stirred.notified().await;
    }

    /// Returns when its owner wants it to look for new messages now.
    pub async fn wanted(&self) {
        self.live.wanted.notified().await;
    }
}

/// Whether it is about one message alone: that it is too large, or that its identity is gone.
fn is_of_one(code: Code) -> bool {
    matches!(code, Code::TooLarge | Code::NotFound)
}

fn failed(error: &anyhow::Error) -> Failure {
    Failure::passing(told(error).to_string())
}
