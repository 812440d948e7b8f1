//! Telling on the desktop that a session has ended or that an agent asks; a click shows its slot.

use crate::bus::Bus;
use api::Event;
use api::approvals::{self, Approval};
use api::sessions::{Session, State};
use notify_rust::{Notification, NotificationResponse, Timeout, Urgency};
use std::collections::{HashMap, HashSet};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The room.
#[derive(Clone)]
pub struct Notifications {
    bus: Bus,
}

/// What one notification says.
struct Notice {
    slot: u32,
    summary: String,
    body: String,
    urgency: Urgency,
    timeout: Timeout,
    /// Cancelled when there is nothing to tell any more.
    over: CancellationToken,
}

impl Notifications {
    /// Opens the room.
    pub fn new(bus: Bus) -> Self {
        Self { bus }
    }

    /// Tells the end of every session and what agents ask, from now on.
    pub fn begin(self, tasks: &TaskTracker, ending: CancellationToken) {
        let mut events = self.bus.subscribe();
        let showing = tasks.clone();
        tasks.spawn(async move {
            let mut questions = Questions::default();
            while let Some(Some(event)) = ending.run_until_cancelled(events.next()).await {
                if let Some(notice) = notice(event, &mut questions) {
                    showing.spawn(show(self.bus.clone(), notice, ending.clone()));
                }
            }
        });
    }
}

/// What an event is worth telling.
fn notice(event: Event, questions: &mut Questions) -> Option<Notice> {
    match event {
        Event::SessionStateChanged { session, .. } => {
            (!session.is_running() && session.state != State::Stopped).then(|| end(&session))
        }
        Event::ApprovalChanged { approval } => questions.hear(&approval),
        Event::Lagged { .. } => {
            *questions = Questions::default();
            None
        }
        _ => None,
    }
}

/// The open questions of each session. Ten questions of one agent are told once.
#[derive(Default)]
struct Questions(HashMap<String, (HashSet<String>, CancellationToken)>);

impl Questions {
    fn hear(&mut self, approval: &Approval) -> Option<Notice> {
        let (open, over) = self.0.entry(approval.session.clone()).or_default();
        if approval.state == approvals::State::Open {
            let is_first = open.is_empty();
            open.insert(approval.id.clone());
            return is_first.then(|| question(approval, over.clone()));
        }
        open.remove(&approval.id);
        if open.is_empty() {
            over.cancel();
            self.0.remove(&approval.session);
        }
        None
    }
}

/// Shows one notification and waits for a click on it.
async fn show(bus: Bus, notice: Notice, ending: CancellationToken) {
    let shown = Notification::new()
        .appname("Lanyard")
        .summary(&notice.summary)
        .body(&notice.body)
        .icon("lanyard")
        .urgency(notice.urgency)
        .timeout(notice.timeout)
        .action("default", "Open")
        .show_async()
        .await;
    let handle = match shown {
        Ok(handle) => handle,
        Err(e) => return tracing::info!("no notification could be shown: {e}"),
    };
    let slot = notice.slot;
    let clicked = handle.wait_for_action_async(move |action| {
        if matches!(action, NotificationResponse::Default) {
            bus.publish(Event::SlotOpened { slot });
        }
    });
    tokio::select! {
        () = clicked => {}
        () = ending.cancelled() => {}
        () = notice.over.cancelled() => handle.close_async().await,
    }
}

fn end(session: &Session) -> Notice {
    Notice {
        slot: session.slot,
        summary: summary(session),
        body: body(session),
        urgency: if session.state == State::Failed { Urgency::Critical } else { Urgency::Normal },
        timeout: Timeout::Default,
        over: CancellationToken::new(),
    }
}

fn question(approval: &Approval, over: CancellationToken) -> Notice {
    let reason = approval.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let wait = u32::try_from(approval.until - approval.asked_at).unwrap_or(u32::MAX);
    Notice {
        slot: approval.slot,
        summary: format!("Slot {} · {} asks you", approval.slot, approval.identity),
        body: plain(&format!("{} {}{reason}", approval.action.wants(), approval.subject)),
        urgency: Urgency::Normal,
        timeout: Timeout::Milliseconds(wait),
        over,
    }
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
    plain(&text)
}

/// The body is markup to a notification server; a branch or a reason may hold what looks like a tag.
fn plain(text: &str) -> String {
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
