//! How something outside is set up: its kind, address, settings and secret. Routes, issuers and sources share the form.

use crate::attempt::{Attempt, Problem};
use crate::field::{Choice, Hint, HintLine, TextField};
use api::SecretText;
use api::names::check_name;
use leptos::html;
use leptos::prelude::*;
use std::collections::BTreeMap;

/// What is typed.
#[derive(Clone, Copy)]
pub struct Setup {
    /// Whether it is a new one; another has its name and kind for good.
    pub is_new: bool,
    /// What sort it is, by its name.
    pub kind: RwSignal<String>,
    name: RwSignal<String>,
    url: RwSignal<String>,
    settings: RwSignal<String>,
    /// The address and the settings that were there before.
    before: StoredValue<(String, BTreeMap<String, String>)>,
    /// The secret stays in its element and goes straight to the call: no signal holds it.
    secret: NodeRef<html::Textarea>,
}

impl Setup {
    /// A new one, of this kind until another is chosen.
    pub fn new(kind: &str) -> Self {
        Self { is_new: true, ..Self::of(kind, None, &BTreeMap::new()) }
    }

    /// One that is there.
    pub fn of(kind: &str, url: Option<&str>, settings: &BTreeMap<String, String>) -> Self {
        let lines: Vec<_> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Self {
            is_new: false,
            kind: RwSignal::new(kind.to_string()),
            name: RwSignal::new(String::new()),
            url: RwSignal::new(url.unwrap_or_default().to_string()),
            settings: RwSignal::new(lines.join("\n")),
            before: StoredValue::new((url.unwrap_or_default().to_string(), settings.clone())),
            secret: NodeRef::new(),
        }
    }

    /// Its name.
    pub fn name(self) -> String {
        self.name.with_untracked(|name| name.trim().to_string())
    }

    /// Its kind, without following it.
    pub fn kind(self) -> String {
        self.kind.get_untracked()
    }

    /// Its address, where it differs from the one before; an empty one takes that away.
    pub fn url(self) -> Option<String> {
        let url = self.url.with_untracked(|url| url.trim().to_string());
        self.before.with_value(|(before, _)| (url != *before).then_some(url))
    }

    /// Its settings; what was there and is not written any more is taken away by an empty value.
    pub fn settings(self) -> BTreeMap<String, String> {
        let mut all = self.before.with_value(|(_, before)| {
            before.keys().map(|name| (name.clone(), String::new())).collect::<BTreeMap<_, _>>()
        });
        all.extend(self.settings.with_untracked(|text| settings(text).unwrap_or_default()));
        all
    }

    /// Its secret, if one was typed.
    pub fn secret(self) -> Option<SecretText> {
        let text = self.secret.get_untracked().map(|area| area.value()).unwrap_or_default();
        Some(text).filter(|text| !text.trim().is_empty()).map(SecretText::new)
    }

    /// Takes the secret off the page.
    pub fn wipe(self) {
        if let Some(area) = self.secret.get_untracked() {
            area.set_value("");
        }
    }

    /// Whether it can't be sent like this.
    pub fn is_wrong(self) -> bool {
        let unnamed = self.is_new && self.name.with(|name| check_name("name", name.trim()).is_err());
        unnamed || self.settings.with(|text| settings(text).is_none())
    }
}

/// One `NAME=VALUE` a line; nothing if a line is not of that form.
fn settings(text: &str) -> Option<BTreeMap<String, String>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let pair =
        |line: &str| line.split_once('=').map(|(name, value)| (name.trim().into(), value.trim().into()));
    lines.map(pair).collect()
}

/// What a kind must be told.
#[derive(Debug, Clone, Copy, Default)]
pub struct Needs {
    /// The settings that it can't do without, as one would write them.
    pub settings: &'static str,
    /// The settings that most will want besides.
    pub may: &'static str,
    /// What its secret is.
    pub secret: &'static str,
    /// An address as an example; none where nobody is asked.
    pub url: &'static str,
}

