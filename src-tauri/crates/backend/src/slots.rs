//! The room of slots: the numbered seats, and the badges that a person sees.

use crate::agents::{self, Agents};
use crate::bus::Bus;
use crate::secrets::read_policy;
use crate::sessions::seen as seen_session;
use crate::store::{self, IdentityRow, KeyOfSecret, SessionRow, SlotRow, StaleRow, Store};
use anyhow::{Result, bail};
use api::names::shown;
use api::slots::{Badge, ClearSlot, Credential, DEFAULT_SLOTS, HUES, MAX_SLOT, OpenSlot, SetSlot, Wearer};
use api::{Done, Error, Event};
use std::collections::BTreeMap;

/// The room.
#[derive(Clone)]
pub struct Slots {
    store: Store,
    bus: Bus,
    agents: Agents,
}

impl Slots {
    /// Opens the room; a new store gets its first slots.
    pub async fn open(store: Store, bus: Bus, agents: Agents) -> Result<Self> {
        let slots = Self { store, bus, agents };
        slots.grow_to(DEFAULT_SLOTS).await?;
        Ok(slots)
    }

    /// All badges, by number.
    pub async fn list(&self) -> Result<Vec<Badge>> {
        let identities = self.store.identities().await?;
        let keys = self.store.secret_keys().await?;
        let (last, stale) = (self.store.last_sessions().await?, self.store.stale().await?);
        let inboxes = self.store.inboxes().await?;
        let unread =
            |id: &String| inboxes.iter().find(|row| row.identity_id == *id).map_or(0, |row| row.unread);
        let badge = |slot: SlotRow| {
            let identity = slot.identity_id.as_ref().and_then(|id| identities.iter().find(|i| i.id == *id));
            let session = last.iter().find(|s| s.slot == slot.number);
            Badge {
                slot: number(&slot),
                hue: u32::try_from(slot.hue).unwrap_or(0) % HUES,
                identity: identity.map(wearer),
                agent: slot.agent,
                credentials: credentials(slot.identity_id.as_deref(), session, &keys, &stale),
                unread: u32::try_from(slot.identity_id.as_ref().map_or(0, unread)).unwrap_or(0),
                session: session.cloned().map(seen_session),
            }
        };
        Ok(self.store.slots().await?.into_iter().map(badge).collect())
    }

    /// Seats an identity, chooses an agent or a hue; adds slots up to the number where there are too few.
    pub async fn set(&self, call: SetSlot) -> Result<Badge> {
        check_number(call.slot)?;
        if let Some(agent) = &call.agent {
            self.agents.find(agent)?;
        }
        if let Some(hue) = call.hue.filter(|hue| *hue >= HUES) {
            bail!(
                Error::invalid(format!("there is no hue {hue}")).hint(format!("hues are 0 to {}", HUES - 1))
            );
        }
        let identity = match &call.identity {
            Some(wanted) => Some(store::find("identity", wanted, self.store.identities().await?)?.id),
            None => None,
        };
        if identity.is_some() {
            self.check_free(call.slot).await?;
        }
        self.grow_to(call.slot).await?;
        let row = self.find(call.slot).await?;
        let row = SlotRow {
            number: row.number,
            identity_id: identity.or(row.identity_id),
            agent: call.agent.unwrap_or(row.agent),
            hue: call.hue.map_or(row.hue, i64::from),
        };
        self.put(row).await
    }

    /// Takes identity and agent off a slot.
    pub async fn clear(&self, call: ClearSlot) -> Result<Badge> {
        let row = self.find(call.slot).await?;
        self.check_free(call.slot).await?;
        self.put(SlotRow { identity_id: None, agent: agents::DEFAULT.into(), ..row }).await
    }

    /// Asks the window to show a slot.
    pub async fn show(&self, call: OpenSlot) -> Result<Done> {
        self.find(call.slot).await?;
        self.bus.publish(Event::SlotOpened { slot: call.slot });
        Ok(Done {})
    }

    /// The slot with this number.
    pub async fn find(&self, slot: u32) -> Result<SlotRow> {
        check_number(slot)?;
        let found = self.store.slots().await?.into_iter().find(|row| row.number == i64::from(slot));
        let hint = format!("`lanyard slot set {slot}` adds it");
        found.ok_or_else(|| Error::not_found("slot", &slot.to_string()).hint(hint).into())
    }

    async fn check_free(&self, slot: u32) -> Result<()> {
        let live = self.store.live_sessions().await?;
        let Some(session) = live.iter().find(|s| s.slot == i64::from(slot)) else { return Ok(()) };
        bail!(
            Error::conflict(format!("{} works in slot {slot}", shown(&session.identity)))
                .hint(format!("stop that session first: lanyard sessions stop {slot}"))
        )
    }

    async fn grow_to(&self, slot: u32) -> Result<()> {
        let there = i64::try_from(self.store.slots().await?.len())?;
        let new = |number| SlotRow {
            number,
            identity_id: None,
            agent: agents::DEFAULT.into(),
            hue: (number - 1) % i64::from(HUES),
        };
        let rows: Vec<_> = (there + 1..=i64::from(slot)).map(new).collect();
        self.store.put_slots(&rows).await?;
        for row in &rows {
            self.bus.publish(Event::SlotChanged { slot: number(row) });
        }
        Ok(())
    }

    async fn put(&self, row: SlotRow) -> Result<Badge> {
        let slot = number(&row);
        self.store.put_slots(&[row]).await?;
        self.bus.publish(Event::SlotChanged { slot });
        let badge = self.list().await?.into_iter().find(|badge| badge.slot == slot);
        badge.ok_or_else(|| Error::not_found("slot", &slot.to_string()).into())
    }
}

/// What an identity holds in a session: its worktree's own secrets take the places of those for all.
fn credentials(
    identity: Option<&str>,
    session: Option<&SessionRow>,
    keys: &[KeyOfSecret],
    stale: &[StaleRow],
) -> Vec<Credential> {
    let worktree = session.map(|session| session.worktree_id.as_str());
    let applies = |secret: &&KeyOfSecret| {
        Some(secret.identity_id.as_str()) == identity
            && (secret.worktree_id.is_none() || secret.worktree_id.as_deref() == worktree)
    };
    let held: BTreeMap<&str, &KeyOfSecret> =
        keys.iter().filter(applies).map(|secret| (secret.key.as_str(), secret)).collect();
    let is_stale = |key: &str| {
        session.is_some_and(|s| stale.iter().any(|held| held.session_id == s.id && held.key == key))
    };
    let seen = |(key, secret): (&str, &KeyOfSecret)| Credential {
        key: key.to_string(),
        policy: read_policy(&secret.policy),
        stale: is_stale(key),
    };
    held.into_iter().map(seen).collect()
}

fn check_number(slot: u32) -> Result<()> {
    match (1..=MAX_SLOT).contains(&slot) {
        true => Ok(()),
        false => bail!(Error::invalid(format!("there is no slot {slot}")).hint("slots are numbered 1 to 99")),
    }
}

fn number(row: &SlotRow) -> u32 {
    u32::try_from(row.number).unwrap_or(0)
}

fn wearer(row: &IdentityRow) -> Wearer {
    Wearer { id: row.id.clone(), name: row.name.clone(), email: row.email.clone(), phone: row.phone.clone() }
}
