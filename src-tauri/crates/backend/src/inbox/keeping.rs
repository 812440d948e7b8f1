//! How an inbox is set, how long it keeps messages, and its end with its identity.

use super::Inbox;
use crate::secrets::read_policy;
use crate::store::{IdentityRow, InboxRow};
use anyhow::{Result, bail};
use api::inbox::{InboxSettings, SetInbox};
use api::secrets::Policy;
use api::{Error, Millis};
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// How often old messages are looked for, and how many are deleted at once: whoever writes meanwhile waits that long.
const ROUND: Duration = Duration::from_secs(3600);
const AT_ONCE: i64 = 200;
const DAY_MS: Millis = 24 * 3600 * 1000;
/// How long a deleted message is known, so that its source cannot bring it back: a year.
const DELETED_MS: Millis = 365 * DAY_MS;
/// The longest time that messages are kept where they are not kept for ever: a hundred years.
const DAYS_MAX: u32 = 36_500;

impl Inbox {
    /// How an inbox is set.
    pub async fn settings(&self, identity: &IdentityRow) -> Result<InboxSettings> {
        let row = self.parts.store.inbox(&identity.id).await?;
        let number = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        Ok(InboxSettings {
            identity: identity.id.clone(),
            keep_days: row.as_ref().and_then(|row| row.keep_days).map(number),
            sending: row.as_ref().map_or(Policy::Auto, |row| read_policy(&row.sending)),
            messages: row.map_or(0, |row| number(row.messages)),
        })
    }

    /// Sets an inbox; what is left out stays. What is too old by that is deleted before it is answered.
    pub async fn set(&self, identity: &IdentityRow, call: SetInbox) -> Result<InboxSettings> {
        let now = self.settings(identity).await?;
        if call.keep_days.is_some_and(|days| days > DAYS_MAX) {
            bail!(
                Error::invalid(format!("messages are kept for at most {DAYS_MAX} days"))
                    .hint("0 keeps them for ever")
            );
        }
        let keep_days = call.keep_days.map_or(now.keep_days, |days| (days > 0).then_some(days));
        let sending = call.sending.unwrap_or(now.sending);
        self.parts.store.set_inbox(&identity.id, keep_days.map(i64::from), sending.name()).await?;
        self.forget_old().await?;
        self.changed(&identity.id);
        self.settings(identity).await
    }

    /// Deletes what is too old from time to time, until the daemon ends.
    pub fn begin(&self, tasks: &TaskTracker) {
        let room = self.clone();
        tasks.spawn(async move {
            let ending = room.parts.ending.clone();
            let mut rounds = tokio::time::interval(ROUND);
            rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            while ending.run_until_cancelled(rounds.tick()).await.is_some() {
                if let Err(e) = room.forget_old().await {
                    tracing::error!("deleting old messages: {e:#}");
                }
            }
        });
    }

    /// Deletes what each inbox has kept long enough.
    pub(super) async fn forget_old(&self) -> Result<()> {
        let now = self.parts.clock.now();
        self.parts.store.forget_deleted(now).await?;
        let mut deleted = false;
        for inbox in self.parts.store.inboxes().await? {
            deleted |= self.forget_old_of(&inbox, now).await?;
        }
        if deleted {
            self.parts.store.flush().await?;
        }
        Ok(())
    }

    async fn forget_old_of(&self, inbox: &InboxRow, now: Millis) -> Result<bool> {
        let Some(days) = inbox.keep_days else { return Ok(false) };
        let mut deleted = false;
        while !self.parts.ending.is_cancelled() {
            let before = now.saturating_sub(days.saturating_mul(DAY_MS));
            let old = self.parts.store.old_messages(&inbox.identity_id, before, AT_ONCE).await?;
            if old.is_empty() {
                break;
            }
            self.parts.store.delete_messages(&old, Some(self.deleted_until())).await?;
            self.changed(&inbox.identity_id);
            deleted = true;
        }
        Ok(deleted)
    }

    /// Until when a message is known that is deleted now.
    pub(super) fn deleted_until(&self) -> Millis {
        self.parts.clock.now() + DELETED_MS
    }

    /// Deletes an identity's messages and words, some at a time. What comes after that goes with its key.
    pub async fn end_of_identity(&self, identity_id: &str) -> Result<()> {
        loop {
            let some = self.parts.store.some_messages(identity_id, AT_ONCE).await?;
            if some.is_empty() {
                return Ok(());
            }
            self.parts.store.delete_messages(&some, None).await?;
        }
    }
}
