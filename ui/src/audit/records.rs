//! A list of records, newest first: further pages as one scrolls, newer ones on top without a jump.

use super::Filter;
use super::record::RecordLine;
use crate::attempt::{Attempt, Problem};
use crate::face::{Face, face};
use crate::words;
use api::audit::Record;
use leptos::html;
use leptos::prelude::*;

/// How many records a page has, and how many newer ones are fetched at a time.
const PAGE: u32 = 100;
/// So near to the end of the list the next page is fetched.
const NEAR_END: i32 = 600;

/// The list's state.
#[derive(Clone, Copy)]
struct Shown {
    face: Face,
    filter: Signal<Filter>,
    /// Newest first; `None` until the first page is there.
    records: RwSignal<Option<Vec<Record>>>,
    /// Came since, newest first, and not yet shown: the person reads further down.
    newer: RwSignal<Vec<Record>>,
    /// Whether the oldest is shown.
    ended: RwSignal<bool>,
    /// Counts the filters, so that the answer for an older one is dropped.
    turn: StoredValue<u32>,
    paging: Attempt,
    growing: Attempt,
    at_top: StoredValue<bool>,
}

impl Shown {
    /// The first page, after the filter has changed.
    fn begin(self) {
        self.turn.update_value(|turn| *turn += 1);
        self.newer.set(Vec::new());
        self.paging.busy.set(false);
        self.growing.busy.set(false);
        self.fetch(None);
    }

    /// The page that follows what is shown.
    fn more(self) {
        let last = self.records.with_untracked(|r| r.as_ref().and_then(|r| r.last().map(|r| r.seq)));
        if let Some(last) = last.filter(|_| !self.ended.get_untracked()) {
            self.fetch(Some(last));
        }
    }

    fn fetch(self, before: Option<i64>) {
        let call = self.filter.with_untracked(|filter| filter.page(before, None, PAGE));
        let turn = self.turn.get_value();
        self.paging.run(self.face.call(call), move |page| {
            if self.turn.try_get_value() != Some(turn) {
                return;
            }
            self.ended.set(page.len() < PAGE as usize);
            self.records.update(|records| match records {
                Some(records) if before.is_some() => records.extend(page),
                _ => *records = Some(page),
            });
        });
    }

    /// What came since the newest that is known.
    fn grow(self) {
        let head = |records: &Vec<Record>| records.first().map(|r| r.seq);
        let newest =
            self.newer.with_untracked(head).or(self.records.with_untracked(|r| r.as_ref().and_then(head)));
        let Some(known) = self.records.with_untracked(|r| r.as_ref().map(|_| newest.unwrap_or(0))) else {
            return;
        };
        let call = self.filter.with_untracked(|filter| filter.page(None, Some(known), PAGE));
        let turn = self.turn.get_value();
        self.growing.run(self.face.call(call), move |page| {
            if self.turn.try_get_value() != Some(turn) {
                return;
            }
            let full = page.len() == PAGE as usize;
            self.newer.update(|newer| newer.splice(..0, page.into_iter().rev()).for_each(drop));
            if self.at_top.get_value() {
                self.show_newer();
            }
            if full {
                self.grow();
            }
        });
    }

    fn show_newer(self) {
        let newer = self.newer.with_untracked(Clone::clone);
        if !newer.is_empty() {
            self.newer.set(Vec::new());
            self.records.update(|records| records.get_or_insert_default().splice(..0, newer).for_each(drop));
        }
    }
}

/// The records that a filter lets through.
#[component]
pub fn Records(
    /// Which.
    #[prop(into)]
    filter: Signal<Filter>,
) -> impl IntoView {
    let face = face();
    let shown = Shown {
        face,
        filter,
        records: RwSignal::new(None),
        newer: RwSignal::new(Vec::new()),
        ended: RwSignal::new(false),
        turn: StoredValue::new(0),
        paging: Attempt::new(),
        growing: Attempt::new(),
        at_top: StoredValue::new(true),
    };
    let list = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        filter.track();
        shown.begin();
    });
    Effect::new(move |before: Option<u32>| {
        let grown = face.audit_grew.get();
        if before.is_some_and(|before| before != grown) {
            shown.grow();
        }
        grown
    });
    let scrolled = move |_| {
        let Some(list) = list.get_untracked() else { return };
        shown.at_top.set_value(list.scroll_top() < 8);
        if list.scroll_height() - list.scroll_top() - list.client_height() < NEAR_END {
            shown.more();
        }
    };
    let to_top = move |_| {
        shown.show_newer();
        if let Some(list) = list.get_untracked() {
            list.set_scroll_top(0);
        }
    };
    let waiting = Memo::new(move |_| shown.newer.with(Vec::len));
    view! {
        <div class="records" node_ref=list on:scroll=scrolled tabindex="0" aria-label="Records">
            {move || (waiting.get() > 0).then(|| view! {
                <button class="button newer" data-test="newer" on:click=to_top>
                    {words::count(u32::try_from(waiting.get()).unwrap_or(u32::MAX), "newer record")}
                </button>
            })}
            <Problem of=shown.paging/>
            <Body shown/>
        </div>
    }
}

#[component]
fn Body(shown: Shown) -> impl IntoView {
    let loading =
        Memo::new(move |_| shown.records.with(Option::is_none) && shown.paging.problem.with(Option::is_none));
    let none = Memo::new(move |_| shown.records.with(|r| r.as_ref().is_some_and(Vec::is_empty)));
    let skeleton = |_| view! { <li class="record"><span class="skeleton grow">"…"</span></li> };
    view! {
        {move || none.get().then(|| view! { <p class="nothing">"Nothing is written here yet."</p> })}
        <ol class="record-list" data-test="records" aria-busy=move || loading.get().to_string()>
            {move || loading.get().then(|| (0..12).map(skeleton).collect::<Vec<_>>())}
            <For each=move || shown.records.get().unwrap_or_default() key=|record| record.seq
                children=|record| view! { <RecordLine record/> }/>
        </ol>
        {move || (shown.ended.get() && !none.get()).then(|| view! { <p class="soft small end">"This is where it begins."</p> })}
    }
}
