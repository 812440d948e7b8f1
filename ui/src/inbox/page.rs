//! The place of all inboxes: whose, which medium, unread ones, and a search as one types.

use super::Filter;
use super::view::InboxView;
use crate::face::{Face, face};
use crate::field::Choice;
use crate::slots::identity_options;
use api::inbox::Medium;
use api::slots::Badge;
use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use std::time::Duration;

/// How long a person types before what is typed is looked for.
const TYPING: Duration = Duration::from_millis(250);

/// The page.
#[component]
pub fn InboxPage() -> impl IntoView {
    let face = face();
    let filter = face.inboxes.filter;
    view! {
        <main class="page inbox-page" data-test="inbox-page">
            <InboxView filter=filter.into()><Narrowing face/></InboxView>
        </main>
    }
}

/// What the list is narrowed to.
#[component]
fn Narrowing(face: Face) -> impl IntoView {
    let filter = face.inboxes.filter;
    let whose = RwSignal::new(String::new());
    let medium = RwSignal::new(String::new());
    // What was narrowed elsewhere, by a click on a badge, is shown here.
    Effect::new(move |_| {
        let now = filter.get();
        whose.set(now.identity.unwrap_or_default());
        medium.set(medium_name(now.medium).to_string());
    });
    Effect::new(move |before: Option<()>| {
        let (whose, medium) = (whose.get(), medium.get());
        if before.is_some() {
            let identity = Some(whose).filter(|name| !name.is_empty());
            let medium = [Medium::Email, Medium::Sms].into_iter().find(|m| medium_name(Some(*m)) == medium);
            narrow(filter, move |filter| (filter.identity, filter.medium) = (identity, medium));
        }
    });
    let mut later =
        debounce(TYPING, move |words: String| narrow(filter, move |filter| filter.search = words));
    let typed = move |event| later(event_target_value(&event).trim().to_string());
    let everybody = move || {
        let all = identity_options(face, false);
        std::iter::once((String::new(), "Everybody".to_string())).chain(all).collect::<Vec<_>>()
    };
    let media = [("", "Mail and texts"), ("email", "Mail"), ("sms", "Text messages")];
    let media = media.map(|(value, label)| (value.to_string(), label.to_string())).to_vec();
    let unread = move || filter.with(|filter| filter.unread);
    let count = move || match filter.with(|filter| filter.identity.clone()) {
        None => face.inboxes.unread(),
        Some(name) => face.badges.with(|badges| {
            let sits = |badge: &&Badge| badge.identity.as_ref().is_some_and(|who| who.name == name);
            badges.iter().flatten().find(sits).map_or(0, |badge| badge.unread)
        }),
    };
    view! {
        <h1 class="unseen">"Inbox"</h1>
        <input class="input" type="search" data-test="inbox-search" aria-label="Search in all messages" placeholder="Search ( / )"
            prop:value=filter.with_untracked(|filter| filter.search.clone()) autocomplete="off" on:input=typed/>
        <div class="two bare">
            <Choice name="Whose" value=whose test="inbox-identity" options=Signal::derive(everybody)/>
            <Choice name="What" value=medium test="inbox-medium" options=media/>
        </div>
        <div class="choices" role="group" aria-label="Which messages">
            <button data-test="inbox-all" aria-pressed=move || (!unread()).to_string() on:click=move |_| narrow(filter, |f| f.unread = false)>"All"</button>
            <button data-test="inbox-unread" aria-pressed=move || unread().to_string() on:click=move |_| narrow(filter, |f| f.unread = true)>
                "Unread"<b data-test="unread-here">{move || Some(count()).filter(|n| *n > 0)}</b>
            </button>
        </div>
    }
}

fn medium_name(medium: Option<Medium>) -> &'static str {
    match medium {
        None => "",
        Some(Medium::Email) => "email",
        Some(Medium::Sms) => "sms",
    }
}

/// Changes the filter; one that stays the same asks for nothing.
fn narrow(filter: RwSignal<Filter>, change: impl FnOnce(&mut Filter)) {
    let mut now = filter.get_untracked();
    change(&mut now);
    if filter.with_untracked(|before| *before != now) {
        filter.set(now);
    }
}
