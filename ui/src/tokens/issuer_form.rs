//! The form for an issuer: a new one, or changes to one that is there.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::field::{Choice, Hint, HintLine, TextField};
use crate::secrets::policy_named;
use crate::words;
use api::SecretText;
use api::issuers::{AddIssuer, Issuer, Kind, UpdateIssuer};
use api::names::check_name;
use api::secrets::Policy;
use leptos::html;
use leptos::prelude::*;
use std::collections::BTreeMap;

/// What is typed.
#[derive(Clone, Copy)]
struct Draft {
    is_new: bool,
    name: RwSignal<String>,
    kind: RwSignal<String>,
    url: RwSignal<String>,
    settings: RwSignal<String>,
    policy: RwSignal<String>,
    /// The secret stays in its element and goes straight to the call: no signal holds it.
    secret: NodeRef<html::Textarea>,
}

impl Draft {
    fn of(old: Option<&Issuer>) -> Self {
        let lines = |issuer: &Issuer| {
            issuer
                .settings
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join("\n")
        };
        let text = |get: &dyn Fn(&Issuer) -> String| RwSignal::new(old.map(get).unwrap_or_default());
        Self {
            is_new: old.is_none(),
            name: text(&|i| i.name.clone()),
            kind: RwSignal::new(old.map_or(Kind::GithubApp, |i| i.kind).name().to_string()),
            url: text(&|i| i.base_url.clone().unwrap_or_default()),
            settings: text(&lines),
            policy: RwSignal::new(old.map_or(Policy::Ask, |i| i.policy).name().to_string()),
            secret: NodeRef::new(),
        }
    }

    fn kind(self) -> Kind {
        self.kind.with(|kind| Kind::named(kind)).unwrap_or(Kind::GithubApp)
    }

    /// The secret as it is typed now.
    fn secret(self) -> Option<SecretText> {
        let text = self.secret.get_untracked().map(|area| area.value()).unwrap_or_default();
        Some(text).filter(|text| !text.trim().is_empty()).map(SecretText::new)
    }

    fn settings(self) -> BTreeMap<String, String> {
        self.settings.with_untracked(|text| settings(text).unwrap_or_default())
    }

    fn add(self) -> AddIssuer {
        AddIssuer {
            name: self.name.with_untracked(|name| name.trim().to_string()),
            kind: untrack(|| self.kind()),
            base_url: Some(self.url.with_untracked(|url| url.trim().to_string()))
                .filter(|url| !url.is_empty()),
            settings: self.settings(),
            secret: self.secret(),
            policy: Some(policy_named(&self.policy.get_untracked())),
        }
    }

    /// What was there and is not written any more is taken away.
    fn update(self, old: &Issuer) -> UpdateIssuer {
        let mut settings: BTreeMap<_, _> =
            old.settings.keys().map(|name| (name.clone(), String::new())).collect();
        settings.extend(self.settings());
        UpdateIssuer {
            issuer: old.id.clone(),
            base_url: Some(self.url.with_untracked(|url| url.trim().to_string())),
            settings,
            secret: self.secret(),
            policy: Some(policy_named(&self.policy.get_untracked())),
        }
    }
}

/// One `NAME=VALUE` a line; nothing if a line is not of that form.
fn settings(text: &str) -> Option<BTreeMap<String, String>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            line.split_once('=').map(|(name, value)| (name.trim().to_string(), value.trim().to_string()))
        })
        .collect()
}

/// What a kind must be told, what its secret is, and where its API is otherwise.
fn needs(kind: Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::GithubApp => ("client_id=…", "the app's private key (PEM)", "https://api.github.com"),
        Kind::GithubPat => ("", "the personal access token", "https://api.github.com"),
        Kind::GitlabProject => {
            ("project=group/name", "a token that may make access tokens", "https://gitlab.com")
        }
        Kind::GitlabGroup => ("group=name", "a token that may make access tokens", "https://gitlab.com"),
        Kind::Npm => ("username=…", "the account's password", "the registry's address; it is needed"),
        Kind::Cloudflare => ("policies=[…]", "a token that may make tokens", "https://api.cloudflare.com"),
        Kind::Vercel => ("", "a token that may make tokens", "https://api.vercel.com"),
        Kind::Command => ("command=/path/of/a/program", "handed to the program, if it needs one", ""),
    }
}

