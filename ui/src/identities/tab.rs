//! The identity of a slot: what it is called and where it is reached.

use super::key::KeyPart;
use crate::face::{Dialog, face};
use crate::icons::{Icon, PENCIL};
use crate::inbox::Keeping;
use leptos::prelude::*;

/// The facts of one identity, by its name.
#[component]
pub fn IdentityTab(
    /// Whose.
    name: Memo<Option<String>>,
) -> impl IntoView {
    let face = face();
    let one = Memo::new(move |_| {
        let name = name.get()?;
        face.identities.with(|all| all.as_ref()?.iter().find(|i| i.name == name).cloned())
    });
    let id = Memo::new(move |_| one.with(|one| one.as_ref().map(|one| one.name.clone())));
    let facts = move || {
        let one = one.get()?;
        let change = one.clone();
        let open = move |_| face.dialog.set(Some(Dialog::EditIdentity(Box::new(change.clone()))));
        Some(view! {
            <dl class="facts" style="margin-top:16px">
                <dt>"Address"</dt><dd><code>{one.email}</code></dd>
                {one.ravi.map(|link| view! {
                    <dt>"Provided by"</dt><dd data-test="provider">"Ravi, as "<code>{link.name}</code></dd>
                })}
                <dt>"Phone"</dt><dd><code>{one.phone.unwrap_or_else(|| "none".into())}</code></dd>
                <dt>"Commits as"</dt><dd>{one.author_name}" "<code class="soft">{one.author_email}</code></dd>
                <dt>"Secrets"</dt><dd>{one.secrets}</dd>
            </dl>
            <div class="row" style="margin-top:16px">
                <button class="button" data-test=format!("edit-{}", one.name) on:click=open><Icon of=PENCIL/>"Change…"</button>
            </div>
        })
    };
    view! {
        {facts}
        {move || id.get().map(|identity| view! { <Keeping identity=identity.clone()/><KeyPart identity/> })}
    }
}
