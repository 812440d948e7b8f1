//! `lanyard worktrees`: list the checkouts and archive them.

use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::output::{Output, ago, clean, count};
use crate::prompt;
use crate::table::Table;
use crate::tokens::told;
use api::Code;
use api::worktrees::{ArchiveWorktree, Archived, InspectWorktree, ListWorktrees, Loss, Worktree};

/// How many losses are shown by name.
const SHOWN: usize = 10;

/// What can be done with worktrees.
#[derive(Debug, clap::Subcommand)]
pub enum WorktreesCommand {
    /// List the worktrees
    List {
        /// The archived ones as well
        #[arg(long)]
        all: bool,
        /// Only those of this project
        #[arg(long, value_name = "NAME")]
        project: Option<String>,
    },
    /// Show what archiving a worktree would lose
    Inspect {
        /// Its name, PROJECT/NAME, or id
        name: String,
    },
    /// Stop what runs in a worktree and remove the checkout; the branch stays
    Archive {
        /// Its name, PROJECT/NAME, or id
        name: String,
        /// Go on although uncommitted changes are lost or commits are unpushed
        #[arg(long)]
        force: bool,
    },
}

impl WorktreesCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            WorktreesCommand::List { all, project } => {
                let worktrees = hand.ask(&ListWorktrees { project, archived: all })?;
                hand.out.show(&worktrees, || table(&hand.out, &worktrees))
            }
            WorktreesCommand::Inspect { name } => {
                let loss = hand.ask(&InspectWorktree { worktree: name })?;
                hand.out.show(&loss, || loss_text(&loss))
            }
            WorktreesCommand::Archive { name, force } => archive(hand, name, force),
        }
    }
}

fn archive(hand: &mut Hand, name: String, force: bool) -> Result<()> {
    let archived = match hand.ask(&ArchiveWorktree { worktree: name.clone(), force }) {
        Err(failure @ Failure::Refused(_)) if hand.has_person() && unconfirmed(&failure) => {
            let loss = hand.ask(&InspectWorktree { worktree: name.clone() })?;
            prompt::say(&match loss == Loss::default() {
                true => format!("{}\n", failure.told(false).unwrap_or_default()),
                false => loss_text(&loss),
            })?;
            prompt::confirm("Archive it all the same?")?;
            hand.ask(&ArchiveWorktree { worktree: name, force: true })
        }
        answer => answer,
    }?;
    hand.out.show(&archived, || archived_text(&archived))
}

fn archived_text(archived: &Archived) -> String {
    let (name, branch) = (&archived.worktree.name, &archived.worktree.branch);
    let mut text = format!("Archived {}; the branch {} stays.\n", clean(name), clean(branch));
    for token in &archived.tokens {
        text += &format!("{}\n", told(token));
    }
    if !archived.grants.is_empty() {
        text += &format!("Ended {}.\n", count(archived.grants.len(), "grant"));
    }
    if !archived.secrets.is_empty() {
        text += &format!("Removed its secrets: {}.\n", clean(&archived.secrets.join(", ")));
    }
    text
}

fn unconfirmed(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused(error) if error.code == Code::Unconfirmed)
}

fn loss_text(loss: &Loss) -> String {
    if *loss == Loss::default() {
        return "Nothing would be lost.\n".into();
    }
    let changes = count(loss.uncommitted_count as usize, "uncommitted change");
    let commits = count(loss.unpushed_count as usize, "commit");
    let mut text = part(&format!("{changes} would be lost"), &loss.uncommitted, loss.uncommitted_count);
    text += &part(
        &format!("{commits} in no remote branch; they stay on the branch"),
        &loss.unpushed,
        loss.unpushed_count,
    );
    text
}

fn part(heading: &str, names: &[String], all: u32) -> String {
    if all == 0 {
        return String::new();
    }
    let mut text = format!("{heading}:\n");
    for name in names.iter().take(SHOWN) {
        text += &format!("  {}\n", clean(name));
    }
    match (all as usize).saturating_sub(names.len().min(SHOWN)) {
        0 => text,
        more => text + &format!("  and {more} more\n"),
    }
}

fn table(out: &Output, worktrees: &[Worktree]) -> String {
    if worktrees.is_empty() {
        return "No worktrees yet. They are made by: lanyard start --slot 1 --project NAME --branch BRANCH"
            .into();
    }
    let mut table = Table::new(["NAME", "PROJECT", "BRANCH", "STATE", "PATH"]);
    for worktree in worktrees {
        let state = match (&worktree.archived_at, &worktree.session) {
            (Some(at), _) => format!("archived {}", ago(out.now, *at)),
            (None, Some(_)) => "in use".into(),
            (None, None) => "free".into(),
        };
        table.row([
            (&worktree.name).into(),
            (&worktree.project).into(),
            (&worktree.branch).into(),
            state.into(),
            (&worktree.path).into(),
        ]);
    }
    table.shown(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_named_and_counted() {
        let loss = Loss {
            uncommitted: vec![" M src/\x1b[2Ja.rs".into()],
            uncommitted_count: 1,
            unpushed: (0..12).map(|n| format!("abc{n} work")).collect(),
            unpushed_count: 240,
        };
        let text = loss_text(&loss);
        assert!(
            text.starts_with("1 uncommitted change would be lost:\n   M src/\\u{1b}[2Ja.rs\n240 commits"),
            "{text}"
        );
        assert!(text.ends_with("  abc9 work\n  and 230 more\n"), "{text}");
        assert_eq!(loss_text(&Loss::default()), "Nothing would be lost.\n");
    }
}
