//! Who holds a secret besides its identity: others that share it, and running sessions with an older value.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::icons::{Icon, ROTATE_CCW, X};
use api::secrets::{SecretEntry, ShareSecret, StaleSession, UnshareSecret};
use api::sessions::RestartSession;
use leptos::prelude::*;

/// The running sessions that hold an older value, each with the offer to restart it.
#[component]
pub fn StaleSessions(
    /// Which.
    stale: Vec<StaleSession>,
) -> impl IntoView {
    let face = face();
    let one = |held: StaleSession| {
        let restarting = Attempt::new();
        let StaleSession { session, slot, identity, version, .. } = held;
        let restart = move |_| {
            let call = RestartSession { session: session.clone() };
            restarting.run(face.call(call), move |_| face.secrets_changed.update(|n| *n += 1));
        };
        view! {
            <li data-test=format!("stale-{slot}")>
                <span class="grow">{format!("Slot {slot}, {identity}, still holds version {version} in its environment; a restart ends what runs there")}</span>
                <button class="button" data-test=format!("restart-stale-{slot}") disabled=move || restarting.busy.get() on:click=restart>
                    <Icon of=ROTATE_CCW/>{format!("Restart slot {slot}")}
                </button>
                <Problem of=restarting/>
            </li>
        }
    };
    (!stale.is_empty())
        .then(|| view! { <ul class="stale">{stale.into_iter().map(one).collect::<Vec<_>>()}</ul> })
}

/// The identities that share a secret; one more, or one less. A secret of one worktree is not shared.
#[component]
pub fn Sharing(
    /// Whose, by name.
    identity: String,
    /// Which secret.
    entry: SecretEntry,
) -> impl IntoView {
    let face = face();
    let changing = Attempt::new();
    let changed = move |_| face.secrets_changed.update(|n| *n += 1);
    let SecretEntry { key, shared_with, worktree_id, .. } = entry;
    let shared = shared_with.clone();
    let of = identity.clone();
    let others = move || {
        let mine = |name: &String| *name == of || shared.contains(name);
        let all = face.identities.get().unwrap_or_default().into_iter().map(|i| i.name);
        all.filter(|name| !mine(name))
            .map(|name| view! { <option value=name.clone()>{name.clone()}</option> })
            .collect::<Vec<_>>()
    };
    let (of, for_share) = (identity.clone(), key.clone());
    let share = move |event| {
        let with =
            vec![event_target_value(&event)].into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>();
        if !with.is_empty() {
            changing.run(
                face.call(ShareSecret { identity: Some(of.clone()), key: for_share.clone(), with }),
                changed,
            );
        }
    };
    let one = |name: String| {
        let call =
            UnshareSecret { identity: Some(identity.clone()), key: key.clone(), with: vec![name.clone()] };
        view! {
            <span class="tag">{name.clone()}
                <button class="quiet" data-test=format!("unshare-{key}-{name}") aria-label=format!("Take {key} away from {name}") title="Take it away" disabled=move || changing.busy.get()
                    on:click=move |_| changing.run(face.call(call.clone()), changed)><Icon of=X/></button></span>
        }
    };
    let tags: Vec<_> = shared_with.into_iter().map(one).collect();
    worktree_id.is_none().then(|| view! {
        <div class="row wrap" data-test=format!("shares-{key}")>
            <span class="soft small">"Shared with"</span>
            {if tags.is_empty() { view! { <span class="soft small">"nobody"</span> }.into_any() } else { tags.into_any() }}
            <select class="input share" data-test=format!("share-{key}") aria-label=format!("Share {key} with") on:change=share>
                <option value="">"Share with…"</option>
                {others}
            </select>
        </div>
        <Problem of=changing/>
    })
}
