//! What the window does when something happened: it tells the page, the tray, and comes forward when asked.

use crate::relay::Link;
use crate::{tray, window};
use api::Event;
use tauri::{AppHandle, Emitter};
use tokio::sync::watch;

/// Tells all whom an event concerns.
pub fn told(app: &AppHandle, event: &Event) {
    match event {
        Event::SlotOpened { .. } => window::show(app),
        Event::SessionStateChanged { .. } | Event::Lagged { .. } => tray::refresh(app),
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
