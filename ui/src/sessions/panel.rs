//! The panel beside a single terminal: identity, inbox, vault, tokens, activity, session and worktree as tabs.

use super::tab::{SessionTab, WorktreeTab};
use crate::audit::{Filter, Records};
use crate::face::face;
use crate::identities::IdentityTab;
use crate::inbox::InboxTab;
use crate::passwords::Logins;
use crate::secrets::VaultPanel;
use crate::slots::AssignForm;
use crate::tokens::TokensTab;
use api::sessions::Session;
use api::slots::Badge;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

/// The tabs, in their order.
const TABS: [(&str, &str); 7] = [
    ("identity", "Identity"),
    ("inbox", "Inbox"),
    ("vault", "Vault"),
    ("tokens", "Tokens"),
    ("activity", "Activity"),
    ("session", "Session"),
    ("worktree", "Worktree"),
];

/// The panel.
#[component]
pub fn Panel(
    /// The slot's number.
    seat: u32,
    /// Its badge.
    badge: Memo<Option<Badge>>,
    /// Its session.
    session: Memo<Option<Session>>,
) -> impl IntoView {
    let open = RwSignal::new(0_usize);
    let identity = Memo::new(move |_| {
        badge.with(|b| b.as_ref().and_then(|b| b.identity.as_ref().map(|w| w.name.clone())))
    });
    let unread = move || badge.with(|b| b.as_ref().map(|b| b.unread).filter(|n| *n > 0));
    let key = move |event: KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowRight" => 1,
            "ArrowLeft" => TABS.len() - 1,
            _ => return,
        };
        open.update(|tab| *tab = (*tab + step) % TABS.len());
    };
    let tab = move |(index, (name, label)): (usize, &(&'static str, &'static str))| {
        view! {
            <button
                role="tab"
                data-test=format!("tab-{name}")
                aria-selected=move || (open.get() == index).to_string()
                on:click=move |_| open.set(index)
            >
                {*label}
                {(*name == "inbox").then(|| view! { <b class="count">{unread}</b> })}
            </button>
        }
    };
    view! {
        <aside class="panel" aria-label="Details">
            <div class="tabs" role="tablist" aria-label="Details" on:keydown=key>
                {TABS.iter().enumerate().map(tab).collect::<Vec<_>>()}
            </div>
            <div class="tab-body" role="tabpanel" aria-label=move || TABS[open.get()].1>
                {move || match open.get() {
                    0 => view! { <AssignForm seat/><IdentityTab name=identity/> }.into_any(),
                    1 => view! { <InboxTab identity/> }.into_any(),
                    2 => view! { <SlotVault identity/> }.into_any(),
                    3 => view! { <TokensTab identity/> }.into_any(),
                    4 => view! { <Activity identity/> }.into_any(),
                    5 => view! { <SessionTab session/> }.into_any(),
                    _ => view! { <WorktreeTab session/> }.into_any(),
                }}
            </div>
        </aside>
    }
}

/// What this identity has done, and what was done with what is its own.
#[component]
fn Activity(identity: Memo<Option<String>>) -> impl IntoView {
    let face = face();
    let filter = Memo::new(move |_| Filter { identity: identity.get(), ..Filter::default() });
    view! {
        <div class="row">
            <button class="link" on:click=move |_| face.show_ledger(filter.get_untracked())>"Open in the ledger"</button>
        </div>
        {move || identity.with(Option::is_some).then(|| view! { <Records filter=filter/> })}
    }
}

#[component]
fn SlotVault(identity: Memo<Option<String>>) -> impl IntoView {
    move || {
        match identity.get() {
        Some(identity) => view! { <VaultPanel identity=identity.clone()/><Logins identity/> }.into_any(),
        None => view! { <p class="soft">"Nobody sits in this slot, so it holds no credentials. Choose an identity first."</p> }.into_any(),
    }
    }
}
