//! The value of a secret: dots; a press reveals it for twenty seconds, another copies it.

use super::Revealed;
use crate::attempt::{Attempt, Problem};
use crate::clipboard::copy_secret;
use crate::face::face;
use crate::icons::{COPY, EYE, EYE_OFF, Icon};
use api::SecretText;
use api::secrets::ReadSecret;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use std::time::Duration;

const SHOWN_FOR: Duration = Duration::from_secs(20);
const DOTS: &str = "••••••••••••";

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
    let face = face();
    let key = StoredValue::new(key_name);
    // The value lives here only while it is shown.
    let value = RwSignal::new(None::<SecretText>);
    let timer = StoredValue::new_local(None::<TimeoutHandle>);
    let reading = Attempt::new();
    let read = StoredValue::new(ReadSecret { identity: Some(identity), key: key.get_value() });
    let is_shown =
        Memo::new(move |_| value.with(Option::is_some) && revealed.with(|r| *r == Some(key.get_value())));
    let hide = move || {
        // The row may have gone before its time was up.
        let _ = value.try_set(None);
    };
    Effect::new(move |_| {
        if revealed.with(|r| *r != Some(key.get_value())) {
            hide();
        }
    });
    let reveal = move |_| {
        if is_shown.get_untracked() {
            return hide();
        }
        reading.run(face.call(read.get_value()), move |answer| {
            revealed.set(Some(key.get_value()));
            value.set(Some(answer.value));
            let ending = set_timeout_with_handle(hide, SHOWN_FOR).ok();
            if let Some(Some(before)) = timer.try_update_value(|timer| std::mem::replace(timer, ending)) {
                before.clear();
            }
        });
    };
    let copy = move |_| {
        let work = async move {
            let answer = face.call(read.get_value()).await?;
            // EXPOSE: the owner has asked for it in the clipboard.
            copy_secret(face, &answer.key, answer.value.expose()).await
        };
        reading.run(work, |()| ());
    };
    let text = move || match (is_shown.get(), value.get()) {
        // EXPOSE: the owner has pressed reveal, for twenty seconds.
        (true, Some(value)) => value.expose().to_string(),
        _ => DOTS.to_string(),
    };
    let verb = move || if is_shown.get() { "Hide" } else { "Reveal" };
    view! {
        <div class="secret-value">
            <span class="value" class:shown=is_shown data-test=format!("value-{}", key.get_value())>{text}</span>
            <button
                class="quiet"
                data-test=format!("reveal-{}", key.get_value())
                aria-label=move || format!("{} {}", verb(), key.get_value())
                title=move || format!("{} (ends by itself after 20 s)", verb())
                on:click=reveal
            >
                {move || view! { <Icon of=if is_shown.get() { EYE_OFF } else { EYE }/> }}
            </button>
            <button
                class="quiet"
                data-test=format!("copy-{}", key.get_value())
                aria-label=format!("Copy {}", key.get_value())
                title="Copy (the clipboard is cleared after one minute)"
                on:click=copy
            >
                <Icon of=COPY/>
            </button>
        </div>
        <Problem of=reading/>
    }
}
