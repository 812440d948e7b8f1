//! One record as a sentence: when, who, what, of what, and what came of it. What it names can be clicked.

use super::Filter;
use crate::face::face;
use crate::words;
use api::audit::{Kind, Record};
use leptos::prelude::*;

/// A record.
#[component]
pub fn RecordLine(
    /// Which.
    record: Record,
) -> impl IntoView {
    let face = face();
    let Record {
        seq,
        at,
        who,
        door,
        kind,
        action,
        subject,
        identity_id,
        identity,
        slot,
        worktree,
        outcome,
        detail,
        ..
    } = record;
    let hue = slot.map(|slot| face.hue(slot));
    let class =
        move || format!("record {}", hue.map_or("hue-none".into(), |hue| format!("hue-{}", hue.get())));
    let known = Kind::ALL.iter().copied().find(|k| k.name() == kind);
    let by_kind = Filter { kind: known, ..Filter::default() };
    let bad = outcome != "done";
    let detail = words::plain(&detail);
    let told = match (bad, detail.is_empty()) {
        (true, true) => outcome.replace('_', " "),
        (true, false) => format!("{}: {detail}", outcome.replace('_', " ")),
        (false, _) => detail,
    };
    let seat = slot.map(|slot| {
        let filter = Filter { slot: Some(slot), ..Filter::default() };
        view! { <Narrow filter label=format!("slot {slot}") about=format!("Only slot {slot}")/> }
    });
    let person = identity.map(|name| {
        let filter = Filter { identity: identity_id, ..Filter::default() };
        view! { <Narrow filter about=format!("Only {name}") label=name/> }
    });
    let place = worktree.map(|name| {
        let filter = Filter { worktree: Some(name.clone()), ..Filter::default() };
        view! { <code class="soft cut"><Narrow filter about=format!("Only the worktree {name}") label=name/></code> }
    });
    view! {
        <li class=class class:bad=bad data-test="record" data-action=action.clone() data-outcome=outcome>
            <time class="when" title=words::moment(at, true)>{words::moment(at, false)}</time>
            <span class="dot" aria-hidden="true"></span>
            <p class="grow">
                <span class="said">{words::who(&who, &door)}" "{words::did(&action)}" "</span>
                <Narrow filter=by_kind label=kind.clone() about=format!("Only records of the kind {kind}")/>
                " "<code title=words::plain(&subject)>{words::subject(&subject)}</code>
                {(!told.is_empty()).then(|| view! { <span class="told">{told}</span> })}
            </p>
            <span class="at">{person}{seat}{place}</span>
            <span class="seq faint" title="Its number in the chain">{seq}</span>
        </li>
    }
}

/// A word that narrows the ledger to itself.
#[component]
fn Narrow(filter: Filter, label: String, about: String) -> impl IntoView {
    let face = face();
    view! { <button class="narrow" title=about.clone() aria-label=about on:click=move |_| face.show_ledger(filter.clone())>{label}</button> }
}
