//! One key of Ravi's for each slot in which an identity of Ravi's sits, and none for any other.
//!
//! What shall be is read from the slots and the links, what is from the tokens; a key that is missing is asked for,
//! one too many is condemned. So whatever a daemon was killed at, the next one comes to the same by looking.

use super::revoking::{pause, random};
use super::{Tokens, fact, issuer};
use crate::audit::By;
use crate::store::{self, SeatRow, TokenRow};
use anyhow::Result;
use api::status::VaultState;
use api::tokens::State;
use api::{Event, Millis};
use issuer::Failure;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;
use vault::Secret;

/// How long to wait before something that failed inside is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// After so long without a key being asked for, the next pauses are short ones again.
const FORGIVEN: Millis = 60 * 60_000;
/// How long an account is left alone that refuses us, or whose plan has nothing left.
const RESTING: Millis = 15 * 60_000;

/// The key of a slot: it opens one of Ravi's identities.
pub struct SlotKey {
    /// The token's id.
    pub token: String,
    /// The slot.
    pub slot: i64,
    /// The key.
    pub value: Secret,
    refused: AtomicBool,
}

impl SlotKey {
    /// Ravi does not take it any more.
    pub fn is_refused(&self) -> bool {
        self.refused.load(Relaxed)
    }

    /// Notes that Ravi did not take it.
    pub fn refuse(&self) {
        self.refused.store(true, Relaxed);
    }
}

/// When keys were asked for, by the seats that they are for.
#[derive(Default)]
pub struct Tries(Mutex<HashMap<String, Try>>);

#[derive(Clone, Copy)]
struct Try {
    count: i64,
    at: Millis,
    next: Millis,
}

impl Tokens {
    /// Starts the loop that looks after the keys of slots.
    pub(super) fn begin_slots(&self) {
        let (room, ending, mut events) = (self.clone(), self.ending.clone(), self.bus.subscribe());
        self.tasks.spawn(async move {
            let looking = async {
                loop {
                    let rest = room.look_at_slots().await.unwrap_or_else(|error| {
                        tracing::error!("looking after the keys of slots: {error:#}");
                        Some(AGAIN)
                    });
                    let changed = async {
                        while let Some(event) = events.next().await {
                            if matters(&event) {
                                return;
                            }
                        }
                        std::future::pending().await
                    };
                    match rest {
                        Some(rest) => drop(tokio::time::timeout(rest, changed).await),
                        None => changed.await,
                    }
                }
            };
            ending.run_until_cancelled(looking).await;
        });
    }

    /// The key that an identity's traffic goes by: that of the first slot in which it sits.
    pub async fn slot_key(&self, identity_id: &str) -> Result<Option<SlotKey>> {
        let keys = self.store.slot_keys().await?;
        let own = |key: &&TokenRow| key.identity_id == identity_id && key.state == State::Active.name();
        let Some(row) = keys.iter().find(own) else { return Ok(None) };
        let (token, slot) = (row.id.clone(), row.slot.unwrap_or_default());
        Ok(self.value(row)?.map(|value| SlotKey { token, slot, value, refused: AtomicBool::new(false) }))
    }

    /// Ravi does not take this key any more: another takes its place. False if it was given back on purpose.
    pub async fn lose_slot_key(&self, id: &str) -> Result<bool> {
        let row = self.store.token(id).await?.filter(|row| row.state == State::Active.name());
        let Some(row) = row else { return Ok(false) };
        self.audit.record(By::Daemon, fact(&row, "tokens.refused", "Ravi does not take it any more")).await?;
        self.condemn(std::slice::from_ref(&row)).await?;
        Ok(true)
    }

    /// Asks for the keys that are missing and condemns those that nobody sits for. Gives how long there is nothing
    /// to do.
    async fn look_at_slots(&self) -> Result<Option<Duration>> {
        for issuer in self.store.forget_sourceless_issuers().await? {
            self.bus.publish(Event::IssuerChanged { issuer });
        }
        let (seats, mut keys) = (self.store.seats().await?, self.store.slot_keys().await?);
        keys.retain(|key| key.state != State::Revoking.name());
        let (kept, strays): (Vec<_>, Vec<_>) =
            keys.into_iter().partition(|key| seats.iter().any(|seat| is_for(key, seat)));
        if !strays.is_empty() {
            self.condemn(&strays).await?;
        }
        self.live.tries.retain(&seats);
        if !matches!(self.safe.state(), VaultState::Open { .. }) {
            return Ok(None);
        }
        let mut rest: Option<Duration> = None;
        for seat in seats.into_iter().filter(|seat| !kept.iter().any(|key| is_for(key, seat))) {
            match self.live.tries.begin(&seat, self.clocks.now().wall) {
                None => self.ask_for(seat).await?,
                Some(left) => rest = Some(rest.map_or(left, |rest| rest.min(left))),
            }
        }
        Ok(rest)
    }

