//! Tasks on the page: the line of work that waits for a free slot, in order.

use crate::attempt::{Attempt, Problem};
use crate::face::{Dialog, Face, face};
use crate::icons::{CHEVRON_DOWN, CHEVRON_UP, Icon, PLUS, X};
use crate::words;
use api::tasks::{CancelTask, MoveTask, State, Task};
use leptos::prelude::*;

/// The tasks of the line that are so, by their ids.
fn ids(face: Face, fits: fn(&Task) -> bool) -> Memo<Vec<String>> {
    Memo::new(move |_| {
        face.tasks.with(|all| all.iter().flatten().filter(|t| fits(t)).map(|t| t.id.clone()).collect())
    })
}

/// A button that puts a new task last in line.
#[component]
pub fn NewTask() -> impl IntoView {
    let face = face();
    view! {
        <button class="button" data-test="new-task" on:click=move |_| face.dialog.set(Some(Dialog::NewTask))>
            <Icon of=PLUS/>"New task"
        </button>
    }
}

/// The line, below the wall; nothing where nobody waits and nothing failed.
#[component]
pub fn TaskLine() -> impl IntoView {
    let face = face();
    let waiting = ids(face, |task| task.place.is_some() || task.state == State::Starting);
    let failed = ids(face, |task| task.state == State::Failed);
    let shown = Memo::new(move |_| !waiting.with(Vec::is_empty) || !failed.with(Vec::is_empty));
    let count = Memo::new(move |_| waiting.with(Vec::len));
    let list = |ids: Memo<Vec<String>>| view! { <For each=move || ids.get() key=|id| id.clone() children=|id| view! { <TaskRow id/> }/> };
    move || {
        shown.get().then(|| view! {
            <section data-test="line" aria-label="The line">
                <h2 class="part">{move || match count.get() {
                    0 => "Nobody waits in line".to_string(),
                    n => format!("{} in line", words::count(u32::try_from(n).unwrap_or(u32::MAX), "task")),
                }}</h2>
                <ol class="lines">{list(waiting)}</ol>
                {move || (!failed.with(Vec::is_empty)).then(|| view! {
                    <details class="gone"><summary>"Could not be started"</summary><ol class="lines">{list(failed)}</ol></details>
                })}
            </section>
        })
    }
}

#[component]
fn TaskRow(id: String) -> impl IntoView {
    let face = face();
    let acting = Attempt::new();
    let task = Memo::new(move |before: Option<&Option<Task>>| {
        let now = face.tasks.with(|all| all.iter().flatten().find(|t| t.id == id).cloned());
        now.or_else(|| before.cloned().flatten())
    });
    let text = move |get: fn(&Task) -> String| move || task.with(|t| t.as_ref().map(get).unwrap_or_default());
    let place = Memo::new(move |_| task.with(|t| t.as_ref().and_then(|t| t.place)));
    let reason = move || task.with(|t| t.as_ref().and_then(|t| t.reason.as_ref().map(|r| words::plain(r))));
    view! {
        <li data-test="task" data-place=place>
            <span class="number">{place}</span>
            <div class="grow">
                <p class="cut" title=text(|t| t.prompt.clone().unwrap_or_default())>{text(what)}</p>
                <p class="soft small cut">{text(whereto)}{move || reason().map(|why| format!(" · {why}"))}</p>
                <Problem of=acting/>
            </div>
            {move || place.get().map(|place| view! { <RowButtons task place acting/> })}
        </li>
    }
}

/// The work itself, in one line.
fn what(task: &Task) -> String {
    match &task.prompt {
        Some(prompt) => words::one_line(prompt),
        None if task.command.is_empty() => "no task yet: it is told in its terminal".into(),
        None => words::command(&task.command),
    }
}

/// Where and by whom.
fn whereto(task: &Task) -> String {
    let agent =
        task.agent.clone().or_else(|| task.command.first().cloned()).unwrap_or_else(|| "any agent".into());
    let who = task.identity.as_ref().map(|name| format!(" · as {name}")).unwrap_or_default();
    let slot = task.slot.map(|slot| format!(" · in slot {slot}")).unwrap_or_default();
    format!("{} · {} · {agent}{who}{slot}", task.project, task.branch)
}

#[component]
fn RowButtons(task: Memo<Option<Task>>, place: u32, acting: Attempt) -> impl IntoView {
    let face = face();
    let id = move || task.with_untracked(|t| t.as_ref().map(|t| t.id.clone()).unwrap_or_default());
    let last = move || face.tasks.with(|all| all.iter().flatten().filter_map(|t| t.place).max()).unwrap_or(0);
    let go = move |to: u32| acting.run(face.call(MoveTask { task: id(), to }), move |_| face.relist_tasks());
    let cancel = move |_| acting.run(face.call(CancelTask { task: id() }), move |_| face.relist_tasks());
    view! {
        <button class="quiet" data-test="task-sooner" aria-label="Sooner" title="Sooner" disabled={ place < 2 } on:click=move |_| go(place - 1)><Icon of=CHEVRON_UP/></button>
        <button class="quiet" data-test="task-later" aria-label="Later" title="Later" disabled=move || { place >= last() } on:click=move |_| go(place + 1)><Icon of=CHEVRON_DOWN/></button>
        <button class="quiet harms" data-test="task-cancel" aria-label="Take it out of the line" title="Take it out of the line" on:click=cancel><Icon of=X/></button>
    }
}
