//! Codes and links that were found in a message, each with what one does with it: copy, open, hand to the agent.

use super::text;
use crate::attempt::{Attempt, Problem};
use crate::clipboard::copy_secret;
use crate::face::{Face, face};
use crate::icons::{COPY, EXTERNAL_LINK, Icon, LINK_2, SQUARE_TERMINAL};
use crate::words;
use api::Millis;
use api::inbox::{FoundCode, FoundLink, Message};
use api::sessions::SendText;
use api::slots::Badge;
use leptos::prelude::*;
use std::collections::BTreeSet;

/// So many links are shown at once; what comes behind is worth less.
const LINKS_SHOWN: usize = 2;

/// The slot where an identity's session runs now, and that session.
fn running(face: Face, identity: &str) -> Option<(u32, String)> {
    let runs = |badge: &Badge| {
        let session = badge.session.as_ref().filter(|s| s.is_running() && s.identity_id == identity)?;
        Some((badge.slot, session.id.clone()))
    };
    face.badges.with(|badges| badges.iter().flatten().find_map(runs))
}

/// What was found in a message.
#[component]
pub fn FoundPart(
    /// The message.
    message: Message,
) -> impl IntoView {
    let Message { identity, at, found, .. } = message;
    let whose = StoredValue::new(identity);
    let mut seen = BTreeSet::new();
    let mut links: Vec<_> = found
        .links
        .into_iter()
        .filter(|link| text::is_web(&link.url) && seen.insert(link.url.clone()))
        .collect();
    let rest = links.split_off(links.len().min(LINKS_SHOWN));
    let code = move |code: FoundCode| view! { <FoundLine value=code.value is_link=false at identity=whose.get_value()/> };
    let link = move |link: FoundLink| view! { <FoundLine value=link.url is_link=true at identity=whose.get_value()/> };
    let more = (!rest.is_empty()).then(|| {
        let count = words::count(u32::try_from(rest.len()).unwrap_or(u32::MAX), "more link");
        view! {
            <details class="gone"><summary>{count}</summary><ul class="found">{rest.into_iter().map(link).collect::<Vec<_>>()}</ul></details>
        }
    });
    view! {
        <ul class="found" aria-label="Found in it">
            {found.codes.into_iter().map(code).collect::<Vec<_>>()}
            {links.into_iter().map(link).collect::<Vec<_>>()}
        </ul>
        {more}
    }
}

/// One code or link.
#[component]
fn FoundLine(value: String, is_link: bool, at: Millis, identity: String) -> impl IntoView {
    let face = face();
    let (copying, handing, asking) = (Attempt::new(), Attempt::new(), RwSignal::new(false));
    let old = Memo::new(move |_| face.now.get() - at > text::FRESH_FOR);
    let age = move || words::ago(face.now.get() - at);
    let to = Memo::new(move |_| running(face, &identity));
    let noun = if is_link { "The link" } else { "The code" };
    let (held, sent) = (StoredValue::new(value.clone()), value.clone());
    let copy = move |_| {
        let value = held.get_value();
        copying.run(async move { copy_secret(face, noun, &value).await }, |()| ());
    };
    let hand = Callback::new(move |()| {
        asking.set(false);
        let Some((slot, session)) = to.get_untracked() else { return };
        let text = sent.clone();
        let said = if is_link { "The link".to_string() } else { text::code(&text) };
        handing.run(face.call(SendText { session, text }), move |_| {
            face.notices.tell(format!("{said} is typed into slot {slot}'s terminal, without Enter."));
        });
    });
    // A plain code is what it looks like; anything else is shown before it is typed.
    let plain = !is_link && text::is_plain_code(&value);
    let ask = move |_| if plain { hand.run(()) } else { asking.update(|asking| *asking = !*asking) };
    let (test, shown) = match is_link {
        true => ("found-link", view! { <LinkText url=value.clone()/> }.into_any()),
        false => ("found-code", view! { <code class="code">{text::code(&value)}</code> }.into_any()),
    };
    let open = is_link.then(|| view! {
        <a class="button" data-test="open-link" href=value.clone() target="_blank" rel="noopener noreferrer" title=text::line(&value)><Icon of=EXTERNAL_LINK/>"Open"</a>
    });
    let terminal = move || match to.get() {
        Some((slot, _)) => format!("To slot {slot}"),
        None => "To its terminal".to_string(),
    };
    view! {
        <li class="found-line" class:old=old data-test=test>
            <div class="found-row">
                {is_link.then(|| view! { <Icon of=LINK_2/> })}
                <span class="grow found-text">{shown}</span>
                <span class="soft small age" title=move || if old.get() { "It may not work any more" } else { "Fresh" }>{age}</span>
                <button class="button" data-test="copy-found" disabled=move || copying.busy.get() on:click=copy><Icon of=COPY/>"Copy"</button>
                {open}
                <button class="button" data-test="hand-over" disabled=move || to.with(Option::is_none) || handing.busy.get()
                    title=move || if to.with(Option::is_none) { "Nothing of this identity runs now" } else { "Types it into the agent's terminal, without Enter" }
                    on:click=ask><Icon of=SQUARE_TERMINAL/>{terminal}</button>
            </div>
            {move || asking.get().then(|| view! { <HandQuestion text=held.get_value() to hand asking/> })}
            <Problem of=copying/>
            <Problem of=handing/>
        </li>
    }
}

