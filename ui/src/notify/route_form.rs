//! The form for a route: where it goes, with which secret, and what it takes.

use super::occasion;
use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::field::{Choice, Hint, HintLine, TextField};
use crate::words;
use api::SecretText;
use api::names::check_name;
use api::notify::{AddRoute, Occasion, Route, RouteKind, Rule, UpdateRoute};
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
    /// The secret stays in its element and goes straight to the call: no signal holds it.
    secret: NodeRef<html::Input>,
    events: RwSignal<Vec<Occasion>>,
    minutes: RwSignal<String>,
    /// What the form does not show stays as it was.
    rule: StoredValue<Rule>,
}

impl Draft {
    fn of(old: Option<&Route>) -> Self {
        let rule = old.map(|old| old.rule.clone()).unwrap_or_default();
        let lines = |route: &Route| {
            route
                .settings
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join("\n")
        };
        let minutes = match rule.after_ms / 60_000 {
            0 => String::new(),
            minutes => minutes.to_string(),
        };
        Self {
            is_new: old.is_none(),
            name: RwSignal::new(old.map(|old| old.name.clone()).unwrap_or_default()),
            kind: RwSignal::new(old.map_or(RouteKind::Webhook, |old| old.kind).name().to_string()),
            url: RwSignal::new(old.and_then(|old| old.url.clone()).unwrap_or_default()),
            settings: RwSignal::new(old.map(lines).unwrap_or_default()),
            secret: NodeRef::new(),
            events: RwSignal::new(if rule.events.is_empty() {
                Occasion::ALL.to_vec()
            } else {
                rule.events.clone()
            }),
            minutes: RwSignal::new(minutes),
            rule: StoredValue::new(rule),
        }
    }

    fn kind(self) -> RouteKind {
        self.kind.with(|kind| RouteKind::named(kind)).unwrap_or(RouteKind::Webhook)
    }

    fn secret(self) -> Option<SecretText> {
        let text = self.secret.get_untracked().map(|field| field.value()).unwrap_or_default();
        Some(text).filter(|text| !text.is_empty()).map(SecretText::new)
    }

    fn rule(self) -> Rule {
        let events = self.events.get_untracked();
        let all = events.len() == Occasion::ALL.len();
        let minutes: u64 = self.minutes.with_untracked(|text| text.trim().parse()).unwrap_or(0);
        let events = if all { Vec::new() } else { events };
        Rule { events, after_ms: minutes.saturating_mul(60_000), ..self.rule.get_value() }
    }

    fn add(self) -> AddRoute {
        AddRoute {
            name: self.name.with_untracked(|name| name.trim().to_string()),
            kind: untrack(|| self.kind()),
            url: Some(self.url.with_untracked(|url| url.trim().to_string())).filter(|url| !url.is_empty()),
            settings: self.settings.with_untracked(|text| settings(text).unwrap_or_default()),
            secret: self.secret(),
            rule: self.rule(),
        }
    }

    /// What was there and is not written any more is taken away.
    fn update(self, old: &Route) -> UpdateRoute {
        let mut all: BTreeMap<_, _> = old.settings.keys().map(|name| (name.clone(), String::new())).collect();
        all.extend(self.settings.with_untracked(|text| settings(text).unwrap_or_default()));
        UpdateRoute {
            route: old.id.clone(),
            url: Some(self.url.with_untracked(|url| url.trim().to_string())),
            settings: all,
            secret: self.secret(),
            rule: Some(self.rule()),
        }
    }

    fn is_wrong(self) -> bool {
        let minutes =
            self.minutes.with(|text| !text.trim().is_empty() && text.trim().parse::<u64>().is_err());
        minutes
            || self.name.with(String::is_empty)
            || self.events.with(Vec::is_empty)
            || self.settings.with(|text| settings(text).is_none())
    }
}

/// One `NAME=VALUE` a line; nothing if a line is not of that form.
fn settings(text: &str) -> Option<BTreeMap<String, String>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let pair =
        |line: &str| line.split_once('=').map(|(name, value)| (name.trim().into(), value.trim().into()));
    lines.map(pair).collect()
}

/// What a kind must be told, what its secret is, and where it goes.
fn needs(kind: RouteKind) -> (&'static str, &'static str, &'static str) {
    NEEDS.iter().find(|(of, _)| *of == kind).map_or(("", "", ""), |(_, needs)| *needs)
}

