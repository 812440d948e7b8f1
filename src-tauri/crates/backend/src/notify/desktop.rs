//! The desktop's notifications: several within a second are one, each goes with its cause, and an approval can
//! be answered there.
//!
//! What comes back is believed as far as the owner's message bus is the owner's, which sessions can't reach. The
//! names of the answers are random all the same: only the server that was told them can send one back.

use super::notices::cause;
use super::window::Window;
use super::words;
use crate::bus::Bus;
use api::Event;
use api::approvals::Answer;
use api::notify::{Notice, Occasion};
use notify_rust::{Notification, NotificationHandle, NotificationResponse, Timeout, Urgency};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// For how long after the first of them further notices join it.
const TOGETHER: Duration = Duration::from_secs(1);

/// An answer that the owner gave by a click.
#[derive(Debug)]
pub struct Answered {
    /// The approval that was shown, by its id.
    pub approval: String,
    /// Yes to that one call, or no.
    pub answer: Answer,
}

/// The desktop. Cheap to clone.
#[derive(Clone)]
pub struct Desktop {
    cards: Arc<Mutex<Vec<Card>>>,
    bus: Bus,
    window: Window,
    answers: mpsc::Sender<Answered>,
    tasks: TaskTracker,
    ending: CancellationToken,
}

/// One notification on the screen.
struct Card {
    /// What it tells; it goes when that is nothing.
    notices: watch::Sender<Vec<Notice>>,
    since: Instant,
}

/// What was clicked.
enum Click {
    Open,
    Answer(Answer),
    Closed,
}

impl Desktop {
    /// Clicks go to the bus and the window, and answers to `answers`.
    pub fn new(
        bus: Bus,
        window: Window,
        answers: mpsc::Sender<Answered>,
        tasks: TaskTracker,
        ending: CancellationToken,
    ) -> Self {
        Self { cards: Arc::default(), bus, window, answers, tasks, ending }
    }

    /// Shows a notice in place of an older one of the same cause.
    pub fn tell(&self, notice: Notice, sound: Option<String>) {
        self.untell(&cause(&notice));
        let mut cards = self.lock();
        cards.retain(|card| !card.notices.is_closed());
        if let Some(card) = cards.last().filter(|card| card.since.elapsed() < TOGETHER) {
            return card.notices.send_modify(|notices| notices.push(notice));
        }
        let (notices, content) = watch::channel(vec![notice]);
        cards.push(Card { notices, since: Instant::now() });
        let desktop = self.clone();
        self.tasks.spawn(async move {
            if let Err(e) = desktop.show(content, sound).await {
                tracing::info!("no notification could be shown: {e}");
            }
        });
    }

    /// Takes back what stands no more.
    pub fn untell(&self, gone: &str) {
        for card in self.lock().iter() {
            card.notices.send_if_modified(|notices| {
                let before = notices.len();
                notices.retain(|notice| cause(notice) != gone);
                notices.len() < before
            });
        }
    }

    /// Shows one notification as long as there is something to tell, and until it is clicked.
    async fn show(
        &self,
        mut content: watch::Receiver<Vec<Notice>>,
        sound: Option<String>,
    ) -> notify_rust::error::Result<()> {
        let mut shown: Option<NotificationHandle> = None;
        loop {
            let notices = content.borrow_and_update().clone();
            let Some(first) = notices.first() else {
                if let Some(shown) = shown {
                    shown.close_async().await;
                }
                return Ok(());
            };
            let card = Face::of(&notices, sound.as_deref()).await;
            let handle = card.show(shown.as_ref().map(NotificationHandle::id)).await?;
            tokio::select! {
                click = card.clicked(&handle) => {
                    self.follow(click, first).await;
                    return Ok(());
                }
                changed = content.changed() => if changed.is_err() { return Ok(()) },
                () = self.ending.cancelled() => {
                    // Nobody would hear an answer any more; the next daemon asks again.
                    if notices.iter().any(|notice| notice.approval.is_some()) {
                        handle.close_async().await;
                    }
                    return Ok(());
                }
            }
            shown = Some(handle);
        }
    }

