//! What a session says for itself, in one line that never jumps: what it waits for, why it failed, its last words.

use crate::words;
use api::sessions::{Session, State};
use leptos::prelude::*;

/// One line of a session's.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    /// What kind of line it is: `wants`, `failed`, `looks`, `message` or `task`.
    kind: &'static str,
    /// The words before it, of Lanyard's own.
    lead: &'static str,
    /// The words, of the agent or of whatever prints to the terminal.
    text: String,
}

/// The most urgent of what a session says.
fn line(session: &Session) -> Option<Line> {
    let Session { state, wants, reason, message, attention, prompt, from_terminal, .. } = session;
    let made = |kind, lead, text: &String| Some(Line { kind, lead, text: text.clone() });
    let terminal = if *from_terminal { "From the terminal:" } else { "" };
    let urgent = match state {
        State::Waiting => wants.as_ref().or(message.as_ref()).and_then(|text| made("wants", terminal, text)),
        State::Failed => reason.as_ref().and_then(|text| made("failed", terminal, text)),
        _ => None,
    };
    let looks = || {
        let bell = "the bell rang".to_string();
        attention.as_ref().and_then(|a| made("looks", "From the terminal:", a.text.as_ref().unwrap_or(&bell)))
    };
    let said = || message.as_ref().and_then(|text| made("message", terminal, text));
    urgent
        .or_else(looks)
        .or_else(said)
        .or_else(|| prompt.as_ref().and_then(|text| made("task", "Task:", text)))
}

/// The line on a badge; its place stays when there is nothing to say.
#[component]
pub fn Says(
    /// The slot's number.
    seat: u32,
    /// Its session.
    session: Memo<Option<Session>>,
) -> impl IntoView {
    let said = Memo::new(move |_| session.with(|s| s.as_ref().and_then(line)));
    let title = move || said.with(|said| said.as_ref().map(|said| words::plain(&said.text)));
    view! {
        <p class=move || format!("says over cut says-{}", said.with(|said| said.as_ref().map_or("nothing", |said| said.kind)))
            title=title data-test=format!("says-{seat}")>
            {move || said.get().map(|Line { lead, text, .. }| view! {
                {(!lead.is_empty()).then(|| view! { <span class="faint">{lead}" "</span> })}
                <bdi>{words::one_line(&text)}</bdi>
            })}
        </p>
    }
}
