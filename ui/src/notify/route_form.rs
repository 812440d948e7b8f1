//! The form for a route: where it goes, with which secret, and what it takes.

use super::occasion;
use crate::attempt::Attempt;
use crate::face::{Face, face};
use crate::field::TextField;
use crate::setup::{Needs, Setup, SetupEnd, SetupFields, Wording};
use crate::words;
use api::notify::{AddRoute, Occasion, Route, RouteKind, Rule, UpdateRoute};
use leptos::prelude::*;

const WORDING: Wording = Wording { noun: "route", example: "phone", url: "Server", needs };

/// What a route takes, as it is typed.
#[derive(Clone, Copy)]
struct Taken {
    events: RwSignal<Vec<Occasion>>,
    minutes: RwSignal<String>,
    slots: RwSignal<String>,
    projects: RwSignal<Vec<String>>,
}

impl Taken {
    fn of(rule: &Rule) -> Self {
        let minutes = Some(rule.after_ms / 60_000).filter(|minutes| *minutes > 0);
        let slots: Vec<_> = rule.slots.iter().map(u32::to_string).collect();
        let events = if rule.events.is_empty() { Occasion::ALL.to_vec() } else { rule.events.clone() };
        Self {
            events: RwSignal::new(events),
            minutes: RwSignal::new(minutes.map(|minutes| minutes.to_string()).unwrap_or_default()),
            slots: RwSignal::new(slots.join(", ")),
            projects: RwSignal::new(rule.projects.clone()),
        }
    }

    fn rule(self) -> Rule {
        let events = self.events.get_untracked();
        let all = events.len() == Occasion::ALL.len();
        Rule {
            events: if all { Vec::new() } else { events },
            slots: untrack(|| self.slots()).unwrap_or_default(),
            projects: self.projects.get_untracked(),
            after_ms: untrack(|| self.minutes()).unwrap_or(0).saturating_mul(60_000),
        }
    }

    fn minutes(self) -> Option<u64> {
        self.minutes.with(|text| if text.trim().is_empty() { Some(0) } else { text.trim().parse().ok() })
    }

    /// The slots that are named; nothing if one is no number.
    fn slots(self) -> Option<Vec<u32>> {
        self.slots.with(|text| {
            let words = text.split([',', ' ']).filter(|word| !word.is_empty());
            words.map(|word| word.parse().ok()).collect()
        })
    }

    fn is_wrong(self) -> bool {
        self.minutes().is_none() || self.slots().is_none() || self.events.with(Vec::is_empty)
    }
}

/// What a kind must be told.
fn needs(kind: &str) -> Needs {
    match RouteKind::named(kind) {
        Some(RouteKind::Mail) => Needs {
            settings: "from=…\nto=…",
            secret: "the mailbox's password, if it wants one",
            url: "smtps://mail.example.com",
            ..Needs::default()
        },
        Some(RouteKind::Twilio) => Needs {
            settings: "account=AC…\nfrom=+1…\nto=+1…",
            secret: "the account's auth token",
            url: "https://api.twilio.com",
            ..Needs::default()
        },
        Some(RouteKind::Ntfy) => Needs {
            settings: "topic=…",
            secret: "an access token, if the topic wants one",
            url: "https://ntfy.sh",
            ..Needs::default()
        },
        _ => Needs {
            secret: "the key that signs each message",
            url: "https://example.com/hook",
            ..Needs::default()
        },
    }
}

async fn save(face: Face, old: Option<Route>, setup: Setup, rule: Rule) -> api::Result<Route> {
    let (settings, url, secret) = (setup.settings(), setup.url(), setup.secret());
    let Some(old) = old else {
        let kind = RouteKind::named(&setup.kind()).unwrap_or(RouteKind::Webhook);
        return face.call(AddRoute { name: setup.name(), kind, url, settings, secret, rule }).await;
    };
    face.call(UpdateRoute { route: old.id, url, settings, secret, rule: Some(rule) }).await
}

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
    let setup = match &old {
        None => Setup::new(RouteKind::Webhook.name()),
        Some(old) => Setup::of(old.kind.name(), old.url.as_deref(), &old.settings),
    };
    let taken = Taken::of(&old.as_ref().map(|old| old.rule.clone()).unwrap_or_default());
    let saving = Attempt::new();
    let kinds = RouteKind::ALL.iter().map(|k| (k.name().to_string(), k.name().to_string())).collect();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        saving.run(save(face, old.clone(), setup, taken.rule()), move |_| {
            setup.wipe();
            face.notify_changed.update(|n| *n += 1);
            close.run(());
        });
    };
    view! {
        <form class="stack tight" on:submit=submit>
            <SetupFields setup of=WORDING kinds/>
            <Takes taken/>
            <SetupEnd setup noun="route" saving wrong=Signal::derive(move || taken.is_wrong()) close/>
        </form>
    }
}

/// A row with a box to tick.
fn tick<T: Clone + PartialEq + Send + Sync + 'static>(
    among: RwSignal<Vec<T>>,
    of: T,
    label: String,
    test: String,
) -> impl IntoView {
    let chosen = of.clone();
    let change = move |event| {
        among.update(|all| {
            all.retain(|other| *other != of);
            all.extend(event_target_checked(&event).then_some(of.clone()));
        });
    };
    view! {
        <label class="tick-row">
            <input type="checkbox" data-test=test prop:checked=move || among.with(|all| all.contains(&chosen)) on:change=change/>
            <span>{label}</span>
        </label>
    }
}

/// What the route takes.
#[component]
fn Takes(taken: Taken) -> impl IntoView {
    let face = face();
    let occasions = Occasion::ALL
        .map(|of| tick(taken.events, of, words::capital(occasion(of)), format!("route-{}", of.name())));
    let projects = move || {
        let all = face.projects.get().unwrap_or_default();
        let one = |project: api::projects::Project| {
            tick(
                taken.projects,
                project.name.clone(),
                project.name.clone(),
                format!("route-project-{}", project.name),
            )
        };
        all.into_iter().map(one).collect::<Vec<_>>()
    };
    view! {
        <div class="field">
            <span>"It tells when"</span>
            <div role="group" aria-label="It tells when">{occasions.into_iter().collect::<Vec<_>>()}</div>
        </div>
        <TextField name="Only for these slots" value=taken.slots test="route-slots" placeholder="all; or 1, 3" hinted=false/>
        {move || face.projects.with(|all| all.as_ref().is_some_and(|all| !all.is_empty())).then(|| view! {
            <div class="field">
                <span>"Only for these projects; none means all"</span>
                <div role="group" aria-label="Only for these projects">{projects}</div>
            </div>
        })}
        <TextField name="Only if nobody reacts for so many minutes" value=taken.minutes test="route-minutes" placeholder="0: at once" hinted=false/>
    }
}
