//! The form for a new identity, or to change one.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::field::{Choice, Hint, TextField};
use api::identities::{CreateIdentity, Identity, Provider, UpdateIdentity};
use api::names::check_name;
use api::sources::SourceKind;
use leptos::prelude::*;

/// What is typed.
#[derive(Clone, Copy)]
struct Draft {
    name: RwSignal<String>,
    email: RwSignal<String>,
    phone: RwSignal<String>,
    author_name: RwSignal<String>,
    author_email: RwSignal<String>,
    /// The source of Ravi's that a new one is made by; Lanyard's own if empty.
    source: RwSignal<String>,
    /// Whether Ravi shall give it a number.
    numbered: RwSignal<bool>,
}

impl Draft {
    fn of(old: Option<&Identity>) -> Self {
        let text = |get: fn(&Identity) -> String| RwSignal::new(old.map(get).unwrap_or_default());
        Self {
            name: text(|i| i.name.clone()),
            email: text(|i| i.email.clone()),
            phone: text(|i| i.phone.clone().unwrap_or_default()),
            author_name: text(|i| i.author_name.clone()),
            author_email: text(|i| i.author_email.clone()),
            source: RwSignal::new(String::new()),
            numbered: RwSignal::new(false),
        }
    }

    fn create(self) -> CreateIdentity {
        let some = |text: RwSignal<String>| Some(trimmed(text)).filter(|text| !text.is_empty());
        let source = some(self.source);
        CreateIdentity {
            name: trimmed(self.name),
            email: some(self.email),
            phone: some(self.phone).filter(|_| source.is_none()),
            author_name: some(self.author_name),
            author_email: some(self.author_email),
            provider: if source.is_some() { Provider::Ravi } else { Provider::Local },
            provision_phone: source.is_some() && self.numbered.get_untracked(),
            source,
        }
    }

    /// Only what differs is sent.
    fn update(self, old: &Identity) -> UpdateIdentity {
        let changed = |text: RwSignal<String>, old: &str| Some(trimmed(text)).filter(|text| text != old);
        UpdateIdentity {
            identity: old.id.clone(),
            name: changed(self.name, &old.name),
            email: changed(self.email, &old.email),
            phone: changed(self.phone, old.phone.as_deref().unwrap_or_default()),
            author_name: changed(self.author_name, &old.author_name),
            author_email: changed(self.author_email, &old.author_email),
        }
    }
}

fn trimmed(text: RwSignal<String>) -> String {
    text.with_untracked(|text| text.trim().to_string())
}

/// The form.
#[component]
pub fn IdentityForm(
    /// The identity to change; a new one if left out.
    #[prop(optional)]
    old: Option<Identity>,
    /// Closes the dialog.
    close: Callback<()>,
) -> impl IntoView {
    let face = face();
    let draft = Draft::of(old.as_ref());
    let saving = Attempt::new();
    let (verb, test) = match old {
        Some(_) => ("Save", "save-identity"),
        None => ("Create identity", "create-identity"),
    };
    let is_new = old.is_none();
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        match &old {
            Some(old) => saving.run(face.call(draft.update(old)), move |_| close.run(())),
            None => saving.run(face.call(draft.create()), move |_| close.run(())),
        }
    };
    view! {
        <form class="stack" on:submit=save>
            <Fields draft is_new/>
            <Problem of=saving/>
            <div class="row end">
                <button class="button" type="button" data-test="cancel" on:click=move |_| close.run(())>"Cancel"</button>
                <button class="button main" data-test=test disabled=move || saving.busy.get()>{verb}</button>
            </div>
        </form>
    }
}

/// Who provides mailbox and phone, where there is anybody but Lanyard.
#[component]
fn Providers(source: RwSignal<String>) -> impl IntoView {
    let face = face();
    let ravis = Memo::new(move |_| {
        let all = face.sources.get().unwrap_or_default();
        let ravis = all.into_iter().filter(|one| one.kind == SourceKind::Ravi && one.identity.is_none());
        ravis.map(|one| one.name).collect::<Vec<_>>()
    });
    let options = Signal::derive(move || {
        let own = (String::new(), "Lanyard, on this machine".to_string());
        let ravis = ravis.get().into_iter().map(|name| (name.clone(), format!("Ravi, by the source {name}")));
        std::iter::once(own).chain(ravis).collect::<Vec<_>>()
    });
    move || {
        (!ravis.with(Vec::is_empty)).then(|| {
            view! { <Choice name="Mailbox and phone" value=source test="identity-provider" options/> }
        })
    }
}

#[component]
fn Fields(draft: Draft, is_new: bool) -> impl IntoView {
    let name = draft.name;
    let of_ravi = Memo::new(move |_| !draft.source.with(String::is_empty));
    let name_hint = move || {
        Hint::of(
            &name.get(),
            |n| check_name("identity", n),
            "letters, digits, - and _: it becomes the address as well",
        )
    };
    let address = move || match name.get() {
        _ if of_ravi.get() => "Ravi chooses one".to_string(),
        name if name.is_empty() => "name@lanyard.localhost".to_string(),
        name => format!("{name}@lanyard.localhost"),
    };
    let number = move || {
        match of_ravi.get() {
        true => view! {
            <label class="row" style="align-self:end; height:32px">
                <input type="checkbox" data-test="identity-number" prop:checked=draft.numbered
                    on:change=move |event| draft.numbered.set(event_target_checked(&event))/>
                "A phone number of Ravi's"
            </label>
        }
        .into_any(),
        false => view! { <TextField name="Phone" value=draft.phone test="identity-phone" mono=true placeholder="+491701234567" hinted=false/> }
            .into_any(),
    }
    };
    view! {
        <div class="stack tight">
            <TextField name="Name" value=name test="identity-name" mono=true placeholder="agent-build-1" hint=Signal::derive(name_hint)/>
            {is_new.then(|| view! { <Providers source=draft.source/> })}
            <div class="two">
                <TextField name="Address" value=draft.email test="identity-email" mono=true placeholder=Signal::derive(address) hinted=false/>
                {number}
                <TextField name="Git author" value=draft.author_name test="identity-author" placeholder=Signal::derive(move || if name.with(String::is_empty) { "the name".to_string() } else { name.get() }) hinted=false/>
                <TextField name="Author's address" value=draft.author_email test="identity-author-email" mono=true placeholder=Signal::derive(move || if of_ravi.get() { "the address".to_string() } else { address() }) hinted=false/>
            </div>
        </div>
    }
}
