//! Setting up a GitHub App: a name here, one click at GitHub, and its key is sealed in the vault.

use crate::attempt::{Attempt, Problem};
use crate::clipboard::copy_secret;
use crate::face::face;
use crate::field::{Hint, TextField};
use crate::words;
use api::issuers::{AppManifest, BeginApp};
use api::names::check_name;
use leptos::prelude::*;

/// The form, and after it the address to open.
#[component]
pub fn AppForm(
    /// Closes the dialog.
    close: Callback<()>,
) -> impl IntoView {
    let face = face();
    let (name, organization, url) =
        (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let begun = RwSignal::new(None::<AppManifest>);
    let beginning = Attempt::new();
    let typed = |text: RwSignal<String>| {
        Some(text.with_untracked(|t| t.trim().to_string())).filter(|text| !text.is_empty())
    };
    let begin = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let name = name.with_untracked(|name| name.trim().to_string());
        let call =
            BeginApp { name, organization: typed(organization), base_url: typed(url), ..BeginApp::default() };
        // The dialog may have been closed meanwhile.
        beginning.run(face.call(call), move |manifest| drop(begun.try_set(Some(manifest))));
    };
    // The issuer comes by itself when GitHub has made the App.
    let there = Memo::new(move |_| {
        let name = name.get();
        begun.with(Option::is_some)
            && face.issuers.with(|all| all.iter().flatten().any(|i| i.name == name.trim()))
    });
    Effect::new(move |_| {
        if there.get() {
            face.notices.tell(format!(
                "The GitHub App {} is set up; its key is sealed in the vault.",
                name.get_untracked().trim()
            ));
            close.run(());
        }
    });
    view! {
        {move || match begun.get() {
            Some(manifest) => view! { <Open manifest/> }.into_any(),
            None => view! {
                <form class="stack tight" on:submit=begin>
                    <Fields name organization url/>
                    <Problem of=beginning/>
                    <div class="row end">
                        <button class="button" type="button" data-test="cancel" on:click=move |_| close.run(())>"Cancel"</button>
                        <button class="button main" data-test="app-begin" disabled=move || beginning.busy.get() || name.with(|n| check_name("issuer", n.trim()).is_err())>"Go on at GitHub"</button>
                    </div>
                </form>
            }
            .into_any(),
        }}
    }
}

#[component]
fn Fields(name: RwSignal<String>, organization: RwSignal<String>, url: RwSignal<String>) -> impl IntoView {
    let both = "the issuer's name here, and the App's at GitHub";
    let name_hint = move || Hint::of(&name.get(), |name| check_name("issuer", name), both);
    view! {
        <p class="soft">"GitHub makes the App from what Lanyard sends it, and hands its key over. The key is sealed in the vault and leaves it for nobody."</p>
        <TextField name="Name" value=name test="app-name" mono=true placeholder="lanyard-shop" hint=Signal::derive(name_hint)/>
        <TextField name="Organization" value=organization test="app-organization" mono=true hint=Signal::stored(Hint::Say("your own account, if empty".into()))/>
        <TextField name="Address of GitHub's API" value=url test="app-url" mono=true placeholder="https://api.github.com" hinted=false/>
    }
}

#[component]
fn Open(manifest: AppManifest) -> impl IntoView {
    let face = face();
    let copying = Attempt::new();
    let AppManifest { url, expires_at, .. } = manifest;
    // EXPOSE: the owner has asked for this address, to open it in a browser.
    let address = url.expose().to_string();
    let copy = move |_| {
        let url = url.clone();
        // EXPOSE: the owner has pressed copy.
        copying.run(async move { copy_secret(face, "The address", url.expose()).await }, |()| ());
    };
    view! {
        <div class="stack" data-test="app-open">
            <p>"Open this address in your browser and agree there. It is worth one App; this page goes on by itself when GitHub has made it."</p>
            <div class="row">
                <a class="button main" data-test="app-address" href=address target="_blank" rel="noopener noreferrer">"Open GitHub"</a>
                <button class="button" on:click=copy>"Copy the address"</button>
                <span class="soft">{move || format!("{} left", words::duration(expires_at - face.now.get()))}</span>
            </div>
            <Problem of=copying/>
        </div>
    }
}
