//! One token: its issuer, whose it is, how it is in words and how long it lasts, and the way to end it.

use crate::attempt::{Attempt, Problem};
use crate::dialog::Sheet;
use crate::face::face;
use crate::icons::{Icon, REFRESH_CW};
use crate::words;
use api::tokens::{ForgetToken, RefreshToken, RevokeToken, State, Token};
use leptos::prelude::*;

/// A token.
#[component]
pub fn TokenLine(
    /// Its id.
    id: String,
) -> impl IntoView {
    let face = face();
    let token = Memo::new(move |before: Option<&Option<Token>>| {
        let now = face.tokens.with(|all| all.iter().flatten().find(|t| t.id == id).cloned());
        now.or_else(|| before.cloned().flatten())
    });
    let text =
        move |get: fn(&Token) -> String| move || token.with(|t| t.as_ref().map(get).unwrap_or_default());
    let acting = Attempt::new();
    let state = Memo::new(move |_| token.with(|t| t.as_ref().map(|t| t.state)));
    // It would be tried for ever, since its issuer does not confirm and it has no end of its own.
    let lasts = Memo::new(move |_| {
        let stuck = |t: &Token| t.state == State::Revoking && t.attempts > 0 && t.expires_at.is_none();
        token.with(|t| t.as_ref().is_some_and(stuck))
    });
    view! {
        <li class=move || format!("token token-{}", state.get().map_or("", State::name)) data-test="token"
            data-state=move || state.get().map(State::name) data-issuer=text(|t| t.issuer.clone())>
            <div class="grow">
                <p class="cut"><b>{text(|t| t.issuer.clone())}</b>{text(|t| format!(" for {}", t.identity))}
                    <span class="soft">{text(|t| t.worktree.as_ref().map(|w| format!(" in {w}")).unwrap_or_default())}</span></p>
                <p class="soft small">{text(reach)}</p>
                <Trouble token/>
                <Problem of=acting/>
            </div>
            <Life token/>
            {move || state.get().filter(|state| matches!(state, State::Active | State::Requested | State::Approved))
                .map(|state| view! { <Buttons token state acting/> })}
            {move || lasts.get().then(|| view! { <Forget token acting/> })}
        </li>
    }
}

/// What a token can do, in words.
fn reach(token: &Token) -> String {
    let may: Vec<_> = token.permissions.iter().map(|(what, how)| format!("{what} {how}")).collect();
    let on = match token.repositories.as_slice() {
        [] => String::new(),
        all => format!(" on {}", all.join(", ")),
    };
    match may.as_slice() {
        [] => format!("all that {} allows{on}", token.issuer),
        may => format!("{}{on}", may.join(", ")),
    }
}

/// The state in words, with the remaining time.
#[component]
fn Life(token: Memo<Option<Token>>) -> impl IntoView {
    let face = face();
    let said = Memo::new(move |_| token.with(|t| t.as_ref().map(|t| words::life(t, face.now.get()))));
    let soon =
        Memo::new(move |_| token.with(|t| t.as_ref().is_some_and(|t| words::ends_soon(t, face.now.get()))));
    view! { <span class="life" class:soon=soon data-test="token-life">{said}</span> }
}

/// What stands in the way of its end, and when that is tried again.
#[component]
fn Trouble(token: Memo<Option<Token>>) -> impl IntoView {
    let face = face();
    let told = Memo::new(move |_| {
        token.with(|token| {
            let token = token.as_ref()?;
            let error = token.last_error.clone()?;
            let again =
                token.next_try_at.filter(|_| token.state == State::Revoking).map(|at| at - face.now.get());
            Some(match again {
                Some(wait) if wait > 0 => format!(
                    "Tried {}, again in {}: {error}",
                    words::times(token.attempts),
                    words::duration(wait)
                ),
                Some(_) => format!("Tried {}, again now: {error}", words::times(token.attempts)),
                None => error,
            })
        })
    });
    move || told.get().map(|told| view! { <p class="trouble small" data-test="token-trouble">{told}</p> })
}

