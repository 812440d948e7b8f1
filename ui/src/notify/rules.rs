//! What the owner is told of, when not, of which slots not, and a try of it.

use super::occasion;
use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::field::{Hint, TextField};
use crate::icons::{Icon, X};
use crate::words;
use api::notify::{
    GetNotify, Mute, MuteSlot, NotifySettings, Occasion, Quiet, SetNotify, TestNotify, Tested, UnmuteSlot,
};
use leptos::prelude::*;

/// The settings as they are now.
#[component]
pub fn Rules() -> impl IntoView {
    let face = face();
    let (listing, setting) = (Attempt::new(), Attempt::new());
    let now = RwSignal::new(None::<NotifySettings>);
    // The page may have been left meanwhile.
    let take = Callback::new(move |settings| drop(now.try_set(Some(settings))));
    Effect::new(move |_| {
        face.notify_changed.track();
        listing.run(face.call(GetNotify {}), move |settings| take.run(settings));
    });
    let set = Callback::new(move |call: SetNotify| {
        setting.run(face.call(call), move |settings| take.run(settings));
    });
    let known = Memo::new(move |_| now.with(Option::is_some));
    view! {
        <Problem of=listing/>
        {move || known.get().then(|| view! {
            <div class="stack" data-test="notify">
                <Occasions now set/>
                <Hours now set/>
                <Mutes now take/>
                <Problem of=setting/>
                <Try/>
            </div>
        })}
    }
}

/// A box that is ticked or not.
#[component]
fn Tick(test: String, name: String, #[prop(into)] is: Signal<bool>, change: Callback<bool>) -> impl IntoView {
    view! {
        <label class="tick-row">
            <input type="checkbox" data-test=test prop:checked=is on:change=move |event| change.run(event_target_checked(&event))/>
            <span>{name}</span>
        </label>
    }
}

#[component]
fn Occasions(now: RwSignal<Option<NotifySettings>>, set: Callback<SetNotify>) -> impl IntoView {
    let told = move |of: Occasion| now.with(|now| now.as_ref().is_some_and(|now| now.events.contains(&of)));
    let one = move |of: Occasion| {
        let change = Callback::new(move |on: bool| {
            let mut events =
                now.with_untracked(|now| now.as_ref().map(|n| n.events.clone()).unwrap_or_default());
            events.retain(|other| *other != of);
            events.extend(on.then_some(of));
            set.run(SetNotify { events: Some(events), ..SetNotify::default() });
        });
        view! { <Tick test=format!("notify-{}", of.name()) name=words::capital(occasion(of)) is=Signal::derive(move || told(of)) change/> }
    };
    let desktop = move || now.with(|now| now.as_ref().is_some_and(|now| now.desktop));
    let on_desktop =
        Callback::new(move |on| set.run(SetNotify { desktop: Some(on), ..SetNotify::default() }));
    view! {
        <div class="two">
            <div role="group" aria-label="When you are told">{Occasion::ALL.map(one).into_iter().collect::<Vec<_>>()}</div>
            <div><Tick test="notify-desktop".to_string() name="On this desktop".to_string() is=Signal::derive(desktop) change=on_desktop/></div>
        </div>
    }
}

