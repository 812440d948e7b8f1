//! The variables that a project's sessions take over from the owner's own environment.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::field::{Hint, TextField};
use crate::icons::{Icon, PENCIL};
use api::projects::{AllowEnv, Project};
use leptos::prelude::*;

/// The names, and a form to change them.
#[component]
pub fn AllowForm(
    /// Which project.
    one: Memo<Option<Project>>,
) -> impl IntoView {
    let changing = RwSignal::new(false);
    let names = move || one.with(|p| p.as_ref().map(|p| p.allowed_env.clone()).unwrap_or_default());
    let test =
        move || format!("allow-{}", one.with(|p| p.as_ref().map(|p| p.name.clone()).unwrap_or_default()));
    let said = move || match names() {
        names if names.is_empty() => view! { <span class="soft">"none"</span> }.into_any(),
        names => names
            .into_iter()
            .map(|name| view! { <code class="tag">{name}</code> })
            .collect::<Vec<_>>()
            .into_any(),
    };
    move || {
        match changing.get() {
        true => view! { <Names one changing/> }.into_any(),
        false => view! {
            <div class="row wrap small">
                <span class="soft">"Variables taken over from your environment:"</span>
                {said}
                <button class="quiet" data-test=test aria-label="Change the variables" title="Change" on:click=move |_| changing.set(true)>
                    <Icon of=PENCIL/>
                </button>
            </div>
        }
        .into_any(),
    }
    }
}

#[component]
fn Names(one: Memo<Option<Project>>, changing: RwSignal<bool>) -> impl IntoView {
    let face = face();
    let before = one.with_untracked(|p| p.as_ref().map(|p| p.allowed_env.join(" ")).unwrap_or_default());
    let text = RwSignal::new(before);
    let saving = Attempt::new();
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(project) = one.with_untracked(|p| p.as_ref().map(|p| p.id.clone())) else { return };
        let typed = text.get_untracked();
        let names = typed.split([' ', ',']).filter(|name| !name.is_empty()).map(str::to_string).collect();
        saving.run(face.call(AllowEnv { project, names }), move |_| changing.set(false));
    };
    let hint = Signal::stored(Hint::Say(
        "names, separated by blanks: their values come from the environment that Lanyard was started in"
            .into(),
    ));
    view! {
        <form class="stack tight" on:submit=save>
            <TextField name="Variables taken over" value=text test="allow-names" mono=true placeholder="EDITOR HTTP_PROXY" hint/>
            <Problem of=saving/>
            <div class="row end">
                <button class="button" type="button" data-test="cancel" on:click=move |_| changing.set(false)>"Cancel"</button>
                <button class="button main" data-test="allow-save" disabled=move || saving.busy.get()>"Save"</button>
            </div>
        </form>
    }
}
