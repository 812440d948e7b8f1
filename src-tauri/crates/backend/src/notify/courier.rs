//! Brings messages to the routes: each on its own, tried again for hours, over restarts, and kept as a log.

use super::notifier::{Message, Undelivered};
use super::routes::{Routes, kind, rule};
use super::rules::{Rules, takes};
use super::{notices, words};
use crate::attempt::pause;
use crate::bus::Bus;
use crate::clock::{Clock, local_minute};
use crate::store::{self, DeliveryRow, RouteRow, Store};
use crate::telling::told;
use anyhow::{Context, Result};
use api::notify::{DeliveryState, Notice, RouteKind};
use api::{Event, Millis};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// For how long notices are gathered into one message.
const TOGETHER_MS: Millis = 1_000;
/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many messages a person gets in an hour on one route; what comes then is gathered. An agent that calls
/// for attention without end must not become a bill.
const HOURLY: usize = 60;
const HOUR_MS: Millis = 3_600_000;
/// How many messages may wait on one route.
const WAITING_MAX: usize = 500;
/// How many messages the log keeps.
const KEPT: i64 = 500;
/// How long the courier sleeps at most, since clocks are set, and how long after a failure of the disk.
const LONGEST: Duration = Duration::from_secs(3600);
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// The courier. Cheap to clone.
#[derive(Clone)]
pub struct Courier {
    store: Store,
    bus: Bus,
    clock: Clock,
    routes: Routes,
    rules: Arc<RwLock<Rules>>,
    /// The routes on which something is being sent.
    busy: Arc<Mutex<HashSet<String>>>,
    wake: Arc<Notify>,
}

/// What a route has to do.
enum Next {
    /// This message now; those with these ids are part of it.
    Send(Box<DeliveryRow>, Vec<String>),
    /// Nothing before this time.
    At(Millis),
    /// Nothing.
    Nothing,
}

impl Courier {
    /// The courier for these routes.
    pub fn new(store: Store, bus: Bus, clock: Clock, routes: Routes, rules: Arc<RwLock<Rules>>) -> Self {
        Self { store, bus, clock, routes, rules, busy: Arc::default(), wake: Arc::default() }
    }

    /// Takes a notice for every route whose rule takes it.
    pub async fn take(&self, notice: &Notice) -> Result<()> {
        let waiting = self.store.waiting_deliveries().await?;
        for route in self.routes.rows().await? {
            let rule = rule(&route)?;
            if !takes(&rule, notice) {
                continue;
            }
            if waiting.iter().filter(|row| row.route_id == route.id).count() >= WAITING_MAX {
                tracing::warn!("too many messages wait on the route {}: one is left out", route.name);
                continue;
            }
            let now = self.clock.now();
            let delay = Millis::try_from(rule.after_ms).unwrap_or(Millis::MAX / 2);
            let row = DeliveryRow {
                id: store::new_id(),
                route_id: route.id,
                cause: (delay > 0).then(|| notices::cause(notice)),
                notices: serde_json::to_string(&[notice])?,
                state: DeliveryState::Waiting,
                tries: 0,
                said: None,
                due_at: Some(now + delay.max(TOGETHER_MS)),
                created_at: now,
                updated_at: now,
            };
            self.store.add_delivery(&row).await?;
        }
        self.wake.notify_one();
        Ok(())
    }

    /// Takes back what waits for a cause that stands no more.
    pub async fn untake(&self, cause: &str) -> Result<()> {
        if self.store.withdraw_deliveries(cause, self.clock.now()).await? > 0 {
            self.bus.publish(Event::NotifyChanged {});
        }
        Ok(())
    }

    /// The causes that messages wait for.
    pub async fn causes(&self) -> Result<HashSet<String>> {
        let fresh = |row: &DeliveryRow| row.tries == 0;
        let waiting = self.store.waiting_deliveries().await?;
        Ok(waiting.into_iter().filter(fresh).filter_map(|row| row.cause).collect())
    }

