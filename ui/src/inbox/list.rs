//! The list of messages: as many lines as can be seen, however many there are.

use super::letters::Letters;
use super::text;
use super::view::Reading;
use crate::attempt::Problem;
use crate::face::face;
use crate::icons::{ARROW_UP, Icon, MESSAGE_SQUARE, PAPERCLIP};
use crate::identities::hue_of;
use crate::slots::Mono;
use crate::words;
use api::inbox::{Medium, Message, Sending};
use leptos::prelude::*;

/// The height of a line, as the style sheet has it.
pub const LINE: i32 = 72;
/// So many lines beyond what can be seen are drawn.
const BEYOND: i32 = 6;

/// The list.
#[component]
pub fn LetterList(
    /// Which messages.
    letters: Letters,
    /// What is done with them.
    reading: Reading,
    /// Whether each line says whose it is.
    named: bool,
) -> impl IntoView {
    let Letters { held, waiting, next, list, paging, .. } = letters;
    let (top, height) = (RwSignal::new(0), RwSignal::new(1200));
    let count = Memo::new(move |_| held.with(|held| held.as_ref().map_or(0, Vec::len)));
    let drawn = Memo::new(move |_| {
        let (first, last) = ((top.get() / LINE - BEYOND).max(0), (top.get() + height.get()) / LINE + BEYOND);
        let sight = usize::try_from(first).unwrap_or(0)..usize::try_from(last).unwrap_or(0).min(count.get());
        held.with(|held| {
            let all = held.as_deref().unwrap_or_default();
            let lines = all.get(sight.clone()).unwrap_or_default();
            sight.zip(lines.iter().cloned()).collect::<Vec<_>>()
        })
    });
    let scrolled = move |_| {
        let Some(list) = list.get_untracked() else { return };
        top.set(list.scroll_top());
        height.set(list.client_height());
        if list.scroll_height() - list.scroll_top() - list.client_height() < LINE * 10 {
            letters.older();
        }
    };
    let left = move |_| {
        if waiting.get_untracked() > 0 {
            letters.look_again();
        }
    };
    let newer = move || Some(waiting.get()).filter(|n| *n > 0);
    let tall = move || format!("height:{}px", count.get() * usize::try_from(LINE).unwrap_or(0));
    view! {
        <div class="letters" node_ref=list on:scroll=scrolled on:mouseleave=left data-test="letters" aria-busy=move || held.with(Option::is_none).to_string()>
            {move || newer().map(|n| view! {
                <button class="button newer" data-test="newer-messages" on:click=move |_| letters.begin()>
                    <Icon of=ARROW_UP/>{words::count(u32::try_from(n).unwrap_or(u32::MAX), "new message")}
                </button>
            })}
            <Problem of=paging/>
            {move || (held.with(Option::is_none) && paging.problem.with(Option::is_none)).then(|| view! { <Skeletons/> })}
            {move || held.with(|held| held.as_ref().is_some_and(Vec::is_empty)).then(|| view! { <Nothing letters/> })}
            <ul class="letter-lines" role="listbox" aria-label="Messages" style=tall>
                <For each=move || drawn.get() key=|(at, message)| (*at, message.id.clone(), message.unread, sent(message))
                    children=move |(at, message)| view! { <Line at message reading named/> }/>
            </ul>
            {move || (next.with(Option::is_none) && count.get() > 8).then(|| view! { <p class="soft small end">"This is where it begins."</p> })}
        </div>
    }
}

fn sent(message: &Message) -> u8 {
    match &message.sending {
        None | Some(Sending::Sent) => 0,
        Some(Sending::Queued) => 1,
        Some(Sending::Failed { .. }) => 2,
    }
}

#[component]
fn Skeletons() -> impl IntoView {
    let one = |_| view! { <li class="letter still" aria-hidden="true"><span class="skeleton">"…"</span><span class="skeleton grow">"…"</span></li> };
    view! { <ul>{(0..8).map(one).collect::<Vec<_>>()}</ul> }
}

/// What is said where nothing fits.
#[component]
fn Nothing(letters: Letters) -> impl IntoView {
    let face = face();
    let said = move || {
        letters.filter.with(|filter| match (filter.search.is_empty(), filter.unread, &filter.identity) {
            (false, ..) => {
                "No message has these words. Whole words are looked for, and the beginning of the last one."
                    .to_string()
            }
            (_, true, _) => "Everything is read.".to_string(),
            (.., Some(name)) => format!("Nothing has come for {name} yet."),
            (.., None) => "Nothing has come for anybody yet.".to_string(),
        })
    };
    let first = move || letters.filter.with(|filter| filter.search.is_empty() && !filter.unread);
    let server = move || face.status.with(|status| status.as_ref().and_then(|status| status.smtp.clone()));
    view! {
        <div class="nothing-here" data-test="no-messages">
            <p>{said}</p>
            {move || first().then(&server).flatten().map(|server| view! {
                <p class="soft small">"Mail to an identity's address is taken at "<code>{server}</code>". Mailboxes, phone numbers and webhooks are added under Settings, Sources."</p>
            })}
        </div>
    }
}

#[component]
fn Line(at: usize, message: Message, reading: Reading, named: bool) -> impl IntoView {
    let face = face();
    let Message { id, at: when, unread, attachments, medium, .. } = message.clone();
    let (chosen, open) = (id.clone(), id.clone());
    let hue = hue_of(&message.identity);
    let style = format!("top:{}px", at * usize::try_from(LINE).unwrap_or(0));
    let class = move || {
        let hue = hue.get().map_or("hue-none".to_string(), |(_, hue)| format!("hue-{hue}"));
        format!("letter {hue}{}", if unread { " unread" } else { "" })
    };
    let fresh = message.found.codes.first().map(|code| code.value.clone());
    let failed = matches!(message.sending, Some(Sending::Failed { .. }));
    let name = message.identity_name.clone();
    view! {
        <li class=class style=style role="option" id=format!("letter-{id}") data-test="letter" data-id=id.clone() data-unread=unread.to_string()
            aria-selected=move || reading.at.with(|at| at.as_ref() == Some(&chosen)).to_string()
            class:open=move || reading.open.with(|now| now.as_ref() == Some(&open))
            on:click=move |_| reading.open(id.clone())>
            <span class="mark" title=unread.then_some("Unread")></span>
            {named.then(|| view! { <Mono name=name.clone() small=true/> })}
            <div class="grow">
                <p class="letter-head">
                    <bdi class="cut grow from">{text::other_side(&message)}</bdi>
                    {(medium == Medium::Sms).then(|| view! { <span class="soft" title="Text message"><Icon of=MESSAGE_SQUARE/></span> })}
                    {(attachments > 0).then(|| view! { <span class="soft" title=words::count(attachments, "file")><Icon of=PAPERCLIP/></span> })}
                    <span class="soft small when">{move || words::ago(face.now.get() - when)}</span>
                </p>
                <p class="cut subject"><bdi>{text::subject(&message)}</bdi></p>
                <p class="letter-foot">
                    <bdi class="cut grow soft small">{match failed { true => "Could not be sent".to_string(), false => text::preview(&message) }}</bdi>
                    {fresh.map(|code| view! { <span class="found-code" class:old=move || { face.now.get() - when > text::FRESH_FOR }>{text::code(&code)}</span> })}
                </p>
            </div>
        </li>
    }
}
