//! The questions and what is done with them: which one is open, who holds the keys, and what has just ended.

use super::answer::EXTENTS;
use crate::attempt::Attempt;
use crate::face::{Face, Listed};
use crate::words;
use api::Millis;
use api::approvals::{Action, Answer, AnswerApproval, Approval, State};
use leptos::html;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};

/// How long a question that has ended is still to be seen with its outcome.
const ENDED_FOR: Duration = Duration::from_secs(3);
/// A question that comes up by itself takes no `y` so soon: that was meant for the one before.
const ARMED_AFTER: Millis = 600;

/// What is being done with the question that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its details are read.
    Reading,
    /// How far the yes shall reach is chosen.
    Extending,
    /// The word that goes with the no is written.
    Denying,
    /// A question is answered in words.
    Answering,
}

/// All questions.
#[derive(Clone, Copy)]
pub struct Questions {
    /// The open ones, oldest first.
    pub open: Listed<Vec<Approval>>,
    /// The one whose details are shown, by its id.
    pub chosen: RwSignal<Option<String>>,
    /// What is done with that one.
    pub step: RwSignal<Step>,
    /// Whether the bar is folded away.
    pub folded: RwSignal<bool>,
    /// The answer on its way.
    pub answering: Attempt,
    /// The bar's element.
    pub bar: NodeRef<html::Section>,
    ended: RwSignal<Vec<Approval>>,
    armed_at: StoredValue<Millis>,
    before: StoredValue<Option<HtmlElement>, LocalStorage>,
}

impl Questions {
    /// None yet.
    pub fn new() -> Self {
        Self {
            open: RwSignal::new(None),
            chosen: RwSignal::new(None),
            step: RwSignal::new(Step::Reading),
            folded: RwSignal::new(false),
            answering: Attempt::new(),
            bar: NodeRef::new(),
            ended: RwSignal::new(Vec::new()),
            armed_at: StoredValue::new(0),
            before: StoredValue::new_local(None),
        }
    }

    /// A question came or ended; the caller lists them again.
    pub fn hear(self, face: Face, approval: Approval) {
        face.notices.say(words::asked(&approval));
        if approval.state == State::Open {
            return;
        }
        let id = approval.id.clone();
        self.ended.update(|ended| {
            ended.retain(|a| a.id != approval.id);
            ended.push(approval);
        });
        if self.chosen.with_untracked(|chosen| chosen.as_ref() == Some(&id)) {
            self.after(&id);
        }
        set_timeout(move || self.ended.update(|ended| ended.retain(|a| a.id != id)), ENDED_FOR);
    }

    /// What the bar shows: the open ones, and for some seconds those that have ended, each in its place.
    pub fn lines(self) -> Vec<Approval> {
        let mut all = self.ended.get();
        let open = self.open.get().unwrap_or_default();
        let fresh: Vec<_> = open.into_iter().filter(|a| all.iter().all(|e| e.id != a.id)).collect();
        all.extend(fresh);
        all.sort_by(|a, b| (a.asked_at, &a.id).cmp(&(b.asked_at, &b.id)));
        all
    }

    /// Whether somebody in this slot waits for an answer.
    pub fn asks(self, slot: u32) -> bool {
        self.open.with(|open| open.iter().flatten().any(|a| a.slot == slot))
    }

    /// Opens the oldest and takes the keys, because the person asked for it; whether there was one.
    pub fn take(self) -> bool {
        let Some(first) = self.ids().into_iter().next() else { return false };
        let active = document().active_element().and_then(|e| e.dyn_into::<HtmlElement>().ok());
        self.before.set_value(active);
        self.folded.set(false);
        self.choose(first);
        true
    }

    /// Opens one.
    pub fn choose(self, id: String) {
        self.step.set(Step::Reading);
        self.answering.problem.set(None);
        self.chosen.set(Some(id));
        self.armed_at.set_value(0);
        self.focus();
    }

    /// Sends an answer.
    pub fn answer(self, face: Face, id: String, answer: Answer) {
        let call = AnswerApproval { approval: id, answer };
        self.answering.run(face.call(call), move |_| face.relist_questions());
    }

