//! What git says of a session's worktree: commits and changed lines against the base, and what is not committed.

use super::Summaries;
use crate::git::{Bounds, Said};
use crate::projects::default_branch;
use crate::store::{SessionRow, WorktreeRow};
use anyhow::Result;
use api::summaries::{Changed, Work};
use std::path::Path;
use std::time::Duration;

/// How long git may take for one question, and for all of them.
const PATIENCE: Duration = Duration::from_secs(10);
const PATIENCE_IN_ALL: Duration = Duration::from_secs(20);
/// How much is read of an answer, in bytes.
const READ: u64 = 1024 * 1024;
/// How many commits and files are named.
const COMMITS: usize = 50;
const FILES: usize = 100;
/// The longest line of a commit and the longest path, in characters.
const LINE_MAX: usize = 200;

impl Summaries {
    /// What changed in a session's worktree; none where that is not there any more.
    pub(super) async fn work(&self, row: &SessionRow) -> Result<Option<Work>> {
        let Some(worktree) = self.store.worktree(&row.worktree_id).await? else { return Ok(None) };
        if worktree.archived_at.is_some() || !Path::new(&worktree.path).is_dir() {
            return Ok(None);
        }
        match tokio::time::timeout(PATIENCE_IN_ALL, self.changes(&worktree)).await {
            Ok(work) => work.map(Some),
            Err(_) => anyhow::bail!("git took too long"),
        }
    }

    async fn changes(&self, worktree: &WorktreeRow) -> Result<Work> {
        let folder = Path::new(&worktree.path);
        let (commits, uncommitted) = tokio::try_join!(self.commits(worktree), self.uncommitted(folder))?;
        let names = crate::worktrees::changed_files(whole(&uncommitted));
        Ok(Work {
            uncommitted_count: count(names.len()),
            uncommitted: names.into_iter().take(FILES).map(|name| short(&name)).collect(),
            cut: commits.cut || uncommitted.cut,
            ..commits
        })
    }

    async fn uncommitted(&self, folder: &Path) -> Result<Said> {
        self.ask(folder, &["status", "--porcelain=v1", "-z", "--untracked-files=normal"]).await
    }

    async fn commits(&self, worktree: &WorktreeRow) -> Result<Work> {
        let folder = Path::new(&worktree.path);
        let Some((base, from)) = self.base(worktree).await? else { return Ok(Work::default()) };
        let (range, most) = (format!("{from}..HEAD"), format!("--max-count={COMMITS}"));
        let count_args = ["rev-list", "--count", &range, "--"];
        let log = ["log", "--no-show-signature", "--no-color", "--format=%h %s", &most, &range, "--"];
        // Neither a program of the repository's nor a guess at renames: paths and numbers alone.
        let diff =
            ["diff", "--numstat", "-z", "--no-ext-diff", "--no-textconv", "--no-renames", &range, "--"];
        let (counted, log, diff) =
            tokio::try_join!(self.ask(folder, &count_args), self.ask(folder, &log), self.ask(folder, &diff))?;
        let files: Vec<Changed> = whole(&diff).split('\0').filter_map(changed).collect();
        let sum =
            |lines: fn(&Changed) -> Option<u32>| files.iter().filter_map(lines).fold(0, u32::saturating_add);
        Ok(Work {
            base: Some(base),
            commits: log.stdout.lines().map(short).collect(),
            commit_count: counted.stdout.trim().parse().unwrap_or(0),
            added: sum(|file| file.added),
            deleted: sum(|file| file.deleted),
            file_count: count(files.len()),
            files: files.into_iter().take(FILES).collect(),
            cut: diff.cut,
            ..Work::default()
        })
    }

    /// The branch that a worktree's work is compared with, and the commit at which they part.
    async fn base(&self, worktree: &WorktreeRow) -> Result<Option<(String, String)>> {
        let (folder, branch) = (Path::new(&worktree.path), &worktree.branch);
        let upstream = format!("origin/{branch}");
        let default = match self.store.project(&worktree.project_id).await? {
            Some(project) => Some(default_branch(&self.git, Path::new(&project.path)).await?),
            None => None,
        };
        // A branch is not compared with itself; what was pushed to its own upstream is still its work, unless
        // there is nothing else to compare with.
        let other = |name: &String| name != branch && *name != upstream;
        let candidates = [worktree.base.clone().filter(other), default.filter(other), Some(upstream.clone())];
        for name in candidates.into_iter().flatten() {
            let commit = format!("{name}^{{commit}}");
            let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit];
            let Some(at) = self.line(folder, &args).await? else { continue };
            if let Some(from) = self.line(folder, &["merge-base", "HEAD", &at]).await? {
                return Ok(Some((name, from)));
            }
        }
        Ok(None)
    }

    async fn line(&self, folder: &Path, args: &[&str]) -> Result<Option<String>> {
        let said = self.git.ask_within(Bounds { time: PATIENCE, bytes: READ }, folder, args).await?;
        let line = said.stdout.lines().next().unwrap_or_default().trim();
        Ok((said.success && !line.is_empty()).then(|| line.to_string()))
    }

    async fn ask(&self, folder: &Path, args: &[&str]) -> Result<Said> {
        let said = self.git.ask_within(Bounds { time: PATIENCE, bytes: READ }, folder, args).await?;
        match said.success {
            true => Ok(said),
            false => anyhow::bail!(said.failure(args[0])),
        }
    }
}

/// What was said with a zero after each part, up to the last of them where it was cut.
fn whole(said: &Said) -> &str {
    match (said.cut, said.stdout.rfind('\0')) {
        (true, Some(last)) => &said.stdout[..last],
        _ => &said.stdout,
    }
}

/// One part of `git diff --numstat -z`: added, deleted and path, with `-` for a binary file.
fn changed(part: &str) -> Option<Changed> {
    let mut fields = part.splitn(3, '\t');
    let (added, deleted, path) = (fields.next()?, fields.next()?, fields.next()?);
    Some(Changed { path: short(path), added: added.parse().ok(), deleted: deleted.parse().ok() })
}

fn short(text: &str) -> String {
    text.chars().take(LINE_MAX).collect()
}

fn count(many: usize) -> u32 {
    u32::try_from(many).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_are_read_with_odd_paths_and_binary_files() {
        let file = |path: &str, added, deleted| Some(Changed { path: path.into(), added, deleted });
        assert_eq!(changed("3\t1\tsrc/a b\tc.rs"), file("src/a b\tc.rs", Some(3), Some(1)));
        assert_eq!(changed("-\t-\tlogo.png"), file("logo.png", None, None));
        assert_eq!(changed(""), None);
    }

    #[test]
    fn an_answer_that_was_cut_ends_with_its_last_whole_part() {
        let said =
            |stdout: &str, cut| Said { success: true, stdout: stdout.into(), stderr: String::new(), cut };
        assert_eq!(whole(&said("a\0b\0c", true)), "a\0b");
        assert_eq!(whole(&said("a\0b\0", false)), "a\0b\0");
    }
}