/// The form.
#[component]
pub fn IssuerForm(
    /// The issuer to change; a new one if left out.
    #[prop(optional)]
    old: Option<Issuer>,
    /// Closes the dialog.
    close: Callback<()>,
) -> impl IntoView {
    let face = face();
    let draft = Draft::of(old.as_ref());
    let saving = Attempt::new();
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let old = old.clone();
        let work = async move {
            match old {
                None => face.call(draft.add()).await,
                Some(old) => face.call(draft.update(&old)).await,
            }
        };
        saving.run(work, move |_| {
            if let Some(area) = draft.secret.get_untracked() {
                area.set_value("");
            }
            face.relist_issuers();
            close.run(());
        });
    };
    let wrong =
        move || draft.settings.with(|text| settings(text).is_none()) || draft.name.with(String::is_empty);
    view! {
        <form class="stack tight" on:submit=save>
            <Fields draft/>
            <Problem of=saving/>
            <div class="row end">
                <button class="button" type="button" data-test="cancel" on:click=move |_| close.run(())>"Cancel"</button>
                <button class="button main" data-test="save-issuer" disabled=move || saving.busy.get() || wrong()>
                    {if draft.is_new { "Add issuer" } else { "Save" }}
                </button>
            </div>
        </form>
    }
}

#[component]
fn Fields(draft: Draft) -> impl IntoView {
    let kinds: Vec<_> =
        Kind::ALL.iter().map(|k| (k.name().to_string(), words::kind(*k).to_string())).collect();
    let name_hint =
        move || Hint::of(&draft.name.get(), |name| check_name("issuer", name), "what agents call it");
    let settings_hint =
        move || match (draft.settings.with(|text| settings(text).is_none()), needs(draft.kind()).0) {
            (true, _) => Hint::Wrong("one NAME=VALUE a line".into()),
            (false, "") => Hint::Say("one NAME=VALUE a line; this kind needs none".into()),
            (false, needed) => Hint::Say(format!("one NAME=VALUE a line; it needs {needed}")),
        };
    let policies = [("auto", "at once"), ("ask", "you approve each"), ("deny", "never to an agent")];
    let policies = policies.map(|(name, what)| (name.to_string(), format!("{name}: {what}"))).to_vec();
    let secret_name = move || match draft.is_new {
        true => format!("Secret: {}", needs(draft.kind()).1),
        false => format!("Another secret: {}", needs(draft.kind()).1),
    };
    view! {
        {draft.is_new.then(|| view! {
            <div class="two">
                <TextField name="Name" value=draft.name test="issuer-name" mono=true placeholder="github" hint=Signal::derive(name_hint)/>
                <Choice name="Kind" value=draft.kind test="issuer-kind" options=kinds/>
            </div>
        })}
        <TextField name="Address of its API" value=draft.url test="issuer-url" mono=true hinted=false
            placeholder=Signal::derive(move || needs(draft.kind()).2.to_string())/>
        <label class="field">
            <span>"Settings"</span>
            <textarea class="input mono" rows="2" data-test="issuer-settings" spellcheck="false"
                placeholder=move || needs(draft.kind()).0 prop:value=move || draft.settings.get()
                on:input=move |event| draft.settings.set(event_target_value(&event))></textarea>
            <HintLine hint=Signal::derive(settings_hint)/>
        </label>
        <label class="field">
            <span>{secret_name}</span>
            <textarea class="input mono secret" rows="2" data-test="issuer-secret" node_ref=draft.secret autocomplete="off" spellcheck="false"></textarea>
            <HintLine hint=Signal::stored(if draft.is_new { Hint::None } else { Hint::Say("leave it empty to keep what is sealed".into()) })/>
        </label>
        <Choice name="When an agent asks" value=draft.policy test="issuer-policy" options=policies/>
    }
}