const NEEDS: [(RouteKind, (&str, &str, &str)); 4] = [
    (
        RouteKind::Mail,
        ("from=…\nto=…", "the mailbox's password, if it wants one", "smtps://mail.example.com"),
    ),
    (
        RouteKind::Twilio,
        ("account=AC…\nfrom=+1…\nto=+1…", "the account's auth token", "https://api.twilio.com"),
    ),
    (RouteKind::Ntfy, ("topic=…", "an access token, if the topic wants one", "https://ntfy.sh")),
    (RouteKind::Webhook, ("", "the key that signs each message", "https://example.com/hook")),
];

/// The form.
#[component]
pub fn RouteForm(
    /// The route to change; a new one if left out.
    #[prop(optional)]
    old: Option<Route>,
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
            if let Some(field) = draft.secret.get_untracked() {
                field.set_value("");
            }
            face.notify_changed.update(|n| *n += 1);
            close.run(());
        });
    };
    view! {
        <form class="stack tight" on:submit=save>
            <Fields draft/>
            <Takes draft/>
            <Problem of=saving/>
            <div class="row end">
                <button class="button" type="button" data-test="cancel" on:click=move |_| close.run(())>"Cancel"</button>
                <button class="button main" data-test="save-route" disabled=move || saving.busy.get() || draft.is_wrong()>
                    {if draft.is_new { "Add route" } else { "Save" }}
                </button>
            </div>
        </form>
    }
}

#[component]
fn Fields(draft: Draft) -> impl IntoView {
    let kinds: Vec<_> = RouteKind::ALL.iter().map(|k| (k.name().to_string(), k.name().to_string())).collect();
    let name_hint = move || Hint::of(&draft.name.get(), |name| check_name("route", name), "as you call it");
    let settings_hint = move || match draft.settings.with(|text| settings(text).is_none()) {
        true => Hint::Wrong("one NAME=VALUE a line".into()),
        false => Hint::Say("one NAME=VALUE a line".into()),
    };
    view! {
        {draft.is_new.then(|| view! {
            <div class="two">
                <TextField name="Name" value=draft.name test="route-name" mono=true placeholder="phone" hint=Signal::derive(name_hint)/>
                <Choice name="Kind" value=draft.kind test="route-kind" options=kinds/>
            </div>
        })}
        <TextField name="Server" value=draft.url test="route-url" mono=true hinted=false
            placeholder=Signal::derive(move || needs(draft.kind()).2.to_string())/>
        <label class="field">
            <span>"Settings"</span>
            <textarea class="input mono" rows="3" data-test="route-settings" spellcheck="false"
                placeholder=move || needs(draft.kind()).0 prop:value=move || draft.settings.get()
                on:input=move |event| draft.settings.set(event_target_value(&event))></textarea>
            <HintLine hint=Signal::derive(settings_hint)/>
        </label>
        <label class="field">
            <span>{move || format!("Secret: {}", needs(draft.kind()).1)}</span>
            <input class="input mono" type="password" data-test="route-secret" node_ref=draft.secret autocomplete="off"
                placeholder=if draft.is_new { "" } else { "leave it empty to keep what is sealed" }/>
        </label>
    }
}

/// What the route takes.
#[component]
fn Takes(draft: Draft) -> impl IntoView {
    let one = move |of: Occasion| {
        let change = move |event| {
            draft.events.update(|events| {
                events.retain(|other| *other != of);
                events.extend(event_target_checked(&event).then_some(of));
            });
        };
        view! {
            <label class="tick-row">
                <input type="checkbox" data-test=format!("route-{}", of.name()) prop:checked=move || draft.events.with(|e| e.contains(&of)) on:change=change/>
                <span>{words::capital(occasion(of))}</span>
            </label>
        }
    };
    view! {
        <div class="field">
            <span>"It tells when"</span>
            <div role="group" aria-label="It tells when">{Occasion::ALL.map(one).into_iter().collect::<Vec<_>>()}</div>
        </div>
        <TextField name="Only if nobody reacts for so many minutes" value=draft.minutes test="route-minutes" placeholder="0: at once" hinted=false/>
    }
}
