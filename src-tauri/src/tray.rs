//! The tray icon: how many sessions run, which, and the way back to the window.

use crate::relay::Relay;
use crate::{events, window};
use api::Event;
use api::approvals::ListApprovals;
use api::sessions::{ListSessions, Session, State};
use std::sync::Arc;
use tauri::menu::{Menu, MenuBuilder, MenuItemBuilder};
use tauri::tray::TrayIconBuilder;
use tauri::{AppHandle, Manager, include_image};
use tokio::sync::Notify;

const ID: &str = "lanyard";

/// Wakes the task that keeps the tray right.
struct Changed(Arc<Notify>);

/// Puts the icon into the tray and keeps it right from now on.
pub fn build(app: &AppHandle) {
    let changed = Arc::new(Notify::new());
    app.manage(Changed(changed.clone()));
    let menu = menu(app, &[], 0);
    let icon = TrayIconBuilder::with_id(ID)
        .icon(include_image!("../icons/tray.png"))
        .tooltip("Lanyard")
        .on_menu_event(|app, event| chosen(app, event.id().as_ref()));
    // A desktop without a tray is no reason to have no window.
    let Ok(_tray) = menu.and_then(|menu| icon.menu(&menu).build(app)) else { return };
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        loop {
            changed.notified().await;
            let relay = app.state::<Relay>();
            let running = relay.ask(&ListSessions { ended: false }).await.unwrap_or_default();
            let questions = relay.ask(&ListApprovals::default()).await.unwrap_or_default();
            let asks = |session: &&Session| questions.iter().any(|q| q.session == session.id);
            let waits = |session: &&Session| session.state == State::Waiting || asks(session);
            let waiting = running.iter().filter(waits).count();
            window::title(&app, waiting);
            let _no_tray = show(&app, &running, waiting);
        }
    });
}

/// Sessions came or went.
pub fn refresh(app: &AppHandle) {
    if let Some(changed) = app.try_state::<Changed>() {
        changed.0.notify_one();
    }
}

fn chosen(app: &AppHandle, id: &str) {
    match (id, id.strip_prefix("slot ").and_then(|slot| slot.parse().ok())) {
        (_, Some(slot)) => events::told(app, &Event::SlotOpened { slot }),
        ("quit", _) => app.exit(0),
        _ => window::show(app),
    }
}

fn show(app: &AppHandle, running: &[Session], waiting: usize) -> tauri::Result<()> {
    let Some(tray) = app.tray_by_id(ID) else { return Ok(()) };
    let title = match (waiting, running.len()) {
        (0, 0) => None,
        (0, count) => Some(count.to_string()),
        (waiting, count) => Some(format!("{waiting}!/{count}")),
    };
    tray.set_title(title)?;
    tray.set_tooltip(Some(summary(running.len(), waiting)))?;
    tray.set_menu(Some(menu(app, running, waiting)?))
}

fn menu(app: &AppHandle, running: &[Session], waiting: usize) -> tauri::Result<Menu<tauri::Wry>> {
    let summary = summary(running.len(), waiting);
    let count = MenuItemBuilder::with_id("count", summary).enabled(false).build(app)?;
    let mut menu = MenuBuilder::new(app).text("show", "Show Lanyard").separator().item(&count);
    for session in running {
        menu = menu.text(format!("slot {}", session.slot), line(session));
    }
    menu.separator().text("quit", "Quit the window (sessions go on)").build()
}

fn summary(count: usize, waiting: usize) -> String {
    let run = match count {
        0 => "No session runs".into(),
        1 => "1 session runs".into(),
        _ => format!("{count} sessions run"),
    };
    match waiting {
        0 => run,
        1 => format!("{run}, 1 waits for you"),
        _ => format!("{run}, {waiting} wait for you"),
    }
}

fn line(session: &Session) -> String {
    let state = session.state_text();
    format!("{} · {} · {} · {} · {state}", session.slot, session.identity, session.agent, session.branch)
}
