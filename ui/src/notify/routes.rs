//! The ways besides the desktop: each with what it takes, a try, and the log of what was sent on it.

use super::occasion;
use super::rules::outcome;
use crate::attempt::{Attempt, Problem};
use crate::face::{Dialog, face};
use crate::icons::{Icon, PENCIL, PLUS, TRASH_2};
use crate::words;
use api::notify::{
    Delivery, DeliveryState, GetNotify, ListDeliveries, RemoveRoute, Route, Rule, TestNotify, Tested,
};
use leptos::prelude::*;

/// All routes.
#[component]
pub fn Routes() -> impl IntoView {
    let face = face();
    let listing = Attempt::new();
    let all = RwSignal::new(None::<Vec<Route>>);
    Effect::new(move |_| {
        face.notify_changed.track();
        // The page may have been left meanwhile.
        listing.run(face.call(GetNotify {}), move |settings| drop(all.try_set(Some(settings.routes))));
    });
    let none = move || all.with(|all| all.as_ref().is_some_and(Vec::is_empty));
    view! {
        <div class="stack tight">
            <Problem of=listing/>
            {move || none().then(|| view! { <p class="soft">"None yet. Mail, a text message, ntfy or a webhook tell you where you are when you are not here."</p> })}
            <ul class="lines" data-test="routes">
                <For each=move || all.get().unwrap_or_default() key=|r| (r.id.clone(), r.updated_at) children=|route| view! { <RouteLine route/> }/>
            </ul>
            <div class="row">
                <button class="button" data-test="add-route" on:click=move |_| face.dialog.set(Some(Dialog::AddRoute))><Icon of=PLUS/>"Add a route"</button>
            </div>
        </div>
    }
}

/// What a route takes, in words.
fn rule(rule: &Rule) -> String {
    let list = |words: Vec<String>, otherwise: &str| match words.is_empty() {
        true => otherwise.to_string(),
        false => words.join(", "),
    };
    let mut said = list(rule.events.iter().map(|of| occasion(*of).to_string()).collect(), "everything");
    if !rule.slots.is_empty() {
        said += &format!(" · slot {}", list(rule.slots.iter().map(u32::to_string).collect(), ""));
    }
    if !rule.projects.is_empty() {
        said += &format!(" · {}", rule.projects.join(", "));
    }
    match i64::try_from(rule.after_ms) {
        Ok(after) if after > 0 => format!("{said} · if nobody reacts for {}", words::duration(after)),
        _ => said,
    }
}

#[component]
fn RouteLine(route: Route) -> impl IntoView {
    let face = face();
    let (acting, asking) = (Attempt::new(), RwSignal::new(false));
    let tested = RwSignal::new(Vec::<Tested>::new());
    let (name, change) = (route.name.clone(), route.clone());
    let (to_test, to_remove) = (route.name.clone(), route.name.clone());
    let test = move |_| {
        let call = TestNotify { route: Some(to_test.clone()) };
        acting.run(face.call(call), move |all| drop(tested.try_set(all)));
    };
    let remove = move |_| acting.run(face.call(RemoveRoute { route: to_remove.clone() }), |_| ());
    let question = move || {
        let remove = remove.clone();
        asking.get().then(|| view! {
            <button class="button" data-test="cancel" on:click=move |_| asking.set(false)>"Keep it"</button>
            <button class="button harm" data-test="confirm" on:click=remove>"Remove"</button>
        })
    };
    view! {
        <li data-test=format!("route-{name}")>
            <div class="grow">
                <p class="cut"><b>{name.clone()}</b>" "<span class="soft">{route.kind.name()}</span></p>
                <p class="soft small">{rule(&route.rule)}</p>
                <Problem of=acting/>
                <ul>{move || tested.get().into_iter().map(outcome).collect::<Vec<_>>()}</ul>
                <Log route=name.clone()/>
            </div>
            {question}
            <button class="button" data-test=format!("test-{name}") disabled=move || acting.busy.get() on:click=test>"Test"</button>
            <button class="quiet" data-test=format!("edit-route-{name}") aria-label=format!("Change {name}") title="Change"
                on:click=move |_| face.dialog.set(Some(Dialog::EditRoute(Box::new(change.clone()))))><Icon of=PENCIL/></button>
            <button class="quiet harms" data-test=format!("remove-route-{name}") aria-label=format!("Remove {name}") title="Remove"
                on:click=move |_| asking.set(true)><Icon of=TRASH_2/></button>
        </li>
    }
}

/// What was sent on a route, when it is opened.
#[component]
fn Log(route: String) -> impl IntoView {
    let face = face();
    let listing = Attempt::new();
    let all = RwSignal::new(None::<Vec<Delivery>>);
    let look = move |_| {
        let call = ListDeliveries { route: Some(route.clone()) };
        listing.run(face.call(call), move |found| drop(all.try_set(Some(found))));
    };
    let one = move |d: Delivery| {
        let bad = d.state == DeliveryState::Failed;
        let what = d
            .notices
            .first()
            .map(|n| format!("slot {}: {}", n.slot, words::one_line(&n.text)))
            .unwrap_or_default();
        let said = d.said.map(|said| words::plain(&said)).unwrap_or_default();
        view! {
            <li class=if bad { "delivery bad" } else { "delivery" }>
                <time>{words::moment(d.created_at, false)}</time><b>{d.state.name()}</b><span class="grow">{what}</span><span class="soft">{said}</span>
            </li>
        }
    };
    view! {
        <details class="gone" on:toggle=look>
            <summary>"Log"</summary>
            <Problem of=listing/>
            {move || all.with(|all| all.as_ref().is_some_and(Vec::is_empty)).then(|| view! { <p class="soft small">"Nothing was sent yet."</p> })}
            <ul class="deliveries">{move || all.get().unwrap_or_default().into_iter().take(50).map(one).collect::<Vec<_>>()}</ul>
        </details>
    }
}
