//! Inboxes on the page: what came for an identity and what it sent, one place for all of them, and a tab at each desk.

mod compose;
mod files;
mod found;
mod html;
mod keeping;
mod letters;
mod list;
mod page;
mod reader;
mod text;
mod thread;
mod view;
mod wanted;

pub use found::FreshChips;
pub use keeping::Keeping;
pub use page::InboxPage;
pub use view::InboxTab;
pub use wanted::WantedMessage;

use crate::face::{Face, Listed};
use crate::place::Place;
use api::inbox::{Direction, ListMessages, Medium, Message, Messages};
use compose::Written;
use leptos::prelude::*;
use std::collections::BTreeMap;

/// How many of the newest messages are known everywhere: the badges show what is fresh of them.
const NEWEST: u32 = 50;

/// Which messages are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only of the identity of this name.
    pub identity: Option<String>,
    /// Only mail or only text messages.
    pub medium: Option<Medium>,
    /// Only unread ones.
    pub unread: bool,
    /// Only those that hold these words.
    pub search: String,
}

impl Filter {
    fn call(&self) -> ListMessages {
        let Filter { identity, medium, unread, search } = self.clone();
        let search = Some(search).filter(|words| !words.is_empty());
        ListMessages { identity, medium, unread, search, ..ListMessages::default() }
    }
}

/// What the whole page knows of all inboxes.
#[derive(Clone, Copy)]
pub struct Inboxes {
    /// The newest that came in, for anybody.
    pub newest: Listed<Messages>,
    /// Grows whenever something changes in any inbox.
    pub changed: RwSignal<u32>,
    /// What the place of all inboxes is narrowed to.
    pub filter: RwSignal<Filter>,
    /// The message that is asked for elsewhere on the page, by its id or number.
    wanted: RwSignal<Option<String>>,
    /// What was written and not sent yet, by what it answers; it lives as long as the page.
    drafts: StoredValue<BTreeMap<String, Written>>,
}

impl Inboxes {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self {
            newest: RwSignal::new(None),
            changed: RwSignal::new(0),
            filter: RwSignal::new(Filter::default()),
            wanted: RwSignal::new(None),
            drafts: StoredValue::new(BTreeMap::new()),
        }
    }

    /// Something came, was read, sent or deleted.
    pub fn hear(self, face: Face) {
        self.changed.update(|n| *n += 1);
        let newest = ListMessages {
            direction: Some(Direction::Incoming),
            limit: Some(NEWEST),
            ..ListMessages::default()
        };
        face.list(newest, self.newest);
    }

    /// How many are unread, of all identities.
    pub fn unread(self) -> u32 {
        self.newest.with(|newest| newest.as_ref().map_or(0, |newest| newest.unread))
    }

    /// The newest that came for an identity, by its id.
    fn newest_of(self, identity: &str) -> Vec<Message> {
        self.newest.with(|newest| {
            let all = newest.iter().flat_map(|newest| &newest.messages);
            all.filter(|message| message.identity == identity).cloned().collect()
        })
    }

    /// Shows one message, by its id or number.
    pub fn read(self, face: Face, message: String) {
        self.wanted.set(Some(message));
        face.place.set(Place::Inbox);
    }

    /// Shows the inbox of one identity.
    pub fn show(self, face: Face, identity: String) {
        self.filter.set(Filter { identity: Some(identity), ..Filter::default() });
        face.place.set(Place::Inbox);
    }
}
