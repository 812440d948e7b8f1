//! A list of records, newest first. It holds some hundred of them round what is in sight, however many there are.

use super::Filter;
use super::record::RecordLine;
use crate::attempt::{Attempt, Problem};
use crate::face::{Face, face};
use crate::icons::{ARROW_UP, Icon};
use api::audit::{ListAudit, Record};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// How many records are fetched at a time.
const PAGE: u32 = 100;
/// How many are held at most: those that are further away are fetched again when one comes back to them.
const HELD: usize = 300;
/// So near to an end of what is held the next page is fetched.
const NEAR_END: i32 = 600;

/// What of the records is held.
#[derive(Clone, Copy)]
struct Shown {
    face: Face,
    filter: Signal<Filter>,
    /// Newest first and without a gap; `None` until the first page is there.
    records: RwSignal<Option<Vec<Record>>>,
    /// Whether they begin with the newest that is known.
    from_newest: RwSignal<bool>,
    /// Whether newer ones have come that are not shown: the person reads further down.
    waiting: RwSignal<bool>,
    /// Whether the oldest is among them.
    ended: RwSignal<bool>,
    /// Counts the filters, so that the answer for an older one is dropped.
    turn: StoredValue<u32>,
    paging: Attempt,
    growing: Attempt,
    list: NodeRef<html::Div>,
}

impl Shown {
    /// The newest, after the filter has changed or when one goes back to them.
    fn begin(self) {
        self.turn.update_value(|turn| *turn += 1);
        self.paging.busy.set(false);
        self.growing.busy.set(false);
        self.fetch(self.paging, ListAudit::default(), move |page, full| {
            self.ended.set(!full);
            self.from_newest.set(true);
            self.waiting.set(false);
            self.records.set(Some(page));
            if let Some(list) = self.list.get_untracked() {
                list.set_scroll_top(0);
            }
        });
    }

    /// The page that follows what is held.
    fn older(self) {
        let last = self.records.with_untracked(|r| r.as_ref()?.last().map(|r| r.seq));
        let Some(last) = last.filter(|_| !self.ended.get_untracked()) else { return };
        let call = ListAudit { before: Some(last), ..ListAudit::default() };
        self.fetch(self.paging, call, move |page, full| {
            self.ended.set(!full);
            self.keep_in_sight(move |records| {
                records.extend(page);
                let over = records.len().saturating_sub(HELD);
                records.drain(..over);
                over > 0
            });
        });
    }

    /// The page that comes before what is held.
    fn newer(self) {
        let Some(call) = self.above().filter(|_| !self.from_newest.get_untracked()) else { return };
        self.fetch(self.paging, call, move |page, full| {
            self.keep_in_sight(move |records| {
                records.splice(..0, page.into_iter().rev());
                if records.len() > HELD {
                    self.ended.set(false);
                }
                records.truncate(HELD);
                full
            });
        });
    }

    /// Something was written since. It is shown where the newest is in sight, and told where it is not.
    fn grow(self) {
        let Some(call) = self.above().filter(|_| self.from_newest.get_untracked()) else { return };
        self.fetch(self.growing, call, move |page, full| {
            if page.is_empty() || !self.from_newest.get_untracked() {
                return;
            }
            if full || !self.at_top() {
                self.waiting.set(true);
                return;
            }
            self.records.update(|records| {
                let records = records.get_or_insert_default();
                records.splice(..0, page.into_iter().rev());
                if records.len() > HELD {
                    self.ended.set(false);
                }
                records.truncate(HELD);
            });
        });
    }

    /// What would ask for what is newer than all that is held.
    fn above(self) -> Option<ListAudit> {
        let first = self.records.with_untracked(|r| Some(r.as_ref()?.first().map_or(0, |r| r.seq)))?;
        Some(ListAudit { after: Some(first), ..ListAudit::default() })
    }

    /// Asks for one page; `then` gets it, and whether it is full.
    fn fetch(self, trying: Attempt, part: ListAudit, then: impl FnOnce(Vec<Record>, bool) + 'static) {
        let whole = self.filter.with_untracked(|filter| filter.call(self.face.now.get_untracked()));
        let call = ListAudit { before: part.before, after: part.after, limit: Some(PAGE), ..whole };
        let turn = self.turn.get_value();
        trying.run(self.face.call(call), move |page| {
            // The page may have been left meanwhile, or narrowed to something else.
            if self.turn.try_get_value() == Some(turn) {
                let full = page.len() == PAGE as usize;
                then(page, full);
            }
        });
    }

    /// Changes what is held, and leaves the line that is read where it is. The change says whether newer ones than
    /// those that are held are known now.
    fn keep_in_sight(self, change: impl FnOnce(&mut Vec<Record>) -> bool) {
        let anchor = self.list.get_untracked().and_then(|list| {
            let row = first_in_sight(&list)?;
            let top = row.offset_top();
            Some((list, row, top))
        });
        self.records.update(|records| {
            let cut = change(records.get_or_insert_default());
            self.from_newest.set(!cut);
        });
        let Some((list, row, top)) = anchor else { return };
        request_animation_frame(move || list.set_scroll_top(list.scroll_top() + row.offset_top() - top));
    }

    fn at_top(self) -> bool {
        self.list.get_untracked().is_none_or(|list| list.scroll_top() < 8)
    }
}

/// The first line that can be seen.
fn first_in_sight(list: &HtmlElement) -> Option<HtmlElement> {
    let (rows, top) = (list.query_selector_all("li").ok()?, list.scroll_top());
    let rows = (0..rows.length()).filter_map(|at| rows.get(at)?.dyn_into::<HtmlElement>().ok());
    rows.into_iter().find(|row| row.offset_top() + row.offset_height() > top)
}

/// The records that a filter lets through.
#[component]
pub fn Records(
    /// Which.
    #[prop(into)]
    filter: Signal<Filter>,
) -> impl IntoView {
    let face = face();
    let list = NodeRef::<html::Div>::new();
    let shown = Shown {
        face,
        filter,
        records: RwSignal::new(None),
        from_newest: RwSignal::new(true),
        waiting: RwSignal::new(false),
        ended: RwSignal::new(false),
        turn: StoredValue::new(0),
        paging: Attempt::new(),
        growing: Attempt::new(),
        list,
    };
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
        if list.scroll_height() - list.scroll_top() - list.client_height() < NEAR_END {
            shown.older();
        } else if list.scroll_top() < NEAR_END {
            shown.newer();
        }
    };
    let away = Memo::new(move |_| shown.waiting.get() || !shown.from_newest.get());
    view! {
        <div class="records" node_ref=list on:scroll=scrolled tabindex="0" aria-label="Records">
            {move || away.get().then(|| view! {
                <button class="button newer" data-test="newer" on:click=move |_| shown.begin()>
                    <Icon of=ARROW_UP/>
                    {move || if shown.waiting.get() { "Newer records" } else { "The newest" }}
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