#[component]
fn Buttons(token: Memo<Option<Token>>, state: State, acting: Attempt) -> impl IntoView {
    let face = face();
    let asking = RwSignal::new(false);
    let Some(now) = token.get_untracked() else { return ().into_any() };
    let (id, undoable, about) =
        (now.id.clone(), now.undoable, format!("{} for {}", now.issuer, now.identity));
    let refreshed = id.clone();
    let revoke = Callback::new(move |()| {
        asking.set(false);
        let call = RevokeToken { token: id.clone(), force: !undoable, wait_ms: None };
        acting.run(face.call(call), move |_| face.relist_tokens());
    });
    let ask = move |_| if undoable { revoke.run(()) } else { asking.set(true) };
    let refresh = move |_| {
        acting.run(face.call(RefreshToken { token: refreshed.clone() }), move |_| face.relist_tokens());
    };
    view! {
        {(state == State::Active && undoable).then(|| view! {
            <button class="quiet" data-test="refresh-token" aria-label=format!("A new token in place of {about}") title="A new one in its place"
                disabled=move || acting.busy.get() on:click=refresh><Icon of=REFRESH_CW/></button>
        })}
        <button class="button" data-test="revoke-token" aria-label=format!("Revoke {about}") disabled=move || acting.busy.get() on:click=ask>
            {move || if acting.busy.get() { "Revoking…" } else if undoable { "Revoke" } else { "Revoke…" }}
        </button>
        {move || asking.get().then(|| view! { <RevokeQuestion about=about.clone() asking revoke/> })}
    }
    .into_any()
}

/// Gives up a token whose issuer does not confirm that it is revoked.
#[component]
fn Forget(token: Memo<Option<Token>>, acting: Attempt) -> impl IntoView {
    let face = face();
    let asking = RwSignal::new(false);
    let about = move || {
        token.with(|t| t.as_ref().map(|t| format!("{} for {}", t.issuer, t.identity)).unwrap_or_default())
    };
    let forget = move |_| {
        asking.set(false);
        let id = token.with_untracked(|t| t.as_ref().map(|t| t.id.clone()).unwrap_or_default());
        acting.run(face.call(ForgetToken { token: id, sure: true }), move |_| face.relist_tokens());
    };
    view! {
        <button class="button" data-test="forget-token" disabled=move || acting.busy.get() on:click=move |_| asking.set(true)>"Forget…"</button>
        {move || asking.get().then(|| view! {
            <Sheet title="Forget a token that may still work?" close=Callback::new(move |()| asking.set(false))>
                <div class="stack">
                    <p>{format!("The token of {} was not revoked at its issuer, and it does not end by itself. Lanyard stops trying; whoever has it can go on using it. End it at the issuer by hand.", about())}</p>
                    <div class="row end">
                        <button class="button" data-test="cancel" on:click=move |_| asking.set(false)>"Keep trying"</button>
                        <button class="button harm" data-test="confirm" on:click=forget>"Forget it"</button>
                    </div>
                </div>
            </Sheet>
        })}
    }
}

/// Asks before what can't be undone.
#[component]
fn RevokeQuestion(about: String, asking: RwSignal<bool>, revoke: Callback<()>) -> impl IntoView {
    let close = Callback::new(move |()| asking.set(false));
    view! {
        <Sheet title="Revoke it for good?" close>
            <div class="stack">
                <p>{format!("The stored token {about} is ended at its issuer for everybody who has it. Nobody can bring it back: you would have to make a new one there and store it.")}</p>
                <div class="row end">
                    <button class="button" data-test="cancel" on:click=move |_| close.run(())>"Keep it"</button>
                    <button class="button harm" data-test="confirm" on:click=move |_| revoke.run(())>"Revoke for good"</button>
                </div>
            </div>
        </Sheet>
    }
}
