//! The panel beside a single terminal: identity, vault, session and worktree as tabs.

use super::tab::{SessionTab, WorktreeTab};
use crate::identities::IdentityTab;
use crate::secrets::VaultPanel;
use crate::slots::AssignForm;
use api::sessions::Session;
use api::slots::Badge;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

/// The tabs, in their order. Inbox, tokens and activity get theirs when they come.
const TABS: [(&str, &str); 4] =
    [("identity", "Identity"), ("vault", "Vault"), ("session", "Session"), ("worktree", "Worktree")];

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
                    1 => view! { <SlotVault identity/> }.into_any(),
                    2 => view! { <SessionTab session/> }.into_any(),
                    _ => view! { <WorktreeTab session/> }.into_any(),
                }}
            </div>
        </aside>
    }
}

#[component]
fn SlotVault(identity: Memo<Option<String>>) -> impl IntoView {
    move || {
        match identity.get() {
        Some(identity) => view! { <VaultPanel identity/> }.into_any(),
        None => view! { <p class="soft">"Nobody sits in this slot, so it holds no credentials. Choose an identity first."</p> }.into_any(),
    }
    }
}
