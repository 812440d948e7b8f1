//! The form for an issuer: a new one, or changes to one that is there.

use crate::attempt::Attempt;
use crate::face::{Face, face};
use crate::field::Choice;
use crate::secrets::policy_named;
use crate::setup::{Needs, Setup, SetupEnd, SetupFields, Wording};
use crate::words;
use api::issuers::{AddIssuer, Issuer, Kind, UpdateIssuer};
use api::secrets::Policy;
use leptos::prelude::*;

const WORDING: Wording = Wording { noun: "issuer", example: "github", url: "Address of its API", needs };

/// What a kind must be told.
fn needs(kind: &str) -> Needs {
    let (settings, secret, url) = match Kind::named(kind).unwrap_or(Kind::GithubApp) {
        Kind::GithubApp => ("client_id=…", "the app's private key (PEM)", "https://api.github.com"),
        Kind::GithubPat => ("", "the personal access token", "https://api.github.com"),
        Kind::GitlabProject => {
            ("project=group/name", "a token that may make access tokens", "https://gitlab.com")
        }
        Kind::GitlabGroup => ("group=name", "a token that may make access tokens", "https://gitlab.com"),
        Kind::Npm => (
            "username=…",
            "the account's password; in a second line what makes its one-time codes",
            "the registry's address; it is needed",
        ),
        Kind::Cloudflare => ("policies=[…]", "a token that may make tokens", "https://api.cloudflare.com"),
        Kind::Vercel => ("", "a token that may make tokens", "https://api.vercel.com"),
        Kind::Ravi => ("", "that of the source", "that of the source"),
        Kind::Command => ("command=/path/of/a/program", "handed to the program, if it needs one", ""),
    };
    Needs { settings, secret, url, ..Needs::default() }
}

async fn save(face: Face, old: Option<Issuer>, setup: Setup, policy: Policy) -> api::Result<Issuer> {
    let (settings, base_url, secret) = (setup.settings(), setup.url(), setup.secret());
    let Some(old) = old else {
        let kind = Kind::named(&setup.kind()).unwrap_or(Kind::GithubApp);
        return face
            .call(AddIssuer { name: setup.name(), kind, base_url, settings, secret, policy: Some(policy) })
            .await;
    };
    face.call(UpdateIssuer { issuer: old.id, base_url, settings, secret, policy: Some(policy) }).await
}

/// The form.
#[component]
pub fn IssuerForm(
    /// The issuer to change; a new one if left out.
    #[prop(optional)]
    old: Option<Issuer>,
    /// Closes the dialog.
    close: Callback<()>,
) -> impl IntoView {
    let face = face();
    let setup = match &old {
        None => Setup::new(Kind::GithubApp.name()),
        Some(old) => Setup::of(old.kind.name(), old.base_url.as_deref(), &old.settings),
    };
    let policy = RwSignal::new(old.as_ref().map_or(Policy::Ask, |old| old.policy).name().to_string());
    let saving = Attempt::new();
    let kinds = Kind::to_add().map(|k| (k.name().to_string(), words::kind(k).to_string())).collect();
    let policies = [("auto", "at once"), ("ask", "you approve each"), ("deny", "never to an agent")];
    let policies = policies.map(|(name, what)| (name.to_string(), format!("{name}: {what}"))).to_vec();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let policy = policy_named(&policy.get_untracked());
        saving.run(save(face, old.clone(), setup, policy), move |_| {
            setup.wipe();
            face.relist_issuers();
            close.run(());
        });
    };
    view! {
        <form class="stack tight" on:submit=submit>
            <SetupFields setup of=WORDING kinds/>
            <Choice name="When an agent asks" value=policy test="issuer-policy" options=policies/>
            <SetupEnd setup noun="issuer" saving close/>
        </form>
    }
}
