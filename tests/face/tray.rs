//! The tray icon, as a desktop that shows tray icons sees it, and what closing the window does.

use crate::desktop::{self, furnish, on_path};
use crate::window;
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use tests::{DEADLINE, World};
use zbus::blocking::{Connection, Proxy, connection};
use zbus::zvariant::{OwnedValue, Value};

/// The names by which tray icons and those who show them find each other.
const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const MENU: &str = "com.canonical.dbusmenu";

/// A menu as the bus carries it: a number, properties, entries.
type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

/// A desktop's tray: it takes icons and tells of them.
struct Watcher(Sender<(String, String)>);

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, path: String, #[zbus(header)] header: zbus::message::Header<'_>) {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let _gone = self.0.send((sender, path));
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }
}

/// A tray on a world's bus, and the icons that come to it.
#[track_caller]
fn tray(world: &World) -> (Connection, Receiver<(String, String)>) {
    let (came, icons) = channel();
    let address = world.environment()["DBUS_SESSION_BUS_ADDRESS"].clone();
    let bus = connection::Builder::address(address.as_str())
        .and_then(|bus| bus.name(WATCHER))
        .and_then(|bus| bus.serve_at("/StatusNotifierWatcher", Watcher(came)))
        .and_then(connection::Builder::build);
    (bus.expect("the tray is on the bus"), icons)
}

/// Waits until the icon's menu holds this text, and gives the number of that entry.
#[track_caller]
fn entry(menu: &Proxy, text: &str) -> i32 {
    let mut changes = menu.receive_signal("LayoutUpdated").expect("its changes can be heard");
    loop {
        let layout: (u32, Layout) =
            menu.call("GetLayout", &(0, -1, Vec::<&str>::new())).expect("the icon has a menu");
        let labels = layout.1.2.iter().filter_map(label).collect::<Vec<_>>();
        if let Some((id, _)) = labels.iter().find(|(_, label)| label.contains(text)) {
            return *id;
        }
        changes.next().unwrap_or_else(|| panic!("no {text:?} in {labels:?}"));
    }
}

/// The number and the text of a menu's entry.
fn label(entry: &OwnedValue) -> Option<(i32, String)> {
    let Value::Structure(fields) = &**entry else { return None };
    let [Value::I32(id), Value::Dict(properties), _] = fields.fields() else { return None };
    let text: Option<String> = properties.get(&"label").ok().flatten();
    Some((*id, text.unwrap_or_default()))
}

#[test]
fn the_tray_names_what_runs_and_brings_the_closed_window_back() {
    if !window::possible() || !on_path("xdotool") {
        return;
    }
    let mut world = World::new();
    furnish(&mut world);
    let (bus, icons) = tray(&world);
    let page = window::open(&world, &[]);
    let (sender, _) = icons.recv_timeout(DEADLINE).expect("the icon comes to the tray");
    world.seat(3, "ada", "GITHUB_TOKEN", "token-of-ada");
    world.project("work");
    world.start(3, "shown", &["sh"]);
    let item = Proxy::new(
        &bus,
        sender.clone(),
        "/org/ayatana/NotificationItem/tray_icon_tray_app_lanyard",
        "org.kde.StatusNotifierItem",
    );
    let path: zbus::zvariant::OwnedObjectPath =
        item.and_then(|item| item.get_property("Menu")).expect("the icon has a menu");
    let menu = Proxy::new(&bus, sender, path, MENU).expect("the menu is on the bus");
    entry(&menu, "1 session runs");
    desktop::close_window(&world);
    page.until("document.visibilityState === 'hidden'");
    // The entries get new numbers whenever the menu changes.
    let session = entry(&menu, "3 · ada");
    menu.call::<_, _, ()>("Event", &(session, "clicked", Value::from(0), 0u32)).expect("the entry is chosen");
    page.until("document.visibilityState === 'visible'");
    page.see("desk-3");
    world.lanyard(&["sessions", "stop", "3"]).ok();
    entry(&menu, "No session runs");
    let quit = entry(&menu, "Quit");
    let process = window::process(&world);
    let _it_ends = menu.call::<_, _, ()>("Event", &(quit, "clicked", Value::from(0), 0u32));
    process.wait_for_end();
    drop(page);
}

#[test]
fn closing_the_window_where_there_is_no_tray_ends_it_and_leaves_the_sessions() {
    if !window::possible() || !on_path("xdotool") {
        return;
    }
    let mut world = World::new();
    furnish(&mut world);
    let page = window::open(&world, &[]);
    page.until("window.__TAURI__?.core");
    let daemon = world.daemon_process();
    world.seat(1, "ada", "GITHUB_TOKEN", "token-of-ada");
    world.project("work");
    world.start(1, "kept", &["sh"]);
    let process = window::process(&world);
    desktop::close_window(&world);
    process.wait_for_end();
    assert!(daemon.runs());
    assert_eq!(world.json(&["status"])["running"], 1);
    drop(page);
}
