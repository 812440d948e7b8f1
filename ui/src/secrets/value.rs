//! A value that is hidden: dots; a press reveals it for twenty seconds, another copies it.

use super::Revealed;
use crate::attempt::{Attempt, Problem};
use crate::clipboard::copy_secret;
use crate::face::{Face, face};
use crate::icons::{COPY, EYE, EYE_OFF, Icon};
use api::{Result, SecretText};
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

const SHOWN_FOR: Duration = Duration::from_secs(20);
const DOTS: &str = "••••••••••••";

/// Asks the daemon for a value.
pub type Fetch = Callback<(), Pin<Box<dyn Future<Output = Result<SecretText>>>>>;

/// One hidden value and what is done with it.
#[derive(Clone, Copy)]
struct Line {
    face: Face,
    fetch: Fetch,
    /// What it is called, and what tells it from the others of its list.
    name: StoredValue<String>,
    id: StoredValue<String>,
    /// Which one of the list is revealed.
    revealed: Revealed,
    /// The value lives here only while it is shown.
    value: RwSignal<Option<SecretText>>,
    timer: StoredValue<Option<TimeoutHandle>, LocalStorage>,
    reading: Attempt,
}

impl Line {
    fn is_mine(self) -> bool {
        self.revealed.with(|id| id.as_ref() == Some(&self.id.get_value()))
    }

    fn is_shown(self) -> bool {
        self.value.with(Option::is_some) && self.is_mine()
    }

    fn hide(self) {
        // The row may have gone before its time was up.
        let _ = self.value.try_set(None);
    }

    fn reveal(self) {
        if untrack(|| self.is_shown()) {
            return self.hide();
        }
        self.reading.run(self.fetch.run(()), move |value| {
            // The row may have gone before its value came.
            let Some(id) = self.id.try_get_value() else { return };
            self.revealed.set(Some(id));
            self.value.set(Some(value));
            let ending = set_timeout_with_handle(move || self.hide(), SHOWN_FOR).ok();
            if let Some(Some(before)) = self.timer.try_update_value(|timer| std::mem::replace(timer, ending))
            {
                before.clear();
            }
        });
    }

    fn copy(self) {
        let (fetched, name) = (self.fetch.run(()), self.name.get_value());
        let work = async move {
            let value = fetched.await?;
            // EXPOSE: the owner has asked for it in the clipboard.
            copy_secret(self.face, &name, value.expose()).await
        };
        self.reading.run(work, |()| ());
    }

    fn text(self) -> String {
        match (self.is_shown(), self.value.get()) {
            // EXPOSE: the owner has pressed reveal, for twenty seconds.
            (true, Some(value)) => value.expose().to_string(),
            _ => DOTS.to_string(),
        }
    }
}

/// Dots or the value, with reveal and copy.
#[component]
pub fn HiddenLine(
    /// What it is called: a key, a host.
    #[prop(into)]
    name: String,
    /// What tells it from the others of its list.
    #[prop(into)]
    id: String,
    /// Asks for the value.
    fetch: Fetch,
    /// Which one of the list is revealed.
    revealed: Revealed,
) -> impl IntoView {
    let line = Line {
        face: face(),
        fetch,
        name: StoredValue::new(name.clone()),
        id: StoredValue::new(id),
        revealed,
        value: RwSignal::new(None),
        timer: StoredValue::new_local(None),
        reading: Attempt::new(),
    };
    let is_shown = Memo::new(move |_| line.is_shown());
    Effect::new(move |_| {
        if !line.is_mine() {
            line.hide();
        }
    });
    let verb = move || if is_shown.get() { "Hide" } else { "Reveal" };
    view! {
        <div class="secret-value">
            <span class="value" class:shown=is_shown data-test=format!("value-{name}")>{move || line.text()}</span>
            <button
                class="quiet"
                data-test=format!("reveal-{name}")
                aria-label=move || format!("{} {}", verb(), line.name.get_value())
                title=move || format!("{} (ends by itself after 20 s)", verb())
                on:click=move |_| line.reveal()
            >
                {move || view! { <Icon of=if is_shown.get() { EYE_OFF } else { EYE }/> }}
            </button>
            <button
                class="quiet"
                data-test=format!("copy-{name}")
                aria-label=format!("Copy {name}")
                title="Copy (the clipboard is cleared after one minute)"
                on:click=move |_| line.copy()
            >
                <Icon of=COPY/>
            </button>
        </div>
        <Problem of=line.reading/>
    }
}
