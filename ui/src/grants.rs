//! Grants on the page: the standing answers of the owner, each with the click that takes it back.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::words;
use api::grants::{Extent, Grant, RevokeGrant};
use leptos::prelude::*;

/// All grants that hold; only those of one identity where it is named.
#[component]
pub fn GrantList(
    /// Whose, by name.
    #[prop(into, default = Signal::stored(None))]
    identity: Signal<Option<String>>,
) -> impl IntoView {
    let face = face();
    let mine = Memo::new(move |_| {
        let identity = identity.get();
        let all = face.grants.get()?;
        Some(
            all.into_iter()
                .filter(|g| identity.as_ref().is_none_or(|name| *name == g.identity))
                .collect::<Vec<_>>(),
        )
    });
    let none = Memo::new(move |_| mine.with(|all| all.as_ref().is_some_and(Vec::is_empty)));
    view! {
        {move || none.get().then(|| view! {
            <p class="nothing">"No standing answers. One is made when you approve for a session, a worktree or an hour."</p>
        })}
        <ul class="lines" data-test="grants">
            <For each=move || mine.get().unwrap_or_default() key=|grant| grant.id.clone() children=|grant| view! { <GrantLine grant/> }/>
        </ul>
    }
}

#[component]
fn GrantLine(grant: Grant) -> impl IntoView {
    let face = face();
    let revoking = Attempt::new();
    let Grant { id, action, subject, identity, extent, slot, worktree, until, made_at, .. } = grant;
    let hue = face.hue(slot);
    let reach = match extent {
        Extent::Session => format!("in the session of slot {slot}, until that ends"),
        Extent::Worktree => format!("in the worktree {worktree}, until that is archived"),
        Extent::Hour => format!("in the session of slot {slot}"),
    };
    let left = move || until.map(|until| format!("{} left", words::duration(until - face.now.get())));
    let name = format!("Take back that {identity} may have {} {subject}", action.wants());
    let revoke = move |_| {
        revoking.run(face.call(RevokeGrant { grant: id.clone() }), move |_| face.relist_grants());
    };
    view! {
        <li class=move || format!("hue-{}", hue.get()) data-test="grant">
            <span class="dot" aria-hidden="true"></span>
            <div class="grow">
                <p class="cut"><b>{identity}</b>" may have "{action.wants()}" "<code>{words::plain(&subject)}</code></p>
                <p class="soft small cut">{reach}" · given "{move || words::ago(face.now.get() - made_at)}</p>
                <Problem of=revoking/>
            </div>
            <span class="soft">{left}</span>
            <button class="button" data-test="revoke-grant" aria-label=name disabled=move || revoking.busy.get() on:click=revoke>"Revoke"</button>
        </li>
    }
}
