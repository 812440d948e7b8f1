//! The versions of a secret: who set each, when and why. Older values are gone.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::words;
use api::secrets::{ListVersions, SecretEntry, SecretVersion};
use leptos::prelude::*;

/// The versions, newest first.
#[component]
pub fn Versions(
    /// Whose, by name.
    identity: String,
    /// Of which secret.
    entry: SecretEntry,
) -> impl IntoView {
    let face = face();
    let listing = Attempt::new();
    let all = RwSignal::new(None::<Vec<SecretVersion>>);
    let call = ListVersions { identity: Some(identity), key: entry.key.clone(), worktree: entry.worktree_id };
    listing.run(face.call(call), move |found| {
        // It may have been closed meanwhile.
        let _ = all.try_set(Some(found));
    });
    let one = move |v: SecretVersion| {
        let by = v.slot.map_or(v.by.clone(), |slot| format!("{} of slot {slot}", v.by));
        let why = v.because.map(|why| view! { <span>{format!("“{}”", words::plain(&why))}</span> });
        view! { <li><b>{v.version}</b><span>{by}</span><span class="soft">{words::moment(v.set_at, false)}</span>{why}</li> }
    };
    view! {
        <Problem of=listing/>
        <ol class="versions" data-test=format!("version-list-{}", entry.key)>
            {move || all.get().unwrap_or_default().into_iter().map(one).collect::<Vec<_>>()}
        </ol>
    }
}
