//! The home place: the wall of badges, in the order of their numbers.

mod assign;
mod badge;
mod chips;
mod first;
mod mark;
mod needs;
mod says;

pub use assign::{AssignForm, agent_options, identity_options};
pub use badge::Mono;
pub use mark::StateMark;
pub use needs::{follow_title, show_waiting, waits};

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::icons::{Icon, PLUS};
use crate::tasks::{NewTask, TaskLine};
use api::slots::{MAX_SLOT, SetSlot};
use badge::BadgeCard;
use first::FirstStart;
use leptos::prelude::*;
use needs::{NeedsChoice, needing};

/// All badges; above them the three first steps, until a session has ever been started.
#[component]
pub fn Wall() -> impl IntoView {
    let face = face();
    let numbers = Memo::new(move |_| {
        face.badges.with(|badges| badges.as_ref().map(|all| all.iter().map(|b| b.slot).collect::<Vec<_>>()))
    });
    let is_first = Memo::new(move |_| {
        face.badges.with(|badges| badges.as_ref().is_some_and(|all| all.iter().all(|b| b.session.is_none())))
    });
    let (needing, only) = (needing(face), RwSignal::new(false));
    view! {
        <main class="page" data-test="wall">
            <div class="page-head">
                <h1>"Slots"</h1>
                <NeedsChoice needing only/>
                <AddSlot/>
                <NewTask/>
            </div>
            {move || is_first.get().then(|| view! { <FirstStart/> })}
            {move || match numbers.with(Option::is_none) {
                true => view! { <Skeletons/> }.into_any(),
                false => {
                    let shown = move |slot: &u32| !only.get() || needing.with(|all| all.contains(slot));
                    let each = move || {
                        let all = numbers.get().unwrap_or_default();
                        all.into_iter().filter(shown).collect::<Vec<_>>()
                    };
                    let nobody = move || only.get() && needing.with(Vec::is_empty);
                    view! {
                        {move || nobody().then(|| view! { <p class="nothing" data-test="nobody">"Nobody needs you now."</p> })}
                        <ul class="wall">
                            <For each key=|slot| *slot children=|slot| view! { <BadgeCard seat=slot/> }/>
                        </ul>
                    }
                    .into_any()
                }
            }}
            <TaskLine/>
        </main>
    }
}

/// Adds one slot after the last.
#[component]
pub fn AddSlot() -> impl IntoView {
    let face = face();
    let adding = Attempt::new();
    let last =
        move || face.badges.with(|badges| badges.iter().flatten().map(|badge| badge.slot).max().unwrap_or(0));
    let add = move |_| {
        let slot = last() + 1;
        adding.run(face.call(SetSlot { slot, ..SetSlot::default() }), move |_| face.relist_badges());
    };
    view! {
        <Problem of=adding/>
        <button
            class="quiet"
            data-test="add-slot"
            disabled=move || { adding.busy.get() || last() >= MAX_SLOT }
            on:click=add
        >
            <Icon of=PLUS/>
            "Add a slot"
        </button>
    }
}

#[component]
fn Skeletons() -> impl IntoView {
    let one = |_| view! { <li class="badge empty" aria-hidden="true"></li> };
    view! { <ul class="wall" aria-busy="true">{(0..12).map(one).collect::<Vec<_>>()}</ul> }
}