/// Quiet hours and the sound.
#[component]
fn Hours(now: RwSignal<Option<NotifySettings>>, set: Callback<SetNotify>) -> impl IntoView {
    let quiet_now = Memo::new(move |_| {
        now.with(|now| now.as_ref().and_then(|n| n.quiet.as_ref().map(Quiet::hours)).unwrap_or_default())
    });
    let sound_now =
        Memo::new(move |_| now.with(|now| now.as_ref().and_then(|n| n.sound.clone()).unwrap_or_default()));
    let (quiet, sound) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    // What is being typed stays when other settings change.
    Effect::new(move |_| quiet.set(quiet_now.get()));
    Effect::new(move |_| sound.set(sound_now.get()));
    let wrong = move || quiet.with(|text| !text.is_empty() && Quiet::read(text).is_none());
    let hint = move || match wrong() {
        true => Hint::Wrong("write it as 22:00-07:00".into()),
        false => Hint::Say("nothing is told then; empty is never quiet".into()),
    };
    let changed = move || quiet.get().trim() != quiet_now.get() || sound.get().trim() != sound_now.get();
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let text = |of: RwSignal<String>| Some(of.with_untracked(|text| text.trim().to_string()));
        set.run(SetNotify { quiet: text(quiet), sound: text(sound), ..SetNotify::default() });
    };
    view! {
        <form class="stack tight" on:submit=save>
            <div class="two">
                <TextField name="Quiet hours" value=quiet test="notify-quiet" mono=true placeholder="22:00-07:00" hint=Signal::derive(hint)/>
                <TextField name="Sound" value=sound test="notify-sound" mono=true placeholder="message-new-instant"
                    hint=Signal::stored(Hint::Say("of your desktop's theme; empty is none".into()))/>
            </div>
            <div class="row">
                <button class="button" data-test="notify-save" disabled=move || wrong() || !changed()>"Save"</button>
            </div>
        </form>
    }
}

/// The slots that nothing is told of.
#[component]
fn Mutes(now: RwSignal<Option<NotifySettings>>, take: Callback<NotifySettings>) -> impl IntoView {
    let face = face();
    let changing = Attempt::new();
    let muted = Memo::new(move |_| now.with(|now| now.as_ref().map(|n| n.muted.clone()).unwrap_or_default()));
    let one = move |Mute { slot, until }: Mute| {
        let left = move || until.map(|until| format!(" for {}", words::duration(until - face.now.get())));
        let unmute = move |_| changing.run(face.call(UnmuteSlot { slot }), move |now| take.run(now));
        view! {
            <span class="tag" data-test=format!("muted-{slot}")>{format!("Slot {slot}")}{left}
                <button class="quiet" aria-label=format!("Tell of slot {slot} again") title="Tell of it again" on:click=unmute><Icon of=X/></button></span>
        }
    };
    let others = move || {
        let all = face.badges.with(|badges| badges.iter().flatten().map(|b| b.slot).collect::<Vec<_>>());
        let free = |slot: &u32| muted.with(|muted| muted.iter().all(|mute| mute.slot != *slot));
        let option = |slot: u32| view! { <option value=slot.to_string()>{format!("Slot {slot}")}</option> };
        all.into_iter().filter(free).map(option).collect::<Vec<_>>()
    };
    let mute = move |event| {
        if let Ok(slot) = event_target_value(&event).parse() {
            changing.run(face.call(MuteSlot { slot, for_ms: None }), move |now| take.run(now));
        }
    };
    view! {
        <div class="row wrap">
            <span class="soft">"Muted"</span>
            {move || muted.with(Vec::is_empty).then(|| view! { <span class="soft">"no slot"</span> })}
            {move || muted.get().into_iter().map(one).collect::<Vec<_>>()}
            <select class="input share" data-test="mute-slot" aria-label="Mute a slot" on:change=mute>
                <option value="">"Mute a slot…"</option>
                {others}
            </select>
        </div>
        <Problem of=changing/>
    }
}

/// Sends a notice now, on every way.
#[component]
fn Try() -> impl IntoView {
    let face = face();
    let trying = Attempt::new();
    let tested = RwSignal::new(Vec::<Tested>::new());
    let go = move |_| trying.run(face.call(TestNotify::default()), move |all| drop(tested.try_set(all)));
    view! {
        <div class="row">
            <button class="button" data-test="notify-test" disabled=move || trying.busy.get() on:click=go>
                {move || if trying.busy.get() { "Sending…" } else { "Send a test on every way" }}
            </button>
        </div>
        <Problem of=trying/>
        <ul data-test="tested">
            {move || tested.get().into_iter().map(outcome).collect::<Vec<_>>()}
        </ul>
    }
}

/// What came of a test, on one way.
pub(super) fn outcome(tested: Tested) -> impl IntoView {
    view! {
        <li class=if tested.ok { "delivery" } else { "delivery bad" }><b>{tested.route}</b><span>{words::plain(&tested.said)}</span></li>
    }
}
