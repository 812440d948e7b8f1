//! The terminal of a session: an element that xterm.js draws in, its search, and the bar that tells its end.

use super::note::EndedBar;
use crate::attempt::ErrorBox;
use crate::face::face;
use crate::icons::{CHEVRON_DOWN, CHEVRON_UP, Icon, X};
use api::sessions::Session;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, KeyboardEvent};

#[wasm_bindgen(raw_module = "./terminal.js")]
extern "C" {
    type Terminal;
    fn open(
        element: &HtmlElement,
        session: &str,
        token: Option<String>,
        font_size: u32,
        listener: &Closure<dyn Fn(String, String)>,
    ) -> Terminal;
    #[wasm_bindgen(method)]
    fn focus(this: &Terminal);
    #[wasm_bindgen(method)]
    fn find(this: &Terminal, text: &str, back: bool) -> bool;
    #[wasm_bindgen(method, js_name = endFind)]
    fn end_find(this: &Terminal);
    #[wasm_bindgen(method, js_name = setFontSize)]
    fn set_font_size(this: &Terminal, size: u32);
    #[wasm_bindgen(method)]
    fn close(this: &Terminal);
}

/// The terminal and what it told last; both live as long as the element.
struct Open {
    terminal: Terminal,
    _listener: Closure<dyn Fn(String, String)>,
}

type Held = StoredValue<Option<Open>, LocalStorage>;

/// What the terminal tells of itself.
#[derive(Clone, Copy)]
struct Told {
    up: RwSignal<bool>,
    problem: RwSignal<Option<api::Error>>,
    ended: RwSignal<bool>,
    size: RwSignal<String>,
    finding: RwSignal<bool>,
}

impl Told {
    fn hear(self, what: &str, text: String, element: &HtmlElement) {
        match what {
            "up" => self.up.set(true),
            "down" => self.up.set(false),
            "problem" => {
                self.problem.set(Some(serde_json::from_str(&text).unwrap_or_else(|_| api::Error::internal())))
            }
            "exit" => self.ended.set(true),
            "size" => self.size.set(text),
            "find" => self.finding.set(true),
            "leave" => leave(element),
            _ => {}
        }
    }
}

/// Moves the focus to the first button of the desk.
fn leave(element: &HtmlElement) {
    let desk = element.closest(".desk").ok().flatten();
    let button = desk.and_then(|desk| desk.query_selector("button:not(:disabled)").ok().flatten());
    if let Some(button) = button.and_then(|b| b.dyn_into::<HtmlElement>().ok()) {
        // A button that cannot take the focus leaves it where it is.
        let _ = button.focus();
    }
}

/// A session's terminal.
#[component]
pub fn TerminalView(
    /// The session's id.
    id: String,
    /// The session as it is now.
    session: Memo<Option<Session>>,
) -> impl IntoView {
    let face = face();
    let place = NodeRef::<html::Div>::new();
    let held: Held = StoredValue::new_local(None);
    let told = Told {
        up: RwSignal::new(false),
        problem: RwSignal::new(None),
        ended: RwSignal::new(false),
        size: RwSignal::new(String::new()),
        finding: RwSignal::new(false),
    };
    let session_id = id.clone();
    Effect::new(move |_| {
        let Some(element) = place.get() else { return };
        let element: HtmlElement = element.into();
        let of = element.clone();
        let listener =
            Closure::<dyn Fn(String, String)>::new(move |what: String, text| told.hear(&what, text, &of));
        let size = face.prefs.font_size.get_untracked();
        let terminal = open(&element, &session_id, face.token(), size, &listener);
        terminal.focus();
        held.set_value(Some(Open { terminal, _listener: listener }));
    });
    Effect::new(move |_| {
        let size = face.prefs.font_size.get();
        with(held, |terminal| terminal.set_font_size(size));
    });
    on_cleanup(move || with(held, Terminal::close));
    let ended =
        Memo::new(move |_| told.ended.get() || session.with(|s| s.as_ref().is_some_and(|s| !s.is_running())));
    view! {
        {move || told.finding.get().then(|| view! { <FindBar held finding=told.finding/> })}
        {move || Some(told.size.get()).filter(|size| !size.is_empty()).map(|size| {
            view! { <p class="terminal-size">{format!("Sized by another window: {size}. Type to take it over.")}</p> }
        })}
        <div
            class="ink"
            data-test="terminal"
            data-session=id
            data-link=move || if told.up.get() { "up" } else { "down" }
            node_ref=place
        ></div>
        {move || told.problem.get().map(|error| view! { <div class="terminal-note"><ErrorBox error/></div> })}
        {move || ended.get().then(|| view! { <EndedBar session/> })}
    }
}

fn with<T: Default>(held: Held, act: impl FnOnce(&Terminal) -> T) -> T {
    held.try_with_value(|open| open.as_ref().map(|open| act(&open.terminal))).flatten().unwrap_or_default()
}

#[component]
fn FindBar(held: Held, finding: RwSignal<bool>) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let input = NodeRef::<html::Input>::new();
    let found = RwSignal::new(true);
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            // It was just put on the page and can take the focus.
            let _ = input.focus();
        }
    });
    let find = move |back: bool| {
        let text = text.get_untracked();
        found.set(text.is_empty() || with(held, |terminal| terminal.find(&text, back)));
    };
    let end = move || {
        finding.set(false);
        with(held, |terminal| {
            terminal.end_find();
            terminal.focus();
        });
    };
    let key = move |event: KeyboardEvent| match event.key().as_str() {
        "Enter" => find(!event.shift_key()),
        "Escape" => {
            event.stop_propagation();
            end();
        }
        _ => {}
    };
    view! {
        <div class="terminal-find" role="search">
            <input
                node_ref=input
                aria-label="Search in the terminal"
                placeholder="Search in the terminal"
                data-test="find-input"
                aria-invalid=move || (!found.get()).to_string()
                on:keydown=key
                on:input=move |event| {
                    text.set(event_target_value(&event));
                    find(true);
                }
            />
            <span class="small soft" role="status">{move || if found.get() { "" } else { "not found" }}</span>
            <button class="quiet" aria-label="Further up" title="Further up (Enter)" on:click=move |_| find(true)><Icon of=CHEVRON_UP/></button>
            <button class="quiet" aria-label="Further down" title="Further down (Shift Enter)" on:click=move |_| find(false)><Icon of=CHEVRON_DOWN/></button>
            <button class="quiet" aria-label="End the search" on:click=move |_| end()><Icon of=X/></button>
        </div>
    }
}
