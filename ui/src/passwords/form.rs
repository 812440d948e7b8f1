//! The form for a login: a new one, or another password, code or policy for one that is there.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::field::{Choice, Hint, HintLine, TextField};
use crate::secrets::{policy_named, policy_options};
use api::SecretText;
use api::passwords::{CreatePassword, LENGTH, PasswordEntry, UpdatePassword};
use api::secrets::Policy;
use leptos::html;
use leptos::prelude::*;

/// What is typed.
#[derive(Clone, Copy)]
struct Draft {
    is_new: bool,
    domain: RwSignal<String>,
    username: RwSignal<String>,
    policy: RwSignal<String>,
    generate: RwSignal<bool>,
    /// These stay in their elements and go straight to the call: no signal holds them.
    password: NodeRef<html::Input>,
    totp: NodeRef<html::Input>,
}

impl Draft {
    fn of(old: Option<&PasswordEntry>) -> Self {
        Self {
            is_new: old.is_none(),
            domain: RwSignal::new(old.map(|o| o.domain.clone()).unwrap_or_default()),
            username: RwSignal::new(old.map(|o| o.username.clone()).unwrap_or_default()),
            policy: RwSignal::new(old.map_or(Policy::Auto, |o| o.policy).name().to_string()),
            generate: RwSignal::new(false),
            password: NodeRef::new(),
            totp: NodeRef::new(),
        }
    }

    fn password(self) -> Option<SecretText> {
        typed(self.password).filter(|_| !self.generate.get_untracked())
    }

    fn create(self, identity: &str) -> CreatePassword {
        CreatePassword {
            identity: Some(identity.to_string()),
            domain: self.domain.with_untracked(|domain| domain.trim().to_string()),
            username: self.username.with_untracked(|name| name.trim().to_string()),
            password: self.password(),
            policy: Some(policy_named(&self.policy.get_untracked())),
            ..CreatePassword::default()
        }
    }

    fn update(self, identity: &str) -> UpdatePassword {
        UpdatePassword {
            identity: Some(identity.to_string()),
            domain: self.domain.with_untracked(|domain| domain.trim().to_string()),
            username: Some(self.username.with_untracked(|name| name.trim().to_string())),
            password: self.password().filter(|_| !self.is_new),
            length: self.generate.get_untracked().then_some(LENGTH),
            totp: typed(self.totp),
            policy: Some(policy_named(&self.policy.get_untracked())),
            ..UpdatePassword::default()
        }
    }

    fn wipe(self) {
        for field in [self.password, self.totp] {
            if let Some(field) = field.get_untracked() {
                field.set_value("");
            }
        }
    }
}

fn typed(field: NodeRef<html::Input>) -> Option<SecretText> {
    let text = field.get_untracked().map(|field| field.value()).unwrap_or_default();
    Some(text).filter(|text| !text.is_empty()).map(SecretText::new)
}

/// The form.
#[component]
pub fn LoginForm(
    /// Whose, by name.
    identity: String,
    /// The login to change; a new one if left out.
    #[prop(optional)]
    old: Option<PasswordEntry>,
    /// Closes the form.
    done: Callback<()>,
) -> impl IntoView {
    let face = face();
    let draft = Draft::of(old.as_ref());
    let saving = Attempt::new();
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let identity = identity.clone();
        let work = async move {
            if draft.is_new {
                let made = face.call(draft.create(&identity)).await?;
                if typed(draft.totp).is_none() {
                    return Ok(made);
                }
            }
            face.call(draft.update(&identity)).await
        };
        saving.run(work, move |_| {
            draft.wipe();
            face.passwords_changed.update(|n| *n += 1);
            done.run(());
        });
    };
    view! {
        <form class="stack tight" on:submit=save>
            <Fields draft/>
            <Problem of=saving/>
            <div class="row end">
                <button class="button" type="button" data-test="cancel" on:click=move |_| done.run(())>"Cancel"</button>
                <button class="button main" data-test="save-login" disabled=move || saving.busy.get()>
                    {if draft.is_new { "Save login" } else { "Save" }}
                </button>
            </div>
        </form>
    }
}

#[component]
fn Fields(draft: Draft) -> impl IntoView {
    let password_hint = match draft.is_new {
        true => format!("{LENGTH} random characters, if empty"),
        false => "leave it empty to keep the password".into(),
    };
    let totp_hint = "base32, or an otpauth: address; leave it empty where there are none";
    let field = |name: &'static str, test: &'static str, of: NodeRef<html::Input>, hint: String| {
        view! {
            <label class="field">
                <span>{name}</span>
                <input class="input mono" type="password" data-test=test node_ref=of autocomplete="off" spellcheck="false"/>
                <HintLine hint=Signal::stored(Hint::Say(hint))/>
            </label>
        }
    };
    view! {
        {match draft.is_new {
            true => view! {
                <TextField name="Host" value=draft.domain test="login-domain" mono=true placeholder="github.com" hinted=false/>
                <TextField name="User name" value=draft.username test="login-username" mono=true hinted=false/>
            }
            .into_any(),
            false => view! { <h3><code>{draft.domain}</code></h3> }.into_any(),
        }}
        {field("Password", "login-password", draft.password, password_hint)}
        {(!draft.is_new).then(|| view! {
            <label class="row"><input type="checkbox" data-test="login-generate" prop:checked=move || draft.generate.get()
                on:change=move |event| draft.generate.set(event_target_checked(&event))/>"Generate a new one"</label>
        })}
        {field("Secret of its one-time codes", "login-totp", draft.totp, totp_hint.into())}
        <Choice name="Policy" value=draft.policy test="login-policy" options=policy_options()/>
    }
}
