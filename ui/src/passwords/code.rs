//! A one-time code: shown when it is asked for, with the seconds that it still counts, and gone after that.

use crate::attempt::{Attempt, Problem};
use crate::clipboard::copy_secret;
use crate::face::face;
use crate::icons::{COPY, Icon};
use api::SecretText;
use api::passwords::ReadCode;
use leptos::prelude::*;

/// The code of one login.
#[component]
pub fn CodeLine(
    /// Whose, by name.
    identity: String,
    /// The user's name there.
    username: String,
    /// The host.
    domain: String,
) -> impl IntoView {
    let face = face();
    let reading = Attempt::new();
    // The code and when it ends.
    let code = RwSignal::new(None::<(SecretText, api::Millis)>);
    let call = ReadCode {
        identity: Some(identity),
        domain: domain.clone(),
        username: Some(username),
        ..ReadCode::default()
    };
    let left = move || {
        code.with(|code| code.as_ref().map(|(_, until)| (until - face.now.get()) / 1000))
            .filter(|left| *left > 0)
    };
    Effect::new(move |_| {
        if code.with(Option::is_some) && left().is_none() {
            code.set(None);
        }
    });
    let show = move |_| {
        reading.run(face.call(call.clone()), move |answer| {
            let until = face.now.get_untracked() + api::Millis::from(answer.seconds_left) * 1000;
            // The row may have gone meanwhile.
            let _ = code.try_set(Some((answer.code, until)));
        });
    };
    view! {
        <div class="row">
            <button class="button" data-test=format!("show-code-{domain}") disabled=move || reading.busy.get() on:click=show>"One-time code"</button>
            {move || left().is_some().then(|| view! { <Digits code domain=domain.clone()/> })}
            <span class="soft small">{move || left().map(|left| format!("{left} s"))}</span>
        </div>
        <Problem of=reading/>
    }
}

/// The digits, and the press that copies them.
#[component]
fn Digits(code: RwSignal<Option<(SecretText, api::Millis)>>, domain: String) -> impl IntoView {
    let face = face();
    let copying = Attempt::new();
    let name = format!("The code for {domain}");
    let copy = move |_| {
        let Some((text, _)) = code.get_untracked() else { return };
        let name = name.clone();
        // EXPOSE: the owner has asked for it in the clipboard.
        copying.run(async move { copy_secret(face, &name, text.expose()).await }, |()| ());
    };
    // EXPOSE: the owner has pressed for it; it ends by itself within its half minute.
    let text = move || code.get().map(|(code, _)| grouped(code.expose()));
    view! {
        <code class="code" data-test=format!("code-{domain}")>{text}</code>
        <button class="quiet" data-test=format!("copy-code-{domain}") aria-label=format!("Copy the code for {domain}") title="Copy"
            on:click=copy><Icon of=COPY/></button>
        <Problem of=copying/>
    }
}

/// `482913` as `482 913`.
fn grouped(code: &str) -> String {
    match code.len() {
        6 | 8 => format!("{} {}", &code[..code.len() / 2], &code[code.len() / 2..]),
        _ => code.to_string(),
    }
}
