//! The key of an identity: its public part, and what happens when a signature is asked for.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::field::Choice;
use crate::secrets::policy_named;
use api::keys::{Key, SetKey, ShowKey};
use leptos::prelude::*;

/// What a policy means for signatures.
const POLICIES: [(&str, &str); 3] = [
    ("auto", "commits and SSH logins are signed"),
    ("ask", "you approve each signature"),
    ("deny", "nothing is signed for an agent"),
];

/// The key of one identity.
#[component]
pub fn KeyPart(
    /// Whose, by name.
    identity: String,
) -> impl IntoView {
    let face = face();
    let (asking, setting) = (Attempt::new(), Attempt::new());
    let (shown, policy) = (RwSignal::new(None::<Key>), RwSignal::new(String::new()));
    let whose = StoredValue::new(identity);
    let take = move |key: Key| {
        // The panel may have gone meanwhile.
        let _ = policy.try_set(key.policy.name().to_string());
        let _ = shown.try_set(Some(key));
    };
    Effect::new(move |_| {
        face.keys_changed.track();
        asking.run(face.call(ShowKey { identity: Some(whose.get_value()) }), take);
    });
    Effect::new(move |_| {
        let chosen = policy.get();
        if shown.with_untracked(|key| key.as_ref().is_some_and(|key| key.policy.name() != chosen)) {
            let call = SetKey { identity: Some(whose.get_value()), policy: policy_named(&chosen) };
            setting.run(face.call(call), take);
        }
    });
    let options = POLICIES.map(|(name, what)| (name.to_string(), format!("{name}: {what}"))).to_vec();
    let public = move || shown.get().map(|key| key.public_key).unwrap_or_default();
    view! {
        <section class="stack tight" data-test="key">
            <h3>"Key"</h3>
            <Problem of=asking/>
            <p class="claim mono small" title="What a forge or a server is told" data-test="public-key">{public}</p>
            <Choice name="When a signature is asked for" value=policy test="key-policy" options/>
            <Problem of=setting/>
        </section>
    }
}
