//! Who needs the owner: the slots that wait, failed, or asked for a look.

use crate::face::{Face, face};
use api::sessions::State;
use api::slots::Badge;
use leptos::prelude::*;

/// Whether a slot can't go on without its owner.
pub fn waits(face: Face, badge: &Badge) -> bool {
    let session = badge.session.as_ref().filter(|s| s.is_running());
    session.is_some_and(|s| s.state == State::Waiting) || face.questions.asks(badge.slot)
}

/// Whether its owner should look at a slot.
fn needs_you(face: Face, badge: &Badge) -> bool {
    let told = |s: &api::sessions::Session| s.state == State::Failed || s.attention.is_some();
    waits(face, badge) || badge.session.as_ref().is_some_and(told)
}

/// The slots that their owner should look at, in the order of their numbers.
pub fn needing(face: Face) -> Memo<Vec<u32>> {
    Memo::new(move |_| {
        let all = face.badges.get().unwrap_or_default();
        all.iter().filter(|badge| needs_you(face, badge)).map(|badge| badge.slot).collect()
    })
}

/// Keeps the page's title right: it tells in another tab how many wait.
pub fn follow_title(face: Face) {
    let waiting = Memo::new(move |_| {
        face.badges.get().unwrap_or_default().iter().filter(|badge| waits(face, badge)).count()
    });
    Effect::new(move |_| {
        document().set_title(&match waiting.get() {
            0 => "Lanyard".to_string(),
            n => format!("({n}) Lanyard"),
        });
    });
}

/// Shows the slot that has waited longest, and the next one after that if it is shown already.
pub fn show_waiting(face: Face) -> bool {
    let mut all: Vec<_> = face.badges.get_untracked().unwrap_or_default();
    all.retain(|badge| untrack(|| needs_you(face, badge)));
    all.sort_by_key(|badge| (!untrack(|| waits(face, badge)), badge.session.as_ref().map(|s| s.since)));
    let shown = face.place.with_untracked(|place| place.desks().to_vec());
    let at = all.iter().position(|badge| shown.contains(&badge.slot)).map_or(0, |at| at + 1);
    let next = all.get(at).or(all.first()).map(|badge| badge.slot);
    if let Some(slot) = next {
        face.show_slot(slot);
    }
    next.is_some()
}

/// All slots, or only those that need their owner.
#[component]
pub fn NeedsChoice(
    /// Those that do.
    needing: Memo<Vec<u32>>,
    /// Whether only they are shown.
    only: RwSignal<bool>,
) -> impl IntoView {
    let face = face();
    let count = Memo::new(move |_| needing.with(Vec::len));
    let waiting =
        Memo::new(move |_| face.badges.get().unwrap_or_default().iter().any(|badge| waits(face, badge)));
    view! {
        <div class="choices" role="group" aria-label="Which slots">
            <button data-test="all-slots" aria-pressed=move || (!only.get()).to_string() on:click=move |_| only.set(false)>"All"</button>
            <button data-test="needs-you" class:waits=waiting title="Who waits, failed or asked for a look (w shows the first)"
                aria-pressed=move || only.get().to_string() on:click=move |_| only.set(true)>
                "Need you"<b>{move || Some(count.get()).filter(|n| *n > 0)}</b>
            </button>
        </div>
    }
}
