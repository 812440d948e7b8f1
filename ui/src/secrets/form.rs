//! The form for a secret: a new one, or another value, policy or note for one that is there.

use super::{policy_named, policy_options};
use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::field::{Choice, Hint, HintLine, TextField};
use api::SecretText;
use api::names::check_key;
use api::secrets::{Policy, RotateSecret, SecretEntry, SetSecret, VALUE_MAX};
use leptos::html;
use leptos::prelude::*;

/// What is typed.
#[derive(Clone, Copy)]
struct Draft {
    is_new: bool,
    key: RwSignal<String>,
    policy: RwSignal<String>,
    notes: RwSignal<String>,
    /// The worktree that it is for alone, by its id.
    worktree: StoredValue<Option<String>>,
    because: RwSignal<String>,
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
            worktree: StoredValue::new(old.and_then(|o| o.worktree_id.clone())),
            because: RwSignal::new(String::new()),
            value: NodeRef::new(),
            size: RwSignal::new(0),
        }
    }

    fn value(self) -> SecretText {
        SecretText::new(self.value.get_untracked().map(|area| area.value()).unwrap_or_default())
    }

    /// The whole of a new secret, or all but the value of one that is there.
    fn call(self, identity: &str) -> SetSecret {
        SetSecret {
            identity: Some(identity.to_string()),
            key: self.key.with_untracked(|key| key.trim().to_string()),
            value: self.is_new.then(|| self.value()),
            policy: Some(policy_named(&self.policy.get_untracked())),
            notes: Some(self.notes.get_untracked()),
            worktree: self.worktree.get_value(),
        }
    }

    /// The new value of one that is there, for all that share it.
    fn rotation(self, identity: &str) -> Option<RotateSecret> {
        (!self.is_new && self.size.get_untracked() > 0).then(|| RotateSecret {
            identity: Some(identity.to_string()),
            key: self.key.get_untracked(),
            worktree: self.worktree.get_value(),
            value: self.value(),
            because: Some(self.because.get_untracked()).filter(|why| !why.trim().is_empty()),
        })
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
        let (rest, rotation) = (draft.call(&identity), draft.rotation(&identity));
        let work = async move {
            if let Some(rotation) = rotation {
                face.call(rotation).await?;
            }
            face.call(rest).await
        };
        saving.run(work, move |_| {
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
    let Draft { is_new, key, policy, notes, because, value, size, .. } = draft;
    let key_hint = move || Hint::of(&key.get(), check_key, "the name of an environment variable");
    let value_hint = move || match size.get() {
        n if n > VALUE_MAX => Hint::Wrong(format!("{n} bytes: the limit is 64 KiB")),
        0 if !is_new => Hint::Say("leave it empty to keep the value".into()),
        _ => Hint::None,
    };
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
                class="input mono secret"
                rows="2"
                data-test="secret-value"
                node_ref=value
                autocomplete="off"
                spellcheck="false"
                on:input=move |event| size.set(event_target_value(&event).len())
            ></textarea>
            <HintLine hint=Signal::derive(value_hint)/>
        </label>
        {(!is_new).then(|| view! {
            <TextField name="Why the value changes" value=because test="secret-because" placeholder="quarterly rotation" hinted=false/>
        })}
        <Choice name="Policy" value=policy test="secret-policy" options=policy_options()/>
        <TextField name="Notes" value=notes test="secret-notes" hinted=false/>
    }
}
