//! Sources on the page: where mail and text messages come from, how each of them is, and the form for one.

mod form;
mod line;

pub use form::SourceForm;

use crate::face::{Dialog, face};
use crate::icons::{Icon, PLUS};
use api::sources::SourceKind;
use leptos::prelude::*;
use line::SourceLine;

/// What a kind is called.
fn kind(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Smtp => "mail server",
        SourceKind::Imap => "mailbox (IMAP)",
        SourceKind::Webhook => "webhook",
        SourceKind::Twilio => "phone numbers (Twilio)",
        SourceKind::Ravi => "Ravi",
    }
}

/// All sources.
#[component]
pub fn Sources() -> impl IntoView {
    let face = face();
    let ids = Memo::new(move |_| {
        face.sources.with(|all| all.iter().flatten().map(|source| source.id.clone()).collect::<Vec<_>>())
    });
    view! {
        <div class="stack tight">
            <ul class="lines" data-test="sources">
                <For each=move || ids.get() key=|id| id.clone() children=|id| view! { <SourceLine id/> }/>
            </ul>
            <div class="row">
                <button class="button" data-test="add-source" on:click=move |_| face.dialog.set(Some(Dialog::AddSource))><Icon of=PLUS/>"Add a source"</button>
            </div>
        </div>
    }
}
