//! Short notes at the corner of the page, some with an undo, and the line that screen readers hear.

use crate::icons::{Icon, X};
use leptos::prelude::*;
use std::time::Duration;

const SHOWN_FOR: Duration = Duration::from_secs(8);
const SHOWN_AT_ONCE: usize = 2;

/// One note.
#[derive(Clone)]
struct Notice {
    number: u32,
    text: String,
    undo: Option<Callback<()>>,
}

/// All notes that are shown now.
#[derive(Clone, Copy)]
pub struct Notices {
    shown: RwSignal<Vec<Notice>>,
    spoken: RwSignal<String>,
    next: StoredValue<u32>,
}

impl Notices {
    /// None yet.
    pub fn new() -> Self {
        Self {
            shown: RwSignal::new(Vec::new()),
            spoken: RwSignal::new(String::new()),
            next: StoredValue::new(0),
        }
    }

    /// Shows a note for some seconds.
    pub fn tell(self, text: impl Into<String>) {
        self.add(text.into(), None);
    }

    /// Shows a note that can take back what was done.
    pub fn tell_with_undo(self, text: impl Into<String>, undo: Callback<()>) {
        self.add(text.into(), Some(undo));
    }

    /// Tells a screen reader, without showing anything.
    pub fn say(self, text: impl Into<String>) {
        self.spoken.set(text.into());
    }

    fn add(self, text: String, undo: Option<Callback<()>>) {
        self.next.update_value(|n| *n += 1);
        let number = self.next.get_value();
        self.spoken.set(text.clone());
        self.shown.update(|shown| {
            shown.push(Notice { number, text, undo });
            // More would lie over what one works on; what can be taken back stays as long as it can.
            if let Some(old) =
                shown.iter().position(|notice| notice.undo.is_none()).filter(|_| shown.len() > SHOWN_AT_ONCE)
            {
                shown.remove(old);
            }
        });
        set_timeout(move || self.remove(number), SHOWN_FOR);
    }

    fn remove(self, number: u32) {
        self.shown.update(|shown| shown.retain(|notice| notice.number != number));
    }
}

/// The notes, and the live region.
#[component]
pub fn NoticeCorner(
    /// What to show.
    of: Notices,
) -> impl IntoView {
    let one = move |notice: Notice| {
        let number = notice.number;
        let undo = notice.undo.map(|undo| {
            let act = move |_| {
                undo.run(());
                of.remove(number);
            };
            view! { <button class="quiet" data-test="undo" on:click=act>"Undo"</button> }
        });
        view! {
            <li class="notice" data-test="notice">
                <span class="grow">{notice.text}</span>
                {undo}
                <button class="quiet" aria-label="Close this note" on:click=move |_| of.remove(number)>
                    <Icon of=X/>
                </button>
            </li>
        }
    };
    view! {
        <ul class="notices" aria-label="Notes">
            <For each=move || of.shown.get() key=|notice| notice.number children=one/>
        </ul>
        <p class="unseen" role="status" aria-live="polite" data-test="spoken">{move || of.spoken.get()}</p>
    }
}
