//! Tokens on the page: what was minted, for whom, how it is, and what made it.

mod app_form;
mod issuer_form;
mod issuers;
mod line;
mod request;

pub use app_form::AppForm;
pub use issuer_form::IssuerForm;
pub use line::TokenLine;
pub use request::RequestTokenForm;

use crate::face::{Dialog, face};
use crate::grants::GrantList;
use crate::icons::{Icon, PLUS};
use api::tokens::Token;
use issuers::IssuerList;
use leptos::prelude::*;

/// The page: tokens, standing answers, issuers.
#[component]
pub fn TokensPage() -> impl IntoView {
    let face = face();
    view! {
        <main class="page column" data-test="tokens">
            <div class="page-head">
                <h1>"Tokens"</h1>
                <RequestButton identity=None/>
            </div>
            <TokenList/>
            <h2 class="part">"Standing answers"</h2>
            <GrantList/>
            <div class="page-head part">
                <h2>"Issuers"</h2>
                <button class="button" data-test="set-up-app" on:click=move |_| face.dialog.set(Some(Dialog::SetUpApp))>"Set up a GitHub App"</button>
                <button class="button" data-test="add-issuer" on:click=move |_| face.dialog.set(Some(Dialog::AddIssuer))>
                    <Icon of=PLUS/>"Add an issuer"
                </button>
            </div>
            <IssuerList/>
        </main>
    }
}

/// The tab of a desk: the tokens and standing answers of the identity that sits there.
#[component]
pub fn TokensTab(
    /// Whose, by name.
    identity: Memo<Option<String>>,
) -> impl IntoView {
    view! {
        <div class="stack">
            {move || view! { <div class="row"><RequestButton identity=identity.get()/></div> }}
            <TokenList identity/>
            <h3>"Standing answers"</h3>
            <GrantList identity/>
        </div>
    }
}

/// Asks for a token by a form; there must be an issuer first.
#[component]
fn RequestButton(identity: Option<String>) -> impl IntoView {
    let face = face();
    let none = move || face.issuers.with(|all| all.as_ref().is_none_or(Vec::is_empty));
    view! {
        <button
            class="button"
            data-test="request-token"
            disabled=none
            title=move || if none() { "There is no issuer yet" } else { "Ask an issuer for a token" }
            on:click=move |_| face.dialog.set(Some(Dialog::RequestToken(identity.clone())))
        >
            <Icon of=PLUS/>"Request a token"
        </button>
    }
}

/// All tokens that may be alive and the newest of those that are gone; only one identity's where it is named.
#[component]
fn TokenList(
    #[prop(into, default = Signal::stored(None))] identity: Signal<Option<String>>,
) -> impl IntoView {
    let face = face();
    let mine = Memo::new(move |_| {
        let identity = identity.get();
        let all = face.tokens.get()?;
        Some(
            all.into_iter()
                .filter(|t| identity.as_ref().is_none_or(|name| *name == t.identity))
                .collect::<Vec<_>>(),
        )
    });
    let living = Memo::new(move |_| ids(&mine, true));
    let gone = Memo::new(move |_| ids(&mine, false));
    let none = Memo::new(move |_| mine.with(|all| all.as_ref().is_some_and(Vec::is_empty)));
    let skeleton = |_| view! { <li><span class="skeleton grow">"…"</span></li> };
    let list = move |ids: Memo<Vec<String>>| view! { <For each=move || ids.get() key=|id| id.clone() children=|id| view! { <TokenLine id/> }/> };
    view! {
        {move || none.get().then(|| view! {
            <p class="nothing">"No tokens yet. Agents ask for them with "<code>"lanyard tokens request"</code>"; each ends with its worktree."</p>
        })}
        <ul class="lines" data-test="token-list" aria-busy=move || mine.with(Option::is_none).to_string()>
            {move || mine.with(Option::is_none).then(|| (0..3).map(skeleton).collect::<Vec<_>>())}
            {list(living)}
        </ul>
        {move || (!gone.with(Vec::is_empty)).then(|| view! {
            <details class="gone"><summary>"Expired and revoked"</summary><ul class="lines">{list(gone)}</ul></details>
        })}
    }
}

fn ids(all: &Memo<Option<Vec<Token>>>, living: bool) -> Vec<String> {
    all.with(|all| {
        all.iter().flatten().filter(|t| t.state.may_live() == living).map(|t| t.id.clone()).collect()
    })
}
