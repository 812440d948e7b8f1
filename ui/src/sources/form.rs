//! The form for a source: a new one, or changes to one that is there.

use super::kind;
use crate::attempt::Attempt;
use crate::face::{Face, face};
use crate::field::Choice;
use crate::setup::{Needs, Setup, SetupEnd, SetupFields, Wording};
use crate::slots::identity_options;
use api::sources::{AddSource, Source, SourceKind, UpdateSource};
use leptos::prelude::*;

const WORDING: Wording = Wording { noun: "source", example: "mailbox", url: "Server", needs };

/// What others need to post from elsewhere.
const PUBLIC: &str = "public=https://… is the address of a tunnel to this machine, as others post to it";

/// What a kind must be told.
fn needs(kind: &str) -> Needs {
    let needs = |settings, secret, url| Needs { settings, secret, url, may: "" };
    match SourceKind::named(kind).unwrap_or(SourceKind::Imap) {
        SourceKind::Smtp => Needs {
            may: "a server that asks who sends wants username=…",
            ..needs("", "the password for sending, if it wants one", "smtps://mail.example.com")
        },
        SourceKind::Imap => Needs {
            may: "domain=example.com takes mail to NAME@example.com, smtp=smtps://… sends by the same login",
            ..needs("username=me@example.com", "the mailbox's password", "imaps://mail.example.com")
        },
        SourceKind::Webhook => Needs { may: PUBLIC, ..needs("", "the key that signs each message", "") },
        SourceKind::Twilio => Needs {
            may: PUBLIC,
            ..needs("account=AC…", "the account's auth token", "https://api.twilio.com")
        },
        SourceKind::Ravi => needs("", "a management key", "https://ravi.app"),
    }
}

async fn save(face: Face, old: Option<Source>, setup: Setup, identity: String) -> api::Result<Source> {
    let (settings, url, secret) = (setup.settings(), setup.url(), setup.secret());
    let Some(old) = old else {
        let kind = SourceKind::named(&setup.kind()).unwrap_or(SourceKind::Imap);
        let identity = Some(identity).filter(|name| !name.is_empty());
        return face.call(AddSource { name: setup.name(), kind, identity, url, settings, secret }).await;
    };
    face.call(UpdateSource { source: old.id, url, settings, secret }).await
}

/// The form.
#[component]
pub fn SourceForm(
    /// The source to change; a new one if left out.
    #[prop(optional)]
    old: Option<Source>,
    /// Closes the dialog.
    close: Callback<()>,
) -> impl IntoView {
    let face = face();
    let setup = match &old {
        None => Setup::new(SourceKind::Imap.name()),
        Some(old) => Setup::of(old.kind.name(), old.url.as_deref(), &old.settings),
    };
    let (saving, identity) = (Attempt::new(), RwSignal::new(String::new()));
    let kinds = SourceKind::ALL.iter().map(|k| (k.name().to_string(), kind(*k).to_string())).collect();
    let whose = move || {
        let all = (String::new(), "All identities".to_string());
        std::iter::once(all).chain(identity_options(face, false)).collect::<Vec<_>>()
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        saving.run(save(face, old.clone(), setup, identity.get_untracked()), move |_| {
            setup.wipe();
            face.relist_sources();
            close.run(());
        });
    };
    view! {
        <form class="stack tight" on:submit=submit>
            <SetupFields setup of=WORDING kinds/>
            {setup.is_new.then(|| view! { <Choice name="For" value=identity test="source-identity" options=Signal::derive(whose)/> })}
            <SetupEnd setup noun="source" saving close/>
        </form>
    }
}
