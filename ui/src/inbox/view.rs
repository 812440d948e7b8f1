//! An inbox: the list, what is read or written beside it, and the keys for both.

use super::Filter;
use super::compose::{Compose, Writing};
use super::letters::Letters;
use super::list::LetterList;
use super::reader::Reader;
use crate::attempt::Attempt;
use crate::face::{Face, face};
use crate::icons::{ARROW_LEFT, Icon, PENCIL};
use api::inbox::{MarkMessage, Message};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

/// What is done in an inbox now.
#[derive(Clone, Copy)]
pub struct Reading {
    face: Face,
    /// The list.
    pub letters: Letters,
    /// The line that the keys mean, by its message's id.
    pub at: RwSignal<Option<String>>,
    /// The message that is read.
    pub open: RwSignal<Option<String>>,
    /// What is written.
    pub writing: RwSignal<Option<Writing>>,
    /// Whether it is asked if the open message shall be deleted.
    pub deleting: RwSignal<bool>,
    /// Marking a message, or deleting it.
    pub acting: Attempt,
    root: NodeRef<html::Div>,
}

impl Reading {
    fn new(face: Face, filter: Signal<Filter>) -> Self {
        Self {
            face,
            letters: Letters::new(face, filter),
            at: RwSignal::new(None),
            open: RwSignal::new(None),
            writing: RwSignal::new(None),
            deleting: RwSignal::new(false),
            acting: Attempt::new(),
            root: NodeRef::new(),
        }
    }

    /// Reads a message.
    pub fn open(self, id: String) {
        self.deleting.set(false);
        self.writing.set(None);
        self.acting.problem.set(None);
        self.at.set(Some(id.clone()));
        if self.open.with_untracked(|open| open.as_ref() != Some(&id)) {
            self.open.set(Some(id));
        }
    }

    /// Writes something; what was written before is still there.
    pub fn write(self, writing: Writing) {
        self.deleting.set(false);
        self.writing.set(Some(writing));
    }

    /// Marks a message as read or unread.
    pub fn mark(self, id: String, unread: bool) {
        let call = MarkMessage { message: id, unread };
        self.acting.run(self.face.call(call), move |now: Message| self.letters.put(now));
    }

    /// After the open message is gone: the one that took its place in the list, unread ones unopened.
    pub fn after(self, gone: &str) {
        let next = self.letters.beside(Some(gone), 1).or_else(|| self.letters.beside(Some(gone), -1));
        self.letters.drop(gone);
        self.deleting.set(false);
        self.open.set(None);
        self.at.set(next);
        self.focus();
    }

    /// Closes what is written, else what is read; whether there was something.
    fn close(self) -> bool {
        if self.deleting.get_untracked() {
            self.deleting.set(false);
        } else if self.writing.with_untracked(Option::is_some) {
            self.writing.set(None);
        } else if self.open.with_untracked(Option::is_some) {
            self.open.set(None);
        } else {
            return false;
        }
        self.focus();
        true
    }

    /// Gives the keys to the inbox.
    pub fn focus(self) {
        if let Some(root) = self.root.get_untracked() {
            // What has left the page needs no focus.
            let _ = root.focus();
        }
    }

    fn step(self, by: isize) {
        let at = self.at.get_untracked();
        let next = self.letters.beside(at.as_deref(), by);
        if let Some(id) = next {
            scroll_to(self.letters, &id);
            self.at.set(Some(id));
            // Enter opens that line now, and presses no button that was clicked before.
            self.focus();
        }
    }

    /// The message that the keys mean: the chosen line, else what is read.
    fn meant(self) -> Option<Message> {
        let id = self.at.get_untracked().or_else(|| self.open.get_untracked())?;
        self.letters.held.with_untracked(|held| held.iter().flatten().find(|m| m.id == id).cloned())
    }

    /// Acts on a key; whether it was one of ours.
    fn pressed(self, event: &KeyboardEvent) -> bool {
        let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        let tag = target.as_ref().map(|target| target.tag_name()).unwrap_or_default();
        let key = event.key();
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return false;
        }
        if matches!(tag.as_str(), "INPUT" | "TEXTAREA" | "SELECT") {
            if key == "Escape" {
                self.focus();
            }
            return key == "Escape";
        }
        let reads = target.is_some_and(|target| target.closest(".reader").ok().flatten().is_some());
        let presses = matches!(tag.as_str(), "BUTTON" | "A" | "SUMMARY");
        match key.as_str() {
            "j" => self.step(1),
            "k" => self.step(-1),
            "ArrowDown" if !reads => self.step(1),
            "ArrowUp" if !reads => self.step(-1),
            "Enter" if !presses => self.at.get_untracked().into_iter().for_each(|id| self.open(id)),
            "c" => self.write(Writing::New),
            "/" => return self.search(),
            "Escape" => return self.close(),
            key => return self.act(key),
        }
        true
    }

    /// What is done with the message that the keys mean.
    fn act(self, key: &str) -> bool {
        let Some(message) = self.meant() else { return false };
        match key {
            "u" => self.mark(message.id, !message.unread),
            "r" | "R" => {
                self.open(message.id.clone());
                self.write(Writing::Reply { to: Box::new(message), all: key == "R" });
            }
            "Delete" | "#" => {
                self.open(message.id);
                self.deleting.set(true);
            }
            _ => return false,
        }
        true
    }

    fn search(self) -> bool {
        let field = document().query_selector("[data-test=inbox-search]").ok().flatten();
        let field = field.and_then(|field| field.dyn_into::<HtmlElement>().ok());
        field.is_some_and(|field| field.focus().is_ok())
    }
}

