//! What there is to know of a session and of its worktree.

use super::note::RestartButton;
use super::stop::StopQuestion;
use super::summary::SessionSummary;
use crate::attempt::{Attempt, Problem};
use crate::face::{Dialog, face};
use crate::icons::{ARCHIVE, Icon, SQUARE};
use crate::slots::StateMark;
use crate::words;
use api::sessions::Session;
use leptos::prelude::*;

/// The session's facts, restart and stop.
#[component]
pub fn SessionTab(
    /// Which session.
    session: Memo<Option<Session>>,
) -> impl IntoView {
    let attempt = Attempt::new();
    let asking = RwSignal::new(false);
    let live = Memo::new(move |_| session.with(|s| s.as_ref().is_some_and(|s| s.is_running())));
    let there = Memo::new(move |_| session.with(Option::is_some));
    let stop = move || {
        view! {
            <button class="button" data-test="stop" disabled=move || attempt.busy.get() on:click=move |_| asking.set(true)>
                <Icon of=SQUARE/>
                "Stop…"
            </button>
        }
    };
    let actions = move || match live.get() {
        true => stop().into_any(),
        false => view! { <RestartButton session restarting=attempt/> }.into_any(),
    };
    view! {
        {move || match there.get() {
            true => view! {
                <div class="stack">
                    <SessionFacts session/>
                    <SessionSummary session/>
                    <Problem of=attempt/>
                    <div class="row">{actions}</div>
                </div>
            }
            .into_any(),
            false => view! { <p class="soft">"Nothing was started in this slot yet."</p> }.into_any(),
        }}
        {move || asking.get().then(|| session.get()).flatten().map(|session| {
            view! { <StopQuestion session asking stopping=attempt/> }
        })}
    }
}

#[component]
fn SessionFacts(session: Memo<Option<Session>>) -> impl IntoView {
    let face = face();
    let time = move || session.with(|s| s.as_ref().map(|s| words::run_time(s, face.now.get())));
    let since = move || session.with(|s| s.as_ref().map(|s| words::since(s, face.now.get())));
    let text = move |get: fn(&Session) -> String| session.with(|s| s.as_ref().map(get));
    view! {
        <dl class="facts">
            <dt>"State"</dt><dd><StateMark session/>" "<span class="soft">{since}</span></dd>
            <Words session name="Waits for" get=|s| s.wants.clone()/>
            <Words session name="Reason" get=|s| s.reason.clone()/>
            <Words session name="Last words" get=|s| s.message.clone()/>
            <Words session name="From the terminal" get=|s| s.attention.as_ref().and_then(|a| a.text.clone())/>
            <Words session name="Title" get=|s| s.title.clone()/>
            <Words session name="Task" get=|s| s.prompt.clone()/>
            <dt>"Running time"</dt><dd>{time}</dd>
            <dt>"Ended"</dt><dd>{move || text(|s| s.exit.map_or("not yet".into(), words::exit))}</dd>
            <dt>"Agent"</dt><dd>{move || text(|s| s.agent.clone())}</dd>
            <dt>"Command"</dt><dd><code>{move || text(|s| s.command.join(" "))}</code></dd>
            <dt>"Identity"</dt><dd>{move || text(|s| s.identity.clone())}</dd>
            <dt>"Session"</dt><dd><code>{move || text(|s| s.id.clone())}</code></dd>
        </dl>
    }
}

/// Words of the agent's or of the terminal's, as they are, where there are any.
#[component]
fn Words(
    session: Memo<Option<Session>>,
    name: &'static str,
    get: fn(&Session) -> Option<String>,
) -> impl IntoView {
    let text = Memo::new(move |_| session.with(|s| s.as_ref().and_then(get)).filter(|text| !text.is_empty()));
    move || {
        text.get().map(|text| view! {
            <dt>{name}</dt><dd class="words" data-test=format!("words-{}", name.to_lowercase())>{text}</dd>
        })
    }
}

/// The worktree's facts, and archive.
#[component]
pub fn WorktreeTab(
    /// Whose worktree.
    session: Memo<Option<Session>>,
) -> impl IntoView {
    let face = face();
    let worktree = Memo::new(move |_| {
        let id = session.with(|s| s.as_ref().map(|s| s.worktree_id.clone()))?;
        face.worktrees.with(|all| all.as_ref()?.iter().find(|w| w.id == id).cloned())
    });
    move || match (worktree.get(), session.get()) {
        (Some(one), _) => {
            let to_archive = one.clone();
            let open = move |_| face.dialog.set(Some(Dialog::Archive(Box::new(to_archive.clone()))));
            view! {
                <div class="stack">
                    <dl class="facts">
                        <dt>"Project"</dt><dd>{one.project.clone()}</dd>
                        <dt>"Branch"</dt><dd><code>{one.branch.clone()}</code></dd>
                        <dt>"From"</dt><dd><code>{one.base.clone().unwrap_or_else(|| "the branch was there".into())}</code></dd>
                        <dt>"Folder"</dt><dd><code>{one.path.clone()}</code></dd>
                    </dl>
                    <div class="row">
                        <button class="button" data-test=format!("archive-{}", one.name) on:click=open>
                            <Icon of=ARCHIVE/>
                            "Archive…"
                        </button>
                    </div>
                </div>
            }
            .into_any()
        }
        (None, Some(gone)) => view! {
            <p class="soft">"The worktree is archived. The branch "<code>{gone.branch}</code>" stays."</p>
        }
        .into_any(),
        (None, None) => {
            view! { <p class="soft">"There is a worktree once something was started here."</p> }.into_any()
        }
    }
}