    async fn follow(&self, click: Click, notice: &Notice) {
        match (click, &notice.approval) {
            (Click::Open, _) => {
                self.bus.publish(Event::SlotOpened { slot: notice.slot });
                self.window.start(notice.slot).await;
            }
            (Click::Answer(answer), Some(approval)) => {
                let answered = Answered { approval: approval.clone(), answer };
                // Nobody takes answers any more when the daemon ends.
                self.answers.send(answered).await.ok();
            }
            _ => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Card>> {
        self.cards.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// Shows a test; what came of it, in words.
pub async fn test(title: &str, text: &str, sound: Option<&str>) -> Result<String, String> {
    let mut notification = plain(title, text, sound);
    match notification.timeout(Timeout::Default).show_async().await {
        Ok(_) => Ok("it is shown".into()),
        Err(e) => Err(format!("it could not be shown: {e}")),
    }
}

/// How a card looks: what is asked of the notification server.
struct Face {
    notification: Notification,
    approve: String,
    deny: String,
}

impl Face {
    async fn of(notices: &[Notice], sound: Option<&str>) -> Self {
        let able = abilities().await;
        let text = words::text(notices);
        let text = if able.markup { escaped(&text) } else { text };
        let mut notification = plain(&words::title(notices), &text, sound);
        let any = |event| notices.iter().any(|notice| notice.event == event);
        notification.urgency(if any(Occasion::Failed) { Urgency::Critical } else { Urgency::Normal });
        // What waits for its owner stays until it doesn't.
        let waits = any(Occasion::Approval) || any(Occasion::Waiting);
        notification.timeout(if waits { Timeout::Never } else { Timeout::Default });
        let (approve, deny) = (format!("approve-{}", nonce()), format!("deny-{}", nonce()));
        if able.actions {
            notification.action("default", "Open");
            if let [Notice { approval: Some(_), asks_words: false, .. }] = notices {
                notification.action(&approve, "Approve once").action(&deny, "Deny");
            }
        }
        Self { notification, approve, deny }
    }

    /// Shows it, in place of the notification with this number.
    async fn show(&self, replaced: Option<u32>) -> notify_rust::error::Result<NotificationHandle> {
        let mut notification = self.notification.clone();
        if let Some(id) = replaced {
            notification.id(id);
        }
        notification.show_async().await
    }

    async fn clicked(&self, handle: &NotificationHandle) -> Click {
        let (click, clicked) = oneshot::channel();
        let wait = handle.wait_for_action_async(|response| {
            let what = match response {
                NotificationResponse::Default => Click::Open,
                NotificationResponse::Action(name) if *name == self.approve => Click::Answer(Answer::Once),
                NotificationResponse::Action(name) if *name == self.deny => {
                    Click::Answer(Answer::Deny { because: None })
                }
                _ => Click::Closed,
            };
            click.send(what).ok();
        });
        wait.await;
        clicked.await.unwrap_or(Click::Closed)
    }
}

fn plain(title: &str, text: &str, sound: Option<&str>) -> Notification {
    let mut notification = Notification::new();
    notification.appname("Lanyard").icon("lanyard").summary(title).body(text);
    if let Some(sound) = sound {
        notification.sound_name(sound);
    }
    notification
}

/// What a notification server can do.
struct Abilities {
    actions: bool,
    markup: bool,
}

/// Asked each time: another server may have come in its place.
async fn abilities() -> Abilities {
    let asked = tokio::task::spawn_blocking(notify_rust::get_capabilities).await;
    match asked {
        Ok(Ok(can)) => {
            let can = |name: &str| can.iter().any(|one| one == name);
            Abilities { actions: can("actions"), markup: can("body-markup") }
        }
        _ => Abilities { actions: false, markup: true },
    }
}

fn nonce() -> String {
    // Where there is no chance to be had, nothing is drawn twice either.
    getrandom::u64().map_or_else(|_| crate::store::new_id(), |number| format!("{number:016x}"))
}

/// The text of others may hold what looks like a tag.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
