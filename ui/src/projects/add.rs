//! The form that adds a project by its path.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::field::{Hint, TextField};
use api::projects::AddProject;
use leptos::prelude::*;

/// The form.
#[component]
pub fn AddProjectForm(
    /// Closes the dialog.
    close: Callback<()>,
) -> impl IntoView {
    let face = face();
    let path = RwSignal::new(String::new());
    let name = RwSignal::new(String::new());
    let saving = Attempt::new();
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let name = name.with_untracked(|n| n.trim().to_string());
        let call = AddProject {
            path: path.with_untracked(|p| p.trim().to_string()),
            name: Some(name).filter(|name| !name.is_empty()),
        };
        saving.run(face.call(call), move |_| close.run(()));
    };
    let folder = move || {
        let path = path.get();
        path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_string()
    };
    let hint = Signal::stored(Hint::Say("the whole path of a git repository on this machine".into()));
    view! {
        <form class="stack" on:submit=save>
            <div class="stack tight">
                <TextField name="Folder" value=path test="project-path" mono=true placeholder="/home/you/work/shop-api" hint/>
                <TextField name="Name" value=name test="project-name" mono=true placeholder=Signal::derive(folder) hinted=false/>
            </div>
            <Problem of=saving/>
            <div class="row end">
                <button class="button" type="button" data-test="cancel" on:click=move |_| close.run(())>"Cancel"</button>
                <button class="button main" data-test="save-project" disabled=move || saving.busy.get()>"Add project"</button>
            </div>
        </form>
    }
}
