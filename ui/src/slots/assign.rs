//! Who sits in a slot: its identity, its agent and its hue; each choice takes hold at once.

use crate::attempt::{Attempt, Problem};
use crate::face::{Face, face};
use crate::field::Choice;
use api::slots::{Badge, ClearSlot, HUES, SetSlot};
use leptos::prelude::*;

/// The choices for one slot.
#[component]
pub fn AssignForm(
    /// The slot's number.
    seat: u32,
) -> impl IntoView {
    let face = face();
    let badge = face.badge(seat);
    let setting = Attempt::new();
    let identity = RwSignal::new(String::new());
    let agent = RwSignal::new(String::new());
    follow(badge, identity, agent);
    let set = move |call: SetSlot| setting.run(face.call(call), move |_| face.relist_badges());
    send_changes(seat, badge, identity, agent, set);
    let nobody = Memo::new(move |_| badge.with(|b| b.as_ref().is_none_or(|b| b.identity.is_none())));
    let clear = move |_| {
        let before = badge.get_untracked();
        setting.run(face.call(ClearSlot { slot: seat }), move |_| cleared(face, before));
    };
    view! {
        <div class="stack tight">
            <div class="two">
                <Choice name="Identity" value=identity test="slot-identity" options=Signal::derive(move || identity_options(face, nobody.get()))/>
                <Choice name="Agent by default" value=agent test="slot-agent" options=Signal::derive(move || agent_options(face))/>
            </div>
            <HueChoice seat badge/>
            <Problem of=setting/>
            <div class="row">
                <button class="link" data-test="clear-slot" disabled=move || nobody.get() on:click=clear>
                    "Take the identity off this slot"
                </button>
            </div>
        </div>
    }
}

/// Keeps the two choices as the badge is.
fn follow(badge: Memo<Option<Badge>>, identity: RwSignal<String>, agent: RwSignal<String>) {
    Effect::new(move |_| {
        let Some(badge) = badge.get() else { return };
        identity.set(badge.identity.map(|w| w.name).unwrap_or_default());
        agent.set(badge.agent);
    });
}

/// Sends a choice that differs from what the badge says.
fn send_changes(
    slot: u32,
    badge: Memo<Option<Badge>>,
    identity: RwSignal<String>,
    agent: RwSignal<String>,
    set: impl Fn(SetSlot) + Copy + 'static,
) {
    Effect::new(move |_| {
        let (identity, agent) = (identity.get(), agent.get());
        let Some(badge) = badge.get_untracked() else { return };
        if !agent.is_empty() && agent != badge.agent {
            set(SetSlot { slot, agent: Some(agent), ..SetSlot::default() });
        } else if !identity.is_empty() && badge.identity.is_none_or(|w| w.name != identity) {
            set(SetSlot { slot, identity: Some(identity), ..SetSlot::default() });
        }
    });
}

fn cleared(face: Face, before: Option<Badge>) {
    face.relist_badges();
    let Some(Badge { slot, identity: Some(wearer), agent, hue, .. }) = before else { return };
    let undo = Callback::new(move |()| {
        let back =
            SetSlot { slot, identity: Some(wearer.id.clone()), agent: Some(agent.clone()), hue: Some(hue) };
        Attempt::new().run(face.call(back), move |_| face.relist_badges());
    });
    face.notices.tell_with_undo(format!("Nobody sits in slot {slot} now."), undo);
}

/// All identities as options; with an empty one first where none is chosen.
pub fn identity_options(face: Face, with_none: bool) -> Vec<(String, String)> {
    let none = with_none.then(|| (String::new(), "Nobody".to_string()));
    let all = face.identities.get().unwrap_or_default();
    none.into_iter().chain(all.into_iter().map(|i| (i.name.clone(), i.name))).collect()
}

/// The agents as options; those that are not installed say so.
pub fn agent_options(face: Face) -> Vec<(String, String)> {
    let agents = face.status.with(|s| s.as_ref().map(|s| s.agents.clone()).unwrap_or_default());
    let label = |agent: &api::status::AgentProgram| match agent.path {
        Some(_) => agent.name.clone(),
        None => format!("{} (not found)", agent.name),
    };
    agents.iter().map(|agent| (agent.name.clone(), label(agent))).collect()
}

/// Twelve hues to choose from.
#[component]
fn HueChoice(
    /// The slot's number.
    seat: u32,
    /// Its badge.
    badge: Memo<Option<Badge>>,
) -> impl IntoView {
    let face = face();
    let setting = Attempt::new();
    let now = Memo::new(move |_| badge.with(|b| b.as_ref().map(|b| b.hue)));
    let one = move |hue: u32| {
        let choose = move |_| {
            let call = SetSlot { slot: seat, hue: Some(hue), ..SetSlot::default() };
            setting.run(face.call(call), move |_| face.relist_badges());
        };
        view! {
            <button
                class=format!("hue-{hue}")
                data-test=format!("hue-{hue}")
                aria-label=format!("Colour {}", hue + 1)
                aria-pressed=move || (now.get() == Some(hue)).to_string()
                on:click=choose
            ></button>
        }
    };
    view! {
        <div class="field">
            <span>"Colour"</span>
            <div class="hues" role="group" aria-label="Colour">{(0..HUES).map(one).collect::<Vec<_>>()}</div>
            <Problem of=setting/>
        </div>
    }
}
