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
}

/// Follows the window's events for as long as the page lives.
pub fn follow(state: RwSignal<LinkState>, heard: Listener) {
    let event_heard = heard.clone();
    let on_event = Closure::<dyn Fn(String)>::new(move |text: String| {
        // An event that this version does not know may have changed anything.
        let event = serde_json::from_str(&text).unwrap_or(Event::Lagged { missed: 1 });
        event_heard(Heard::Event(event));
    });
    let link_heard = heard.clone();
    let on_link = Closure::<dyn Fn(String)>::new(move |text: String| {
        let up = serde_json::from_str::<WindowLink>(&text).is_ok_and(|link| link.up);
        go(state, up, &link_heard);
    });
    spawn_local(async move {
        let listening =
            listen("lanyard://event", &on_event).await.and(listen("lanyard://link", &on_link).await).is_ok();
        // They are called as long as the page lives.
        on_event.forget();
        on_link.forget();
        go(state, listening, &heard);
    });
}

fn go(state: RwSignal<LinkState>, up: bool, heard: &Listener) {
    state.set(if up { LinkState::Up } else { LinkState::Down });
    if up {
        heard(Heard::Up);
    }
}
