//! Settings: a page that is searched, each setting a row with its words.

use crate::face::{Face, face};
use crate::notify::{Routes, Rules};
use crate::prefs::{FONT_SIZES, Theme};
use crate::slots::{AddSlot, AssignForm};
use crate::sources::Sources;
use api::status::{KeySource, VaultState};
use leptos::prelude::*;

/// The page.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let face = face();
    let search = RwSignal::new(String::new());
    let slots = Memo::new(move |_| {
        face.badges.with(|badges| badges.iter().flatten().map(|b| b.slot).collect::<Vec<_>>())
    });
    view! {
        <main class="page column">
            <div class="page-head"><h1>"Settings"</h1></div>
            <div class="stack">
                <input
                    class="input"
                    type="search"
                    data-test="settings-search"
                    aria-label="Search the settings"
                    placeholder="Search the settings"
                    on:input=move |event| search.set(event_target_value(&event).to_lowercase())
                />
                <Setting search title="Theme" about="Light, dark, or as the system is."><ThemeChoice/></Setting>
                <Setting search title="Terminal font size" about="In pixels; each terminal takes it over at once."><FontSize/></Setting>
                <Setting search title="Notifications" about="What you are told of and when: events, quiet hours, muted slots, sound, test."><Rules/></Setting>
                <Setting search title="Routes" about="Ways besides the desktop: mail, text message, ntfy, webhook."><Routes/></Setting>
                <Setting search title="Sources" about="Where mail and text messages come from: mailboxes, phone numbers, webhooks, the mail server here."><Sources/></Setting>
                <Setting search title="Vault key" about="Where the key that opens the vault comes from.">
                    <p data-test="key-source">{move || key_sentence(face)}</p>
                </Setting>
                <Setting search title="Slots" about="Who sits where, which agent starts there, and the colour of the strap."><AddSlot/></Setting>
                <For each=move || slots.get() key=|slot| *slot children=move |slot| {
                    view! { <Setting search title=format!("Slot {slot}") about=""><AssignForm seat=slot/></Setting> }
                }/>
                <Setting search title="About" about="This version, and where it keeps its data."><About/></Setting>
            </div>
        </main>
    }
}

/// A setting, shown while its words match the search.
#[component]
fn Setting(
    search: RwSignal<String>,
    #[prop(into)] title: String,
    about: &'static str,
    children: Children,
) -> impl IntoView {
    let words = format!("{title} {about}").to_lowercase();
    let hidden = move || search.with(|s| !s.split_whitespace().all(|word| words.contains(word)));
    view! {
        <section class="card" hidden=hidden>
            <header><div class="grow"><h2>{title}</h2><p class="soft small">{about}</p></div></header>
            <div class="body">{children()}</div>
        </section>
    }
}

#[component]
fn ThemeChoice() -> impl IntoView {
    let theme = face().prefs.theme;
    let one = move |(of, label): (Theme, &'static str)| {
        view! {
            <button
                data-test=format!("theme-{}", of.name())
                aria-pressed=move || (theme.get() == of).to_string()
                on:click=move |_| theme.set(of)
            >
                {label}
            </button>
        }
    };
    let all = [(Theme::System, "As the system"), (Theme::Light, "Light"), (Theme::Dark, "Dark")];
    view! { <div class="choices" role="group" aria-label="Theme">{all.map(one).into_iter().collect::<Vec<_>>()}</div> }
}

#[component]
fn FontSize() -> impl IntoView {
    let size = face().prefs.font_size;
    let change = move |event| {
        if let Some(new) = event_target_value(&event).parse().ok().filter(|new| FONT_SIZES.contains(new)) {
            size.set(new);
        }
    };
    view! {
        <label class="row">
            <span class="unseen">"Terminal font size"</span>
            <input type="range" data-test="font-size" min=*FONT_SIZES.start() max=*FONT_SIZES.end()
                prop:value=move || size.get().to_string() on:input=change/>
            <span>{move || format!("{} px", size.get())}</span>
        </label>
    }
}

/// Where the vault's key comes from, as a sentence.
fn key_sentence(face: Face) -> &'static str {
    face.status.with(|status| match status.as_ref().map(|s| &s.vault) {
        Some(VaultState::Open { key: KeySource::Keychain }) => {
            "The vault is open; its key is in the keychain of this system."
        }
        Some(VaultState::Open { key: KeySource::Passphrase }) => {
            "The vault is open; its key comes from your passphrase."
        }
        Some(VaultState::New) => "There is no vault yet.",
        Some(VaultState::Locked { .. }) => "The vault is locked; its key comes from your passphrase.",
        Some(VaultState::Broken { .. }) => "The vault's key is missing or wrong.",
        None => "Lanyard has not told yet.",
    })
}

#[component]
fn About() -> impl IntoView {
    let face = face();
    let agents = move || {
        face.status.with(|status| {
            let all = status.iter().flat_map(|s| &s.agents);
            all.map(|a| match &a.path {
                Some(path) => view! { <dt>{a.name.clone()}</dt><dd><code>{path.clone()}</code></dd> }.into_any(),
                None => view! { <dt>{a.name.clone()}</dt><dd class="soft">"not found on the PATH that Lanyard was started with"</dd> }.into_any(),
            })
            .collect::<Vec<_>>()
        })
    };
    let text =
        move |get: fn(&api::status::Status) -> String| move || face.status.with(|s| s.as_ref().map(get));
    view! {
        <dl class="facts">
            <dt>"Version"</dt><dd>{text(|s| s.version.clone())}</dd>
            <dt>"Data"</dt><dd><code>{text(|s| s.data.clone().unwrap_or_default())}</code></dd>
            {agents}
        </dl>
    }
}
