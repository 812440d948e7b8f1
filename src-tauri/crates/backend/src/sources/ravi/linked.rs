//! Which of Ravi's identities one here is, as its owner has linked it, and the key by which it is reached: that of the
//! slot in which it sits, or the account's own where it sits in none or its key is still being asked for.

use super::super::source::Failure;
use super::account::Seat;
use crate::store::{IdentityRow, LinkRow, Store};
use crate::telling::told;
use crate::tokens::Tokens;
use std::sync::Arc;

/// The links of one source.
#[derive(Clone)]
pub struct Linked {
    store: Store,
    tokens: Tokens,
    source: String,
}

impl Linked {
    /// Those of the source with this id.
    pub fn new(store: Store, tokens: Tokens, source: String) -> Self {
        Self { store, tokens, source }
    }

    /// The links of all sources.
    pub async fn all(&self) -> Result<Vec<LinkRow>, Failure> {
        self.store.links().await.map_err(|e| failed(&e))
    }

    /// Whether a link is by this source.
    pub fn is_ours(&self, link: &LinkRow) -> bool {
        link.source_id == self.source
    }

    /// All identities here.
    pub async fn identities(&self) -> Result<Vec<IdentityRow>, Failure> {
        self.store.identities().await.map_err(|e| failed(&e))
    }

    /// The one of Ravi's identities that this one is linked to by this source.
    pub async fn seat_of(&self, identity: &IdentityRow) -> Result<Option<Seat>, Failure> {
        let link = self.store.link(&identity.id).await.map_err(|e| failed(&e))?;
        let Some(link) = link.filter(|link| self.is_ours(link)) else { return Ok(None) };
        let mut seat = seat(link, identity);
        self.give_key(&mut seat, identity).await?;
        Ok(Some(seat))
    }

    /// Gives a seat the key of its slot, as it is now.
    pub async fn give_key(&self, seat: &mut Seat, identity: &IdentityRow) -> Result<(), Failure> {
        if seat.is_linked {
            seat.key = self.tokens.slot_key(&identity.id).await.map_err(|e| failed(&e))?.map(Arc::new);
        }
        Ok(())
    }

    /// What a failure means where the key of a slot was refused: another is asked for. None if the key was given
    /// back on purpose, so that nothing is wrong.
    pub async fn after(&self, seat: &Seat, failure: Failure) -> Option<Failure> {
        let Some(key) = seat.key.as_ref().filter(|key| key.is_refused()) else { return Some(failure) };
        match self.tokens.lose_slot_key(&key.token).await {
            Ok(true) => Some(Failure::passing(format!(
                "Ravi does not take the key of slot {} any more (401); it gets another",
                key.slot
            ))),
            Ok(false) => None,
            Err(e) => Some(failed(&e)),
        }
    }
}

/// The seat that a link names.
pub fn seat(link: LinkRow, identity: &IdentityRow) -> Seat {
    Seat {
        uuid: link.uuid,
        name: link.name,
        inbox: identity.email.clone(),
        phone: identity.phone.clone().unwrap_or_default(),
        is_linked: true,
        key: None,
    }
}

fn failed(error: &anyhow::Error) -> Failure {
    Failure::passing(told(error).to_string())
}
