//! One badge: whose slot it is, what it is doing, on what, and with which credentials.

use super::chips::Chips;
use super::says::Says;
use super::{StateMark, waits};
use crate::attempt::{Attempt, Problem};
use crate::face::{Dialog, Face, face};
use crate::icons::{COLUMNS_2, Icon, MAIL, PLAY, SQUARE, SQUARE_TERMINAL};
use crate::sessions::StopQuestion;
use crate::words;
use api::sessions::{Session, State};
use api::slots::{Badge, Wearer};
use leptos::prelude::*;

/// The badge of a slot, or its quiet outline.
#[component]
pub fn BadgeCard(
    /// The slot's number.
    seat: u32,
) -> impl IntoView {
    let face = face();
    let badge = face.badge(seat);
    let is_empty = Memo::new(move |_| badge.with(|b| b.as_ref().is_none_or(is_free)));
    // Only these two are loud: it failed, or it waits for its owner.
    let loud = Memo::new(move |_| {
        badge.with(|badge| match badge {
            Some(badge) if waits(face, badge) => " wants",
            Some(Badge { session: Some(s), .. }) if s.state == State::Failed => " loud",
            _ => "",
        })
    });
    let class = move || match is_empty.get() {
        true => "badge empty".to_string(),
        false => format!("badge hue-{}{}", badge.with(|b| b.as_ref().map_or(0, |b| b.hue)), loud.get()),
    };
    view! {
        <li class=class data-test=format!("badge-{seat}")>
            {move || match is_empty.get() {
                true => view! { <Free seat/> }.into_any(),
                false => view! { <Worn seat badge/> }.into_any(),
            }}
        </li>
    }
}

fn is_free(badge: &Badge) -> bool {
    badge.identity.is_none() && badge.session.is_none()
}

fn session_of(badge: Option<&Badge>) -> Option<&Session> {
    badge?.session.as_ref()
}

#[component]
fn Free(seat: u32) -> impl IntoView {
    let face = face();
    view! {
        <div class="row"><span class="number">{seat}</span><span class="free small">"Free"</span></div>
        <div class="badge-foot">
            <button
                class="quiet"
                data-test=format!("start-{seat}")
                aria-label=format!("Start in slot {seat}")
                on:click=move |_| face.dialog.set(Some(Dialog::Start(seat)))
            >
                <Icon of=PLAY/>
                "Start…"
            </button>
        </div>
    }
}

#[component]
fn Worn(seat: u32, badge: Memo<Option<Badge>>) -> impl IntoView {
    let face = face();
    let session = Memo::new(move |_| badge.with(|b| session_of(b.as_ref()).cloned()));
    let wearer = Memo::new(move |_| badge.with(|b| b.as_ref().and_then(|b| b.identity.clone())));
    let name = Memo::new(move |_| shown_name(wearer.get(), session.get()));
    let open = move |event: leptos::ev::MouseEvent| {
        let beside = event.ctrl_key() || event.meta_key() || event.shift_key();
        show(face, seat, beside);
    };
    let since = move || session.with(|s| s.as_ref().map(|s| words::since(s, face.now.get())));
    let ran = move || session.with(|s| s.as_ref().map(|s| words::ran(s, face.now.get())));
    let asks = Memo::new(move |_| face.questions.asks(seat));
    view! {
        <button
            class="open"
            data-test=format!("open-{seat}")
            aria-label=move || format!("Open slot {seat}, {}", name.get())
            on:click=open
        ></button>
        <div class="badge-head over">
            <span class="number">{seat}</span>
            <Mono name/>
            <div class="who">
                <p class="name cut">{name}</p>
                <p class="address cut mono">{move || wearer.get().map_or_else(|| "nobody sits here now".into(), |w| w.email)}</p>
            </div>
            <Unread seat badge/>
        </div>
        <div class="how over">
            {move || match asks.get() {
                true => view! { <Asking seat/> }.into_any(),
                false => view! { <StateMark session test=format!("state-{seat}")/> }.into_any(),
            }}
            <p class="since" title=ran>{since}</p>
        </div>
        <Says seat session/>
        <WorkLine badge session/>
        <Chips badge/>
        <Foot seat session/>
    }
}

