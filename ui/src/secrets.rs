//! The vault of an identity: keys, policies, versions; values are dots until one is revealed.

mod entry;
mod form;
mod holders;
mod value;
mod versions;

use crate::attempt::ErrorBox;
use crate::face::face;
use crate::icons::{Icon, PLUS};
use api::secrets::Policy;
use api::secrets::{ListSecrets, SecretEntry};
use entry::SecretRow;
use form::SecretForm;
use leptos::prelude::*;
use leptos::task::spawn_local;
pub use value::{Fetch, HiddenLine};

/// The key of the one secret that is revealed now, if any.
pub type Revealed = RwSignal<Option<String>>;

/// The policies as a form offers them.
pub fn policy_options() -> Vec<(String, String)> {
    let all =
        [("auto", "in the environment"), ("ask", "you approve each use"), ("deny", "never to an agent")];
    all.map(|(name, what)| (name.to_string(), format!("{name}: {what}"))).to_vec()
}

/// The policy of this name.
pub fn policy_named(name: &str) -> Policy {
    match name {
        "deny" => Policy::Deny,
        "ask" => Policy::Ask,
        _ => Policy::Auto,
    }
}

/// One vault.
#[component]
pub fn VaultPanel(
    /// Whose, by name.
    #[prop(into)]
    identity: String,
) -> impl IntoView {
    let face = face();
    let listed = RwSignal::new(None::<api::Result<Vec<SecretEntry>>>);
    let adding = RwSignal::new(false);
    let revealed: Revealed = RwSignal::new(None);
    let whose = identity.clone();
    Effect::new(move |_| {
        face.secrets_changed.track();
        let call = ListSecrets { identity: Some(whose.clone()) };
        spawn_local(async move {
            let answer = face.call(call).await;
            // The panel may have gone meanwhile.
            let _ = listed.try_set(Some(answer));
        });
    });
    let entries = Memo::new(move |_| listed.get().and_then(Result::ok).unwrap_or_default());
    let (for_form, for_rows) = (identity.clone(), StoredValue::new(identity));
    view! {
        <div class="stack tight">
            {move || match adding.get() {
                true => view! { <SecretForm identity=for_form.clone() done=Callback::new(move |()| adding.set(false))/> }.into_any(),
                false => view! {
                    <div class="row">
                        <button class="button" data-test="add-secret" on:click=move |_| adding.set(true)><Icon of=PLUS/>"Add a secret"</button>
                    </div>
                }
                .into_any(),
            }}
            {move || listed.get().and_then(Result::err).map(|error| view! { <ErrorBox error/> })}
            {move || listed.with(|l| matches!(l, Some(Ok(all)) if all.is_empty())).then(|| view! {
                <p class="soft">"No secrets yet. One with the policy auto is put into the environment of this identity's sessions when they start."</p>
            })}
            <ul class="secrets">
                <For each=move || entries.get() key=|entry| entry.uuid.clone() children=move |entry| {
                    // The row stays while its secret changes: a form that is open in it is not lost.
                    let now = Memo::new(move |before: Option<&SecretEntry>| {
                        let found = entries.with(|all| all.iter().find(|e| e.uuid == entry.uuid).cloned());
                        found.or_else(|| before.cloned()).unwrap_or_else(|| entry.clone())
                    });
                    view! { <SecretRow entry=now identity=for_rows.get_value() revealed/> }
                }/>
            </ul>
        </div>
    }
}
