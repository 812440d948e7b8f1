//! The value of a secret: dots; a press reveals it for twenty seconds, another copies it.

use super::Revealed;
use crate::attempt::{Attempt, Problem};
use crate::clipboard::copy_secret;
use crate::face::{Face, face};
use crate::icons::{COPY, EYE, EYE_OFF, Icon};
use api::SecretText;
use api::secrets::ReadSecret;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use std::time::Duration;

const SHOWN_FOR: Duration = Duration::from_secs(20);
const DOTS: &str = "••••••••••••";

/// One secret's value and what is done with it.
#[derive(Clone, Copy)]
struct Line {
    face: Face,
    read: StoredValue<ReadSecret>,
    /// Which one of the vault is revealed.
    revealed: Revealed,
    /// The value lives here only while it is shown.
    value: RwSignal<Option<SecretText>>,
    timer: StoredValue<Option<TimeoutHandle>, LocalStorage>,
    reading: Attempt,
}

impl Line {
    fn key(self) -> String {
        self.read.with_value(|read| read.key.clone())
    }

    fn is_shown(self) -> bool {
        self.value.with(Option::is_some) && self.revealed.with(|key| key.as_ref() == Some(&self.key()))
    }

    fn hide(self) {
        // The row may have gone before its time was up.
        let _ = self.value.try_set(None);
    }

    fn reveal(self) {
        if untrack(|| self.is_shown()) {
            return self.hide();
        }
        self.reading.run(self.face.call(self.read.get_value()), move |answer| {
            self.revealed.set(Some(self.key()));
            self.value.set(Some(answer.value));
            let ending = set_timeout_with_handle(move || self.hide(), SHOWN_FOR).ok();
            if let Some(Some(before)) = self.timer.try_update_value(|timer| std::mem::replace(timer, ending))
            {
                before.clear();
            }
        });
    }

    fn copy(self) {
        let work = async move {
            let answer = self.face.call(self.read.get_value()).await?;
            // EXPOSE: the owner has asked for it in the clipboard.
            copy_secret(self.face, &answer.key, answer.value.expose()).await
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
pub fn SecretLine(
    /// Whose, by name.
    identity: String,
    /// The secret's key.
    key_name: String,
    /// Which one is revealed.
    revealed: Revealed,
) -> impl IntoView {
    let line = Line {
        face: face(),
        read: StoredValue::new(ReadSecret {
            identity: Some(identity),
            key: key_name.clone(),
            ..Default::default()
        }),
        revealed,
        value: RwSignal::new(None),
        timer: StoredValue::new_local(None),
        reading: Attempt::new(),
    };
    let is_shown = Memo::new(move |_| line.is_shown());
    Effect::new(move |_| {
        if revealed.with(|key| key.as_ref() != Some(&line.key())) {
            line.hide();
        }
    });
    let about = StoredValue::new(key_name.clone());
    let verb = move || if is_shown.get() { "Hide" } else { "Reveal" };
    view! {
        <div class="secret-value">
            <span class="value" class:shown=is_shown data-test=format!("value-{key_name}")>{move || line.text()}</span>
            <button
                class="quiet"
                data-test=format!("reveal-{key_name}")
                aria-label=move || format!("{} {}", verb(), about.get_value())
                title=move || format!("{} (ends by itself after 20 s)", verb())
                on:click=move |_| line.reveal()
            >
                {move || view! { <Icon of=if is_shown.get() { EYE_OFF } else { EYE }/> }}
            </button>
            <button
                class="quiet"
                data-test=format!("copy-{key_name}")
                aria-label=format!("Copy {key_name}")
                title="Copy (the clipboard is cleared after one minute)"
                on:click=move |_| line.copy()
            >
                <Icon of=COPY/>
            </button>
        </div>
        <Problem of=line.reading/>
    }
}
