//! Worktrees on the page: those of a project, and the question before one is archived.

mod archive;

pub use archive::ArchiveForm;

use crate::face::{Dialog, face};
use crate::icons::{ARCHIVE, GIT_BRANCH, Icon, SQUARE_TERMINAL};
use api::worktrees::Worktree;
use leptos::prelude::*;

/// The live worktrees of a project.
#[component]
pub fn WorktreeList(
    /// The project's id.
    project: String,
) -> impl IntoView {
    let face = face();
    let mine = Memo::new(move |_| {
        let all = face.worktrees.get().unwrap_or_default();
        all.into_iter().filter(|w| w.project_id == project && w.archived_at.is_none()).collect::<Vec<_>>()
    });
    view! {
        <ul class="items">
            <For each=move || mine.get() key=|w| (w.id.clone(), w.session.clone()) children=|one| view! { <WorktreeRow one/> }/>
        </ul>
    }
}

#[component]
fn WorktreeRow(one: Worktree) -> impl IntoView {
    let face = face();
    let slot = {
        let session = one.session.clone();
        Memo::new(move |_| {
            let id = session.as_ref()?;
            face.badges.with(|badges| {
                let runs = |b: &&api::slots::Badge| {
                    b.session.as_ref().is_some_and(|s| s.id == *id && s.is_running())
                };
                badges.iter().flatten().find(runs).map(|b| b.slot)
            })
        })
    };
    let from = one.base.clone().map(|base| format!("from {base}"));
    let archived = one.clone();
    let archive = move |_| face.dialog.set(Some(Dialog::Archive(Box::new(archived.clone()))));
    view! {
        <li data-test=format!("worktree-{}", one.name)>
            <Icon of=GIT_BRANCH/>
            <code class="cut" title=one.path>{one.branch}</code>
            <span class="faint small cut grow">{from}</span>
            {move || slot.get().map(|slot| view! {
                <button class="quiet" on:click=move |_| face.show_slot(slot)><Icon of=SQUARE_TERMINAL/>{format!("runs in slot {slot}")}</button>
            })}
            <button class="quiet harms" data-test=format!("archive-{}", one.name) on:click=archive><Icon of=ARCHIVE/>"Archive…"</button>
        </li>
    }
}
