//! The frame of the page: the bar on top, and the bar that says that the connection is being made again.

use crate::approvals::QuestionCount;
use crate::face::{Dialog, Face, face};
use crate::icons::{
    FOLDER_GIT_2, ID_CARD, INBOX, Icon, KEYBOARD, LAYOUT_GRID, SCROLL_TEXT, SEARCH, SETTINGS, TICKET, UNPLUG,
};
use crate::link::LinkState;
use crate::place::Place;
use leptos::prelude::*;

/// Lanyard's mark, as in the tray: a badge on its strap, with a prompt.
const MARK: &str = r#"<path d="M8.5 1 12 6l3.5-5M12 6v3"/><rect x="4" y="9" width="16" height="13" rx="3"/><path d="m8.5 13 2.7 2.5-2.7 2.5M13.5 18.2h2.5"/>"#;

/// The bar on top: where one can go.
#[component]
pub fn TopBar() -> impl IntoView {
    let face = face();
    let running = Memo::new(move |_| {
        face.badges.with(|badges| {
            let live = |b: &&api::slots::Badge| b.session.as_ref().is_some_and(|s| s.is_running());
            badges.iter().flatten().filter(live).count()
        })
    });
    let waiting = Memo::new(move |_| {
        face.tasks.with(|tasks| tasks.iter().flatten().filter(|task| task.place.is_some()).count())
    });
    view! {
        <header class="top">
            <span class="brand"><Icon of=MARK/>"Lanyard"</span>
            <nav class="places" aria-label="Places">
                <PlaceLink to=Place::Home icon=LAYOUT_GRID test="place-slots">"Slots"</PlaceLink>
                <PlaceLink to=Place::Inbox icon=INBOX test="place-inbox">"Inbox"<b class="count" data-test="unread-all">{move || Some(face.inboxes.unread()).filter(|n| *n > 0)}</b></PlaceLink>
                <PlaceLink to=Place::Identities icon=ID_CARD test="place-identities">"Identities"</PlaceLink>
                <PlaceLink to=Place::Projects icon=FOLDER_GIT_2 test="place-projects">"Projects"</PlaceLink>
                <PlaceLink to=Place::Tokens icon=TICKET test="place-tokens">"Tokens"</PlaceLink>
                <PlaceLink to=Place::Ledger icon=SCROLL_TEXT test="place-ledger">"Ledger"</PlaceLink>
            </nav>
            <QuestionCount/>
            <span class="grow"></span>
            <span class="soft small" data-test="running">{move || match waiting.get() {
                0 => format!("{} running", running.get()),
                n => format!("{} running · {n} in line", running.get()),
            }}</span>
            <button class="jump" data-test="open-palette" on:click=move |_| open(face, Dialog::Palette)>
                <Icon of=SEARCH/>
                <span class="grow" style="text-align:left">"Find anything"</span>
                <kbd>"Ctrl K"</kbd>
            </button>
            <button
                class="quiet"
                data-test="open-keys"
                aria-label="Keys"
                title="Keys (?)"
                on:click=move |_| open(face, Dialog::Keys)
            >
                <Icon of=KEYBOARD/>
            </button>
            <PlaceLink to=Place::Settings icon=SETTINGS test="place-settings">"Settings"</PlaceLink>
        </header>
    }
}

fn open(face: Face, dialog: Dialog) {
    face.dialog.set(Some(dialog));
}

#[component]
fn PlaceLink(to: Place, icon: &'static str, test: &'static str, children: Children) -> impl IntoView {
    let face = face();
    let here = {
        let to = to.clone();
        move || {
            // A desk belongs to the wall that it was opened from.
            let at = face.place.get();
            let same = at == to || (to == Place::Home && matches!(at, Place::Desks(_)));
            same.then_some("page")
        }
    };
    view! {
        <button class="place" data-test=test aria-current=here on:click=move |_| face.place.set(to.clone())>
            <Icon of=icon/>
            {children()}
        </button>
    }
}

/// Says calmly that the connection is away.
#[component]
pub fn LinkBar() -> impl IntoView {
    let face = face();
    let hint = if face.token().is_some() { " If this lasts, run lanyard web for a new address." } else { "" };
    let down = Memo::new(move |_| match face.link_state.get() {
        LinkState::Down => Some(format!("Reconnecting to Lanyard… Your agents go on meanwhile.{hint}")),
        LinkState::Away(why) => Some(why),
        _ => None,
    });
    move || {
        down.get().map(|said| {
            view! {
                <div class="bar" role="status" data-test="link-bar">
                    <Icon of=UNPLUG/>
                    <span>{said}</span>
                </div>
            }
        })
    }
}
