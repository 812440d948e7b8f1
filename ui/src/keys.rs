//! The page's keys: one place that reads them, one list that shows them.

use crate::face::{Dialog, Face};
use crate::place::Place;
use crate::slots::show_waiting;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlElement, KeyboardEvent};

/// The element that a terminal is drawn in.
const TERMINAL: &str = ".ink";

/// What each key does, as the list shows it.
const KEYS: &[(&[&str], &str)] = &[
    (&["1", "…", "9"], "Open a slot"),
    (&["Shift", "1 … 9"], "Open a slot beside the open ones"),
    (&["Esc"], "Go home, to all slots"),
    (&["Ctrl", "K"], "Find anything (twice: Ctrl K for the program in the terminal)"),
    (&["a"], "Questions of agents, the oldest first (Ctrl Shift A from the terminal)"),
    (&["y"], "There: approve this one use"),
    (&["f"], "There: approve for longer; a digit chooses for how long"),
    (&["n"], "There: deny, with a word"),
    (&["w"], "The slot that has waited for you longest; again for the next"),
    (&["m"], "Inbox: mail and text messages"),
    (&["j", "k"], "There: down and up; Enter reads"),
    (&["r", "Shift R"], "There: reply, reply to all"),
    (&["u", "Del"], "There: read or unread, delete"),
    (&["c", "/"], "There: write, search"),
    (&["i"], "Identities"),
    (&["p"], "Projects and worktrees"),
    (&["t"], "Tokens, standing answers and issuers"),
    (&["l"], "Ledger: all that happened"),
    (&[","], "Settings"),
    (&["?"], "This list"),
    (&["Ctrl", "Shift", "F"], "Search in the terminal"),
    (&["Ctrl", "Shift", "X"], "Leave the terminal, to its slot's buttons"),
    (&["Ctrl", "Shift", "C"], "Copy what is selected in the terminal"),
    (&["Ctrl", "Shift", "V"], "Paste into the terminal"),
    (&["Ctrl", "click"], "Open a link in the terminal"),
];

/// The list of keys.
#[component]
pub fn KeyList() -> impl IntoView {
    let one = |(keys, what): &(&[&'static str], &'static str)| {
        let keys: Vec<_> = keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect();
        view! { <dt>{keys}</dt><dd>{*what}</dd> }
    };
    view! { <dl class="key-list">{KEYS.iter().map(one).collect::<Vec<_>>()}</dl> }
}

/// Reads keys for as long as the page lives.
pub fn follow_keys(face: Face) {
    let listening = window_event_listener(leptos::ev::keydown, move |event| {
        if pressed(face, &event) {
            event.prevent_default();
        }
    });
    on_cleanup(move || listening.remove());
}

/// Acts on a key; whether it was one of ours.
fn pressed(face: Face, event: &KeyboardEvent) -> bool {
    let key = event.key();
    if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
        toggle_palette(face);
        return true;
    }
    if is_asked() {
        // A dialog reads its own keys; this is for when the focus has left it.
        if key == "Escape" {
            face.dialog.set(None);
        }
        return key == "Escape";
    }
    if event.ctrl_key() && event.shift_key() && key.eq_ignore_ascii_case("a") {
        return face.questions.take();
    }
    let plain = !(event.ctrl_key() || event.meta_key() || event.alt_key());
    if !plain || event.default_prevented() {
        return false;
    }
    if let Some(field) = field_of(event) {
        return leave_field(&field, &key);
    }
    if let Some(slot) = digit(event) {
        return go_to_slot(face, slot, event.shift_key());
    }
    match key.as_str() {
        "Escape" => face.place.set(Place::Home),
        "m" => face.place.set(Place::Inbox),
        "i" => face.place.set(Place::Identities),
        "p" => face.place.set(Place::Projects),
        "t" => face.place.set(Place::Tokens),
        "l" => face.place.set(Place::Ledger),
        "a" => return face.questions.take(),
        "w" => return show_waiting(face),
        "," => face.place.set(Place::Settings),
        "?" => face.dialog.set(Some(Dialog::Keys)),
        _ => return false,
    }
    true
}

/// The digit of the key, also where Shift makes another character of it.
fn digit(event: &KeyboardEvent) -> Option<u32> {
    let code = event.code();
    let typed = event.key().parse().ok();
    let digit = match event.shift_key() {
        true => code.strip_prefix("Digit").and_then(|digit| digit.parse().ok()),
        false => typed,
    };
    digit.filter(|digit| (1..=9).contains(digit))
}

fn go_to_slot(face: Face, slot: u32, beside: bool) -> bool {
    let badge = face.badge(slot).get_untracked();
    let Some(badge) = badge else { return false };
    match (badge.session.is_some() || badge.identity.is_some(), beside) {
        (false, _) => face.dialog.set(Some(Dialog::Start(slot))),
        (true, true) => face.place.update(|place| *place = place.beside(slot)),
        (true, false) => face.show_slot(slot),
    }
    true
}

/// The field or terminal that the key goes to.
fn field_of(event: &KeyboardEvent) -> Option<HtmlElement> {
    let element: HtmlElement = event.target()?.dyn_into().ok()?;
    matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT").then_some(element)
}

/// Escape leaves an ordinary field, but a terminal's program needs it.
fn leave_field(field: &HtmlElement, key: &str) -> bool {
    let leaves = key == "Escape" && field.closest(TERMINAL).ok().flatten().is_none();
    if leaves {
        // A field that keeps the focus is left by Tab.
        let _ = field.blur();
    }
    leaves
}

/// Whether a dialog lies over the page.
fn is_asked() -> bool {
    document().query_selector("[role=dialog]").ok().flatten().is_some()
}

/// Opens the palette, or closes it; closed this way over a terminal, the program there gets the key.
fn toggle_palette(face: Face) {
    let open = face.dialog.with_untracked(|dialog| *dialog == Some(Dialog::Palette));
    face.dialog.set((!open).then_some(Dialog::Palette));
    if open {
        // The focus is back in the terminal once the palette has gone.
        set_timeout(type_control_k, Duration::ZERO);
    }
}

fn type_control_k() {
    let terminal = document().active_element().and_then(|e| e.closest(TERMINAL).ok().flatten());
    let Some(terminal) = terminal else { return };
    let typing = js_sys::Reflect::get(&terminal, &JsValue::from_str("lanyardType")).ok();
    if let Some(typing) = typing.and_then(|f| f.dyn_into::<js_sys::Function>().ok()) {
        // A terminal that has closed meanwhile takes no more keys.
        let _ = typing.call1(&terminal, &JsValue::from_str("\u{b}"));
    }
}
