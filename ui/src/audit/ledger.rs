//! The ledger: the audit for all, narrowed by anything that can be clicked, and the check of its chain.

use super::{Filter, Records, when};
use crate::attempt::{Attempt, Problem};
use crate::face::{Face, face};
use crate::field::{Choice, Hint, TextField};
use crate::icons::{Icon, SHIELD_ALERT, SHIELD_CHECK, X};
use crate::slots::identity_options;
use crate::words;
use api::audit::{Kind, Verified, VerifyAudit};
use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use std::time::Duration;

/// How long a person types before what is typed takes hold.
const TYPING: Duration = Duration::from_millis(250);

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

/// What is chosen and written above the records.
#[derive(Clone, Copy)]
struct Draft {
    identity: RwSignal<String>,
    slot: RwSignal<String>,
    kind: RwSignal<String>,
    worktree: RwSignal<String>,
    since: RwSignal<String>,
    until: RwSignal<String>,
    subject: RwSignal<String>,
}

impl Draft {
    fn new() -> Self {
        let empty = || RwSignal::new(String::new());
        let (identity, slot, kind, worktree) = (empty(), empty(), empty(), empty());
        Self { identity, slot, kind, worktree, since: empty(), until: empty(), subject: empty() }
    }

    /// Shows a filter.
    fn show(self, filter: Filter) {
        self.identity.set(filter.identity.unwrap_or_default());
        self.slot.set(filter.slot.map(|slot| slot.to_string()).unwrap_or_default());
        self.kind.set(filter.kind.map_or("", Kind::name).to_string());
        self.worktree.set(filter.worktree.unwrap_or_default());
        self.since.set(filter.since);
        self.until.set(filter.until);
        self.subject.set(filter.subject);
    }

    /// The filter that it says; a time that is none yet narrows nothing.
    fn filter(self) -> Filter {
        let some = |text: RwSignal<String>| Some(text.get()).filter(|text| !text.is_empty());
        let time = |text: RwSignal<String>| Some(text.get()).filter(|text| when::read(text, 0).is_some());
        let kind = self.kind.get();
        Filter {
            identity: some(self.identity),
            slot: self.slot.get().parse().ok(),
            kind: Kind::ALL.iter().copied().find(|k| k.name() == kind),
            worktree: some(self.worktree),
            since: time(self.since).unwrap_or_default(),
            until: time(self.until).unwrap_or_default(),
            subject: self.subject.get().trim().to_string(),
        }
    }
}

/// Keeps what is written and what is shown the same: what is chosen narrows at once, what is typed a moment later.
fn follow(ledger: RwSignal<Filter>, draft: Draft) {
    Effect::new(move |_| {
        let filter = ledger.get();
        // What is being typed stays as it is.
        if untrack(|| draft.filter()) != filter {
            draft.show(filter);
        }
    });
    let apply = move || {
        let filter = untrack(|| draft.filter());
        if ledger.with_untracked(|old| *old != filter) {
            ledger.set(filter);
        }
    };
    let mut later = debounce(TYPING, move |()| apply());
    Effect::new(move |before: Option<[String; 4]>| {
        draft.filter();
        let chosen = [draft.identity, draft.slot, draft.kind, draft.worktree].map(|choice| choice.get());
        match before {
            None => {}
            Some(before) if before != chosen => apply(),
            Some(_) => later(()),
        }
        chosen
    });
}

#[component]
fn Filters() -> impl IntoView {
    let face = face();
    let ledger = face.ledger;
    let draft = Draft::new();
    draft.show(ledger.get_untracked());
    follow(ledger, draft);
    let kinds: Vec<_> = Kind::ALL.iter().map(|k| (k.name().to_string(), k.name().to_string())).collect();
    let kinds: Vec<_> = std::iter::once(any("Everything")).chain(kinds).collect();
    let hint = |text: RwSignal<String>| {
        Signal::derive(move || match text.with(|text| text.is_empty() || when::read(text, 0).is_some()) {
            true => Hint::None,
            false => Hint::Wrong(format!("this is no time: {}", when::EXAMPLE)),
        })
    };
    let narrowed = Memo::new(move |_| ledger.with(|filter| *filter != Filter::default()));
    view! {
        <div class="filters">
            <Choice name="Whose" value=draft.identity test="ledger-identity" options=Signal::derive(move || identities(face, draft))/>
            <Choice name="Where" value=draft.slot test="ledger-slot" options=Signal::derive(move || slots(face))/>
            <Choice name="Worktree" value=draft.worktree test="ledger-worktree" options=Signal::derive(move || worktrees(face, draft))/>
            <Choice name="What" value=draft.kind test="ledger-kind" options=kinds/>
            <TextField name="About" value=draft.subject test="ledger-text" placeholder="a key, a name" hinted=false/>
            <TextField name="Since" value=draft.since test="ledger-since" placeholder="2h, 2026-11-21" hint=hint(draft.since)/>
            <TextField name="Until" value=draft.until test="ledger-until" placeholder="1h" hint=hint(draft.until)/>
            <button class="quiet" data-test="ledger-all" disabled=move || !narrowed.get() on:click=move |_| {
                ledger.set(Filter::default());
                draft.show(Filter::default());
            }>
                <Icon of=X/>"Show all"
            </button>
        </div>
    }
}

/// The choice that narrows nothing.
fn any(label: &str) -> (String, String) {
    (String::new(), label.to_string())
}

fn identities(face: Face, draft: Draft) -> Vec<(String, String)> {
    let all = identity_options(face, false);
    let chosen = draft.identity.get();
    // One that is gone has its id as its name.
    let gone =
        (!chosen.is_empty() && all.iter().all(|(name, _)| *name != chosen)).then(|| known(face, &chosen));
    std::iter::once(any("Everybody")).chain(all).chain(gone).collect()
}

fn slots(face: Face) -> Vec<(String, String)> {
    let all = face.badges.with(|badges| badges.iter().flatten().map(|b| b.slot).collect::<Vec<_>>());
    let named = all.into_iter().map(|slot| (slot.to_string(), format!("Slot {slot}")));
    std::iter::once(any("All slots")).chain(named).collect()
}

/// The live worktrees, and the one that was clicked although it is archived.
fn worktrees(face: Face, draft: Draft) -> Vec<(String, String)> {
    let mut names =
        face.worktrees.with(|all| all.iter().flatten().map(|w| w.name.clone()).collect::<Vec<_>>());
    names.extend(Some(draft.worktree.get()).filter(|name| !name.is_empty()));
    names.sort();
    names.dedup();
    std::iter::once(any("All worktrees")).chain(names.into_iter().map(|name| (name.clone(), name))).collect()
}

/// An identity that is told by its id: its name where it is still there.
fn known(face: Face, id: &str) -> (String, String) {
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
