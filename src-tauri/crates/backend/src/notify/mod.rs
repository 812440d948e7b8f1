//! The room of notifications: tells the owner what agents did or need, on the desktop and on other routes.

mod courier;
mod desktop;
mod mail;
mod notices;
mod notifier;
mod ntfy;
mod routes;
mod rules;
mod twilio;
mod webhook;
mod window;
mod words;

pub use desktop::Answered;
pub use window::Window;

use crate::approvals::Approvals;
use crate::bus::Bus;
use crate::clock::{Clock, local_minute};
use crate::safe::Safe;
use crate::sessions::Sessions;
use crate::store::{self, DeliveryRow, RouteRow, Store};
use anyhow::{Context, Result};
use api::approvals::ListApprovals;
use api::notify::{
    AddRoute, DELAY_MAX_MS, DESKTOP, Delivery, ListDeliveries, MuteSlot, Notice, NotifySettings, Occasion,
    Route, SetNotify, TestNotify, Tested, UpdateRoute,
};
use api::sessions::ListSessions;
use api::{Done, Error, Event, Millis};
use courier::Courier;
use desktop::Desktop;
use notices::{Change, Notices};
use notifier::Message;
use routes::Routes;
use rules::Rules;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How many messages a page of the log holds.
const PAGE: i64 = 500;
/// How long a notice waits for git to tell what its session came to.
const WORK_TIME: Duration = Duration::from_millis(300);

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Notifications {
    store: Store,
    bus: Bus,
    clock: Clock,
    rules: Arc<RwLock<Rules>>,
    // Two changes at once must not undo each other.
    changing: Arc<tokio::sync::Mutex<()>>,
    routes: Routes,
    courier: Courier,
    sessions: Sessions,
    approvals: Approvals,
    window: Window,
    has_desktop: bool,
}

/// What the room stands on.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// What happens.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
    /// The vault.
    pub safe: Safe,
    /// The terminals.
    pub sessions: Sessions,
    /// The open questions.
    pub approvals: Approvals,
    /// What a click opens.
    pub window: Window,
    /// Whether the desktop may be told, by the settings' file.
    pub has_desktop: bool,
}

impl Notifications {
    /// Opens the room.
    pub async fn open(parts: Parts) -> Result<Self> {
        let Parts { store, bus, clock, safe, sessions, approvals, window, has_desktop } = parts;
        let rules = match store.notify_settings().await? {
            Some(json) => serde_json::from_str(&json).context("reading how notifications are set")?,
            None => Rules::default(),
        };
        let (rules, changing) = (Arc::new(RwLock::new(rules)), Arc::default());
        let routes = Routes::new(store.clone(), clock, safe);
        let courier = Courier::new(store.clone(), bus.clone(), clock, routes.clone(), rules.clone());
        Ok(Self {
            store,
            bus,
            clock,
            rules,
            changing,
            routes,
            courier,
            sessions,
            approvals,
            window,
            has_desktop,
        })
    }

    /// Tells what happens from now on. Answers that are given by a click go to `answers`.
    pub async fn begin(
        &self,
        answers: mpsc::Sender<Answered>,
        tasks: &TaskTracker,
        ending: &CancellationToken,
    ) -> Result<()> {
        let mut events = self.bus.subscribe();
        let sessions = self.sessions.list(ListSessions { ended: true }).await?;
        let mut notices = Notices::new(&sessions, self.courier.causes().await?);
        let room = self.clone();
        let desktop =
            Desktop::new(self.bus.clone(), self.window.clone(), answers, tasks.clone(), ending.clone());
        room.catch_up(&mut notices, &desktop).await?;
        let stop = ending.clone();
        tasks.spawn(async move {
            while let Some(Some(event)) = stop.run_until_cancelled(events.next()).await {
                let heard = match event {
                    Event::Lagged { .. } => room.catch_up(&mut notices, &desktop).await,
                    event => room.follow(notices.hear(&event), &desktop).await,
                };
                if let Err(e) = heard {
                    tracing::error!("telling the owner: {e:#}");
                }
            }
        });
        tasks.spawn(self.courier.clone().run(tasks.clone(), ending.clone()));
        Ok(())
    }

    /// Looks at how everything is, since some events were not heard.
    async fn catch_up(&self, notices: &mut Notices, desktop: &Desktop) -> Result<()> {
        let now = self.clock.now();
        for session in self.sessions.list(ListSessions { ended: true }).await? {
            self.follow(notices.session(&session, now), desktop).await?;
        }
        let open = self.approvals.list(ListApprovals { all: false }).await?;
        self.follow(notices.only_open(&open), desktop).await?;
        let changes = open.iter().filter_map(|approval| notices.approval(approval)).collect();
        self.follow(changes, desktop).await
    }

    async fn follow(&self, changes: Vec<Change>, desktop: &Desktop) -> Result<()> {
        for change in changes {
            match change {
                Change::Gone(cause) => {
                    desktop.untell(&cause);
                    self.courier.untake(&cause).await?;
                }
                Change::Stands(notice) => self.tell(notice, desktop).await?,
            }
        }
        Ok(())
    }

    async fn tell(&self, notice: Notice, desktop: &Desktop) -> Result<()> {
        let (rules, now) = (self.rules(), self.clock.now());
        if !rules.lets(&notice, now, local_minute(now)) {
            return Ok(());
        }
        let notice = self.with_work(notice).await;
        if rules.desktop && self.has_desktop {
            desktop.tell(notice.clone(), rules.sound);
        }
        self.courier.take(&notice).await
    }

