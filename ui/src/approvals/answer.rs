//! The answers to a question: yes to this one use, yes for longer, or no with a word.

use super::questions::Step;
use crate::face::face;
use api::SecretText;
use api::approvals::{ANSWER_MAX, Answer, WORDS_MAX};
use leptos::html;
use leptos::prelude::*;

/// How far a yes can reach, in the order of their digits.
pub const EXTENTS: [(&str, Answer); 3] =
    [("session", Answer::Session), ("worktree", Answer::Worktree), ("hour", Answer::Hour)];

/// The buttons of the line.
#[component]
pub fn Answers(
    /// The question's id.
    id: String,
    /// Whether words answer it, and no mere yes.
    asks_words: bool,
) -> impl IntoView {
    let face = face();
    let questions = face.questions;
    let busy = move || questions.answering.busy.get();
    let (once, longer, answered, no) = (id.clone(), id.clone(), id.clone(), id);
    let go = move |id: &str, step: Step| {
        questions.choose(id.to_string());
        questions.step.set(step);
    };
    let yes = match asks_words {
        true => view! {
            <button class="button main" data-test="answer" title="In words (y)" disabled=busy
                on:click=move |_| go(&answered, Step::Answering)>"Answer…"</button>
        }
        .into_any(),
        false => view! {
            <button class="button main" data-test="approve" title="This one use (y)" disabled=busy
                on:click=move |_| questions.answer(face, once.clone(), Answer::Once)>"Approve"</button>
            <button class="button" data-test="approve-for" title="For longer (f)" disabled=busy
                on:click=move |_| go(&longer, Step::Extending)>"Approve for…"</button>
        }
        .into_any(),
    };
    view! {
        <span class="answers">
            {yes}
            <button class="button" data-test="deny" title="With a word to the agent, if you like (n)" disabled=busy
                on:click=move |_| go(&no, Step::Denying)>"Deny…"</button>
        </span>
    }
}

/// How long the yes shall hold.
#[component]
pub fn Extents(
    /// The question's id.
    id: String,
) -> impl IntoView {
    let face = face();
    let questions = face.questions;
    let one = |(index, (name, answer)): (usize, (&'static str, Answer))| {
        let id = id.clone();
        let label = if answer == Answer::Hour { "one hour".to_string() } else { format!("this {name}") };
        view! {
            <button class="button" data-test=format!("for-{name}") disabled=move || questions.answering.busy.get()
                on:click=move |_| questions.answer(face, id.clone(), answer.clone())><kbd>{index + 1}</kbd>{label}</button>
        }
    };
    view! {
        <div class="row wrap">
            <span class="soft">"Approve, and don't ask again for"</span>
            {EXTENTS.into_iter().enumerate().map(one).collect::<Vec<_>>()}
        </div>
    }
}

/// The answer to a question, which the agent alone is given.
#[component]
pub fn WordsForm(
    /// The question's id.
    id: String,
) -> impl IntoView {
    let face = face();
    let questions = face.questions;
    let field = focused();
    let answer = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let text = field.get_untracked().map(|field| field.value()).unwrap_or_default();
        questions.answer(face, id.clone(), Answer::Words { text: SecretText::new(text) });
    };
    view! {
        <form class="row" on:submit=answer>
            <input class="input grow" node_ref=field data-test="answer-words" required maxlength=ANSWER_MAX.to_string() autocomplete="off"
                aria-label="Your answer" placeholder="Your answer; only the agent gets it"/>
            <button class="button main" data-test="answer-go" disabled=move || questions.answering.busy.get()>"Answer"</button>
        </form>
    }
}

/// A field that has the focus once it is there: the person has just asked for it.
fn focused() -> NodeRef<html::Input> {
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            let _ = field.focus();
        }
    });
    field
}

/// A no, with a word to the agent.
#[component]
pub fn DenyForm(
    /// The question's id.
    id: String,
) -> impl IntoView {
    let face = face();
    let questions = face.questions;
    let field = focused();
    let deny = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let word = field.get_untracked().map(|field| field.value().trim().to_string());
        let because = word.filter(|word| !word.is_empty());
        questions.answer(face, id.clone(), Answer::Deny { because });
    };
    view! {
        <form class="row" on:submit=deny>
            <input class="input grow" node_ref=field data-test="deny-word" maxlength=WORDS_MAX.to_string() autocomplete="off"
                aria-label="A word to the agent" placeholder="A word to the agent, if you like"/>
            <button class="button harm" data-test="deny-go" disabled=move || questions.answering.busy.get()>"Deny"</button>
        </form>
    }
}
