//! Passwords on the page: an identity's logins, hidden until one is revealed, and their one-time codes.

mod code;
mod entry;
mod form;

use crate::attempt::ErrorBox;
use crate::face::face;
use crate::icons::{Icon, PLUS};
use crate::secrets::Revealed;
use api::passwords::{ListPasswords, PasswordEntry};
use entry::LoginRow;
use form::LoginForm;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The logins of one identity.
#[component]
pub fn Logins(
    /// Whose, by name.
    identity: String,
) -> impl IntoView {
    let face = face();
    let listed = RwSignal::new(None::<api::Result<Vec<PasswordEntry>>>);
    let adding = RwSignal::new(false);
    let revealed: Revealed = RwSignal::new(None);
    let whose = identity.clone();
    Effect::new(move |_| {
        face.passwords_changed.track();
        let call = ListPasswords { identity: Some(whose.clone()) };
        spawn_local(async move {
            let answer = face.call(call).await;
            // The panel may have gone meanwhile.
            let _ = listed.try_set(Some(answer));
        });
    });
    let entries = Memo::new(move |_| listed.get().and_then(Result::ok).unwrap_or_default());
    let (for_form, for_rows) = (identity.clone(), StoredValue::new(identity));
    let add = move || {
        view! {
            <div class="row">
                <button class="button" data-test="add-login" on:click=move |_| adding.set(true)><Icon of=PLUS/>"Add a login"</button>
            </div>
        }
    };
    view! {
        <section class="stack tight" aria-label="Passwords">
            <h3>"Passwords"</h3>
            {move || match adding.get() {
                true => view! { <LoginForm identity=for_form.clone() done=Callback::new(move |()| adding.set(false))/> }.into_any(),
                false => add().into_any(),
            }}
            {move || listed.get().and_then(Result::err).map(|error| view! { <ErrorBox error/> })}
            {move || listed.with(|l| matches!(l, Some(Ok(all)) if all.is_empty())).then(|| view! {
                <p class="soft">"No logins yet. Agents use one with "<code>"lanyard passwords get"</code>" and its codes with "<code>"lanyard passwords code"</code>"."</p>
            })}
            <ul class="secrets">
                <For each=move || entries.get() key=|entry| (entry.uuid.clone(), entry.version)
                    children=move |entry| view! { <LoginRow entry identity=for_rows.get_value() revealed/> }/>
            </ul>
        </section>
    }
}