/// Shows all of what would be typed.
#[component]
fn HandQuestion(
    text: String,
    to: Memo<Option<(u32, String)>>,
    hand: Callback<()>,
    asking: RwSignal<bool>,
) -> impl IntoView {
    let slot = move || to.with(|to| to.as_ref().map_or(String::new(), |(slot, _)| format!("slot {slot}")));
    // What is typed byte for byte must not press Enter, nor say one thing and be another.
    let safe = !text.chars().any(api::names::drives_terminal);
    view! {
        <div class="stack tight hand" data-test="hand-question">
            <p>{move || format!("This is typed into the terminal of {}, without Enter:", slot())}</p>
            <code class="claim">{words::plain(&text)}</code>
            {(!safe).then(|| view! { <p class="problem">"It holds characters that drive a terminal, so it is not typed. Copy it instead."</p> })}
            <div class="row end">
                <button class="button" data-test="cancel" on:click=move |_| asking.set(false)>"Don't"</button>
                <button class="button main" data-test="confirm" disabled=!safe on:click=move |_| hand.run(())>"Type it"</button>
            </div>
        </div>
    }
}

/// A link: the host that it really goes to, and the rest.
#[component]
fn LinkText(url: String) -> impl IntoView {
    let (host, path) = text::link(&url);
    let safe = url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
    view! {
        <span class="cut" title=text::line(&url)>
            {(!safe).then(|| view! { <span class="tag" title="Whoever is in between can read it">"not encrypted"</span>" " })}
            <b>{host}</b><span class="soft mono">{path}</span>
        </span>
    }
}

/// The freshest code or link that came for an identity, on its badge, for as long as it is worth something.
#[component]
pub fn FreshChips(
    /// The identity's id.
    #[prop(into)]
    identity: Signal<Option<String>>,
) -> impl IntoView {
    let face = face();
    let newest = Memo::new(move |_| {
        let all = face.inboxes.newest_of(&identity.get()?);
        let with = |message: &&Message| !(message.found.codes.is_empty() && message.found.links.is_empty());
        let message = all.iter().find(with)?;
        let code = message.found.codes.first().map(|code| (code.value.clone(), false));
        let link = message.found.links.iter().find(|link| text::is_web(&link.url));
        let (value, is_link) = code.or_else(|| link.map(|link| (link.url.clone(), true)))?;
        Some((value, is_link, message.at))
    });
    let fresh = Memo::new(move |_| newest.get().filter(|(.., at)| face.now.get() - at <= text::FRESH_FOR));
    let copying = Attempt::new();
    move || {
        fresh.get().map(|(value, is_link, at)| {
            let noun = if is_link { "The link" } else { "The code" };
            let shown = if is_link { format!("link {}", text::link(&value).0) } else { format!("code {}", text::code(&value)) };
            let copied = value.clone();
            let copy = move |_| {
                let value = copied.clone();
                copying.run(async move { copy_secret(face, noun, &value).await }, |()| ());
            };
            view! {
                <button class="chip fresh" data-test="fresh" title=move || format!("Came {}. Copy it", words::ago(face.now.get() - at)) on:click=copy>
                    <span class="cut">{shown}</span><Icon of=COPY/>
                </button>
            }
        })
    }
}
