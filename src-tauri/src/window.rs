//! The one window: made, shown, and hidden to the tray when it is closed.

use crate::terminals::Terminals;
use tauri::webview::{NewWindowResponse, PageLoadEvent};
use tauri::{AppHandle, Manager, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent};
use tauri_plugin_shell::ShellExt;

const LABEL: &str = "main";

/// Opens the window. It shows Lanyard and nothing else: links go to the owner's browser, by the shell's plugin.
pub fn build(app: &AppHandle) -> tauri::Result<()> {
    let links = app.clone();
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html".into()))
        .title("Lanyard")
        .inner_size(1280.0, 800.0)
        .min_inner_size(640.0, 480.0)
        .on_navigation(is_ours)
        // Where downloads go, under a name that is still free; unasked, WebKitGTK saves nothing where there is such a file.
        .on_download(|_, _| true)
        .on_new_window(move |url, _features| {
            show_in_browser(&links, &url);
            NewWindowResponse::Deny
        })
        .on_page_load(|window, load| {
            // The channels of the page that was there before are dead.
            if load.event() == PageLoadEvent::Started {
                window.state::<Terminals>().clear();
            }
        })
        .build()?;
    let closing = window.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api, .. } = event
            && tray_is_shown()
            && closing.hide().is_ok()
        {
            api.prevent_close();
        }
    });
    Ok(())
}

/// Where the window and its frames may go: Lanyard's page, and what that page makes itself, which is the layout of a
/// message in its frame and a file to be saved.
fn is_ours(url: &Url) -> bool {
    const MADE: [&str; 2] = ["blob:tauri://localhost/", "blob:http://tauri.localhost/"];
    url.scheme() == "tauri"
        || url.host_str() == Some("tauri.localhost")
        || url.as_str() == "about:srcdoc"
        || MADE.iter().any(|made| url.as_str().starts_with(made))
}

/// Opens a link that the page's own frame cannot hand over: one in the layout of a message.
fn show_in_browser(app: &AppHandle, url: &Url) {
    if !matches!(url.scheme(), "http" | "https") {
        return;
    }
    #[expect(
        deprecated,
        reason = "the plugin to use instead would be a second way out beside the page's own"
    )]
    if let Err(error) = app.shell().open(url.as_str(), None) {
        eprintln!("a link could not be opened: {error}");
    }
}

/// Brings the window before the owner.
pub fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL) {
        let _unshown = forward(&window);
    }
}

/// Says in the window's title how many wait for the owner: a task bar shows it.
pub fn title(app: &AppHandle, waiting: usize) {
    let title = match waiting {
        0 => "Lanyard".to_string(),
        _ => format!("({waiting}) Lanyard"),
    };
    let _gone = app.get_webview_window(LABEL).map(|window| window.set_title(&title));
}

fn forward(window: &WebviewWindow) -> tauri::Result<()> {
    window.show()?;
    window.unminimize()?;
    window.set_focus()
}

/// Whether somebody shows tray icons; where nobody does, a hidden window would be lost.
#[cfg(target_os = "linux")]
fn tray_is_shown() -> bool {
    use gtk::gio::{BusType, Cancellable, DBusCallFlags, bus_get_sync};
    use gtk::glib::ToVariant;
    const WATCHER: &str = "org.kde.StatusNotifierWatcher";
    let bus = bus_get_sync(BusType::Session, None::<&Cancellable>);
    let answer = bus.and_then(|bus| {
        bus.call_sync(
            Some(WATCHER),
            "/StatusNotifierWatcher",
            "org.freedesktop.DBus.Properties",
            "Get",
            Some(&(WATCHER, "IsStatusNotifierHostRegistered").to_variant()),
            None,
            DBusCallFlags::NO_AUTO_START,
            1000,
            None::<&Cancellable>,
        )
    });
    answer.is_ok_and(|shown| shown.child_value(0).as_variant().is_some_and(|shown| shown.get() == Some(true)))
}

#[cfg(not(target_os = "linux"))]
fn tray_is_shown() -> bool {
    true
}
