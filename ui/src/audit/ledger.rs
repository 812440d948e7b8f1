//! The ledger: the audit for all, narrowed by anything that can be clicked, and the check of its chain.

use super::{Filter, Records};
use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::field::Choice;
use crate::icons::{Icon, SHIELD_ALERT, SHIELD_CHECK, X};
use crate::slots::identity_options;
use crate::words;
use api::audit::{Kind, Verified, VerifyAudit};
use leptos::prelude::*;

/// The page.
#[component]
pub fn LedgerPage() -> impl IntoView {
    let face = face();
    view! {
        <main class="page ledger" data-test="ledger">
            <div class="page-head"><h1>"Ledger"</h1><Verify/></div>
            <Filters/>
            <Records filter=face.ledger/>
        </main>
    }
}

#[component]
fn Filters() -> impl IntoView {
    let face = face();
    let ledger = face.ledger;
    let start = ledger.get_untracked();
    let identity = RwSignal::new(start.identity.unwrap_or_default());
    let kind = RwSignal::new(start.kind.map_or("", Kind::name).to_string());
    let slot = RwSignal::new(start.slot.map(|slot| slot.to_string()).unwrap_or_default());
    // What is clicked in a record stands in the choices, and what is chosen there narrows the records.
    Effect::new(move |_| {
        let filter = ledger.get();
        identity.set(filter.identity.unwrap_or_default());
        kind.set(filter.kind.map_or("", Kind::name).to_string());
        slot.set(filter.slot.map(|slot| slot.to_string()).unwrap_or_default());
    });
    Effect::new(move |before: Option<()>| {
        let (identity, kind, slot) = (identity.get(), kind.get(), slot.get());
        let filter = Filter {
            identity: Some(identity).filter(|name| !name.is_empty()),
            kind: Kind::ALL.iter().copied().find(|k| k.name() == kind),
            slot: slot.parse().ok(),
        };
        if before.is_some() && ledger.with_untracked(|old| *old != filter) {
            ledger.set(filter);
        }
    });
    let any = |label: &str| (String::new(), label.to_string());
    let identities = move || {
        let all = identity_options(face, false);
        let chosen = identity.get();
        // One that is gone has its id as its name.
        let gone =
            (!chosen.is_empty() && all.iter().all(|(name, _)| *name != chosen)).then(|| known(face, &chosen));
        std::iter::once(any("Everybody")).chain(all).chain(gone).collect::<Vec<_>>()
    };
    let kinds: Vec<_> = Kind::ALL.iter().map(|k| (k.name().to_string(), k.name().to_string())).collect();
    let kinds: Vec<_> = std::iter::once(any("Everything")).chain(kinds).collect();
    let slots = move || {
        let all = face.badges.with(|badges| badges.iter().flatten().map(|b| b.slot).collect::<Vec<_>>());
        let named = all.into_iter().map(|slot| (slot.to_string(), format!("Slot {slot}")));
        std::iter::once(any("All slots")).chain(named).collect::<Vec<_>>()
    };
    let narrowed = Memo::new(move |_| ledger.with(|filter| *filter != Filter::default()));
    view! {
        <div class="filters">
            <Choice name="Whose" value=identity test="ledger-identity" options=Signal::derive(identities)/>
            <Choice name="Where" value=slot test="ledger-slot" options=Signal::derive(slots)/>
            <Choice name="What" value=kind test="ledger-kind" options=kinds/>
            <button class="quiet" data-test="ledger-all" disabled=move || !narrowed.get() on:click=move |_| ledger.set(Filter::default())>
                <Icon of=X/>"Show all"
            </button>
        </div>
    }
}

/// An identity that is told by its id: its name where it is still there.
fn known(face: crate::face::Face, id: &str) -> (String, String) {
    let name = face.identities.with(|all| all.iter().flatten().find(|i| i.id == id).map(|i| i.name.clone()));
    (id.to_string(), name.unwrap_or_else(|| "one that is gone".into()))
}

/// Goes through the whole chain and says whether it holds.
#[component]
fn Verify() -> impl IntoView {
    let face = face();
    let verifying = Attempt::new();
    let verified = RwSignal::new(None::<Verified>);
    let verify = move |_| {
        verified.set(None);
        verifying.run(face.call(VerifyAudit::default()), move |answer| {
            // The page may have been left meanwhile.
            let _ = verified.try_set(Some(answer));
        });
    };
    let said = move || {
        verified.get().map(|v| match v.broken {
            None => view! {
                <span class="holds" role="status" data-test="verified"><Icon of=SHIELD_CHECK/>
                    {format!("{}: each follows from the one before", words::count(u32::try_from(v.records).unwrap_or(u32::MAX), "record"))}</span>
            }
            .into_any(),
            Some(broken) => view! {
                <span class="breaks" role="alert" data-test="verified"><Icon of=SHIELD_ALERT/>
                    {format!("The chain breaks at record {}: {}", broken.seq, broken.words)}</span>
            }
            .into_any(),
        })
    };
    view! {
        <Problem of=verifying/>
        {said}
        <button class="button" data-test="verify" disabled=move || verifying.busy.get() on:click=verify>
            {move || if verifying.busy.get() { "Checking…" } else { "Check the chain" }}
        </button>
    }
}
