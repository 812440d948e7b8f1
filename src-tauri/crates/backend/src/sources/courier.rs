//! What identities send: who is here gets it here, in the order in which it was written; the others by a source that
//! sends. It is tried for hours, and over restarts.

use super::Sources;
use super::letter::letter;
use super::relay::Relay;
use super::source::{Brought, Content, Failure, Outgoing, Sent, Source};
use crate::attempt::pause;
use crate::inbox::Queued;
use crate::store::{IdentityRow, SourceRow};
use crate::telling::told;
use anyhow::{Result, bail};
use api::Error;
use api::inbox::{Medium, Sending};
use api::names::shown;
use api::sources::LOCAL;
use api::status::VaultState;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How many messages are on their way to others at once; of each sender it is one, so that they keep their order.
const AT_ONCE: usize = 16;
/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long the courier sleeps at most, since clocks are set, and how long after a failure of our own.
const LONGEST: Duration = Duration::from_secs(3600);
const AFTER_FAILURE: Duration = Duration::from_secs(10);
/// Why a message is given up.
const GIVEN_UP: &str = "it was tried for hours, and given up";

/// What the courier has in hand. Cheap to clone.
#[derive(Clone, Default)]
struct Hand(Arc<Mutex<InHand>>);

#[derive(Default)]
struct InHand {
    /// The messages that are on their way to others, with their senders.
    away: HashMap<String, String>,
    /// The messages that those who are here have, and others do not.
    here: HashSet<String>,
}

impl Sources {
    /// Refuses what nobody could send, before it is written.
    pub async fn check_sender(
        &self,
        identity: &IdentityRow,
        medium: Medium,
        recipients: &[String],
    ) -> Result<()> {
        let mut away = recipients.is_empty();
        for recipient in recipients {
            away |= self.parts.inbox.owner_of(bare(recipient)).await?.is_none();
        }
        match away && self.sender(identity, medium).await?.is_none() {
            false => Ok(()),
            true => Err(nobody_sends(identity, medium).into()),
        }
    }

