//! Archiving a worktree: it is looked at first, what would be lost is named, and the button says so.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::words;
use api::tokens::{State, Token};
use api::worktrees::{ArchiveWorktree, Archived, InspectWorktree, Loss, Worktree};
use leptos::prelude::*;

/// The question, and after it what was taken back.
#[component]
pub fn ArchiveForm(
    /// Which worktree.
    one: Worktree,
    /// Closes the dialog.
    close: Callback<()>,
) -> impl IntoView {
    let archived = RwSignal::new(None::<Archived>);
    move || match archived.get() {
        Some(gone) => view! { <Gone gone close/> }.into_any(),
        None => view! { <Question one=one.clone() archived close/> }.into_any(),
    }
}

#[component]
fn Question(one: Worktree, archived: RwSignal<Option<Archived>>, close: Callback<()>) -> impl IntoView {
    let face = face();
    let loss = RwSignal::new(None::<Loss>);
    let looking = Attempt::new();
    let archiving = Attempt::new();
    let id = one.id.clone();
    looking.run(face.call(InspectWorktree { worktree: id.clone() }), move |found| {
        // The dialog may have been closed meanwhile.
        let _ = loss.try_set(Some(found));
    });
    let runs = one.session.is_some();
    let of = one.id.clone();
    let for_good = Memo::new(move |_| {
        face.tokens.with(|all| all.iter().flatten().any(|t| ends_with(t, &of) && !t.undoable))
    });
    let archive = move |_| {
        // All that needs a word of its own was named above.
        let force =
            runs || for_good.get_untracked() || loss.with_untracked(|l| l.as_ref().is_some_and(loses));
        let call = ArchiveWorktree { worktree: id.clone(), force };
        archiving.run(face.call(call), move |gone| {
            face.relist();
            let Worktree { name, branch, .. } = &gone.worktree;
            face.notices.tell(format!("{name} is archived. The branch {branch} stays."));
            match gone.tokens.is_empty() && gone.grants.is_empty() && gone.secrets.is_empty() {
                true => close.run(()),
                // The dialog may have been closed meanwhile.
                false => drop(archived.try_set(Some(gone))),
            }
        });
    };
    let waiting = move || loss.with(Option::is_none) || archiving.busy.get();
    view! {
        <div class="stack">
            <p>"The checkout is removed. The branch "<code>{one.branch}</code>" stays in the repository."</p>
            {runs.then(|| view! { <p>"What runs in it is stopped first."</p> })}
            <Revoked worktree=one.id.clone()/>
            <Problem of=looking/>
            {move || match loss.get() {
                Some(loss) => view! { <Losses loss/> }.into_any(),
                None => view! { <p class="soft" aria-busy="true">"Looking for changes that would be lost…"</p> }.into_any(),
            }}
            <Problem of=archiving/>
            <div class="row end">
                <button class="button" data-test="cancel" on:click=move |_| close.run(())>"Keep it"</button>
                <button
                    class=move || if for_good.get() || loss.with(|l| l.as_ref().is_some_and(|l| l.uncommitted_count > 0)) { "button harm" } else { "button main" }
                    data-test="confirm"
                    disabled=waiting
                    on:click=archive
                >
                    {move || loss.with(|l| verb(l.as_ref()))}
                </button>
            </div>
        </div>
    }
}

