//! The credentials of a badge as chips: the tokens with the time that they have left, then the secrets.

use crate::dialog::Sheet;
use crate::face::face;
use crate::inbox::FreshChips;
use crate::tokens::TokenLine;
use crate::words;
use api::secrets::Policy;
use api::slots::{Badge, Credential};
use api::tokens::{State, Token};
use leptos::prelude::*;

const CHIPS_MAX: usize = 2;

/// What one chip stands for.
#[derive(Clone, PartialEq)]
enum Chip {
    Token(Box<Token>),
    Secret(Credential),
}

impl Chip {
    fn name(&self) -> &str {
        match self {
            Chip::Token(token) => &token.issuer,
            Chip::Secret(secret) => &secret.key,
        }
    }
}

/// The chips of a badge.
#[component]
pub fn Chips(
    /// Whose.
    badge: Memo<Option<Badge>>,
) -> impl IntoView {
    let face = face();
    let opened = RwSignal::new(None::<String>);
    let all = Memo::new(move |_| {
        let Some(badge) = badge.get() else { return Vec::new() };
        let held =
            |t: &&Token| t.state.may_live() && badge.identity.as_ref().is_some_and(|w| w.id == t.identity_id);
        let tokens = face.tokens.with(|all| {
            all.iter().flatten().filter(held).map(|t| Chip::Token(Box::new(t.clone()))).collect::<Vec<_>>()
        });
        tokens.into_iter().chain(badge.credentials.into_iter().map(Chip::Secret)).collect::<Vec<_>>()
    });
    let chips = move || {
        all.with(|all| {
            let names: Vec<_> = all.iter().skip(CHIPS_MAX).map(Chip::name).collect();
            let more = (!names.is_empty())
                .then(|| view! { <span class="chip more" title=names.join(", ")>{format!("+{}", names.len())}</span> });
            let one = |chip: &Chip| match chip {
                Chip::Token(token) => view! { <TokenChip token=token.as_ref().clone() opened/> }.into_any(),
                Chip::Secret(secret) => secret_chip(secret).into_any(),
            };
            view! { {all.iter().take(CHIPS_MAX).map(one).collect::<Vec<_>>()}{more} }
        })
    };
    let identity = Signal::derive(move || {
        badge.with(|b| b.as_ref().and_then(|b| b.identity.as_ref().map(|w| w.id.clone())))
    });
    let close = Callback::new(move |()| opened.set(None));
    view! {
        <div class="chips over"><FreshChips identity/>{chips}</div>
        {move || opened.get().map(|id| view! {
            <Sheet title="Token" close><ul class="lines"><TokenLine id/></ul></Sheet>
        })}
    }
}

#[component]
fn TokenChip(token: Token, opened: RwSignal<Option<String>>) -> impl IntoView {
    let face = face();
    let Token { id, issuer, state, .. } = token.clone();
    let told = StoredValue::new(token);
    let said = Memo::new(move |_| told.with_value(|token| words::life(token, face.now.get())));
    let soon = Memo::new(move |_| told.with_value(|token| words::ends_soon(token, face.now.get())));
    view! {
        <button class=format!("chip token-{}", state.name()) class:soon=soon data-test="chip-token"
            title=move || format!("Token of {}: {}. What it can do, and revoke", told.with_value(|t| t.issuer.clone()), said.get())
            on:click=move |_| opened.set(Some(id.clone()))>
            <code>{issuer}</code>
            <span class="policy">{move || match state { State::Active => said.get().replace(" left", ""), _ => said.get() }}</span>
        </button>
    }
}

fn secret_chip(credential: &Credential) -> impl IntoView + use<> {
    let (policy, about) = match credential.policy {
        Policy::Auto => (None, "put into the environment of its sessions"),
        Policy::Ask => (Some("asks"), "each use is approved by you"),
        Policy::Deny => (Some("denied"), "never given to an agent"),
    };
    view! {
        <span class=format!("chip {}", credential.policy.name()) title=format!("{}: {about}", credential.key)>
            <code>{credential.key.clone()}</code>
            {policy.map(|policy| view! { <span class="policy">{policy}</span> })}
        </span>
    }
}
