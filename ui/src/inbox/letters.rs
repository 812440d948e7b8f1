//! The messages that a list holds: fetched page by page, kept up to date, and never moved under a reader's eye.

use super::Filter;
use crate::attempt::Attempt;
use crate::face::Face;
use api::inbox::{ListMessages, Message, Messages};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// How many are fetched at a time.
const PAGE: u32 = 100;
/// So many fill the tallest list.
const FILLING: usize = 30;

/// The messages of one list. Copies are the same list.
#[derive(Clone, Copy)]
pub struct Letters {
    face: Face,
    /// Which messages it shows.
    pub filter: Signal<Filter>,
    /// Newest first and without a gap; `None` until the first page is there.
    pub held: RwSignal<Option<Vec<Message>>>,
    /// How many newer ones wait until the person wants to see them.
    pub waiting: RwSignal<usize>,
    /// From where on the next page is; nothing if the oldest is among them.
    pub next: RwSignal<Option<i64>>,
    /// The page that is fetched now.
    pub paging: Attempt,
    /// The element that scrolls.
    pub list: NodeRef<html::Div>,
    /// Counts the filters, so that the answer for an older one is dropped.
    turn: StoredValue<u32>,
    /// Whether what is held is being looked at again, and whether that must be done once more.
    looking: StoredValue<(bool, bool)>,
}

impl Letters {
    /// A list that follows its filter and what happens in the inboxes.
    pub fn new(face: Face, filter: Signal<Filter>) -> Self {
        let letters = Self {
            face,
            filter,
            held: RwSignal::new(None),
            waiting: RwSignal::new(0),
            next: RwSignal::new(None),
            paging: Attempt::new(),
            list: NodeRef::new(),
            turn: StoredValue::new(0),
            looking: StoredValue::new((false, false)),
        };
        Effect::new(move |_| {
            filter.track();
            letters.begin();
        });
        Effect::new(move |before: Option<u32>| {
            let changed = face.inboxes.changed.get();
            if before.is_some_and(|before| before != changed) {
                letters.look_again();
            }
            changed
        });
        letters
    }

    /// The newest, after the filter has changed or when one goes back to them.
    pub fn begin(self) {
        self.turn.update_value(|turn| *turn += 1);
        self.paging.busy.set(false);
        self.fetch(None, move |page| {
            self.next.set(page.next);
            self.waiting.set(0);
            self.held.set(Some(page.messages));
            if let Some(list) = self.list.get_untracked() {
                list.set_scroll_top(0);
            }
            self.fill();
        });
    }

    /// A search may find little in a page: what does not fill the list can't be scrolled for more.
    fn fill(self) {
        if self.held.with_untracked(|held| held.as_ref().is_some_and(|held| held.len() < FILLING)) {
            self.older();
        }
    }

    /// The page that follows what is held.
    pub fn older(self) {
        let Some(next) = self.next.get_untracked() else { return };
        self.fetch(Some(next), move |page| {
            self.next.set(page.next);
            self.held.update(|held| held.get_or_insert_default().extend(page.messages));
            self.fill();
        });
    }

    fn fetch(self, before: Option<i64>, then: impl FnOnce(Messages) + 'static) {
        let call = ListMessages { before, limit: Some(PAGE), ..self.filter.get_untracked().call() };
        let turn = self.turn.get_value();
        self.paging.run(self.face.call(call), move |page| {
            // The page may have been left meanwhile, or narrowed to something else.
            if self.turn.try_get_value() == Some(turn) {
                then(page);
            }
        });
    }

    /// Something has changed: the newest page is asked for again, and what it says is taken over.
    pub fn look_again(self) {
        if self.held.with_untracked(Option::is_none) {
            return self.begin();
        }
        let (looks, _) = self.looking.get_value();
        self.looking.set_value((true, looks));
        if looks {
            return;
        }
        let call = ListMessages { limit: Some(PAGE), ..self.filter.get_untracked().call() };
        let turn = self.turn.get_value();
        spawn_local(async move {
            // What can't be asked now is asked again with the next change, or when the link is back.
            let page = self.face.call(call).await.ok();
            let Some((_, again)) = self.looking.try_get_value() else { return };
            self.looking.set_value((false, false));
            if let Some(page) = page.filter(|_| self.turn.get_value() == turn) {
                self.merge(page);
            }
            if again {
                self.look_again();
            }
        });
    }

    fn merge(self, page: Messages) {
        let grows = self.may_grow();
        let kept = self.filter.with_untracked(|filter| filter.unread);
        self.held.update(|held| {
            let held = held.get_or_insert_default();
            let newest = held.first().map_or(i64::MIN, |message| message.number);
            let fresh = page.messages.iter().filter(|message| message.number > newest).count();
            // A gap would open if not even the last of a whole page is known.
            let apart = fresh == page.messages.len() && page.more && !held.is_empty();
            if apart || (fresh > 0 && !grows) {
                self.waiting.set(fresh);
            }
            take_over(held, &page, kept);
            if grows && !apart {
                held.splice(..0, page.messages.into_iter().take(fresh));
                self.waiting.set(0);
            }
        });
    }

    /// Whether a new message may push the others down: nobody reads further below, or is about to click.
    fn may_grow(self) -> bool {
        let Some(list) = self.list.get_untracked() else { return true };
        list.scroll_top() < 8 && !list.matches(":hover, :focus-within").unwrap_or(false)
    }

    /// A message as it is now.
    pub fn put(self, now: Message) {
        let same = |message: &&mut Message| message.id == now.id;
        self.held.update(|held| {
            if let Some(message) = held.iter_mut().flatten().find(same) {
                *message = now.clone();
            }
        });
    }

    /// A message is gone.
    pub fn drop(self, id: &str) {
        self.held.update(|held| held.iter_mut().for_each(|held| held.retain(|message| message.id != id)));
    }

    /// The message that stands `by` places from this one, without following it; the first where none is meant.
    pub fn beside(self, id: Option<&str>, by: isize) -> Option<String> {
        self.held.with_untracked(|held| {
            let held = held.as_ref()?;
            let at = held.iter().position(|message| Some(message.id.as_str()) == id);
            let at = at.map_or(Some(0), |at| at.checked_add_signed(by))?;
            held.get(at).map(|message| message.id.clone())
        })
    }

    /// Where a message stands, without following it.
    pub fn place_of(self, id: &str) -> Option<usize> {
        self.held.with_untracked(|held| held.as_ref()?.iter().position(|message| message.id == id))
    }
}

/// What a page says of the messages that are held already. With `kept`, one that does not fit any more stays, read:
/// it must not vanish while its reader reads it.
fn take_over(held: &mut Vec<Message>, page: &Messages, kept: bool) {
    let told = |number: i64| page.next.is_none_or(|next| number >= next);
    held.retain_mut(|message| match page.messages.iter().find(|now| now.id == message.id) {
        Some(now) => {
            message.clone_from(now);
            true
        }
        None if told(message.number) => {
            message.unread = false;
            kept
        }
        None => true,
    });
}
