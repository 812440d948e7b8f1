//! One secret in the list: what it is, its dots, and what can be done with it.

use super::Revealed;
use super::form::SecretForm;
use super::holders::{Sharing, StaleSessions};
use super::versions::Versions;
use super::{Fetch, HiddenLine};
use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::icons::{Icon, PENCIL, TRASH_2};
use crate::words;
use api::secrets::{DeleteSecret, ReadSecret, SecretEntry};
use leptos::prelude::*;

/// What is done with the row now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Showing,
    Changing,
    Deleting,
}

/// A secret.
#[component]
pub fn SecretRow(
    /// Which, as it is now.
    entry: Memo<SecretEntry>,
    /// Whose, by name.
    identity: String,
    /// Which one is revealed.
    revealed: Revealed,
) -> impl IntoView {
    let doing = RwSignal::new(Doing::Showing);
    let looking = RwSignal::new(false);
    let test = entry.with_untracked(|entry| format!("secret-{}", entry.key));
    let done = Callback::new(move |()| doing.set(Doing::Showing));
    view! {
        <li data-test=test>
            {move || match doing.get() {
                Doing::Changing => view! { <SecretForm identity=identity.clone() old=entry.get_untracked() done/> }.into_any(),
                Doing::Deleting => view! { <DeleteQuestion entry=entry.get_untracked() identity=identity.clone() done/> }.into_any(),
                Doing::Showing => view! { <Shown entry=entry.get() identity=identity.clone() revealed doing looking/> }.into_any(),
            }}
        </li>
    }
}

#[component]
fn Shown(
    entry: SecretEntry,
    identity: String,
    revealed: Revealed,
    doing: RwSignal<Doing>,
    looking: RwSignal<bool>,
) -> impl IntoView {
    let face = face();
    let updated = entry.updated_at;
    let when = move || words::ago(face.now.get() - updated);
    let key = entry.key.clone();
    let read = ReadSecret {
        identity: Some(identity.clone()),
        key: key.clone(),
        worktree: entry.worktree_id.clone(),
        ..ReadSecret::default()
    };
    let fetch: Fetch = Callback::new(move |()| {
        let read = read.clone();
        Box::pin(async move { Ok(face.call(read).await?.value) }) as std::pin::Pin<Box<_>>
    });
    view! {
        <div class="secret-head">
            <code class="cut grow">{key.clone()}</code>
            {entry.worktree.clone().map(|name| view! { <span class="tag cut" title="For this worktree alone">{name}</span> })}
            <span class="tag">{entry.policy.name()}</span>
            <button class="quiet" data-test=format!("edit-{key}") aria-label=format!("Change {key}") title="Change"
                on:click=move |_| doing.set(Doing::Changing)><Icon of=PENCIL/></button>
            <button class="quiet harms" data-test=format!("remove-{key}") aria-label=format!("Delete {key}") title="Delete"
                on:click=move |_| doing.set(Doing::Deleting)><Icon of=TRASH_2/></button>
        </div>
        <HiddenLine name=key id=entry.uuid.clone() fetch revealed/>
        <p class="secret-facts">
            <button class="narrow" data-test=format!("versions-{}", entry.key) title="Who set it, when and why"
                aria-expanded=move || looking.get().to_string() on:click=move |_| looking.update(|l| *l = !*l)>
                {format!("version {}", entry.version)}
            </button>
            <span>{when}</span>
            <span class="cut" title=entry.notes.clone()>{entry.notes.clone()}</span>
        </p>
        <StaleSessions stale=entry.stale.clone()/>
        {move || looking.get().then(|| view! {
            <Versions identity=identity.clone() entry=entry.clone()/><Sharing identity=identity.clone() entry=entry.clone()/>
        })}
    }
}

#[component]
fn DeleteQuestion(entry: SecretEntry, identity: String, done: Callback<()>) -> impl IntoView {
    let face = face();
    let deleting = Attempt::new();
    let key = entry.key.clone();
    let call = DeleteSecret {
        identity: Some(identity.clone()),
        key: entry.key.clone(),
        worktree: entry.worktree_id.clone(),
    };
    let delete = move |_| {
        deleting.run(face.call(call.clone()), move |_| face.secrets_changed.update(|n| *n += 1));
    };
    view! {
        <div class="stack tight">
            <p>"The value of "<code>{key.clone()}</code>{format!(" is lost for {identity}. Sessions that run keep it in their environment.")}</p>
            <Problem of=deleting/>
            <div class="row end">
                <button class="button" data-test="cancel" on:click=move |_| done.run(())>"Keep it"</button>
                <button class="button harm" data-test="confirm" disabled=move || deleting.busy.get() on:click=delete>{format!("Delete {key}")}</button>
            </div>
        </div>
    }
}
