//! What a first start shows: three steps from nothing to a running slot, each done right here.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::field::{Hint, TextField};
use crate::icons::{CHECK, Icon, PLAY};
use api::identities::CreateIdentity;
use api::names::check_name;
use api::projects::AddProject;
use api::sessions::StartSession;
use api::slots::SetSlot;
use leptos::prelude::*;

/// The slot that a first start uses.
const SLOT: u32 = 1;

/// The three steps.
#[component]
pub fn FirstStart() -> impl IntoView {
    let face = face();
    let identity = Memo::new(move |_| face.identities.with(|all| all.as_ref()?.first().cloned()));
    let project = Memo::new(move |_| face.projects.with(|all| all.as_ref()?.first().cloned()));
    let identity_text = move || identity.get().map(|i| format!("{} · {}", i.name, i.email));
    let project_text = move || project.get().map(|p| format!("{} · {}", p.name, p.path));
    let at = move || {
        1 + u32::from(identity.with(Option::is_some))
            + u32::from(identity.with(Option::is_some) && project.with(Option::is_some))
    };
    let at = Memo::new(move |_| at());
    view! {
        <section class="first" data-test="first" aria-label="First steps">
            <h2>"Your first agent in three steps"</h2>
            <p>
                "Each slot wears a badge: an identity with its own address, vault and git author. An agent that \
                 you start there gets that identity's credentials, and nobody else's."
            </p>
            <ol class="steps">
                <Step number=1 at title="Name an identity" done=Signal::derive(identity_text)><NameIt/></Step>
                <Step number=2 at title="Add a project" done=Signal::derive(project_text)><AddIt/></Step>
                <Step number=3 at title="Start a shell" done=Signal::stored(None)>
                    <StartIt
                        identity=Signal::derive(move || identity.get().map(|i| i.name).unwrap_or_default())
                        project=Signal::derive(move || project.get().map(|p| p.name).unwrap_or_default())
                    />
                </Step>
            </ol>
        </section>
    }
}

#[component]
fn Step(
    number: u32,
    at: Memo<u32>,
    title: &'static str,
    done: Signal<Option<String>>,
    children: ChildrenFn,
) -> impl IntoView {
    let is_done = Memo::new(move |_| done.with(Option::is_some));
    let class = move || match (is_done.get(), at.get() == number) {
        (true, _) => "step done",
        (false, true) => "step now",
        (false, false) => "step later",
    };
    let children = StoredValue::new(children);
    view! {
        <li class=class>
            <span class="tick" aria-hidden="true">
                {move || if is_done.get() { view! { <Icon of=CHECK/> }.into_any() } else { number.into_any() }}
            </span>
            <h3>{title}</h3>
            <div class="body">
                {move || match is_done.get() {
                    true => view! { <p class="soft cut">{done.get()}</p> }.into_any(),
                    false => view! { <fieldset disabled=move || at.get() < number>{children.with_value(|c| c())}</fieldset> }.into_any(),
                }}
            </div>
        </li>
    }
}

#[component]
fn NameIt() -> impl IntoView {
    let face = face();
    let name = RwSignal::new("agent-1".to_string());
    let trying = Attempt::new();
    let hint = move || {
        let name = name.get();
        Hint::of(&name, |n| check_name("identity", n), format!("Address: {name}@lanyard.localhost"))
    };
    let go = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let call =
            CreateIdentity { name: name.get_untracked().trim().to_string(), ..CreateIdentity::default() };
        trying.run(face.call(call), move |made| face.notices.say(format!("{} is created", made.name)));
    };
    view! {
        <form class="stack tight" on:submit=go>
            <TextField name="Name" value=name test="first-name" mono=true hint=Signal::derive(hint)/>
            <Problem of=trying/>
            <div><button class="button main" data-test="first-create" disabled=move || trying.busy.get()>"Create identity"</button></div>
        </form>
    }
}

#[component]
fn AddIt() -> impl IntoView {
    let face = face();
    let path = RwSignal::new(String::new());
    let trying = Attempt::new();
    let go = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let call = AddProject { path: path.get_untracked().trim().to_string(), name: None };
        trying.run(face.call(call), move |made| face.notices.say(format!("{} is added", made.name)));
    };
    let hint = Signal::stored(Hint::Say("the path of a git repository on this machine".into()));
    view! {
        <form class="stack tight" on:submit=go>
            <TextField name="Folder" value=path test="first-path" mono=true placeholder="/home/you/work/shop-api" hint/>
            <Problem of=trying/>
            <div><button class="button main" data-test="first-add" disabled=move || trying.busy.get()>"Add project"</button></div>
        </form>
    }
}

#[component]
fn StartIt(identity: Signal<String>, project: Signal<String>) -> impl IntoView {
    let face = face();
    let trying = Attempt::new();
    let branch = move || format!("{}/first", identity.get());
    let go = move |_| {
        let set = SetSlot { slot: SLOT, identity: Some(identity.get_untracked()), ..SetSlot::default() };
        let branch = format!("{}/first", identity.get_untracked());
        let start = StartSession {
            slot: SLOT,
            project: project.get_untracked(),
            branch,
            agent: Some("shell".into()),
            ..StartSession::default()
        };
        let work = async move {
            face.call(set).await?;
            face.call(start).await
        };
        trying.run(work, move |_| face.show_slot(SLOT));
    };
    // A press before the step is reached does nothing, so the hook comes with the step.
    let test = move || {
        let ready = !identity.with(String::is_empty) && !project.with(String::is_empty);
        ready.then_some("first-start")
    };
    let about = move || match identity.with(String::is_empty) {
        true => "In slot 1, in a worktree of its own: your own checkout stays as it is.".to_string(),
        false => format!(
            "In slot 1, on the new branch {}, in a worktree of its own: your own checkout stays as it is.",
            branch()
        ),
    };
    view! {
        <div class="stack tight">
            <p class="soft">{about}</p>
            <Problem of=trying/>
            <div>
                <button class="button main" data-test=test disabled=move || trying.busy.get() on:click=go>
                    <Icon of=PLAY/>
                    "Start a shell in slot 1"
                </button>
            </div>
        </div>
    }
}
