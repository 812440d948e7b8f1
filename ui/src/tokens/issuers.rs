//! The issuers: what makes tokens and takes them back, as the owner has set them up.

use crate::attempt::{Attempt, Problem};
use crate::face::{Dialog, face};
use crate::icons::{Icon, PENCIL, TRASH_2};
use crate::words;
use api::issuers::{Issuer, RemoveIssuer};
use leptos::prelude::*;

/// All issuers.
#[component]
pub fn IssuerList() -> impl IntoView {
    let face = face();
    let none = move || face.issuers.with(|all| all.as_ref().is_some_and(Vec::is_empty));
    view! {
        {move || none().then(|| view! {
            <p class="nothing">"No issuers yet. One is a GitHub App, a GitLab project, an npm registry or a program of yours that makes tokens for agents and takes them back."</p>
        })}
        <ul class="lines" data-test="issuers">
            <For each=move || face.issuers.get().unwrap_or_default() key=|i| (i.id.clone(), i.updated_at)
                children=|issuer| view! { <IssuerLine issuer/> }/>
        </ul>
    }
}

#[component]
fn IssuerLine(issuer: Issuer) -> impl IntoView {
    let face = face();
    let removing = Attempt::new();
    let asking = RwSignal::new(false);
    let (id, name, change) = (issuer.id.clone(), issuer.name.clone(), issuer.clone());
    let place = issuer
        .base_url
        .clone()
        .unwrap_or_else(|| issuer.settings.get("command").cloned().unwrap_or_default());
    let remove = move |_| {
        let call = RemoveIssuer { issuer: id.clone() };
        removing.run(face.call(call), move |_| face.relist_issuers());
    };
    let keep = move |_| asking.set(false);
    let verb = format!("Remove {name}");
    let question = move || {
        asking.get().then(|| view! {
        <span class="row"><button class="button" data-test="cancel" on:click=keep>"Keep it"</button>
            <button class="button harm" data-test="confirm" disabled=move || removing.busy.get() on:click=remove.clone()>{verb.clone()}</button></span>
    })
    };
    view! {
        <li data-test=format!("issuer-{name}")>
            <div class="grow">
                <p class="cut"><b>{name.clone()}</b>" "<span class="soft">{words::kind(issuer.kind)}</span></p>
                <p class="soft small cut mono">{place}</p>
                <Problem of=removing/>
            </div>
            <span class="tag" title="What happens when an agent asks for a token">{issuer.policy.name()}</span>
            {question}
            <button class="quiet" data-test=format!("edit-issuer-{name}") aria-label=format!("Change {name}") title="Change"
                on:click=move |_| face.dialog.set(Some(Dialog::EditIssuer(Box::new(change.clone()))))><Icon of=PENCIL/></button>
            <button class="quiet harms" data-test=format!("remove-issuer-{name}") aria-label=format!("Remove {name}") title="Remove"
                on:click=move |_| asking.set(true)><Icon of=TRASH_2/></button>
        </li>
    }
}
