//! Projects on the page, each with its worktrees, and the form that adds one.

mod add;
mod allow;

pub use add::AddProjectForm;

use crate::attempt::{Attempt, Problem};
use crate::face::{Dialog, Face, face};
use crate::icons::{Icon, PLUS, TRASH_2};
use crate::worktrees::WorktreeList;
use allow::AllowForm;
use api::projects::{AddProject, AllowEnv, Project, RemoveProject};
use leptos::prelude::*;

/// All projects.
#[component]
pub fn ProjectsPage() -> impl IntoView {
    let face = face();
    let ids = Memo::new(move |_| {
        face.projects.with(|all| all.as_ref().map(|all| all.iter().map(|p| p.id.clone()).collect::<Vec<_>>()))
    });
    view! {
        <main class="page column">
            <div class="page-head">
                <h1>"Projects"</h1>
                <button class="button main" data-test="add-project" on:click=move |_| face.dialog.set(Some(Dialog::AddProject))>
                    <Icon of=PLUS/>
                    "Add a project"
                </button>
            </div>
            {move || ids.with(|n| n.as_ref().is_some_and(Vec::is_empty)).then(|| view! {
                <p class="nothing">"No projects yet. A project is a git repository on this machine: agents work in worktrees of it, never in your own checkout."</p>
            })}
            <ul class="cards">
                <For each=move || ids.get().unwrap_or_default() key=|id| id.clone() children=|id| view! { <ProjectCard id/> }/>
            </ul>
        </main>
    }
}

#[component]
fn ProjectCard(id: String) -> impl IntoView {
    let face = face();
    let of = id.clone();
    let one =
        Memo::new(move |_| face.projects.with(|all| all.as_ref()?.iter().find(|p| p.id == of).cloned()));
    let removing = Attempt::new();
    let text =
        move |get: fn(&Project) -> String| move || one.with(|p| p.as_ref().map(get).unwrap_or_default());
    let name = text(|p| p.name.clone());
    let remove = move |_| {
        let Some(gone) = one.get_untracked() else { return };
        let call = RemoveProject { project: gone.id.clone() };
        removing.run(face.call(call), move |_| removed(face, gone));
    };
    view! {
        <li class="card" data-test=move || format!("project-{}", name())>
            <header>
                <div class="grow">
                    <h2 class="cut">{name}</h2>
                    <p class="soft small mono cut">{text(|p| p.path.clone())}</p>
                </div>
                <span class="tag" title="New work starts from here">{text(|p| p.default_branch.clone())}</span>
                <button
                    class="quiet harms"
                    data-test=move || format!("remove-project-{}", name())
                    aria-label=move || format!("Forget {}; the repository stays", name())
                    title="Forget the project; the repository stays"
                    on:click=remove
                >
                    <Icon of=TRASH_2/>
                </button>
            </header>
            <div class="body">
                <Problem of=removing/>
                <AllowForm one/>
            </div>
            <WorktreeList project=id/>
        </li>
    }
}

/// A project that was forgotten can be had back, so it was not asked for before.
fn removed(face: Face, gone: Project) {
    let told = format!("{} is forgotten. Its repository stays as it is.", gone.name);
    let undo = Callback::new(move |()| {
        let Project { path, name, allowed_env: names, .. } = gone.clone();
        let back = async move {
            let project = face.call(AddProject { path, name: Some(name) }).await?;
            face.call(AllowEnv { project: project.id, names }).await
        };
        Attempt::new().run(back, |_| ());
    });
    face.notices.tell_with_undo(told, undo);
}