/// What was taken back with the worktree, and what its issuer has not confirmed yet.
#[component]
fn Gone(gone: Archived, close: Callback<()>) -> impl IntoView {
    let face = face();
    let one = |token: Token| {
        let told = token.clone();
        let now = Memo::new(move |_| {
            let now = face.tokens.with(|all| all.iter().flatten().find(|t| t.id == told.id).cloned());
            now.unwrap_or_else(|| told.clone())
        });
        let pending = move || now.with(|t| t.state == State::Revoking);
        let said = move || match now.get() {
            token if token.state == State::Revoking => {
                let why = token.last_error.map(|error| format!(": {error}")).unwrap_or_default();
                format!("not confirmed yet{why}. Lanyard tries on, also after a restart")
            }
            token => words::life(&token, face.now.get()),
        };
        view! {
            <li data-test="archive-token" data-state=move || now.with(|t| t.state.name())>
                {format!("Token of {} for {}: ", token.issuer, token.identity)}<span class:pending=pending>{said}</span>
            </li>
        }
    };
    let tokens: Vec<_> = gone.tokens.into_iter().map(one).collect();
    let grant = |g: api::grants::Grant| view! { <li>{format!("{} may no longer have {} {}", g.identity, g.action.wants(), g.subject)}</li> };
    let secret = |key: String| view! { <li>{format!("The secret {key}, which was for this worktree alone, is gone")}</li> };
    let secrets: Vec<_> = gone.secrets.into_iter().map(secret).collect();
    let grants: Vec<_> = gone.grants.into_iter().map(grant).collect();
    view! {
        <div class="stack" data-test="archived">
            <p>"The worktree is archived. Taken back with it:"</p>
            <ul class="loss" tabindex="0">{tokens}{grants}{secrets}</ul>
            <div class="row end"><button class="button main" data-test="close-archived" on:click=move |_| close.run(())>"Close"</button></div>
        </div>
    }
}

/// Whether a token ends with this worktree.
fn ends_with(token: &Token, worktree: &str) -> bool {
    token.state.may_live() && token.worktree_id.as_deref() == Some(worktree)
}

/// The tokens and standing answers that end with the worktree, by name.
#[component]
fn Revoked(worktree: String) -> impl IntoView {
    let face = face();
    let ending = Memo::new(move |_| {
        let tokens = face.tokens.with(|all| {
            let mine = all.iter().flatten().filter(|t| ends_with(t, &worktree));
            let line = |t: &Token| match t.undoable {
                true => format!("token of {} for {}", t.issuer, t.identity),
                false => format!(
                    "stored token of {} for {}: for good, for everybody who has it",
                    t.issuer, t.identity
                ),
            };
            mine.map(line).collect::<Vec<_>>()
        });
        let grants = face.grants.with(|all| {
            let mine = all.iter().flatten().filter(|g| g.worktree_id == worktree);
            mine.map(|g| format!("{} may have {} {}", g.identity, g.action.wants(), g.subject))
                .collect::<Vec<_>>()
        });
        [tokens, grants].concat()
    });
    move || {
        let all = ending.get();
        (!all.is_empty()).then(|| {
            let lines: Vec<_> = all.into_iter().map(|line| view! { <li class="cut">{line}</li> }).collect();
            view! {
                <div class="stack tight" data-test="archive-revokes">
                    <h3>"Revoked with it"</h3>
                    <ul class="loss" tabindex="0">{lines}</ul>
                </div>
            }
        })
    }
}

fn loses(loss: &Loss) -> bool {
    loss.uncommitted_count > 0 || loss.unpushed_count > 0
}

fn verb(loss: Option<&Loss>) -> String {
    match loss.map_or(0, |loss| loss.uncommitted_count) {
        0 => "Archive".into(),
        n => format!("Archive and lose {}", words::count(n, "file")),
    }
}

#[component]
fn Losses(loss: Loss) -> impl IntoView {
    let Loss { uncommitted, uncommitted_count, unpushed, unpushed_count } = loss;
    if uncommitted_count == 0 && unpushed_count == 0 {
        return view! { <p class="soft">"Nothing is lost: all is committed, and every commit is on a remote branch."</p> }.into_any();
    }
    let part = |title: String, lines: Vec<String>, total: u32| {
        let more = total.saturating_sub(u32::try_from(lines.len()).unwrap_or(u32::MAX));
        let lines: Vec<_> = lines.into_iter().map(|line| view! { <li class="cut">{line}</li> }).collect();
        view! {
            <div class="stack tight">
                <h3>{title}</h3>
                <ul class="loss" tabindex="0">{lines}{(more > 0).then(|| view! { <li>{format!("and {more} more")}</li> })}</ul>
            </div>
        }
    };
    view! {
        {(uncommitted_count > 0).then(|| {
            part(format!("{} with changes that are lost", words::count(uncommitted_count, "file")), uncommitted, uncommitted_count)
        })}
        {(unpushed_count > 0).then(|| {
            part(format!("{} on no remote branch, kept on this one", words::count(unpushed_count, "commit")), unpushed, unpushed_count)
        })}
    }
    .into_any()
}
