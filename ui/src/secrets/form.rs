//! The form for a secret: a new one, or another value, policy or note for one that is there.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::field::{Choice, Hint, HintLine, TextField};
use api::SecretText;
use api::names::check_key;
use api::secrets::{Policy, SecretEntry, SetSecret, VALUE_MAX};
use leptos::html;
use leptos::prelude::*;

/// What is typed.
#[derive(Clone, Copy)]
struct Draft {
    is_new: bool,
    key: RwSignal<String>,
    policy: RwSignal<String>,
    notes: RwSignal<String>,
    /// The value stays in its element and goes straight to the call: no signal holds it.
    value: NodeRef<html::Textarea>,
    /// How many bytes the value has.
    size: RwSignal<usize>,
}

impl Draft {
    fn of(old: Option<&SecretEntry>) -> Self {
        Self {
            is_new: old.is_none(),
            key: RwSignal::new(old.map(|o| o.key.clone()).unwrap_or_default()),
            policy: RwSignal::new(old.map_or(Policy::Auto, |o| o.policy).name().to_string()),
            notes: RwSignal::new(old.map(|o| o.notes.clone()).unwrap_or_default()),
            value: NodeRef::new(),
            size: RwSignal::new(0),
        }
    }

    fn call(self, identity: &str) -> SetSecret {
        let text = self.value.get_untracked().map(|area| area.value()).unwrap_or_default();
        SetSecret {
            identity: Some(identity.to_string()),
            key: self.key.with_untracked(|key| key.trim().to_string()),
            value: (self.is_new || !text.is_empty()).then(|| SecretText::new(text)),
            policy: Some(policy_named(&self.policy.get_untracked())),
            notes: Some(self.notes.get_untracked()),
            ..Default::default()
        }
    }

    fn wipe(self) {
        if let Some(area) = self.value.get_untracked() {
            area.set_value("");
        }
    }
}

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
    let draft = Draft::of(old.as_ref());
    let saving = Attempt::new();
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        saving.run(face.call(draft.call(&identity)), move |_| {
            draft.wipe();
            face.secrets_changed.update(|n| *n += 1);
            done.run(());
        });
    };
    let stopped = move || saving.busy.get() || draft.size.with(|size| *size > VALUE_MAX);
    view! {
        <form class="stack tight" on:submit=save>
            <Fields draft/>
            <Problem of=saving/>
            <div class="row end">
                <button class="button" type="button" data-test="cancel" on:click=move |_| done.run(())>"Cancel"</button>
                <button class="button main" data-test="save-secret" disabled=stopped>
                    {if draft.is_new { "Save secret" } else { "Save" }}
                </button>
            </div>
        </form>
    }
}

#[component]
fn Fields(draft: Draft) -> impl IntoView {
    let Draft { is_new, key, policy, notes, value, size } = draft;
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
        {match is_new {
            true => view! {
                <TextField name="Key" value=key test="secret-key" mono=true placeholder="GITHUB_TOKEN" hint=Signal::derive(key_hint)/>
            }
            .into_any(),
            false => view! { <h3><code>{key}</code></h3> }.into_any(),
        }}
        <label class="field">
            <span>{if is_new { "Value" } else { "New value" }}</span>
            <textarea
                class="input mono"
                rows="2"
                data-test="secret-value"
                node_ref=value
                autocomplete="off"
                spellcheck="false"
                on:input=move |event| size.set(event_target_value(&event).len())
            ></textarea>
            <HintLine hint=Signal::derive(value_hint)/>
        </label>
        <Choice name="Policy" value=policy test="secret-policy" options=policies/>
        <p class="small faint">"Asking you before each use comes with approvals."</p>
        <TextField name="Notes" value=notes test="secret-notes" hinted=false/>
    }
}

fn policy_named(name: &str) -> Policy {
    match name {
        "deny" => Policy::Deny,
        "ask" => Policy::Ask,
        _ => Policy::Auto,
    }
}
