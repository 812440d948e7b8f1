//! The question before a session is stopped: it names what ends.

use crate::attempt::Attempt;
use crate::dialog::Sheet;
use crate::face::face;
use crate::words;
use api::sessions::{Session, StopSession};
use leptos::prelude::*;

/// Asks, and stops on yes.
#[component]
pub fn StopQuestion(
    /// Which session.
    session: Session,
    /// Whether the question is open.
    asking: RwSignal<bool>,
    /// Where its failure is told.
    stopping: Attempt,
) -> impl IntoView {
    let face = face();
    let agent = words::agent(&session);
    let Session { id, slot, identity, branch, .. } = session;
    let close = Callback::new(move |()| asking.set(false));
    let stop = move |_| {
        asking.set(false);
        stopping.run(face.call(StopSession { session: id.clone(), grace_ms: None }), move |_| {
            face.relist_badges()
        });
    };
    view! {
        <Sheet title=format!("Stop slot {slot}?") close>
            <div class="stack">
                <p>
                    {format!("{agent} of {identity} ends, and everything that it has started. The worktree on ")}
                    <code>{branch}</code>
                    " stays as it is."
                </p>
                <div class="row end">
                    <button class="button" data-test="cancel" on:click=move |_| close.run(())>"Let it run"</button>
                    <button class="button harm" data-test="confirm" on:click=stop>{format!("Stop {agent}")}</button>
                </div>
            </div>
        </Sheet>
    }
}
