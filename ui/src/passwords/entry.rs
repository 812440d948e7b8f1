//! One login: where, as whom, its dots, its one-time code, and what can be done with it.

use super::code::CodeLine;
use super::form::LoginForm;
use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::icons::{Icon, PENCIL, TRASH_2};
use crate::secrets::{Fetch, HiddenLine, Revealed};
use crate::words;
use api::passwords::{DeletePassword, PasswordEntry, ReadPassword};
use leptos::prelude::*;

/// What is done with the row now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Showing,
    Changing,
    Deleting,
}

/// A login.
#[component]
pub fn LoginRow(
    /// Which.
    entry: PasswordEntry,
    /// Whose, by name.
    identity: String,
    /// Which value of the list is revealed.
    revealed: Revealed,
) -> impl IntoView {
    let doing = RwSignal::new(Doing::Showing);
    let done = Callback::new(move |()| doing.set(Doing::Showing));
    let test = format!("login-{}", entry.domain);
    view! {
        <li data-test=test>
            {move || match doing.get() {
                Doing::Changing => view! { <LoginForm identity=identity.clone() old=entry.clone() done/> }.into_any(),
                Doing::Deleting => view! { <DeleteQuestion entry=entry.clone() identity=identity.clone() done/> }.into_any(),
                Doing::Showing => view! { <Shown entry=entry.clone() identity=identity.clone() revealed doing/> }.into_any(),
            }}
        </li>
    }
}

#[component]
fn Shown(
    entry: PasswordEntry,
    identity: String,
    revealed: Revealed,
    doing: RwSignal<Doing>,
) -> impl IntoView {
    let face = face();
    let PasswordEntry { uuid, domain, username, policy, has_code, version, updated_at, .. } = entry;
    let read = ReadPassword {
        identity: Some(identity.clone()),
        domain: domain.clone(),
        username: Some(username.clone()),
        ..ReadPassword::default()
    };
    let fetch: Fetch = Callback::new(move |()| {
        let read = read.clone();
        Box::pin(async move { Ok(face.call(read).await?.password) }) as std::pin::Pin<Box<_>>
    });
    let when = move || words::ago(face.now.get() - updated_at);
    view! {
        <div class="secret-head">
            <code class="cut grow">{domain.clone()}</code>
            <span class="tag">{policy.name()}</span>
            <button class="quiet" data-test=format!("edit-login-{domain}") aria-label=format!("Change {domain}") title="Change"
                on:click=move |_| doing.set(Doing::Changing)><Icon of=PENCIL/></button>
            <button class="quiet harms" data-test=format!("remove-login-{domain}") aria-label=format!("Delete {domain}") title="Delete"
                on:click=move |_| doing.set(Doing::Deleting)><Icon of=TRASH_2/></button>
        </div>
        <p class="small mono cut">{username.clone()}</p>
        <HiddenLine name=domain.clone() id=uuid fetch revealed/>
        {has_code.then(|| view! { <CodeLine identity username=username.clone() domain=domain.clone()/> })}
        <p class="secret-facts"><span>{format!("version {version}")}</span><span>{when}</span></p>
    }
}

#[component]
fn DeleteQuestion(entry: PasswordEntry, identity: String, done: Callback<()>) -> impl IntoView {
    let face = face();
    let deleting = Attempt::new();
    let call = DeletePassword {
        identity: Some(identity),
        domain: entry.domain.clone(),
        username: Some(entry.username.clone()),
    };
    let delete = move |_| {
        deleting.run(face.call(call.clone()), move |_| face.passwords_changed.update(|n| *n += 1));
    };
    let codes = if entry.has_code { " and the secret of its codes are" } else { " is" };
    view! {
        <div class="stack tight">
            <p>{format!("The password for {}{codes} lost; the account there stays as it is.", entry.domain)}</p>
            <Problem of=deleting/>
            <div class="row end">
                <button class="button" data-test="cancel" on:click=move |_| done.run(())>"Keep it"</button>
                <button class="button harm" data-test="confirm" disabled=move || deleting.busy.get() on:click=delete>{format!("Delete {}", entry.domain)}</button>
            </div>
        </div>
    }
}
