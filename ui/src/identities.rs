//! Identities on the page: the list with each one's vault, the form, and deleting.

mod delete;
mod form;
mod key;
mod tab;

pub use delete::DeleteIdentityForm;
pub use form::IdentityForm;
use key::KeyPart;
pub use tab::IdentityTab;

use crate::attempt::{Attempt, Problem};
use crate::audit::Filter;
use crate::face::{Dialog, face};
use crate::icons::{Icon, KEY_ROUND, PENCIL, PLUS, SCROLL_TEXT, TRASH_2};
use crate::inbox::Keeping;
use crate::passwords::Logins;
use crate::secrets::VaultPanel;
use crate::slots::Mono;
use crate::words;
use api::identities::{Identity, UseIdentity};
use leptos::prelude::*;

/// All identities.
#[component]
pub fn IdentitiesPage() -> impl IntoView {
    let face = face();
    let names = Memo::new(move |_| {
        face.identities
            .with(|all| all.as_ref().map(|all| all.iter().map(|i| i.id.clone()).collect::<Vec<_>>()))
    });
    let new = move || {
        view! {
            <button class="button main" data-test="new-identity" on:click=move |_| face.dialog.set(Some(Dialog::NewIdentity))>
                <Icon of=PLUS/>
                "New identity"
            </button>
        }
    };
    view! {
        <main class="page column">
            <div class="page-head"><h1>"Identities"</h1>{new()}</div>
            {move || names.with(|n| n.as_ref().is_some_and(Vec::is_empty)).then(|| view! {
                <p class="nothing">"No identities yet. One is a name with its own address, vault and git author."</p>
            })}
            <ul class="cards">
                <For each=move || names.get().unwrap_or_default() key=|id| id.clone() children=|id| view! { <IdentityCard id/> }/>
            </ul>
        </main>
    }
}

/// The hue of the slot that an identity sits in, or none.
pub fn hue_of(id: &str) -> Memo<Option<(u32, u32)>> {
    let face = face();
    let id = id.to_string();
    Memo::new(move |_| {
        face.badges.with(|badges| {
            let sits = |badge: &&api::slots::Badge| badge.identity.as_ref().is_some_and(|w| w.id == id);
            badges.iter().flatten().find(sits).map(|badge| (badge.slot, badge.hue))
        })
    })
}

#[component]
fn IdentityCard(id: String) -> impl IntoView {
    let face = face();
    let seat = hue_of(&id);
    let one =
        Memo::new(move |_| face.identities.with(|all| all.as_ref()?.iter().find(|i| i.id == id).cloned()));
    let open = RwSignal::new(false);
    let using = Attempt::new();
    let name = Memo::new(move |_| one.with(|i| i.as_ref().map(|i| i.name.clone()).unwrap_or_default()));
    let where_to = move || seat.get().map(|(slot, _)| format!("slot {slot}"));
    let class =
        move || format!("card {}", seat.get().map_or("hue-none".into(), |(_, hue)| format!("hue-{hue}")));
    let make_current = move |_| using.run(face.call(UseIdentity { identity: name.get_untracked() }), |_| ());
    view! {
        <li class=class>
            <header>
                <button
                    class="opener grow"
                    data-test=move || format!("identity-{}", name.get())
                    aria-expanded=move || open.get().to_string()
                    title="Its vault"
                    on:click=move |_| open.update(|o| *o = !*o)
                >
                    <Mono name/>
                    <span class="grow">
                        <span class="lead cut">{name}</span>
                        <span class="soft small mono cut">{move || one.with(|i| i.as_ref().map(|i| i.email.clone()))}</span>
                    </span>
                    <span class="quiet">
                        <Icon of=KEY_ROUND/>
                        {move || words::count(one.with(|i| i.as_ref().map_or(0, |i| i.secrets)), "secret")}
                    </span>
                </button>
                {move || one.with(|i| i.as_ref().is_some_and(|i| i.ravi.is_some()))
                    .then(|| view! { <span class="tag" title="Its mailbox and phone are Ravi's">"Ravi"</span> })}
                {move || where_to().map(|seat| view! { <span class="tag">{seat}</span> })}
                {move || match one.with(|i| i.as_ref().is_some_and(|i| i.current)) {
                    true => view! { <span class="tag" title="Meant where a command names no identity">"current"</span> }.into_any(),
                    false => view! { <button class="quiet" title="Mean it where a command names no identity" on:click=make_current>"Make current"</button> }.into_any(),
                }}
                <CardButtons one/>
            </header>
            <Problem of=using/>
            {move || open.get().then(|| view! { <div class="body"><VaultPanel identity=name.get()/><Logins identity=name.get()/><Keeping identity=name.get()/><KeyPart identity=name.get()/></div> })}
        </li>
    }
}

#[component]
fn CardButtons(one: Memo<Option<Identity>>) -> impl IntoView {
    let face = face();
    let name = move || one.with(|i| i.as_ref().map(|i| i.name.clone()).unwrap_or_default());
    let show = move |make: fn(Box<Identity>) -> Dialog| {
        if let Some(one) = one.get_untracked() {
            face.dialog.set(Some(make(Box::new(one))));
        }
    };
    let ledger = move |_| {
        let identity = one.with_untracked(|i| i.as_ref().map(|i| i.id.clone()));
        face.show_ledger(Filter { identity, ..Filter::default() });
    };
    view! {
        <button
            class="quiet"
            data-test=move || format!("activity-{}", name())
            aria-label=move || format!("What {} did, in the ledger", name())
            title="Its activity"
            on:click=ledger
        >
            <Icon of=SCROLL_TEXT/>
        </button>
        <button
            class="quiet"
            data-test=move || format!("edit-{}", name())
            aria-label=move || format!("Change {}", name())
            title="Change"
            on:click=move |_| show(Dialog::EditIdentity)
        >
            <Icon of=PENCIL/>
        </button>
        <button
            class="quiet harms"
            data-test=move || format!("delete-{}", name())
            aria-label=move || format!("Delete {}", name())
            title="Delete"
            on:click=move |_| show(Dialog::DeleteIdentity)
        >
            <Icon of=TRASH_2/>
        </button>
    }
}
