//! One source: what it is, how it is in words, and what can be done with it.

use super::kind;
use crate::attempt::{Attempt, Problem};
use crate::clipboard::copy_open;
use crate::face::{Dialog, face};
use crate::icons::{COPY, Icon, PENCIL, REFRESH_CW, TRASH_2};
use crate::words;
use api::Millis;
use api::sources::{LOCAL, RemoveSource, Source, SourceKind, SourceState, SyncSource};
use leptos::prelude::*;

/// How an address begins that only this machine reaches.
const HERE: &str = "http://127.0.0.1:";

/// A source.
#[component]
pub fn SourceLine(
    /// Its id.
    id: String,
) -> impl IntoView {
    let face = face();
    let source = Memo::new(move |before: Option<&Option<Source>>| {
        let now = face.sources.with(|all| all.iter().flatten().find(|source| source.id == id).cloned());
        now.or_else(|| before.cloned().flatten())
    });
    let text =
        move |get: fn(&Source) -> String| move || source.with(|s| s.as_ref().map(get).unwrap_or_default());
    let (acting, asking) = (Attempt::new(), RwSignal::new(false));
    let whose = Memo::new(move |_| {
        let id = source.with(|s| s.as_ref().and_then(|s| s.identity.clone()));
        let Some(id) = id else { return "for all".to_string() };
        let name =
            face.identities.with(|all| all.iter().flatten().find(|i| i.id == id).map(|i| i.name.clone()));
        name.map_or_else(|| "for one that is gone".into(), |name| format!("for {name}"))
    });
    view! {
        <li data-test=move || format!("source-{}", text(|s| s.name.clone())())>
            <div class="grow">
                <p class="cut"><b>{text(|s| s.name.clone())}</b>" "<span class="soft">{text(|s| kind(s.kind).to_string())}" · "{whose}</span></p>
                <p class="soft small cut mono">{text(|s| s.url.clone().unwrap_or_default())}</p>
                <State source/>
                <PostedTo source/>
                <Problem of=acting/>
            </div>
            <Progress source/>
            {move || asking.get().then(|| view! { <RemoveQuestion source acting asking/> })}
            {move || source.with(|s| s.as_ref().is_some_and(|s| s.id != LOCAL)).then(|| view! { <Buttons source acting asking/> })}
        </li>
    }
}

/// The address that its provider must be told, where somebody posts to it.
#[component]
fn PostedTo(source: Memo<Option<Source>>) -> impl IntoView {
    let face = face();
    let copying = Attempt::new();
    let posted = Memo::new(move |_| {
        let posted = source.with(|s| s.as_ref().and_then(|s| Some((s.name.clone(), s.posted_to.clone()?))));
        posted.map(|(name, address)| (address.starts_with(HERE), name, address))
    });
    move || {
        posted.get().map(|(here, name, address)| {
            let copied = address.clone();
            let copy = move |_| {
                let address = copied.clone();
                copying.run(async move { copy_open(face, "The address", &address).await }, |()| ());
            };
            view! {
                <div class="row posted">
                    <span class="soft small">"Others post to"</span>
                    <code class="claim" data-test=format!("posted-to-{name}")>{address}</code>
                    <button class="quiet" data-test=format!("copy-posted-to-{name}") aria-label=format!("Copy the address that others post to for {name}")
                        title="Copy" on:click=copy><Icon of=COPY/></button>
                </div>
                {here.then(|| view! { <p class="soft small">"That is on this machine alone. From elsewhere a tunnel must lead there, whose address is the setting public=https://…"</p> })}
                <Problem of=copying/>
            }
        })
    }
}

/// How it is, with what has come by it.
#[component]
fn State(source: Memo<Option<Source>>) -> impl IntoView {
    let face = face();
    move || {
        let source = source.get()?;
        let failed = matches!(source.state, SourceState::Failed { .. });
        let count = words::count(u32::try_from(source.messages).unwrap_or(u32::MAX), "message");
        let synced = source.synced_at;
        let looked = move || {
            let at = synced.filter(|_| looks(source.kind))?;
            Some(format!(" · looked {}", words::ago(face.now.get() - at)))
        };
        let note = |note: &String| view! { <p class="small trouble" data-test="source-note">{words::plain(note)}</p> };
        let notes = source.notes.iter().map(note).collect_view();
        let only_sends = source.kind == SourceKind::Smtp && source.id != LOCAL;
        let state = source.state.clone();
        let said = move || match (&state, only_sends) {
            (SourceState::Listening, true) => "Ready to send".to_string(),
            _ => said(&state, face.now.get()),
        };
        Some(view! {
            <p class="small" class:trouble=failed class:soft=!failed data-test="source-state">{said}</p>
            {(!only_sends).then(|| view! { <p class="soft small">{count}{looked}</p> })}
            {notes}
        })
    }
}