    /// Brings what is due, until the daemon ends.
    pub async fn run(self, tasks: TaskTracker, ending: CancellationToken) {
        loop {
            let pause = match self.round(&tasks, &ending).await {
                Ok(pause) => pause,
                Err(e) => {
                    tracing::error!("bringing messages: {e:#}");
                    Some(AFTER_FAILURE)
                }
            };
            let sleep = async {
                match pause {
                    Some(pause) => tokio::time::sleep(pause.min(LONGEST)).await,
                    // Nothing wakes the machine up while nothing waits.
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.wake.notified() => {}
                () = sleep => {}
                () = ending.cancelled() => return,
            }
        }
    }

    /// Sends what is due on every route that is free; gives how long there is nothing to do.
    async fn round(&self, tasks: &TaskTracker, ending: &CancellationToken) -> Result<Option<Duration>> {
        let waiting = self.store.waiting_deliveries().await?;
        if waiting.is_empty() {
            return Ok(None);
        }
        let mut next = None;
        for route in self.routes.rows().await? {
            if self.lock().contains(&route.id) {
                continue;
            }
            let rows = waiting.iter().filter(|row| row.route_id == route.id).cloned().collect();
            match self.next(&route, rows).await? {
                Next::Nothing => {}
                Next::At(at) => next = Some(next.map_or(at, |other: Millis| other.min(at))),
                Next::Send(row, taken_over) => {
                    self.lock().insert(route.id.clone());
                    let (courier, ending) = (self.clone(), ending.clone());
                    tasks.spawn(async move {
                        // What is cut off by the daemon's end is tried again by the next one.
                        let carried =
                            ending.run_until_cancelled(courier.carry(&route, *row, taken_over)).await;
                        if let Some(Err(e)) = carried {
                            tracing::error!("a message on the route {}: {e:#}", route.name);
                        }
                        courier.lock().remove(&route.id);
                        courier.wake.notify_one();
                    });
                }
            }
        }
        let now = self.clock.now();
        Ok(next.map(|at| Duration::from_millis(u64::try_from(at - now).unwrap_or(0).max(1))))
    }

    /// What is next of the messages that wait on a route. New ones become one.
    async fn next(&self, route: &RouteRow, mut rows: Vec<DeliveryRow>) -> Result<Next> {
        let now = self.clock.now();
        let at = |row: &DeliveryRow| row.due_at.unwrap_or(now);
        let soonest = rows.iter().map(at).filter(|at| *at > now).min();
        if let Some(again) = rows.iter().position(|row| row.tries > 0 && at(row) <= now) {
            return Ok(Next::Send(Box::new(rows.swap_remove(again)), Vec::new()));
        }
        rows.retain(|row| row.tries == 0);
        if rows.iter().all(|row| at(row) > now) {
            return Ok(soonest.map_or(Next::Nothing, Next::At));
        }
        // What has come since the first of them goes with it.
        let mut due: Vec<DeliveryRow> = rows.into_iter().filter(|row| at(row) <= now + TOGETHER_MS).collect();
        if let Some(free) = self.free_again(route, now).await? {
            return Ok(Next::At(soonest.map_or(free, |soonest| soonest.min(free))));
        }
        let mut row = due.remove(0);
        let mut all = self.still_told(&row)?;
        for other in &due {
            all.extend(self.still_told(other)?);
        }
        row.notices = serde_json::to_string(&all)?;
        Ok(Next::Send(Box::new(row), due.into_iter().map(|row| row.id).collect()))
    }

    /// When a route that has told its owner too much may tell something again.
    async fn free_again(&self, route: &RouteRow, now: Millis) -> Result<Option<Millis>> {
        if kind(route)? == RouteKind::Webhook {
            return Ok(None);
        }
        let tried = self.store.tried_deliveries(&route.id, now - HOUR_MS).await?;
        Ok(tried.len().checked_sub(HOURLY).and_then(|over| tried.get(over)).map(|oldest| oldest + HOUR_MS))
    }

    /// The notices of a message; of a delayed one those that the rules still let through.
    fn still_told(&self, row: &DeliveryRow) -> Result<Vec<Notice>> {
        let mut notices = read(row)?;
        if row.cause.is_some() {
            let (rules, now) = (self.rules.read().unwrap_or_else(|e| e.into_inner()), self.clock.now());
            notices.retain(|notice| rules.lets(notice, now, local_minute(now)));
        }
        Ok(notices)
    }

    /// Tries a message once. That it is tried is written first, so that a daemon that is killed over and over
    /// does not send for ever.
    async fn carry(&self, route: &RouteRow, mut row: DeliveryRow, taken_over: Vec<String>) -> Result<()> {
        let notices = read(&row)?;
        if notices.is_empty() {
            row.state = DeliveryState::Withdrawn;
            return self.settle(row, None, &taken_over).await;
        }
        row.tries += 1;
        row.updated_at = self.clock.now();
        let again_at = pause(row.tries).map(|pause| row.updated_at + pause);
        row.due_at = again_at;
        self.store.put_delivery(&row, &taken_over).await?;
        match self.send(route, message(&row, notices)).await {
            Ok(said) => {
                row.state = DeliveryState::Sent;
                row.said = Some(said);
                self.settle(row, None, &[]).await
            }
            Err(failed) => {
                let wanted = failed.after.and_then(|after| Millis::try_from(after.as_millis()).ok());
                let again_at = again_at.map(|at| at.max(self.clock.now() + wanted.unwrap_or(0)));
                let again_at = again_at.filter(|_| failed.again);
                row.state = if again_at.is_some() { DeliveryState::Waiting } else { DeliveryState::Failed };
                row.said = Some(failed.said);
                self.settle(row, again_at, &[]).await
            }
        }
    }

    /// Sends a message on a route, in bounded time.
    pub async fn send(&self, route: &RouteRow, message: Message) -> Result<String, Undelivered> {
        let failed = |said: String, again| Undelivered { said, again, after: None };
        // The vault may be open later.
        let notifier = self.routes.opened(route).map_err(|e| failed(told(&e).message, true))?;
        match tokio::time::timeout(PATIENCE, notifier.send(&message)).await {
            Ok(sent) => sent,
            Err(_) => Err(failed("nothing came in time".into(), true)),
        }
    }

    async fn settle(
        &self,
        mut row: DeliveryRow,
        due_at: Option<Millis>,
        taken_over: &[String],
    ) -> Result<()> {
        row.due_at = due_at;
        row.updated_at = self.clock.now();
        self.store.put_delivery(&row, taken_over).await?;
        self.store.forget_deliveries(KEPT).await?;
        self.bus.publish(Event::NotifyChanged {});
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.busy.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// The notices of a message.
pub fn read(row: &DeliveryRow) -> Result<Vec<Notice>> {
    serde_json::from_str(&row.notices).context("reading a message")
}

fn message(row: &DeliveryRow, notices: Vec<Notice>) -> Message {
    let (title, text) = (words::title(&notices), words::text(&notices));
    Message { id: row.id.clone(), at: row.created_at, title, text, notices }
}
