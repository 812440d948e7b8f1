//! A state as a word, a shape and a colour.

use crate::words;
use api::sessions::{Session, State};
use leptos::prelude::*;

const DISC: &str = r#"<circle cx="6" cy="6" r="5" fill="currentColor"/>"#;
const DOT_IN_RING: &str =
    r#"<circle cx="6" cy="6" r="5"/><circle cx="6" cy="6" r="1.8" fill="currentColor" stroke="none"/>"#;
const CHECK: &str = r#"<path d="M1.5 6.5 4.6 9.5 10.5 3"/>"#;
const CROSS: &str = r#"<path d="M2 2 10 10M10 2 2 10"/>"#;
const HALF: &str = r#"<circle cx="6" cy="6" r="5"/><path d="M6 1a5 5 0 0 1 0 10z" fill="currentColor"/>"#;
const DASH: &str = r#"<path d="M1.5 6H10.5"/>"#;
const RING: &str = r#"<circle cx="6" cy="6" r="4.6"/>"#;

/// The mark of a session's state; a slot without a session is ready.
#[component]
pub fn StateMark(
    /// Whose.
    session: Memo<Option<Session>>,
    /// Its hook for tests.
    #[prop(into, default = String::new())]
    test: String,
) -> impl IntoView {
    let state = Memo::new(move |_| session.with(|s| s.as_ref().map(|s| s.state)));
    let said = Memo::new(move |_| session.with(|s| s.as_ref().map_or("Ready".into(), words::state_of)));
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
            {said}
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
        Some(State::Waiting) => HALF,
        Some(State::Idle) | None => RING,
    }
}