    /// Asks for the key of a seat. The row is there before anything else is begun.
    async fn ask_for(&self, seat: SeatRow) -> Result<()> {
        let row = self.row_for(&seat);
        let Some(hold) = self.hold(&row.id) else { return Ok(()) };
        self.failpoints.at("request.before");
        self.store.insert_token(&row).await?;
        self.failpoints.at("request.after");
        self.tell(&row.id);
        let room = self.clone();
        self.tasks.spawn(async move {
            let noted = fact(&row, "tokens.issued", "for its slot");
            let issued = match room.try_issuing(row, &hold).await {
                Ok(Ok(_)) => room.audit.record(By::Daemon, noted).await,
                Ok(Err(failure)) => {
                    room.live.tries.failed(&seat, &failure, room.clocks.now().wall);
                    Err(failure.told(&seat.source).into())
                }
                Err(error) => Err(error),
            };
            if let Err(error) = issued {
                tracing::warn!("a key of {} for slot {}: {error:#}", seat.source, seat.slot);
            }
        });
        Ok(())
    }

    fn row_for(&self, seat: &SeatRow) -> TokenRow {
        let id = store::new_id();
        TokenRow {
            name: super::requesting::name(&format!("{}-slot-{}", seat.identity, seat.slot), &id),
            issuer_id: seat.source_id.clone(),
            issuer: seat.source.clone(),
            kind: api::issuers::Kind::Ravi.name().into(),
            identity_id: seat.identity_id.clone(),
            identity: seat.identity.clone(),
            slot: Some(seat.slot),
            state: State::Requested.name().into(),
            repositories: "[]".into(),
            permissions: "{}".into(),
            undoable: true,
            requested_at: self.clocks.now().wall,
            id,
            ..TokenRow::default()
        }
    }
}

impl Tries {
    /// Begins a try, and lets the next one wait: twice as long each time. If this one has to wait itself, for how long.
    fn begin(&self, seat: &SeatRow, now: Millis) -> Option<Duration> {
        let mut tries = self.lock();
        let last = tries.get(&key(seat)).copied().filter(|last| (now - last.at).abs() < FORGIVEN);
        if let Some(left) = last.map(|last| last.next - now).filter(|left| *left > 0) {
            return Some(Duration::from_millis(left.unsigned_abs()));
        }
        let count = last.map_or(0, |last| last.count);
        let pause = pause(count, &Failure::Unreachable(String::new()), random());
        tries.insert(key(seat), Try { count: count + 1, at: now, next: now + pause });
        None
    }

    /// What failed is left alone for as long as its account wants, or needs.
    fn failed(&self, seat: &SeatRow, failure: &Failure, now: Millis) {
        if let Some(last) = self.lock().get_mut(&key(seat)) {
            let rest = match failure {
                Failure::Refused { status: 401..=403, .. } => RESTING,
                failure => pause(last.count, failure, random()),
            };
            last.next = last.next.max(now + rest);
        }
    }

    /// Forgets the seats that nobody sits in any more.
    fn retain(&self, seats: &[SeatRow]) {
        let there: Vec<String> = seats.iter().map(key).collect();
        self.lock().retain(|seat, _| there.contains(seat));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Try>> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// A seat by its slot, who sits there, and by which source; once that is changed, it is another.
fn key(seat: &SeatRow) -> String {
    format!("{} {} {} {}", seat.slot, seat.identity_id, seat.source_id, seat.changed_at)
}

fn is_for(key: &TokenRow, seat: &SeatRow) -> bool {
    key.slot == Some(seat.slot) && key.identity_id == seat.identity_id && key.issuer_id == seat.source_id
}

fn matters(event: &Event) -> bool {
    matches!(
        event,
        Event::SlotChanged { .. }
            | Event::IdentityChanged { .. }
            | Event::SourceChanged { .. }
            | Event::TokenChanged { .. }
            | Event::VaultChanged { .. }
            | Event::Lagged { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(slot: i64, changed_at: Millis) -> SeatRow {
        let text = |text: &str| text.to_string();
        let (identity_id, source_id) = (text("i1"), text("s1"));
        SeatRow { slot, identity_id, identity: text("ada"), source_id, source: text("ravi"), changed_at }
    }

    #[test]
    fn the_first_key_is_asked_for_at_once_and_each_further_one_later() {
        let (tries, seat) = (Tries::default(), seat(3, 1));
        assert_eq!(tries.begin(&seat, 0), None);
        let pause = tries.begin(&seat, 0).unwrap();
        let after = Millis::try_from(pause.as_millis()).unwrap();
        assert_eq!(tries.begin(&seat, after), None);
        assert!(tries.begin(&seat, after).unwrap() > pause);
        assert_eq!(tries.begin(&seat, after + FORGIVEN), None, "after an hour it is forgiven");
    }

    #[test]
    fn an_account_that_refuses_us_rests_until_its_source_is_changed_or_another_sits_down() {
        let tries = Tries::default();
        assert_eq!(tries.begin(&seat(3, 1), 0), None);
        let refusal = Failure::Refused { status: 402, message: "no".into() };
        tries.failed(&seat(3, 1), &refusal, 0);
        assert_eq!(tries.begin(&seat(3, 1), 60_000), Some(Duration::from_millis(14 * 60_000)));
        assert_eq!(tries.begin(&seat(3, 2), 60_000), None);
        tries.retain(&[]);
        assert_eq!(tries.begin(&seat(3, 1), 60_000), None);
    }
}
