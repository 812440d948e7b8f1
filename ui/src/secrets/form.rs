//! The form for a secret: a new one, or another value, policy or note for one that is there.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::field::{Choice, Hint, HintLine, TextField};
use api::SecretText;
use api::names::check_key;
use api::secrets::{Policy, SecretEntry, SetSecret, VALUE_MAX};
use leptos::html;
use leptos::prelude::*;

/// The form.
#[component]
pub fn SecretForm(
    /// Whose, by name.
    identity: String,
    /// The secret to change; a new one if left out.
    #[prop(optional)]
    old: Option<SecretEntry>,
    /// Closes the form.
    done: Callback<()>,
) -> impl IntoView {
    let face = face();
    let is_new = old.is_none();
    let key = RwSignal::new(old.as_ref().map(|o| o.key.clone()).unwrap_or_default());
    let policy = RwSignal::new(old.as_ref().map_or(Policy::Auto, |o| o.policy).name().to_string());
    let notes = RwSignal::new(old.map(|o| o.notes).unwrap_or_default());
    // The value stays in its element and goes straight to the call: no signal holds it.
    let value = NodeRef::<html::Textarea>::new();
    let size = RwSignal::new(0_usize);
    let saving = Attempt::new();
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let text = value.get_untracked().map(|area| area.value()).unwrap_or_default();
        let call = SetSecret {
            identity: Some(identity.clone()),
            key: key.get_untracked().trim().to_string(),
            value: (is_new || !text.is_empty()).then(|| SecretText::new(text)),
            policy: Some(policy_named(&policy.get_untracked())),
            notes: Some(notes.get_untracked()),
        };
        saving.run(face.call(call), move |_| {
            if let Some(area) = value.get_untracked() {
                area.set_value("");
            }
            face.secrets_changed.update(|n| *n += 1);
            done.run(());
        });
    };
    let key_hint = move || Hint::of(&key.get(), check_key, "the name of an environment variable");
    let value_hint = move || match size.get() {
        n if n > VALUE_MAX => Hint::Wrong(format!("{n} bytes: the limit is 64 KiB")),
        0 if !is_new => Hint::Say("leave it empty to keep the value".into()),
        _ => Hint::None,
    };
    let policies = vec![
        ("auto".to_string(), "auto: in the environment".to_string()),
        ("deny".to_string(), "deny: never to an agent".to_string()),
    ];
    view! {
        <form class="stack tight" on:submit=save>
            {is_new.then(|| view! {
                <TextField name="Key" value=key test="secret-key" mono=true placeholder="GITHUB_TOKEN" hint=Signal::derive(key_hint)/>
            })}
            {(!is_new).then(|| view! { <h3><code>{key}</code></h3> })}
            <label class="field">
                <span>{if is_new { "Value" } else { "New value" }}</span>
                <textarea class="input mono" rows="2" data-test="secret-value" node_ref=value autocomplete="off" spellcheck="false"
                    on:input=move |event| size.set(event_target_value(&event).len())></textarea>
                <HintLine hint=Signal::derive(value_hint)/>
            </label>
            <Choice name="Policy" value=policy test="secret-policy" options=policies/>
            <p class="small faint">"Asking you before each use comes with approvals."</p>
            <TextField name="Notes" value=notes test="secret-notes" hinted=false/>
            <Problem of=saving/>
            <div class="row end">
                <button class="button" type="button" data-test="cancel" on:click=move |_| done.run(())>"Cancel"</button>
                <button class="button main" data-test="save-secret" disabled=move || { saving.busy.get() || size.get() > VALUE_MAX }>
                    {if is_new { "Save secret" } else { "Save" }}
                </button>
            </div>
        </form>
    }
}

fn policy_named(name: &str) -> Policy {
    match name {
        "deny" => Policy::Deny,
        "ask" => Policy::Ask,
        _ => Policy::Auto,
    }
}
