//! Archiving a worktree: it is looked at first, what would be lost is named, and the button says so.

use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::words;
use api::worktrees::{ArchiveWorktree, InspectWorktree, Loss, Worktree};
use leptos::prelude::*;

/// The question.
#[component]
pub fn ArchiveForm(
    /// Which worktree.
    one: Worktree,
    /// Closes the dialog.
    close: Callback<()>,
) -> impl IntoView {
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
    let archive = move |_| {
        let force = loss.with_untracked(|l| l.as_ref().is_some_and(loses));
        let call = ArchiveWorktree { worktree: id.clone(), force };
        archiving.run(face.call(call), move |gone| {
            face.relist();
            face.notices.tell(format!(
                "{} is archived. The branch {} stays.",
                gone.worktree.name, gone.worktree.branch
            ));
            close.run(());
        });
    };
    let waiting = move || loss.with(Option::is_none) || archiving.busy.get();
    view! {
        <div class="stack">
            <p>"The checkout is removed. The branch "<code>{one.branch}</code>" stays in the repository."</p>
            {runs.then(|| view! { <p>"What runs in it is stopped first."</p> })}
            <Problem of=looking/>
            {move || match loss.get() {
                Some(loss) => view! { <Losses loss/> }.into_any(),
                None => view! { <p class="soft" aria-busy="true">"Looking for changes that would be lost…"</p> }.into_any(),
            }}
            <Problem of=archiving/>
            <div class="row end">
                <button class="button" data-test="cancel" on:click=move |_| close.run(())>"Keep it"</button>
                <button
                    class=move || if loss.with(|l| l.as_ref().is_some_and(|l| l.uncommitted_count > 0)) { "button harm" } else { "button main" }
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
