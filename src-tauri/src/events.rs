//! What the window does when something happened: it tells the page, the tray, and comes forward when asked.

use crate::relay::Link;
use crate::{tray, window};
use api::Event;
use std::sync::Mutex;
use tauri::{AppHandle, Emitter, Manager, State};
use tokio::sync::watch;

/// The slot that the page is to show next. A page that is still being loaded hears no event, so it takes the
/// slot from here, when it has heard of it and when it begins to listen.
pub struct Asked(pub Mutex<Option<u32>>);

/// Gives the slot that the page is to show next, once.
#[tauri::command]
pub fn slot_asked(asked: State<'_, Asked>) -> Option<u32> {
    asked.0.lock().ok()?.take()
}

/// Tells all whom an event concerns.
pub fn told(app: &AppHandle, event: &Event) {
    match event {
        Event::SlotOpened { slot } => {
            if let Ok(mut asked) = app.state::<Asked>().0.lock() {
                *asked = Some(*slot);
            }
            window::show(app);
        }
        Event::SessionStateChanged { .. } | Event::ApprovalChanged { .. } | Event::Lagged { .. } => {
            tray::refresh(app);
        }
        _ => {}
    }
    // A page that is just being loaded hears nothing; it lists everything when it is there.
    let _unheard = app.emit("lanyard://event", event);
}

/// Tells that the connection to the daemon came or went.
pub fn linked(app: &AppHandle, link: &watch::Sender<Link>, now: Link) {
    link.send_replace(now.clone());
    tray::refresh(app);
    let _unheard = app.emit("lanyard://link", now);
}
