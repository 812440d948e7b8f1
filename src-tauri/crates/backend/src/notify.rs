//! Telling on the desktop that a session has ended; a click shows its slot.

use crate::bus::Bus;
use api::Event;
use api::sessions::{Session, State};
use notify_rust::{Notification, NotificationResponse, Timeout, Urgency};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The room.
#[derive(Clone)]
pub struct Notifications {
    bus: Bus,
}

impl Notifications {
    /// Opens the room.
    pub fn new(bus: Bus) -> Self {
        Self { bus }
    }

    /// Tells the end of every session from now on.
    pub fn begin(self, tasks: &TaskTracker, ending: CancellationToken) {
        let mut events = self.bus.subscribe();
        let showing = tasks.clone();
        tasks.spawn(async move {
            while let Some(Some(event)) = ending.run_until_cancelled(events.next()).await {
                if let Event::SessionStateChanged { session, .. } = event
                    && !session.state.is_live()
                    && session.state != State::Stopped
                {
                    showing.spawn(show(self.bus.clone(), *session, ending.clone()));
                }
            }
        });
    }
}

/// Shows one notification and waits for a click on it.
async fn show(bus: Bus, session: Session, ending: CancellationToken) {
    let urgency = if session.state == State::Failed { Urgency::Critical } else { Urgency::Normal };
    let shown = Notification::new()
        .appname("Lanyard")
        .summary(&summary(&session))
        .body(&body(&session))
        .icon("lanyard")
        .urgency(urgency)
        .timeout(Timeout::Default)
        .action("default", "Open")
        .show_async()
        .await;
    let handle = match shown {
        Ok(handle) => handle,
        Err(e) => return tracing::info!("no notification could be shown: {e}"),
    };
    let slot = session.slot;
    let clicked = handle.wait_for_action_async(move |action| {
        if matches!(action, NotificationResponse::Default) {
            bus.publish(Event::SlotOpened { slot });
        }
    });
    ending.run_until_cancelled(clicked).await;
}

fn summary(session: &Session) -> String {
    let outcome = match session.state {
        State::Done => "is done",
        _ => "failed",
    };
    format!("Slot {} · {} {outcome}", session.slot, session.identity)
}

fn body(session: &Session) -> String {
    let ran = session.ended_at.unwrap_or(session.started_at).saturating_sub(session.started_at);
    let reason = session.reason.as_deref().map(|reason| format!("{reason}, ")).unwrap_or_default();
    let text = format!(
        "{} · {} · {}: {reason}after {}",
        session.agent,
        session.project,
        session.branch,
        duration(ran)
    );
    // The body is markup to a notification server; a branch may hold what looks like a tag.
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A duration in words, in its two largest units.
fn duration(ms: i64) -> String {
    let s = ms / 1000;
    match (s / 3600, s / 60 % 60, s % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_two_units() {
        for (ms, text) in [(900, "0 s"), (65_000, "1 min 5 s"), (3_725_000, "1 h 2 min")] {
            assert_eq!(duration(ms), text);
        }
    }
}
