//! Waiting for a message: the wait hears of each that comes from before its first look on, so that none slips through.

use super::Inbox;
use crate::caller::Caller;
use crate::store::{IdentityRow, MessageFilter, MessageRow};
use crate::turns::Turn;
use anyhow::{Result, bail};
use api::inbox::{Awaited, Direction, Message, WAIT_MAX_MS, WAIT_MS, WaitForMessage};
use api::{Code, Error, Event};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How many waits of one session may be open.
pub const WAITS_MAX: usize = 100;
/// How many messages that are there already are looked at, a page at a time.
const LOOKED_AT: usize = 2000;
const PAGE: i64 = 100;

impl Inbox {
    /// Waits for a message that fits. It ends with the process that asked, where that is an agent.
    pub async fn wait(
        &self,
        caller: &Caller,
        identity: IdentityRow,
        call: WaitForMessage,
    ) -> Result<Message> {
        let wait = call.timeout_ms.unwrap_or(WAIT_MS);
        if wait > WAIT_MAX_MS {
            bail!(Error::invalid("a wait lasts at most one hour").hint("try --timeout 60s"));
        }
        let until = Instant::now() + Duration::from_millis(wait);
        let _turn = self.turn(caller)?;
        let gone = async {
            match caller {
                Caller::Agent { asker, .. } => asker.gone().await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            found = self.await_message(&identity, &call, until) => match found? {
                Some(found) => Ok(found),
                None => bail!(timed_out(&identity, wait)),
            },
            () = self.parts.ending.cancelled() => bail!(
                Error::new(Code::Ending, "the daemon is ending, and with it the wait").hint("wait again")
            ),
            () = gone => bail!(Error::refused("the process that waited is gone")),
        }
    }

    /// None when the time is over. What is there already is looked at however short that is.
    /// An agent has so many waits at most: each looks at what comes.
    fn turn(&self, caller: &Caller) -> Result<Option<Turn>> {
        let Caller::Agent { session, .. } = caller else { return Ok(None) };
        let turn = self.waits.try_take(session);
        if turn.is_none() {
            bail!(
                Error::refused(format!("{WAITS_MAX} waits of this session are open already"))
                    .hint("end some of them, or let one wait for all")
            );
        }
        Ok(turn)
    }

    async fn await_message(
        &self,
        identity: &IdentityRow,
        call: &WaitForMessage,
        until: Instant,
    ) -> Result<Option<Message>> {
        let mut events = self.parts.bus.subscribe();
        // A vault that is locked would open no message; that is said at once.
        self.seals(identity)?;
        let (found, mut seen) = self.among_those_there(identity, call).await?;
        if found.is_some() {
            return Ok(found);
        }
        loop {
            let Ok(event) = timeout_at(until, events.next()).await else { return Ok(None) };
            match event {
                Some(Event::MessageArrived { identity: whose, .. }) if whose == identity.id => {}
                // What was missed may have been one.
                Some(Event::Lagged { .. }) => {}
                Some(_) => continue,
                None => bail!(Error::new(Code::Ending, "the daemon is ending, and with it the wait")),
            }
            let filter = MessageFilter { after: Some(seen), ..wanted(identity, call) };
            let rows = self.parts.store.messages(&filter, i64::MAX).await?;
            seen = rows.first().map_or(seen, |row| row.number);
            let found = self.first_fitting(rows.into_iter().rev().collect(), call).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// The newest that fits of what is there already, and the number up to which that was looked at.
    async fn among_those_there(
        &self,
        identity: &IdentityRow,
        call: &WaitForMessage,
    ) -> Result<(Option<Message>, i64)> {
        let newest = self.parts.store.messages(&wanted(identity, call), 1).await?;
        let seen = newest.first().map_or(0, |row| row.number);
        let mut filter = MessageFilter {
            since: call.after,
            unread: call.unread || call.after.is_none(),
            before: Some(seen + 1),
            ..wanted(identity, call)
        };
        let mut looked_at = 0;
        while looked_at < LOOKED_AT {
            let rows = self.parts.store.messages(&filter, PAGE).await?;
            let Some(last) = rows.last() else { break };
            filter.before = Some(last.number);
            looked_at += rows.len();
            if let Some(found) = self.first_fitting(rows, call).await? {
                return Ok((Some(found), seen));
            }
        }
        Ok((None, seen))
    }

    async fn first_fitting(&self, rows: Vec<MessageRow>, call: &WaitForMessage) -> Result<Option<Message>> {
        Ok(self.seen(&rows).await?.into_iter().find(|message| fits(message, call)))
    }
}

fn wanted(identity: &IdentityRow, call: &WaitForMessage) -> MessageFilter {
    MessageFilter {
        identity_id: Some(identity.id.clone()),
        medium: call.medium,
        direction: Some(Direction::Incoming),
        ..MessageFilter::default()
    }
}

fn fits(message: &Message, call: &WaitForMessage) -> bool {
    let holds = |text: &str, part: &Option<String>| {
        part.as_ref().is_none_or(|part| text.to_lowercase().contains(&part.to_lowercase()))
    };
    let is_from = holds(&message.from, &call.from)
        || message.from_name.as_ref().is_some_and(|name| holds(name, &call.from));
    let has = match call.awaited {
        Awaited::Message => true,
        Awaited::Code => !message.found.codes.is_empty(),
        Awaited::Link => !message.found.links.is_empty(),
    };
    is_from && holds(&message.subject, &call.subject) && has
}

fn timed_out(identity: &IdentityRow, wait: u64) -> Error {
    let message = match Duration::from_millis(wait).as_secs_f64() {
        0.0 => format!("no message that fits is there for {}", identity.name),
        seconds => format!("no message that fits came for {} within {seconds} s", identity.name),
    };
    Error::new(Code::Timeout, message)
        .hint("wait longer with --timeout, or look at what is there: lanyard email list")
}