    /// Sends what is due, until the daemon ends.
    pub(super) fn begin_courier(&self) {
        let (room, hand) = (self.clone(), Hand::default());
        let ending = self.parts.ending.clone();
        self.parts.tasks.spawn(async move {
            let queue = room.parts.inbox.queue();
            loop {
                let Some(round) = ending.run_until_cancelled(room.round(&hand)).await else { return };
                let pause = round.unwrap_or_else(|e| {
                    tracing::error!("looking for what is to be sent: {e:#}");
                    Some(AFTER_FAILURE)
                });
                let rest = async {
                    match pause {
                        Some(pause) => sleep(pause.min(LONGEST)).await,
                        // Nothing wakes the machine up while nothing is to be sent.
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = queue.notified() => {}
                    () = room.sent.notified() => {}
                    () = rest => {}
                    () = ending.cancelled() => return,
                }
            }
        });
    }

    /// Sends what is due to those who are here, and begins to send it to others; gives how long there is nothing to do.
    async fn round(&self, hand: &Hand) -> Result<Option<Duration>> {
        if !matches!(self.parts.safe.state(), VaultState::Open { .. }) {
            // Nothing can be read; it goes on when the vault opens.
            return Ok(None);
        }
        let now = self.parts.clock.now();
        let queued = self.parts.inbox.queued().await?;
        let next = queued.iter().map(|one| one.due_at).filter(|at| *at > now).min();
        let mut pause = next.map(|at| Duration::from_millis(u64::try_from(at - now).unwrap_or(0).max(1)));
        let mut due: Vec<Queued> = queued.into_iter().filter(|one| one.due_at <= now).collect();
        due.sort_by_key(|one| one.number);
        let mut held = HashSet::new();
        for one in due {
            if hand.lock().away.contains_key(&one.id) || held.contains(&one.sender) {
                continue;
            }
            match self.is_for_others(&one, hand).await {
                Ok(true) => self.begin_sending(one, hand),
                Ok(false) => {}
                Err(e) => {
                    tracing::warn!("the message {} waits: {}", one.id, told(&e).message);
                    // What the same identity wrote later does not come before it.
                    held.insert(one.sender);
                    pause = Some(pause.map_or(AFTER_FAILURE, |pause| pause.min(AFTER_FAILURE)));
                }
            }
        }
        Ok(pause)
    }

    /// Gives a message to those who are here; whether there are others. A failure of that is one of our own, and
    /// counts as no try.
    async fn is_for_others(&self, queued: &Queued, hand: &Hand) -> Result<bool> {
        if hand.lock().here.contains(&queued.id) {
            return Ok(true);
        }
        let outgoing = self.parts.inbox.outgoing(&queued.id).await?;
        let (here, away) = self.parted(&outgoing).await?;
        let sending = match self.send_here(&outgoing, here).await {
            Ok(()) if !away.is_empty() => {
                hand.lock().here.insert(queued.id.clone());
                return Ok(true);
            }
            Ok(()) => Sending::Sent,
            Err(failure) if failure.again => bail!(Error::conflict(failure.said)),
            Err(failure) => Sending::Failed { reason: failure.said },
        };
        self.parts.inbox.settle(&queued.id, sending, None, None).await?;
        Ok(false)
    }

    /// Begins to send a message to others, if nothing else of its sender is on its way.
    fn begin_sending(&self, queued: Queued, hand: &Hand) {
        let mut in_hand = hand.lock();
        if in_hand.away.len() >= AT_ONCE || in_hand.away.values().any(|sender| *sender == queued.sender) {
            // The one that is done wakes us.
            return;
        }
        in_hand.away.insert(queued.id.clone(), queued.sender.clone());
        drop(in_hand);
        let (room, hand, ending) = (self.clone(), hand.clone(), self.parts.ending.clone());
        self.parts.tasks.spawn(async move {
            let id = queued.id.clone();
            // What is cut off by the daemon's end is tried again by the next one.
            if let Some(Err(e)) = ending.run_until_cancelled(room.carry(queued)).await {
                tracing::warn!("the message {id} waits: {}", told(&e).message);
                ending.run_until_cancelled(sleep(AFTER_FAILURE)).await;
            }
            let mut in_hand = hand.lock();
            in_hand.away.remove(&id);
            in_hand.here.remove(&id);
            drop(in_hand);
            room.sent.notify_one();
        });
    }

    /// Tries a message once. That it is tried is written first, so that a daemon that is killed over and over does
    /// not send for ever.
    async fn carry(&self, queued: Queued) -> Result<()> {
        let inbox = &self.parts.inbox;
        let mut outgoing = inbox.outgoing(&queued.id).await?;
        let now = self.parts.clock.now();
        let Some(pause) = pause(i64::from(queued.tries) + 1) else {
            let left = outgoing.left.iter().flatten().map(|to| (to.clone(), GIVEN_UP.to_string()));
            let reason = match &outgoing.left {
                Some(_) => not_all(&outgoing, outgoing.refused.iter().cloned().chain(left).collect()),
                None => GIVEN_UP.to_string(),
            };
            return inbox.settle(&queued.id, Sending::Failed { reason }, None, None).await;
        };
        inbox.trying(&queued.id, now + pause).await?;
        let sent = timeout(PATIENCE, self.send(&mut outgoing)).await;
        let failure = match sent.unwrap_or_else(|_| Err(Failure::passing("nothing came in time"))) {
            Ok(sent) => match self.settle_sent(&outgoing, sent).await? {
                Some(failure) => failure,
                None => return Ok(()),
            },
            Err(failure) => failure,
        };
        // A server's words may repeat what the message says: they stand with the message, where they are sealed.
        tracing::warn!("the message {} was not sent; in its inbox stands why", queued.id);
        if !failure.again {
            let sending = Sending::Failed { reason: failure.said };
            return inbox.settle(&queued.id, sending, None, None).await;
        }
        let wanted = failure.after.map_or(0, super::running::millis);
        let again_at = (now + pause).max(self.parts.clock.now() + wanted);
        inbox.settle(&queued.id, Sending::Queued, Some(again_at), None).await
    }

    /// Writes what came of a message that was sent; why it is to be tried again, where somebody may still get it.
    async fn settle_sent(&self, outgoing: &Outgoing, sent: Sent) -> Result<Option<Failure>> {
        let (again, never): (Vec<_>, Vec<_>) =
            sent.refused.into_iter().partition(|(_, failure)| failure.again);
        let never = never.into_iter().map(|(to, failure)| (to, failure.said));
        let refused: Vec<_> = outgoing.refused.iter().cloned().chain(never).collect();
        if let Some(failure) = again.iter().map(|(_, failure)| failure).max_by_key(|one| one.after) {
            let left = again.iter().map(|(to, _)| to.clone()).collect();
            self.parts.inbox.partly(&outgoing.id, left, refused).await?;
            return Ok(Some(failure.clone()));
        }
        let sending = match refused.is_empty() {
            true => Sending::Sent,
            false => Sending::Failed { reason: not_all(outgoing, refused) },
        };
        self.parts.inbox.settle(&outgoing.id, sending, None, sent.provider_id).await?;
        Ok(None)
    }

    /// Sends a message: first to those who are here, then to the others.
    async fn send(&self, outgoing: &mut Outgoing) -> Result<Sent, Failure> {
        let failed = |e: anyhow::Error| Failure::passing(told(&e).to_string());
        let (here, mut away) = self.parted(outgoing).await.map_err(failed)?;
        self.send_here(outgoing, here).await?;
        if let Some(left) = &outgoing.left {
            away.retain(|to| left.contains(to));
        }
        if away.is_empty() {
            return Ok(Sent::default());
        }
        let sender = self.sender(&outgoing.identity, outgoing.medium).await.map_err(failed)?;
        let Some((source_id, sends)) = sender.as_ref().and_then(|(id, source)| Some((id, source.sends()?)))
        else {
            return Err(Failure::lasting(nobody_sends(&outgoing.identity, outgoing.medium).to_string()));
        };
        // What another source brought is nothing that this one could answer.
        outgoing.reply = outgoing.reply.take().filter(|reply| reply.id_at(source_id).is_some());
        sends.send(outgoing, &away).await
    }

    /// Who of a message's recipients is here, and who is not.
    async fn parted(&self, outgoing: &Outgoing) -> Result<(Vec<IdentityRow>, Vec<String>)> {
        let (mut here, mut away): (Vec<IdentityRow>, Vec<String>) = (Vec::new(), Vec::new());
        for recipient in everybody(outgoing) {
            match self.parts.inbox.owner_of(bare(recipient)).await? {
                Some(owner) if here.iter().all(|other| other.id != owner.id) => here.push(owner),
                Some(_) => {}
                None => away.push(recipient.clone()),
            }
        }
        Ok((here, away))
    }

    /// Those who are here get it without a relay; at another try they have it already.
    async fn send_here(&self, outgoing: &Outgoing, here: Vec<IdentityRow>) -> Result<(), Failure> {
        let local = self.lock().get(LOCAL).cloned();
        let (Some(local), false) = (local, here.is_empty()) else { return Ok(()) };
        let mut brought = Vec::new();
        for identity in here {
            let content = match outgoing.medium {
                Medium::Email => Content::Mail(letter(outgoing)?.formatted()),
                Medium::Sms => Content::Text {
                    from: outgoing.identity.phone.clone().unwrap_or_else(|| outgoing.identity.name.clone()),
                    to: identity.phone.clone().unwrap_or_default(),
                    body: outgoing.text.clone(),
                },
            };
            let key = Some(outgoing.id.clone());
            brought.push(Brought { identity, key, at: self.parts.clock.now(), content });
        }
        self.post(&local).deliver(brought).await?;
        Ok(())
    }

    /// What sends for an identity: a source of its own, else one for all, else the relay of the settings.
    async fn sender(
        &self,
        identity: &IdentityRow,
        medium: Medium,
    ) -> Result<Option<(String, Box<dyn Source>)>> {
        let rows = self.parts.store.sources().await?;
        let link = self.parts.store.link(&identity.id).await?;
        let own = |row: &&SourceRow| {
            row.identity_id.as_ref() == Some(&identity.id)
                || link.as_ref().is_some_and(|link| link.source_id == row.id)
        };
        let for_all = |row: &&SourceRow| row.identity_id.is_none() && row.id != LOCAL;
        for row in rows.iter().filter(own).chain(rows.iter().filter(for_all)) {
            let source = self.opened(row)?;
            if source.sends().is_some_and(|sends| sends.takes(medium)) {
                return Ok(Some((row.id.clone(), source)));
            }
        }
        let (Some(url), Medium::Email) = (&self.parts.mail.relay, medium) else { return Ok(None) };
        let relay = Relay::at(url).map_err(|wrong| {
            Error::invalid(format!("the relay of settings.toml is of no use: {wrong}"))
                .hint("it is written like smtp://127.0.0.1:25, under [inbox]")
        })?;
        Ok(Some((String::new(), Box::new(relay))))
    }
}

/// That some did not get a message, and whether others have it.
fn not_all(outgoing: &Outgoing, refused: Vec<(String, String)>) -> String {
    let have_it = everybody(outgoing).len().saturating_sub(refused.len());
    match (&refused[..], have_it) {
        ([(_, why)], 0) => why.clone(),
        _ => {
            let others = match have_it {
                0 => String::new(),
                1 => "; the other one has it".into(),
                n => format!("; the other {n} have it"),
            };
            let each: Vec<String> = refused.iter().map(|(to, why)| format!("{to}: {why}")).collect();
            each.join("; ") + &others
        }
    }
}

/// All recipients of a message, each once.
fn everybody(outgoing: &Outgoing) -> Vec<&String> {
    let mut all: Vec<&String> = Vec::new();
    for one in outgoing.to.iter().chain(&outgoing.cc).chain(&outgoing.bcc) {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

fn nobody_sends(identity: &IdentityRow, medium: Medium) -> Error {
    let (what, kind) = match medium {
        Medium::Email => ("mail", "smtp|imap|ravi"),
        Medium::Sms => ("text messages", "twilio|ravi"),
    };
    Error::conflict(format!("nothing sends {what} for {}", shown(&identity.name)))
        .hint(format!("the owner adds a source that sends: lanyard sources add NAME --kind {kind}"))
}

/// The address alone of `Ada <ada@example.com>`.
fn bare(recipient: &str) -> &str {
    match recipient.rsplit_once('<') {
        Some((_, address)) => address.trim_end().trim_end_matches('>'),
        None => recipient,
    }
}

impl Hand {
    fn lock(&self) -> MutexGuard<'_, InHand> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}
