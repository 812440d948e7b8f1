//! Worktrees: checkouts of a project for one piece of work, each with its branch.

use crate::Millis;
use crate::grants::Grant;
use crate::tokens::Token;
use serde::{Deserialize, Serialize};

/// A checkout that Lanyard made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worktree {
    /// UUID v7.
    pub id: String,
    /// Its name: the branch with `/` as `-`, unique among the project's live worktrees.
    pub name: String,
    /// The project's id.
    pub project_id: String,
    /// The project's name.
    pub project: String,
    /// Its branch.
    pub branch: String,
    /// The branch that it started from, where it was made with a new branch.
    pub base: Option<String>,
    /// Where it is, absolute.
    pub path: String,
    /// The session that runs in it.
    pub session: Option<String>,
    /// When it was made.
    pub created_at: Millis,
    /// When it was archived: the checkout is gone, the branch stays.
    pub archived_at: Option<Millis>,
}

/// A worktree that was archived, and what was taken back with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    /// The worktree.
    #[serde(flatten)]
    pub worktree: Worktree,
    /// The tokens that were alive for it. One that is still `revoking` waits for its issuer's word.
    pub tokens: Vec<Token>,
    /// The grants that ended with it.
    pub grants: Vec<Grant>,
    /// The keys of the secrets that were for it alone, and are gone.
    pub secrets: Vec<String>,
}

/// What archiving a worktree would lose or leave behind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Changed, staged or untracked files, as `git status --porcelain` names them; at most 100.
    pub uncommitted: Vec<String>,
    /// How many such files there are in all.
    pub uncommitted_count: u32,
    /// Commits that are in no remote branch, one line each; at most 100. They stay on the branch.
    pub unpushed: Vec<String>,
    /// How many such commits there are in all.
    pub unpushed_count: u32,
}

/// `worktrees.list`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListWorktrees {
    /// Only those of this project.
    #[serde(default)]
    pub project: Option<String>,
    /// The archived ones as well.
    #[serde(default)]
    pub archived: bool,
}

/// `worktrees.inspect`: what archiving it would lose.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectWorktree {
    /// Which one: its name, `project/name`, or id.
    pub worktree: String,
}

/// `worktrees.archive`: stops what runs in it and removes the checkout; the branch stays.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveWorktree {
    /// Which one: its name, `project/name`, or id.
    pub worktree: String,
    /// Go on although uncommitted changes are lost or commits are unpushed.
    #[serde(default)]
    pub force: bool,
}
