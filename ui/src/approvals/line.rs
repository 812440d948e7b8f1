//! One question: a line that says who wants what and why, and its details when it is opened.

use super::answer::{Answers, DenyForm, Extents, WordsForm};
use super::questions::Step;
use crate::face::face;
use crate::icons::{CHEVRON_DOWN, CHEVRON_UP, Icon};
use crate::inbox::WantedMessage;
use crate::words;
use api::Millis;
use api::approvals::{Action, Approval, RECIPIENTS, State};
use leptos::prelude::*;

/// Less time than this is told in amber.
const SOON: Millis = 30_000;
/// The detail that names a message by its number.
const MESSAGE: &str = "message";

/// A question; what it says never changes, only whether it is open.
#[component]
pub fn QuestionLine(
    /// Its id.
    id: String,
    /// All that are shown.
    lines: Memo<Vec<Approval>>,
) -> impl IntoView {
    let face = face();
    let questions = face.questions;
    let find = {
        let id = id.clone();
        move || lines.with(|all| all.iter().find(|a| a.id == id).cloned())
    };
    let asked = untrack(&find)?;
    let state = Memo::new(move |_| find());
    let open = Memo::new(move |_| state.with(|a| a.as_ref().is_some_and(|a| a.state == State::Open)));
    let chosen = {
        let id = id.clone();
        Memo::new(move |_| questions.chosen.with(|chosen| chosen.as_ref() == Some(&id)))
    };
    let outcome = move || state.with(|a| a.as_ref().map(words::outcome));
    let slot = asked.slot;
    let hue = face.hue(slot);
    let asks_words = asked.action == Action::Ask;
    let (one, until) = (StoredValue::new(asked.clone()), asked.until);
    Some(view! {
        <li
            class=move || format!("question hue-{}", hue.get())
            class:chosen=chosen
            class:over=move || !open.get()
            data-test="question"
            data-state=move || state.with(|a| a.as_ref().map(|a| a.state.name()))
        >
            <div class="question-line">
                <Opener asked chosen/>
                {move || match open.get() {
                    true => view! { <Left until/><Answers id=id.clone() asks_words/> }.into_any(),
                    false => view! { <span class="left" data-test="question-outcome">{outcome}</span> }.into_any(),
                }}
            </div>
            {move || (chosen.get() && open.get()).then(|| view! { <Details asked=one.get_value()/> })}
        </li>
    })
}

/// `1 · 3 · ada wants the secret NPM_TOKEN “publish 1.4.0”`; a press shows the details.
#[component]
fn Opener(asked: Approval, chosen: Memo<bool>) -> impl IntoView {
    let questions = face().questions;
    let Approval { id, action, subject, identity, slot, reason, .. } = asked;
    let of = id.clone();
    let number =
        move || questions.open.with(|open| open.iter().flatten().position(|a| a.id == of).map(|at| at + 1));
    let toggle = move |_| match chosen.get_untracked() {
        true => questions.chosen.set(None),
        false => questions.choose(id.clone()),
    };
    let why = reason.map(|why| view! { <span class="why cut">"“"<bdi>{words::plain(&why)}</bdi>"”"</span> });
    view! {
        <button class="question-open" data-test="question-open" aria-expanded=move || chosen.get().to_string() on:click=toggle>
            <kbd>{number}</kbd>
            <span class="seat">{format!("slot {slot}")}</span>
            <span class="what cut"><b>{identity}</b>" wants "{action.wants()}" "<code>{words::plain(&subject)}</code></span>
            {why}
            {move || view! { <Icon of=if chosen.get() { CHEVRON_UP } else { CHEVRON_DOWN }/> }}
        </button>
    }
}

#[component]
fn Left(until: Millis) -> impl IntoView {
    let face = face();
    let left = Memo::new(move |_| until - face.now.get());
    view! {
        <span class="left" class:soon=move || { left.get() < SOON } title="Without an answer it is denied">
            {move || format!("{} left", words::clock(left.get()))}
        </span>
    }
}

/// Who asks for what and why; the command line is only what the process says of itself.
#[component]
fn Details(asked: Approval) -> impl IntoView {
    let step = face().questions.step;
    let (asks_words, command) = (asked.action == Action::Ask, words::command(&asked.command));
    let sends = asked.action == Action::SendMessage;
    let one = |(name, value): &(String, String)| {
        let shown = match sends && name == MESSAGE {
            true => view! { <WantedMessage id=value.clone()/> }.into_any(),
            false => view! { <bdi>{words::plain(value)}</bdi> }.into_any(),
        };
        view! { <dt>{words::capital(&words::plain(name))}</dt><dd>{shown}</dd> }
    };
    // All of them, while the line has room for some.
    let to = asked.recipients().map(words::plain);
    let to =
        to.map(|to| view! { <dt>"To"</dt><dd data-test="question-to"><code><bdi>{to}</bdi></code></dd> });
    let more: Vec<_> =
        asked.details.iter().filter(|(name, _)| !(sends && name == RECIPIENTS)).map(one).collect();
    let why =
        asked.reason.map_or_else(|| "no reason given".into(), |why| format!("“{}”", words::plain(&why)));
    let id = asked.id;
    view! {
        <div class="question-details">
            <dl class="facts">
                <dt>"Who"</dt>
                <dd>{format!("{}, the agent {} of slot {}, in the worktree {}", asked.identity, asked.agent, asked.slot, asked.worktree)}</dd>
                {to}
                <dt>"Process"</dt>
                <dd>
                    {format!("{}, by its own account ", asked.pid)}
                    <code class="claim" data-test="question-command"><bdi>{command}</bdi></code>
                </dd>
                <dt>"Why"</dt>
                <dd><bdi>{why}</bdi></dd>
                {more}
            </dl>
            {move || match step.get() {
                Step::Reading => view! { <KeyHints asks_words/> }.into_any(),
                Step::Answering => view! { <WordsForm id=id.clone()/> }.into_any(),
                Step::Extending => view! { <Extents id=id.clone()/> }.into_any(),
                Step::Denying => view! { <DenyForm id=id.clone()/> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn KeyHints(asks_words: bool) -> impl IntoView {
    let yes =
        if asks_words { &[("y", "answer")][..] } else { &[("y", "approve once"), ("f", "approve for…")] };
    let keys = [yes, &[("n", "deny"), ("1 … 9", "another question"), ("Esc", "back")]].concat();
    let one = |(key, what): (&'static str, &'static str)| view! { <span><kbd>{key}</kbd>" "{what}</span> };
    view! { <p class="key-hints soft small">{keys.into_iter().map(one).collect::<Vec<_>>()}</p> }
}