/// What the form says of the things that it is for.
#[derive(Debug, Clone, Copy)]
pub struct Wording {
    /// What it is, as the hooks for tests and the check of its name want it: `route`.
    pub noun: &'static str,
    /// A name as an example.
    pub example: &'static str,
    /// What the address is called.
    pub url: &'static str,
    /// What a kind must be told.
    pub needs: fn(&str) -> Needs,
}

/// The fields.
#[component]
pub fn SetupFields(
    /// What is typed.
    setup: Setup,
    /// The words.
    of: Wording,
    /// The kinds and what they are called.
    kinds: Vec<(String, String)>,
) -> impl IntoView {
    let Wording { noun, example, url, needs } = of;
    let needs = move || setup.kind.with(|kind| needs(kind));
    let test = move |field: &str| format!("{noun}-{field}");
    let name_hint = move || Hint::of(&setup.name.get(), |name| check_name(noun, name), "as you call it");
    let settings_hint = move || {
        let Needs { settings: needed, may, .. } = needs();
        if setup.settings.with(|text| settings(text).is_none()) {
            return Hint::Wrong("one NAME=VALUE a line".into());
        }
        let needed = match needed {
            "" => "this kind needs none".to_string(),
            needed => format!("it needs {}", needed.replace('\n', ", ")),
        };
        let may = if may.is_empty() { String::new() } else { format!("; {may}") };
        Hint::Say(format!("one NAME=VALUE a line; {needed}{may}"))
    };
    let has_url = Memo::new(move |_| !needs().url.is_empty());
    Effect::new(move |_| {
        if !has_url.get() {
            // What was typed for another kind would be sent for this one.
            setup.url.set(String::new());
        }
    });
    let which = if setup.is_new { "Secret" } else { "Another secret" };
    let kept =
        if setup.is_new { Hint::None } else { Hint::Say("leave it empty to keep what is sealed".into()) };
    view! {
        {setup.is_new.then(|| view! {
            <div class="two">
                <TextField name="Name" value=setup.name test=test("name") mono=true placeholder=example hint=Signal::derive(name_hint)/>
                <Choice name="Kind" value=setup.kind test=test("kind") options=kinds/>
            </div>
        })}
        {move || has_url.get().then(|| view! {
            <TextField name=url value=setup.url test=test("url") mono=true hinted=false
                placeholder=Signal::derive(move || needs().url.to_string())/>
        })}
        <label class="field">
            <span>"Settings"</span>
            <textarea class="input mono" rows="3" data-test=test("settings") spellcheck="false"
                placeholder=move || needs().settings prop:value=move || setup.settings.get()
                on:input=move |event| setup.settings.set(event_target_value(&event))></textarea>
            <HintLine hint=Signal::derive(settings_hint)/>
        </label>
        <label class="field">
            <span>{move || format!("{which}: {}", needs().secret)}</span>
            <textarea class="input mono secret" rows="2" data-test=test("secret") node_ref=setup.secret autocomplete="off" spellcheck="false"></textarea>
            <HintLine hint=Signal::stored(kept)/>
        </label>
    }
}

/// What a form ends with: what went wrong, and its two buttons.
#[component]
pub fn SetupEnd(
    /// What is typed.
    setup: Setup,
    /// What it is: `route`.
    noun: &'static str,
    /// The attempt to save it.
    saving: Attempt,
    /// Whether something else than the shared fields is wrong.
    #[prop(into, default = Signal::stored(false))]
    wrong: Signal<bool>,
    /// Closes the form.
    close: Callback<()>,
) -> impl IntoView {
    let verb = if setup.is_new { format!("Add {noun}") } else { "Save".to_string() };
    view! {
        <Problem of=saving/>
        <div class="row end">
            <button class="button" type="button" data-test="cancel" on:click=move |_| close.run(())>"Cancel"</button>
            <button class="button main" data-test=format!("save-{noun}")
                disabled=move || saving.busy.get() || wrong.get() || setup.is_wrong()>{verb}</button>
        </div>
    }
}
