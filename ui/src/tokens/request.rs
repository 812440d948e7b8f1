//! The form that asks an issuer for a token.

use crate::attempt::{Attempt, Problem};
use crate::face::{Face, face};
use crate::field::{Choice, Hint, TextField};
use crate::slots::identity_options;
use api::tokens::RequestToken;
use leptos::prelude::*;
use std::collections::BTreeMap;

/// What is typed.
#[derive(Clone, Copy)]
struct Draft {
    issuer: RwSignal<String>,
    identity: RwSignal<String>,
    worktree: RwSignal<String>,
    repositories: RwSignal<String>,
    permissions: RwSignal<String>,
    minutes: RwSignal<String>,
}

impl Draft {
    fn call(self) -> RequestToken {
        let worktree = self.worktree.get_untracked();
        RequestToken {
            issuer: self.issuer.get_untracked(),
            identity: Some(self.identity.get_untracked()).filter(|name| !name.is_empty()),
            worktree: Some(worktree).filter(|id| !id.is_empty()),
            repositories: self.repositories.with_untracked(|text| listed(text)),
            permissions: self.permissions.with_untracked(|text| pairs(text).unwrap_or_default()),
            ttl: self
                .minutes
                .with_untracked(|text| text.trim().parse::<u64>().ok().map(|minutes| minutes * 60)),
            reason: None,
            wait_ms: None,
        }
    }

    fn is_wrong(self) -> bool {
        self.issuer.with(String::is_empty)
            || self.permissions.with(|text| pairs(text).is_none())
            || self.minutes.with(|text| !text.trim().is_empty() && text.trim().parse::<u32>().is_err())
    }
}

/// Words between blanks, commas and line ends.
fn listed(text: &str) -> Vec<String> {
    text.split([',', ' ', '\n']).filter(|word| !word.is_empty()).map(str::to_string).collect()
}

/// `NAME=VALUE` words as pairs; nothing if one of them is not of that form.
pub fn pairs(text: &str) -> Option<BTreeMap<String, String>> {
    let pair = |word: String| word.split_once('=').map(|(name, value)| (name.to_string(), value.to_string()));
    listed(text).into_iter().map(pair).collect()
}

/// The form.
#[component]
pub fn RequestTokenForm(
    /// For whom, by name, where that is clear.
    identity: Option<String>,
    /// Closes the dialog.
    close: Callback<()>,
) -> impl IntoView {
    let face = face();
    let first = |all: &Option<Vec<api::issuers::Issuer>>| {
        all.as_ref().and_then(|all| all.first().map(|i| i.name.clone()))
    };
    let current = face
        .identities
        .with_untracked(|all| all.iter().flatten().find(|i| i.current).map(|i| i.name.clone()));
    let text = |value: Option<String>| RwSignal::new(value.unwrap_or_default());
    let draft = Draft {
        issuer: text(face.issuers.with_untracked(first)),
        identity: text(identity.or(current)),
        worktree: text(None),
        repositories: text(None),
        permissions: text(None),
        minutes: text(None),
    };
    let asking = Attempt::new();
    let go = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_wrong() {
            return;
        }
        asking.run(face.call(draft.call()), move |token| {
            face.relist_tokens();
            face.notices.tell(format!("{} has issued a token for {}.", token.issuer, token.identity));
            close.run(());
        });
    };
    view! {
        <form class="stack tight" on:submit=go>
            <Fields draft/>
            <Problem of=asking/>
            <div class="row end">
                <button class="button" type="button" data-test="cancel" on:click=move |_| close.run(())>"Cancel"</button>
                <button class="button main" data-test="request-go" disabled=move || asking.busy.get() || draft.is_wrong()>
                    {move || if asking.busy.get() { "Asking…" } else { "Request" }}
                </button>
            </div>
        </form>
    }
}

#[component]
fn Fields(draft: Draft) -> impl IntoView {
    let face = face();
    let issuers = move || {
        face.issuers
            .with(|all| all.iter().flatten().map(|i| (i.name.clone(), i.name.clone())).collect::<Vec<_>>())
    };
    let permissions_hint = move || match draft.permissions.with(|text| pairs(text).is_none()) {
        true => Hint::Wrong("write each as NAME=LEVEL, for example contents=read".into()),
        false => Hint::Say("all that the issuer allows, if empty".into()),
    };
    let minutes_hint = move || match draft
        .minutes
        .with(|text| !text.trim().is_empty() && text.trim().parse::<u32>().is_err())
    {
        true => Hint::Wrong("a whole number of minutes".into()),
        false => Hint::Say("as long as the issuer likes, if empty".into()),
    };
    view! {
        <div class="two">
            <Choice name="Issuer" value=draft.issuer test="token-issuer" options=Signal::derive(issuers)/>
            <Choice name="For" value=draft.identity test="token-identity" options=Signal::derive(move || identity_options(face, false))/>
        </div>
        <Choice name="Worktree" value=draft.worktree test="token-worktree" options=Signal::derive(move || worktree_options(face))/>
        <p class="small faint">"With a worktree, the token is revoked when that is archived."</p>
        <TextField name="Repositories" value=draft.repositories test="token-repositories" mono=true placeholder="shop site"
            hint=Signal::stored(Hint::Say("all that the issuer sees, if empty".into()))/>
        <TextField name="Permissions" value=draft.permissions test="token-permissions" mono=true placeholder="contents=read" hint=Signal::derive(permissions_hint)/>
        <TextField name="Minutes to live" value=draft.minutes test="token-minutes" hint=Signal::derive(minutes_hint)/>
    }
}

fn worktree_options(face: Face) -> Vec<(String, String)> {
    let none = (String::new(), "none: it lives until it is revoked or ends".to_string());
    let all = face.worktrees.get().unwrap_or_default().into_iter().filter(|w| w.archived_at.is_none());
    std::iter::once(none).chain(all.map(|w| (w.id, format!("{} · {}", w.project, w.name)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_named_values_and_nothing_else() {
        let found = pairs("contents=read, issues=write").unwrap();
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [("contents".into(), "read".into()), ("issues".into(), "write".into())]
        );
        assert!(pairs("contents").is_none());
        assert!(pairs(" ").unwrap().is_empty());
    }
}
