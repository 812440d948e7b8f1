//! How an identity's inbox is set: how long messages are kept, and what happens when its agent sends one.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::field::Choice;
use crate::secrets::policy_named;
use crate::words;
use api::inbox::{GetInbox, InboxSettings, SetInbox};
use leptos::prelude::*;

/// What a policy means for sending.
const POLICIES: [(&str, &str); 3] = [
    ("auto", "its agent sends freely"),
    ("ask", "you approve each message"),
    ("deny", "its agent sends nothing"),
];

/// How many days one may choose; 0 is for ever.
const DAYS: [u32; 6] = [0, 1, 7, 30, 90, 365];

/// The settings of one inbox.
#[component]
pub fn Keeping(
    /// Whose, by name.
    identity: String,
) -> impl IntoView {
    let face = face();
    let (asking, setting) = (Attempt::new(), Attempt::new());
    let now = RwSignal::new(None::<InboxSettings>);
    let (days, policy) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let whose = StoredValue::new(identity);
    let take = move |settings: InboxSettings| {
        // The panel may have gone meanwhile.
        let _ = days.try_set(settings.keep_days.unwrap_or(0).to_string());
        let _ = policy.try_set(settings.sending.name().to_string());
        let _ = now.try_set(Some(settings));
    };
    Effect::new(move |_| {
        face.inboxes.changed.track();
        asking.run(face.call(GetInbox { identity: whose.get_value() }), take);
    });
    Effect::new(move |_| {
        let (days, policy) = (days.get(), policy.get());
        let Some(old) = now.get_untracked() else { return };
        let keep_days = days.parse().ok().filter(|days| *days != old.keep_days.unwrap_or(0));
        let sending = Some(policy_named(&policy)).filter(|policy| *policy != old.sending);
        if keep_days.is_some() || sending.is_some() {
            setting.run(face.call(SetInbox { identity: whose.get_value(), keep_days, sending }), take);
        }
    });
    let lengths = move || {
        let chosen = days.get().parse().ok();
        let mut all: Vec<u32> = DAYS.into_iter().chain(chosen).collect();
        all.sort_unstable();
        all.dedup();
        let label = |days: u32| if days == 0 { "for ever".to_string() } else { words::count(days, "day") };
        all.into_iter().map(|days| (days.to_string(), label(days))).collect::<Vec<_>>()
    };
    let policies = POLICIES.map(|(name, what)| (name.to_string(), format!("{name}: {what}"))).to_vec();
    // What is chosen before it is known how it is, or while it is changed, would be lost.
    let still = Signal::derive(move || now.with(Option::is_none) || setting.busy.get());
    let holds = move || now.get().map(|now| words::count(now.messages, "message"));
    view! {
        <section class="stack tight" data-test="keeping">
            <h3>"Inbox"<span class="soft small" style="font-weight:400">" "{holds}</span></h3>
            <Problem of=asking/>
            <div class="two">
                <Choice name="Messages are kept" value=days disabled=still test="keep-days" options=Signal::derive(lengths)/>
                <Choice name="When its agent sends" value=policy disabled=still test="sending-policy" options=policies/>
            </div>
            <Problem of=setting/>
        </section>
    }
}
