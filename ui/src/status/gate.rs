//! The vault when it is not open: choose a passphrase, give it, or learn what is broken.

use crate::attempt::{Attempt, Problem, sentence};
use crate::face::{Face, face};
use crate::field::{Hint, TextField};
use crate::icons::{Icon, LOCK, SHIELD_ALERT};
use api::SecretText;
use api::status::{UnlockVault, VaultState};
use leptos::prelude::*;

const PASSPHRASE_MIN: usize = 8;

/// Whether the person chose to look at the page without secrets.
#[derive(Clone, Copy)]
struct Passed(RwSignal<bool>);

fn vault(face: Face) -> Option<VaultState> {
    face.status.with(|status| status.as_ref().map(|s| s.vault.clone()))
}

fn is_shut(vault: Option<&VaultState>) -> bool {
    vault.is_some_and(|vault| !matches!(vault, VaultState::Open { .. }))
}

/// Lets a person pass the gate from here on down.
pub fn provide_gate() {
    provide_context(Passed(RwSignal::new(false)));
}

/// Whether the gate stands before the page.
pub fn gate_stands(face: Face) -> Memo<bool> {
    let passed: Passed = expect_context();
    Memo::new(move |_| is_shut(vault(face).as_ref()) && !passed.0.get())
}

/// The gate.
#[component]
pub fn VaultGate() -> impl IntoView {
    let face = face();
    let state = Memo::new(move |_| vault(face));
    let passed: Passed = expect_context();
    view! {
        <main class="page">
            <div class="gate">
                {move || match state.get() {
                    Some(VaultState::New) => view! { <NewVault/> }.into_any(),
                    Some(VaultState::Locked { reason }) => view! { <LockedVault reason/> }.into_any(),
                    Some(VaultState::Broken { reason, hint }) => view! { <BrokenVault reason hint/> }.into_any(),
                    _ => ().into_any(),
                }}
                <p style="margin-top:16px">
                    <button class="link" data-test="look-without" on:click=move |_| passed.0.set(true)>
                        "Look at the slots without secrets"
                    </button>
                </p>
            </div>
        </main>
    }
}

/// A reminder on top, for who went on without secrets.
#[component]
pub fn VaultBar() -> impl IntoView {
    let face = face();
    let state = Memo::new(move |_| vault(face));
    let passed: Passed = expect_context();
    move || {
        let said = match state.get().filter(|_| passed.0.get())? {
            VaultState::Open { .. } => return None,
            VaultState::New => "There is no vault yet: nothing can be started.",
            VaultState::Locked { .. } => "The vault is locked: nothing can be started.",
            VaultState::Broken { .. } => "The vault's key is missing or wrong: nothing can be started.",
        };
        Some(view! { <div class="bar" data-test="vault-bar"><Icon of=LOCK/><span>{said}</span></div> })
    }
}

/// Sends the passphrase that `field` holds, and empties it.
fn unlock(face: Face, field: RwSignal<String>, trying: Attempt) {
    let passphrase = SecretText::new(field.get_untracked());
    trying.run(face.call(UnlockVault { passphrase }), move |_| {
        field.set(String::new());
        face.relist();
    });
}

#[component]
fn NewVault() -> impl IntoView {
    let face = face();
    let (first, again) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let trying = Attempt::new();
    let first_hint = move || match first.with(|f| f.chars().count()) {
        0 => Hint::Say(format!("at least {PASSPHRASE_MIN} characters")),
        n if n < PASSPHRASE_MIN => Hint::Wrong(format!("{} too few", PASSPHRASE_MIN - n)),
        _ => Hint::None,
    };
    let differs = move || !again.with(String::is_empty) && again.get() != first.get();
    let again_hint = move || if differs() { Hint::Wrong("the two differ".into()) } else { Hint::None };
    let ready = move || first.with(|f| f.chars().count() >= PASSPHRASE_MIN) && again.get() == first.get();
    let go = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if ready() {
            unlock(face, first, trying);
            again.set(String::new());
        }
    };
    view! {
        <form class="stack" data-test="vault-new" on:submit=go>
            <div>
                <div class="mark"><Icon of=LOCK/></div>
                <h1>"Choose a passphrase"</h1>
                <p class="soft" style="margin-top:8px">
                    "This system offers no keychain, so a passphrase seals the vault. It is asked for whenever Lanyard \
                     starts. Nobody can recover it: without it, the secrets can't be read."
                </p>
            </div>
            <div class="stack tight">
                <TextField name="Passphrase" value=first test="passphrase" kind="password" hint=Signal::derive(first_hint)/>
                <TextField name="Once more" value=again test="passphrase-again" kind="password" hint=Signal::derive(again_hint)/>
            </div>
            <Problem of=trying/>
            <div><button class="button main" data-test="unlock" disabled=move || trying.busy.get() || !ready()>"Create the vault"</button></div>
        </form>
    }
}

#[component]
fn LockedVault(reason: String) -> impl IntoView {
    let face = face();
    let passphrase = RwSignal::new(String::new());
    let trying = Attempt::new();
    let go = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        unlock(face, passphrase, trying);
    };
    view! {
        <form class="stack" data-test="vault-locked" on:submit=go>
            <div>
                <div class="mark"><Icon of=LOCK/></div>
                <h1>"The vault is locked"</h1>
                <p class="soft" style="margin-top:8px">{sentence(&reason)}</p>
            </div>
            <TextField name="Passphrase" value=passphrase test="passphrase" kind="password" hinted=false/>
            <Problem of=trying/>
            <div>
                <button class="button main" data-test="unlock" disabled=move || trying.busy.get() || passphrase.with(String::is_empty)>
                    "Unlock"
                </button>
            </div>
        </form>
    }
}

#[component]
fn BrokenVault(reason: String, hint: String) -> impl IntoView {
    view! {
        <div class="stack" data-test="vault-broken">
            <div>
                <div class="mark"><Icon of=SHIELD_ALERT/></div>
                <h1>"The vault can't be opened"</h1>
                <p style="margin-top:8px">{sentence(&reason)}</p>
                <p class="soft" style="margin-top:8px">{sentence(&hint)}</p>
            </div>
            <p class="soft">"Sessions that run go on."</p>
        </div>
    }
}