    /// What its session came to stands behind an end's words, where git tells it in time.
    async fn with_work(&self, mut notice: Notice) -> Notice {
        if matches!(notice.event, Occasion::Finished | Occasion::Failed)
            && let Ok(Ok(summary)) = timeout(WORK_TIME, self.sessions.summary(&notice.session)).await
            && let Some(work) = summary.work.as_ref().and_then(words::work)
        {
            notice.text = format!("{} · {work}", notice.text);
        }
        notice
    }

    /// How notifications are set.
    pub async fn settings(&self) -> Result<NotifySettings> {
        let rules = self.rules();
        let routes = self.routes.rows().await?.into_iter().map(routes::seen);
        Ok(NotifySettings {
            desktop: rules.desktop && self.has_desktop,
            muted: rules.muted(self.clock.now()),
            events: rules.events,
            quiet: rules.quiet,
            sound: rules.sound,
            routes: routes.collect::<Result<_>>()?,
        })
    }

    /// Sets them; what is left out stays.
    pub async fn set(&self, call: SetNotify) -> Result<NotifySettings> {
        if call.desktop == Some(true) && !self.has_desktop {
            let error = Error::conflict("settings.toml says notifications = false");
            return Err(error.hint("take that line away, then restart the daemon").into());
        }
        self.change(|rules| rules.changed(call)).await
    }

    /// Tells nothing more of a slot.
    pub async fn mute(&self, call: MuteSlot) -> Result<NotifySettings> {
        let now = self.clock.now();
        let until = match call.for_ms {
            Some(0) => return Err(Error::invalid("a mute of no time is none").into()),
            Some(ms) if ms > DELAY_MAX_MS => {
                let error = Error::invalid("a mute ends within a week");
                return Err(error.hint("leave --for out to mute it for good").into());
            }
            other => other.and_then(|ms| Millis::try_from(ms).ok()).map(|ms| now + ms),
        };
        self.change(|rules| Ok(rules.muting(call.slot, until, now))).await
    }

    /// Tells of a slot again.
    pub async fn unmute(&self, slot: u32) -> Result<NotifySettings> {
        let now = self.clock.now();
        self.change(|rules| Ok(rules.unmuting(slot, now))).await
    }

    /// Adds a route.
    pub async fn add(&self, call: AddRoute) -> Result<Route> {
        self.changed(self.routes.add(call).await?)
    }

    /// Changes a route.
    pub async fn update(&self, call: UpdateRoute) -> Result<Route> {
        self.changed(self.routes.update(call).await?)
    }

    /// Removes a route.
    pub async fn remove(&self, route: &str) -> Result<Done> {
        self.routes.remove(route).await?;
        self.changed(Done {})
    }

    /// Sends a message now, and says what came of it on each way.
    pub async fn test(&self, call: TestNotify) -> Result<Vec<Tested>> {
        let wanted = call.route.as_deref();
        let routes = match wanted {
            Some(DESKTOP) => Vec::new(),
            Some(name) => vec![self.routes.find(name).await?],
            None => self.routes.rows().await?,
        };
        let mut tests = JoinSet::new();
        if wanted.is_none_or(|name| name == DESKTOP) {
            let (message, sound) = (self.test_message(), self.rules().sound);
            tests.spawn(async move {
                let shown = desktop::test(&message.title, &message.text, sound.as_deref()).await;
                tested(DESKTOP.into(), shown)
            });
        }
        for route in routes {
            let (courier, message) = (self.courier.clone(), self.test_message());
            tests.spawn(async move {
                let sent = courier.send(&route, message).await.map_err(|failed| failed.said);
                tested(route.name, sent)
            });
        }
        let mut all = tests.join_all().await;
        all.sort_by(|one, other| {
            (one.route != DESKTOP, &one.route).cmp(&(other.route != DESKTOP, &other.route))
        });
        Ok(all)
    }

    /// The newest messages first.
    pub async fn log(&self, call: ListDeliveries) -> Result<Vec<Delivery>> {
        let routes = self.routes.rows().await?;
        let only = match &call.route {
            Some(name) => Some(self.routes.find(name).await?.id),
            None => None,
        };
        let rows = self.store.deliveries(only.as_deref(), PAGE).await?;
        rows.into_iter().map(|row| delivery(row, &routes)).collect()
    }

    async fn change(&self, change: impl FnOnce(&Rules) -> Result<Rules>) -> Result<NotifySettings> {
        let changing = self.changing.lock().await;
        let rules = change(&self.rules())?;
        self.store.set_notify_settings(&serde_json::to_string(&rules)?).await?;
        *self.rules.write().unwrap_or_else(|e| e.into_inner()) = rules;
        drop(changing);
        self.bus.publish(Event::NotifyChanged {});
        self.settings().await
    }

    fn changed<T>(&self, done: T) -> Result<T> {
        self.bus.publish(Event::NotifyChanged {});
        Ok(done)
    }

    fn rules(&self) -> Rules {
        self.rules.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    fn test_message(&self) -> Message {
        Message {
            id: store::new_id(),
            at: self.clock.now(),
            title: "Lanyard tries this way".into(),
            text: "So you are told when an agent is done, has failed, or needs you.".into(),
            notices: Vec::new(),
        }
    }
}

fn tested(route: String, result: std::result::Result<String, String>) -> Tested {
    let ok = result.is_ok();
    Tested { route, ok, said: result.unwrap_or_else(|said| said) }
}

fn delivery(row: DeliveryRow, routes: &[RouteRow]) -> Result<Delivery> {
    let route = routes.iter().find(|route| route.id == row.route_id);
    Ok(Delivery {
        notices: courier::read(&row)?,
        route: route.map(|route| route.name.clone()).unwrap_or_default(),
        tries: u32::try_from(row.tries)?,
        id: row.id,
        state: row.state,
        said: row.said,
        due_at: row.due_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}