    /// Whether it is a question that words answer, and no mere yes.
    fn asks_words(self, id: &str) -> bool {
        let asks = |asked: &Approval| asked.id == id && asked.action == Action::Ask;
        self.open.with_untracked(|open| open.iter().flatten().any(asks))
    }

    fn ids(self) -> Vec<String> {
        self.open.with_untracked(|open| open.iter().flatten().map(|a| a.id.clone()).collect())
    }

    /// Gives the focus to the bar, once it is drawn.
    fn focus(self) {
        let focus = move || {
            // Where an answer is begun at once, its field has the focus.
            let reads = self.step.get_untracked() == Step::Reading;
            if let Some(bar) = self.bar.get_untracked().filter(|_| reads) {
                // A bar that has gone meanwhile needs none.
                let _ = bar.focus();
            }
        };
        set_timeout(focus, Duration::ZERO);
    }

    /// Closes what is open, and gives the focus back.
    fn leave(self) {
        self.chosen.set(None);
        self.step.set(Step::Reading);
        if let Some(element) = self.before.try_update_value(Option::take).flatten() {
            // It may have left the page; then the focus starts at the top.
            let _ = element.focus();
        }
    }

    /// After the open question has ended: the next one, or back to where the person was.
    fn after(self, id: &str) {
        let next = self.ids().into_iter().find(|other| other != id);
        match (self.has_focus(), next) {
            (true, Some(next)) => {
                self.choose(next);
                self.armed_at.set_value(clock() + ARMED_AFTER);
            }
            (true, None) => self.leave(),
            (false, _) => self.chosen.set(None),
        }
    }

    fn has_focus(self) -> bool {
        let active = document().active_element();
        self.bar.get_untracked().is_some_and(|bar| bar.contains(active.as_ref().map(|e| e.as_ref())))
    }

    /// Acts on a key that was pressed in the bar; whether it was one of ours.
    pub fn pressed(self, face: Face, event: &KeyboardEvent) -> bool {
        let key = event.key();
        let writes = event.target().is_some_and(|e| e.dyn_into::<HtmlInputElement>().is_ok());
        match (key.as_str(), event.ctrl_key() || event.meta_key() || event.alt_key()) {
            ("Escape", _) => self.back(),
            (_, true) => return false,
            _ if writes => return false,
            _ if event.repeat() => return true,
            _ => return self.chose(face, &key),
        }
        true
    }

    /// From the answer to the details, from the details to where the person was.
    fn back(self) {
        match self.step.get_untracked() {
            Step::Reading => self.leave(),
            _ => {
                self.step.set(Step::Reading);
                self.focus();
            }
        }
    }

    fn chose(self, face: Face, key: &str) -> bool {
        let Some(id) = self.chosen.get_untracked() else { return false };
        match (key, key.parse::<usize>()) {
            (_, Ok(digit @ 1..=9)) => self.digit(face, id, digit),
            ("y", _) if clock() < self.armed_at.get_value() => {}
            ("y", _) if self.asks_words(&id) => self.step.set(Step::Answering),
            ("y", _) => self.answer(face, id, Answer::Once),
            ("f", _) if self.asks_words(&id) => {}
            ("f", _) => self.step.set(Step::Extending),
            ("n", _) => self.step.set(Step::Denying),
            ("ArrowDown", _) => self.move_on(&id, 1),
            ("ArrowUp", _) => self.move_on(&id, -1),
            _ => return false,
        }
        true
    }

    /// A digit chooses among the answers where they are offered, else among the questions.
    fn digit(self, face: Face, id: String, digit: usize) {
        match self.step.get_untracked() {
            Step::Extending => {
                if let Some((_, answer)) = EXTENTS.get(digit - 1) {
                    self.answer(face, id, answer.clone());
                }
            }
            _ => {
                if let Some(other) = self.ids().into_iter().nth(digit - 1) {
                    self.choose(other);
                }
            }
        }
    }

    fn move_on(self, id: &str, by: isize) {
        let ids = self.ids();
        let at = ids.iter().position(|other| other == id);
        if let Some(other) = at.and_then(|at| ids.get(at.checked_add_signed(by)?)) {
            self.choose(other.clone());
        }
    }
}

fn clock() -> Millis {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds fit for thousands of years")]
    let now = js_sys::Date::now() as Millis;
    now
}
