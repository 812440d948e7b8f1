//! The desk: one slot open, its terminal large; up to four side by side.

use super::note::NoTerminal;
use super::panel::Panel;
use super::terminal::TerminalView;
use crate::face::face;
use crate::icons::{COLUMNS_2, Icon, PANEL_RIGHT, X};
use crate::place::DESKS_MAX;
use crate::slots::{Mono, StateMark};
use crate::words;
use api::sessions::Session;
use api::slots::Badge;
use leptos::prelude::*;

/// The open desks.
#[component]
pub fn Desks() -> impl IntoView {
    let face = face();
    let slots = Memo::new(move |_| face.place.with(|place| place.desks().to_vec()));
    let alone = Memo::new(move |_| slots.with(Vec::len) == 1);
    let panel = RwSignal::new(true);
    view! {
        <main class=move || format!("desks of-{}", slots.with(Vec::len))>
            <For each=move || slots.get() key=|slot| *slot children=move |slot| view! { <Desk seat=slot alone panel/> }/>
        </main>
    }
}

#[component]
fn Desk(seat: u32, alone: Memo<bool>, panel: RwSignal<bool>) -> impl IntoView {
    let face = face();
    let badge = face.badge(seat);
    let session = Memo::new(move |_| badge.with(|b| b.as_ref().and_then(|b| b.session.clone())));
    // The terminal stays when its session ends: only another session takes its place.
    let shown = Memo::new(move |before: Option<&Option<String>>| {
        let now = session.with(|s| s.as_ref().map(|s| (s.id.clone(), s.is_running())));
        let before = before.cloned().flatten();
        now.and_then(|(id, live)| (live || before.as_ref() == Some(&id)).then_some(id))
    });
    let with_panel = Memo::new(move |_| alone.get() && panel.get());
    let hue = move || badge.with(|b| b.as_ref().map_or(0, |b| b.hue));
    view! {
        <section
            class=move || format!("desk hue-{}", hue())
            aria-label=format!("Slot {seat}")
            data-test=format!("desk-{seat}")
        >
            <Head seat badge session alone panel/>
            <div class="desk-body" class:with-panel=with_panel>
                <div class="terminal-side">
                    {move || match shown.get() {
                        Some(id) => view! { <TerminalView id session/> }.into_any(),
                        None => view! { <NoTerminal seat session/> }.into_any(),
                    }}
                </div>
                {move || with_panel.get().then(|| view! { <Panel seat badge session/> })}
            </div>
        </section>
    }
}

#[component]
fn Head(
    seat: u32,
    badge: Memo<Option<Badge>>,
    session: Memo<Option<Session>>,
    alone: Memo<bool>,
    panel: RwSignal<bool>,
) -> impl IntoView {
    let face = face();
    let name = Memo::new(move |_| {
        let worn = badge.with(|b| b.as_ref().and_then(|b| b.identity.as_ref().map(|w| w.name.clone())));
        worn.or_else(|| session.with(|s| s.as_ref().map(|s| s.identity.clone()))).unwrap_or_default()
    });
    let since = move || session.with(|s| s.as_ref().map(|s| words::since(s, face.now.get())));
    let ran = move || session.with(|s| s.as_ref().map(|s| words::ran(s, face.now.get())));
    let work = move || {
        session.get().map(|s| {
            view! {
                <span>{words::agent(&s)}</span>
                <span class="dot-sep project">{s.project}</span>
                <code class="dot-sep cut">{s.branch}</code>
            }
        })
    };
    view! {
        <header class="desk-head">
            <span class="number">{seat}</span>
            <Mono name small=true/>
            <h1 class="name cut" style="font-size:15px">{name}</h1>
            <StateMark session test=format!("state-{seat}")/>
            <span class="since" title=ran>{since}</span>
            <p class="work cut">{work}</p>
            <Beside seat/>
            {move || alone.get().then(|| view! { <PanelToggle panel/> })}
            <button
                class="quiet"
                data-test="close-desk"
                aria-label=format!("Close the desk of slot {seat}; what runs goes on")
                title="Close (Esc)"
                on:click=move |_| face.place.update(|place| *place = place.without(seat))
            >
                <Icon of=X/>
            </button>
        </header>
    }
}

#[component]
fn PanelToggle(panel: RwSignal<bool>) -> impl IntoView {
    view! {
        <button
            class="quiet"
            data-test="toggle-panel"
            aria-label="Details beside the terminal"
            title="Details"
            aria-pressed=move || panel.get().to_string()
            on:click=move |_| panel.update(|open| *open = !*open)
        >
            <Icon of=PANEL_RIGHT/>
        </button>
    }
}

/// Opens the next running slot beside this one.
#[component]
fn Beside(seat: u32) -> impl IntoView {
    let face = face();
    let next = Memo::new(move |_| {
        let open = face.place.with(|place| place.desks().to_vec());
        let can = |badge: &&Badge| badge.session.is_some() && !open.contains(&badge.slot);
        let found = face.badges.with(|badges| {
            let all: Vec<_> = badges.iter().flatten().filter(can).map(|badge| badge.slot).collect();
            all.iter().find(|other| **other > seat).or(all.first()).copied()
        });
        found.filter(|_| open.len() < DESKS_MAX)
    });
    let about = move || {
        next.get().map_or("No other slot to open beside".to_string(), |n| format!("Open slot {n} beside"))
    };
    view! {
        <button
            class="quiet"
            data-test="split"
            title=about
            aria-label=about
            disabled=move || next.get().is_none()
            on:click=move |_| {
                if let Some(next) = next.get_untracked() {
                    face.place.update(|place| *place = place.beside(next));
                }
            }
        >
            <Icon of=COLUMNS_2/>
        </button>
    }
}