/// How many messages of its identity are unread; a click shows them.
#[component]
fn Unread(seat: u32, badge: Memo<Option<Badge>>) -> impl IntoView {
    let face = face();
    let count = Memo::new(move |_| badge.with(|b| b.as_ref().map_or(0, |b| b.unread)));
    let show = move |_| {
        let name =
            badge.with_untracked(|b| b.as_ref().and_then(|b| b.identity.as_ref().map(|w| w.name.clone())));
        name.into_iter().for_each(|name| face.inboxes.show(face, name));
    };
    move || {
        Some(count.get()).filter(|n| *n > 0).map(|n| view! {
            <button class="quiet unread-count" data-test=format!("unread-{seat}") title="Its inbox"
                aria-label=format!("{} in the inbox", words::count(n, "unread message")) on:click=show><Icon of=MAIL/>{n}</button>
        })
    }
}

/// The name on a badge: who sits there, else who did when its session ran.
fn shown_name(wearer: Option<Wearer>, session: Option<Session>) -> String {
    wearer.map(|w| w.name).or(session.map(|s| s.identity)).unwrap_or_default()
}

fn show(face: Face, slot: u32, beside: bool) {
    match beside {
        true => face.place.update(|place| *place = place.beside(slot)),
        false => face.show_slot(slot),
    }
}

/// The letters that stand for a name, on its colour.
#[component]
pub fn Mono(
    /// The name.
    #[prop(into)]
    name: Signal<String>,
    /// Whether the small one.
    #[prop(default = false)]
    small: bool,
) -> impl IntoView {
    view! {
        <span class="monogram" class:small=small aria-hidden="true">
            {move || words::monogram(&name.get())}
        </span>
    }
}

#[component]
fn WorkLine(badge: Memo<Option<Badge>>, session: Memo<Option<Session>>) -> impl IntoView {
    move || match session.get() {
        Some(s) => view! {
            <p class="work over cut">
                <span>{words::agent(&s)}</span>
                <span class="dot-sep">{s.project}</span>
                <code class="dot-sep branch cut" title=s.branch.clone()>{s.branch.clone()}</code>
            </p>
        }
        .into_any(),
        None => view! { <p class="work over cut">{badge.with(|b| b.as_ref().map(|b| b.agent.clone()))}</p> }
            .into_any(),
    }
}

/// In place of the state: the agent waits for the owner.
#[component]
fn Asking(seat: u32) -> impl IntoView {
    let face = face();
    view! {
        <button class="state state-waiting" data-test=format!("asks-{seat}") title="Its question (a)"
            on:click=move |_| { face.questions.take(); }>
            <svg viewBox="0 0 12 12" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true">
                <circle cx="6" cy="6" r="5"/><path d="M6 1a5 5 0 0 1 0 10z" fill="currentColor"/>
            </svg>
            "Waiting · asks you"
        </button>
    }
}

#[component]
fn Foot(seat: u32, session: Memo<Option<Session>>) -> impl IntoView {
    let face = face();
    let live = Memo::new(move |_| session.with(|s| s.as_ref().is_some_and(|s| s.is_running())));
    let asking = RwSignal::new(false);
    let stopping = Attempt::new();
    let running = move || {
        view! {
            <button class="quiet" on:click=move |_| face.show_slot(seat)><Icon of=SQUARE_TERMINAL/>"Open"</button>
            <button
                class="quiet"
                data-test=format!("beside-{seat}")
                aria-label=format!("Open slot {seat} beside the open ones")
                title="Open beside"
                on:click=move |_| show(face, seat, true)
            >
                <Icon of=COLUMNS_2/>
            </button>
            <button class="quiet harms push" data-test=format!("stop-{seat}") on:click=move |_| asking.set(true)>
                <Icon of=SQUARE/>
                "Stop…"
            </button>
        }
    };
    let resting = move || {
        view! {
            <button
                class="quiet"
                data-test=format!("start-{seat}")
                on:click=move |_| face.dialog.set(Some(Dialog::Start(seat)))
            >
                <Icon of=PLAY/>
                "Start…"
            </button>
        }
    };
    view! {
        <Problem of=stopping/>
        <div class="badge-foot over">
            {move || if live.get() { running().into_any() } else { resting().into_any() }}
        </div>
        {move || asking.get().then(|| session.get()).flatten().map(|session| {
            view! { <StopQuestion session asking stopping/> }
        })}
    }
}
