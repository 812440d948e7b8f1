//! The window's side of the link: one command for calls, two events for what happens.

use super::{Heard, LinkState, Listener, broken};
use api::wire::Answer;
use api::{Event, Result};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;
use serde_json::value::RawValue;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./window.js")]
extern "C" {
    /// Whether the page runs in the desktop window.
    #[wasm_bindgen(js_name = inWindow)]
    pub fn in_window() -> bool;
    #[wasm_bindgen(js_name = ask, catch)]
    async fn ask_window(question: &str) -> std::result::Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = linkNow, catch)]
    async fn link_now() -> std::result::Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = slotAsked, catch)]
    async fn slot_asked() -> std::result::Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn listen(name: &str, heard: &Closure<dyn Fn(String)>) -> std::result::Result<(), JsValue>;
}

/// Sends one question through the window.
pub async fn ask(question: String) -> Result<Box<RawValue>> {
    let answer = ask_window(&question).await.map_err(|_| broken())?;
    let answer = answer.as_string().ok_or_else(broken)?;
    let answer: Answer = serde_json::from_str(&answer).map_err(|_| broken())?;
    answer.result
}

/// What the window says of its own connection to the daemon.
#[derive(Deserialize)]
struct WindowLink {
    up: bool,
    trying: bool,
    message: String,
}

impl WindowLink {
    fn state(text: &str) -> LinkState {
        match serde_json::from_str::<WindowLink>(text) {
            Ok(WindowLink { up: true, .. }) => LinkState::Up,
            Ok(WindowLink { trying: false, message, .. }) => LinkState::Away(message),
            _ => LinkState::Down,
        }
    }
}

/// Follows the window's events for as long as the page lives.
pub fn follow(state: RwSignal<LinkState>, heard: Listener) {
    let event_heard = heard.clone();
    let on_event = Closure::<dyn Fn(String)>::new(move |text: String| {
        // An event that this version does not know may have changed anything.
        match serde_json::from_str(&text).unwrap_or(Event::Lagged { missed: 1 }) {
            Event::SlotOpened { .. } => spawn_local(show_asked(event_heard.clone())),
            event => event_heard(Heard::Event(event)),
        }
    });
    let link_heard = heard.clone();
    let on_link = Closure::<dyn Fn(String)>::new(move |text: String| {
        go(state, WindowLink::state(&text), &link_heard);
    });
    spawn_local(async move {
        let _ = listen("lanyard://event", &on_event).await.and(listen("lanyard://link", &on_link).await);
        // They are called as long as the page lives.
        on_event.forget();
        on_link.forget();
        // What was told before the page listened is asked for.
        let now = link_now().await.ok().and_then(|now| now.as_string()).unwrap_or_default();
        go(state, WindowLink::state(&now), &heard);
        show_asked(heard).await;
    });
}

/// Shows the slot that the window was asked for, unless the page has shown it already.
async fn show_asked(heard: Listener) {
    let asked = slot_asked().await.ok().and_then(|asked| asked.as_string()).unwrap_or_default();
    if let Ok(Some(slot)) = serde_json::from_str(&asked) {
        heard(Heard::Event(Event::SlotOpened { slot }));
    }
}

fn go(state: RwSignal<LinkState>, now: LinkState, heard: &Listener) {
    let up = now == LinkState::Up;
    state.set(now);
    if up {
        heard(Heard::Up);
    }
}
