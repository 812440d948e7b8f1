//! What identities send: who is here gets it here, and the others by a source that sends. It is tried for hours, and
//! over restarts.

use super::Sources;
use super::letter::letter;
use super::relay::Relay;
use super::source::{Brought, Content, Failure, Outgoing, Source};
use crate::attempt::pause;
use crate::inbox::Queued;
use crate::store::{IdentityRow, SourceRow};
use crate::telling::told;
use anyhow::Result;
use api::inbox::{Medium, Sending};
use api::names::shown;
use api::sources::LOCAL;
use api::{Error, Millis};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How many messages are sent at once.
const AT_ONCE: usize = 4;
/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long the courier sleeps at most, since clocks are set, and how long after a failure of our own.
const LONGEST: Duration = Duration::from_secs(3600);
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// The messages that are being sent, by their ids.
type Busy = Arc<Mutex<HashSet<String>>>;

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
        let (room, busy) = (self.clone(), Busy::default());
        let ending = self.parts.ending.clone();
        self.parts.tasks.spawn(async move {
            let queue = room.parts.inbox.queue();
            loop {
                let pause = room.round(&busy).await.unwrap_or_else(|e| {
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

    /// Begins to send what is due; gives how long there is nothing to do.
    async fn round(&self, busy: &Busy) -> Result<Option<Duration>> {
        let mut next: Option<Millis> = None;
        let now = self.parts.clock.now();
        for queued in self.parts.inbox.queued().await? {
            if lock(busy).contains(&queued.id) {
                continue;
            }
            if queued.due_at > now {
                next = Some(next.map_or(queued.due_at, |other| other.min(queued.due_at)));
                continue;
            }
            if lock(busy).len() >= AT_ONCE {
                // The first of them that is done wakes us.
                break;
            }
            lock(busy).insert(queued.id.clone());
            let (room, busy, ending) = (self.clone(), busy.clone(), self.parts.ending.clone());
            self.parts.tasks.spawn(async move {
                let id = queued.id.clone();
                // What is cut off by the daemon's end is tried again by the next one.
                if let Some(Err(e)) = ending.run_until_cancelled(room.carry(queued)).await {
                    tracing::warn!("the message {id} waits: {}", told(&e).message);
                    ending.run_until_cancelled(sleep(AFTER_FAILURE)).await;
                }
                lock(&busy).remove(&id);
                room.sent.notify_one();
            });
        }
        Ok(next.map(|at| Duration::from_millis(u64::try_from(at - now).unwrap_or(0).max(1))))
    }

    /// Tries a message once. That it is tried is written first, so that a daemon that is killed over and over does
    /// not send for ever.
    async fn carry(&self, queued: Queued) -> Result<()> {
        let inbox = &self.parts.inbox;
        let mut outgoing = inbox.outgoing(&queued.id).await?;
        let now = self.parts.clock.now();
        let Some(pause) = pause(i64::from(queued.tries) + 1) else {
            let reason = "it was tried for hours, and given up".to_string();
            return inbox.settle(&queued.id, Sending::Failed { reason }, None, None).await;
        };
        inbox.trying(&queued.id, now + pause).await?;
        let sent = timeout(PATIENCE, self.send(&mut outgoing)).await;
        let failure = match sent.unwrap_or_else(|_| Err(Failure::passing("nothing came in time"))) {
            Ok(provider_id) => return inbox.settle(&queued.id, Sending::Sent, None, provider_id).await,
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

    /// Sends a message: first to those who are here, then to the others.
    async fn send(&self, outgoing: &mut Outgoing) -> Result<Option<String>, Failure> {
        let failed = |e: anyhow::Error| Failure::passing(told(&e).to_string());
        let (mut here, mut away): (Vec<IdentityRow>, Vec<String>) = (Vec::new(), Vec::new());
        for recipient in outgoing.to.iter().chain(&outgoing.cc).chain(&outgoing.bcc) {
            match self.parts.inbox.owner_of(bare(recipient)).await.map_err(failed)? {
                Some(owner) if here.iter().all(|other| other.id != owner.id) => here.push(owner),
                Some(_) => {}
                None => away.push(recipient.clone()),
            }
        }
        self.send_here(outgoing, here).await?;
        if away.is_empty() {
            return Ok(None);
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

fn lock(busy: &Busy) -> MutexGuard<'_, HashSet<String>> {
    busy.lock().unwrap_or_else(|e| e.into_inner())
}
