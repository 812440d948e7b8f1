//! Deleting an identity: what is lost is named, and the button says the verb.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::words;
use api::identities::{DeleteIdentity, Identity};
use leptos::prelude::*;

/// The question.
#[component]
pub fn DeleteIdentityForm(
    /// Which identity.
    one: Identity,
    /// Closes the dialog.
    close: Callback<()>,
) -> impl IntoView {
    let face = face();
    let deleting = Attempt::new();
    let secrets = words::count(one.secrets, "secret");
    let (loss, verb) = match one.secrets {
        0 => (
            "It holds no secrets. Slots that it sits in become free.".to_string(),
            format!("Delete {}", one.name),
        ),
        _ => (
            format!(
                "Its {secrets} become unreadable for ever: the key that seals them is destroyed. Slots that it sits in become free."
            ),
            format!("Delete {} and its {secrets}", one.name),
        ),
    };
    let kept = one.ravi.clone();
    let delete = move |_| {
        let call = DeleteIdentity { identity: one.id.clone(), force: one.secrets > 0 };
        deleting.run(face.call(call), move |_| {
            face.relist();
            close.run(());
        });
    };
    view! {
        <div class="stack">
            <p>{loss}</p>
            {kept.map(|link| view! { <p>{format!("Ravi keeps {}: its identities are permanent.", link.name)}</p> })}
            <Problem of=deleting/>
            <div class="row end">
                <button class="button" data-test="cancel" on:click=move |_| close.run(())>"Keep it"</button>
                <button class="button harm" data-test="confirm" disabled=move || deleting.busy.get() on:click=delete>{verb}</button>
            </div>
        </div>
    }
}