/// Whether a source of this kind goes and looks; to the others somebody brings, or they only send.
fn looks(kind: SourceKind) -> bool {
    matches!(kind, SourceKind::Imap | SourceKind::Twilio | SourceKind::Ravi)
}

/// How far it has come with what is there, where it knows how much that is.
#[component]
fn Progress(source: Memo<Option<Source>>) -> impl IntoView {
    let share = Memo::new(move |_| match source.with(|s| s.as_ref().map(|s| s.state.clone())) {
        Some(SourceState::Syncing { done, total: Some(total) }) if total > 0 => Some((done, total)),
        _ => None,
    });
    move || {
        share.get().map(|(done, total)| {
            view! { <progress max=total.to_string() prop:value=done.to_string() aria-label="How far it is"></progress> }
        })
    }
}

/// A state in words.
fn said(state: &SourceState, now: Millis) -> String {
    match state {
        SourceState::Connecting => "Connecting…".into(),
        SourceState::Syncing { done, total: Some(total) } => {
            format!("Taking over what is there: {done} of {total}")
        }
        SourceState::Syncing { done, total: None } => format!("Taking over what is there: {done} so far"),
        SourceState::Listening => "Listening".into(),
        SourceState::Failed { reason, again_at } => {
            let again = again_at.map_or_else(
                || " It is not tried again by itself.".to_string(),
                |at| match at - now {
                    wait if wait > 0 => format!(" Tried again in {}.", words::duration(wait)),
                    _ => " Tried again now.".to_string(),
                },
            );
            format!("{}{again}", crate::attempt::sentence(&words::plain(reason)))
        }
    }
}

#[component]
fn Buttons(source: Memo<Option<Source>>, acting: Attempt, asking: RwSignal<bool>) -> impl IntoView {
    let face = face();
    let name = move || source.with(|s| s.as_ref().map(|s| s.name.clone()).unwrap_or_default());
    let sync = move |_| {
        let id = source.with_untracked(|s| s.as_ref().map(|s| s.id.clone()).unwrap_or_default());
        acting.run(face.call(SyncSource { source: id }), move |_| face.relist_sources());
    };
    let change =
        move |_| face.dialog.set(source.get_untracked().map(|source| Dialog::EditSource(Box::new(source))));
    view! {
        {move || source.with(|s| s.as_ref().is_some_and(|s| looks(s.kind))).then(|| view! {
            <button class="button" data-test=move || format!("sync-{}", name()) title="Look for new messages now" disabled=move || acting.busy.get() on:click=sync><Icon of=REFRESH_CW/>"Look now"</button>
        })}
        <button class="quiet" data-test=move || format!("edit-source-{}", name()) aria-label=move || format!("Change {}", name()) title="Change" on:click=change><Icon of=PENCIL/></button>
        <button class="quiet harms" data-test=move || format!("remove-source-{}", name()) aria-label=move || format!("Remove {}", name()) title="Remove" on:click=move |_| asking.set(true)><Icon of=TRASH_2/></button>
    }
}

#[component]
fn RemoveQuestion(source: Memo<Option<Source>>, acting: Attempt, asking: RwSignal<bool>) -> impl IntoView {
    let face = face();
    let remove = move |_| {
        let id = source.with_untracked(|s| s.as_ref().map(|s| s.id.clone()).unwrap_or_default());
        acting.run(face.call(RemoveSource { source: id }), move |_| face.relist_sources());
    };
    view! {
        <span class="row" role="group" aria-label="Remove it? The messages that it brought stay.">
            <span class="soft small">"Its messages stay."</span>
            <button class="button" data-test="cancel" on:click=move |_| asking.set(false)>"Keep it"</button>
            <button class="button harm" data-test="confirm" disabled=move || acting.busy.get() on:click=remove>"Remove"</button>
        </span>
    }
}
