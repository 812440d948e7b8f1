//! The question bar: what agents ask of the owner, above everything, oldest first. It never takes the focus.

mod answer;
mod line;
mod questions;

pub use questions::Questions;

use crate::attempt::Problem;
use crate::face::face;
use crate::icons::{CHEVRON_UP, CIRCLE_HELP, Icon};
use crate::words;
use leptos::prelude::*;
use line::QuestionLine;
use web_sys::KeyboardEvent;

/// The bar.
#[component]
pub fn QuestionBar() -> impl IntoView {
    let face = face();
    let questions = face.questions;
    let lines = Memo::new(move |_| questions.lines());
    let ids = Memo::new(move |_| lines.with(|all| all.iter().map(|a| a.id.clone()).collect::<Vec<_>>()));
    let shown = Memo::new(move |_| !ids.with(Vec::is_empty) && !questions.folded.get());
    let key = move |event: KeyboardEvent| {
        if questions.pressed(face, &event) {
            event.prevent_default();
            event.stop_propagation();
        }
    };
    move || {
        shown.get().then(|| {
            view! {
                <section
                    class="questions"
                    aria-label="Questions of agents"
                    tabindex="-1"
                    data-test="questions"
                    node_ref=questions.bar
                    on:keydown=key
                >
                    <ul>
                        <For each=move || ids.get() key=|id| id.clone() children=move |id| view! { <QuestionLine id lines/> }/>
                    </ul>
                    <Problem of=questions.answering/>
                </section>
            }
        })
    }
}

/// How many questions wait, in the bar on top; it folds the questions away and brings them back.
#[component]
pub fn QuestionCount() -> impl IntoView {
    let questions = face().questions;
    let count = Memo::new(move |_| questions.open.with(|open| open.as_ref().map_or(0, Vec::len)));
    let there = Memo::new(move |_| count.get() > 0);
    let said = move || words::count(u32::try_from(count.get()).unwrap_or(u32::MAX), "question");
    move || {
        there.get().then(|| {
            view! {
                <button
                    class="asking"
                    data-test="question-count"
                    title="Questions of agents (a)"
                    aria-expanded=move || (!questions.folded.get()).to_string()
                    on:click=move |_| questions.folded.update(|folded| *folded = !*folded)
                >
                    <Icon of=CIRCLE_HELP/>
                    {said}
                    <kbd>"a"</kbd>
                    {move || (!questions.folded.get()).then(|| view! { <Icon of=CHEVRON_UP/> })}
                </button>
            }
        })
    }
}