/// Whether a key that was pressed outside of an inbox may be meant for it.
fn is_free(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
    let asked = target.and_then(|target| target.closest(".questions").ok().flatten()).is_some();
    !asked && document().query_selector("[role=dialog]").ok().flatten().is_none()
}

/// Brings a line into sight, which may not be drawn yet.
fn scroll_to(letters: Letters, id: &str) {
    let (Some(list), Some(at)) = (letters.list.get_untracked(), letters.place_of(id)) else { return };
    let top = i32::try_from(at).unwrap_or(i32::MAX / 100) * super::list::LINE;
    let bottom = top + super::list::LINE;
    if top < list.scroll_top() {
        list.set_scroll_top(top);
    } else if bottom > list.scroll_top() + list.client_height() {
        list.set_scroll_top(bottom - list.client_height());
    }
}

/// The list and what is read beside it, or in its place where there is little room.
#[component]
pub fn InboxView(
    /// Which messages.
    filter: Signal<Filter>,
    /// Whether there is room for one of both only.
    #[prop(default = false)]
    narrow: bool,
    /// What stands above the list.
    children: Children,
) -> impl IntoView {
    let face = face();
    let reading = Reading::new(face, filter);
    let busy =
        Memo::new(move |_| reading.open.with(Option::is_some) || reading.writing.with(Option::is_some));
    // Whoever comes to the place of all inboxes has the keys at once; at a desk they are the terminal's.
    Effect::new(move |_| {
        if !narrow && reading.root.get().is_some() {
            set_timeout(move || reading.focus(), std::time::Duration::ZERO);
        }
    });
    Effect::new(move |_| {
        if let Some(wanted) = face.inboxes.wanted.get().filter(|_| !narrow) {
            face.inboxes.wanted.set(None);
            reading.open(wanted);
        }
    });
    let key = move |event: KeyboardEvent| {
        if reading.pressed(&event) {
            event.prevent_default();
            event.stop_propagation();
        }
    };
    // At its own place the keys are the inbox's wherever the focus is, unless somebody else is asked there.
    let listening = window_event_listener(leptos::ev::keydown, move |event| {
        if !narrow && !event.default_prevented() && is_free(&event) && reading.pressed(&event) {
            event.prevent_default();
        }
    });
    on_cleanup(move || listening.remove());
    let named = move || !narrow && filter.with(|filter| filter.identity.is_none());
    view! {
        <div class="inbox" class:slim=narrow class:busy=busy node_ref=reading.root tabindex="-1" on:keydown=key data-test="inbox">
            <div class="inbox-side">
                <div class="inbox-head">{children()}
                    <button class="button" data-test="compose" title="New message (c)" on:click=move |_| reading.write(Writing::New)><Icon of=PENCIL/>"New message"</button>
                </div>
                {move || view! { <LetterList letters=reading.letters reading named=named()/> }}
            </div>
            <div class="reader" data-test="reader">
                <button class="quiet back" data-test="back" on:click=move |_| { reading.close(); }><Icon of=ARROW_LEFT/>"All messages"</button>
                {move || reading.writing.get().map(|writing| view! { <Compose writing reading from=filter.with_untracked(|f| f.identity.clone())/> })}
                {move || reading.open.get().map(|id| view! { <Reader id reading/> })}
                {move || (!busy.get()).then(|| view! { <Idle/> })}
            </div>
        </div>
    }
}

/// What stands where nothing is read.
#[component]
fn Idle() -> impl IntoView {
    let keys = [
        ("j k", "up and down"),
        ("Enter", "read"),
        ("r", "reply"),
        ("u", "unread"),
        ("c", "write"),
        ("/", "search"),
    ];
    let one = |(key, what): (&'static str, &'static str)| view! { <span><kbd>{key}</kbd>" "{what}</span> };
    view! {
        <div class="idle"><p>"Choose a message."</p><p class="key-hints soft small">{keys.map(one).into_iter().collect::<Vec<_>>()}</p></div>
    }
}

/// The inbox of the identity that sits at a desk.
#[component]
pub fn InboxTab(
    /// Whose, by name.
    identity: Memo<Option<String>>,
) -> impl IntoView {
    let filter = Memo::new(move |_| Filter { identity: identity.get(), ..Filter::default() });
    let sits = Memo::new(move |_| identity.with(Option::is_some));
    move || {
        match sits.get() {
        true => view! { <InboxView filter=filter.into() narrow=true>""</InboxView> }.into_any(),
        false => view! { <p class="soft" style="padding:16px">"Nobody sits in this slot, so nothing comes for it. Choose an identity first."</p> }.into_any(),
    }
    }
}
