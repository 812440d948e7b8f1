//! A state as a word, a shape and a colour.

use crate::words;
use api::sessions::State;
use leptos::prelude::*;

const DISC: &str = r#"<circle cx="6" cy="6" r="5" fill="currentColor"/>"#;
const DOT_IN_RING: &str =
    r#"<circle cx="6" cy="6" r="5"/><circle cx="6" cy="6" r="1.8" fill="currentColor" stroke="none"/>"#;
const CHECK: &str = r#"<path d="M1.5 6.5 4.6 9.5 10.5 3"/>"#;
const CROSS: &str = r#"<path d="M2 2 10 10M10 2 2 10"/>"#;
const MARK: &str = r#"<path d="M6 1.5V7M6 9.6V10.4"/>"#;
const DASH: &str = r#"<path d="M1.5 6H10.5"/>"#;
const RING: &str = r#"<circle cx="6" cy="6" r="4.6"/>"#;

/// The mark of a session's state; `None` is a slot that is ready and has not started anything.
#[component]
pub fn StateMark(
    /// Which state.
    #[prop(into)]
    state: Signal<Option<State>>,
    /// Its hook for tests.
    #[prop(into, default = String::new())]
    test: String,
) -> impl IntoView {
    let name = move || state.get().map_or("ready", State::name);
    view! {
        <span class=move || format!("state state-{}", name()) data-test=test data-state=name>
            <svg
                viewBox="0 0 12 12"
                fill="none"
                stroke="currentColor"
                stroke-width="2"
                stroke-linecap="round"
                stroke-linejoin="round"
                aria-hidden="true"
                inner_html=move || shape(state.get())
            ></svg>
            {move || state.get().map_or("Ready", words::state)}
        </span>
    }
}

fn shape(state: Option<State>) -> &'static str {
    match state {
        Some(State::Starting) => DOT_IN_RING,
        Some(State::Working) => DISC,
        Some(State::Done) => CHECK,
        Some(State::Failed) => CROSS,
        Some(State::Stopped) => DASH,
        Some(State::Waiting) => MARK,
        Some(State::Idle) | None => RING,
    }
}
