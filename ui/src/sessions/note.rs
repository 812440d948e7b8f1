//! What a desk says when its session has ended, or when nothing was started there yet.

use crate::attempt::{Attempt, Problem};
use crate::face::{Dialog, face};
use crate::icons::{Icon, PLAY, ROTATE_CCW};
use crate::slots::StateMark;
use crate::words;
use api::sessions::{RestartSession, Session};
use leptos::prelude::*;

/// The bar under a terminal whose session has ended.
#[component]
pub fn EndedBar(
    /// The session.
    session: Memo<Option<Session>>,
) -> impl IntoView {
    let face = face();
    let restarting = Attempt::new();
    let text = move || session.with(|s| s.as_ref().map(|s| words::ended(s, face.now.get())));
    view! {
        <Problem of=restarting/>
        <div class="terminal-note" data-test="ended">
            <StateMark session/>
            <span class="cut">{text}</span>
            <RestartButton session restarting/>
        </div>
    }
}

/// Starts the same command again, in the same place.
#[component]
pub fn RestartButton(
    /// The session.
    session: Memo<Option<Session>>,
    /// Where its failure is told.
    restarting: Attempt,
) -> impl IntoView {
    let face = face();
    let restart = move |_| {
        if let Some(id) = session.with_untracked(|s| s.as_ref().map(|s| s.id.clone())) {
            restarting.run(face.call(RestartSession { session: id }), move |_| face.relist_badges());
        }
    };
    view! {
        <button class="button" data-test="restart" disabled=move || restarting.busy.get() on:click=restart>
            <Icon of=ROTATE_CCW/>
            "Restart"
        </button>
    }
}

/// What stands in place of a terminal where nothing runs.
#[component]
pub fn NoTerminal(
    /// The slot's number.
    seat: u32,
    /// The last session there, if there was one.
    session: Memo<Option<Session>>,
) -> impl IntoView {
    let face = face();
    let restarting = Attempt::new();
    let text = move || {
        let ended = session.with(|s| s.as_ref().map(|s| words::ended(s, face.now.get())));
        ended.unwrap_or_else(|| "Nothing was started in this slot yet.".into())
    };
    view! {
        <div class="no-terminal">
            <StateMark session/>
            <p>{text}</p>
            <Problem of=restarting/>
            <div class="row">
                {move || session.with(Option::is_some).then(|| view! { <RestartButton session restarting/> })}
                <button
                    class="button main"
                    data-test=format!("start-{seat}")
                    on:click=move |_| face.dialog.set(Some(Dialog::Start(seat)))
                >
                    <Icon of=PLAY/>
                    "Start…"
                </button>
            </div>
        </div>
    }
}
