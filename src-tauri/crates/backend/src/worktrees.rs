//! The room of worktrees: checkouts of a project, each for one piece of work, outside the repository.

use crate::bus::Bus;
use crate::clock::Clock;
use crate::git::{Git, branch_of};
use crate::projects::{branches, default_branch, plain_name};
use crate::store::{self, ProjectRow, Store, WorktreeRow};
use anyhow::{Result, bail};
use api::names::shown;
use api::worktrees::{ListWorktrees, Loss, Worktree};
use api::{Code, Error, Event};
use std::path::{Path, PathBuf};

/// How many files or commits a loss names one by one.
const NAMED: usize = 100;

/// The room.
#[derive(Clone)]
pub struct Worktrees {
    store: Store,
    bus: Bus,
    clock: Clock,
    git: Git,
    folder: PathBuf,
}

/// A worktree to work in, and whether it was made just now.
pub struct Prepared {
    /// The worktree.
    pub row: WorktreeRow,
    /// Whether the checkout is new, so that a failed start takes it away again.
    pub made: bool,
    /// Whether the branch is new as well.
    pub made_branch: bool,
}

impl Worktrees {
    /// Opens the room; checkouts go below `folder`.
    pub fn new(store: Store, bus: Bus, clock: Clock, git: Git, folder: PathBuf) -> Self {
        Self { store, bus, clock, git, folder }
    }

    /// The worktrees, with the session that runs in each.
    pub async fn list(&self, call: ListWorktrees) -> Result<Vec<Worktree>> {
        let project = match call.project {
            Some(wanted) => Some(store::find("project", &wanted, self.store.projects().await?)?.id),
            None => None,
        };
        let live = self.store.live_sessions().await?;
        let rows = self.store.worktrees().await?;
        let wanted = |row: &WorktreeRow| {
            project.as_ref().is_none_or(|id| *id == row.project_id)
                && (call.archived || row.archived_at.is_none())
        };
        let session = |id: &str| live.iter().find(|s| s.worktree_id == id).map(|s| s.id.clone());
        Ok(rows.into_iter().filter(wanted).map(|row| seen(session(&row.id), row)).collect())
    }

    /// The live worktree that `wanted` names: a name, `project/name`, an id or its prefix.
    pub async fn find(&self, wanted: &str) -> Result<WorktreeRow> {
        let mut rows = self.store.worktrees().await?;
        rows.retain(|row| row.archived_at.is_none());
        let named = |row: &&WorktreeRow| {
            row.name == wanted || row.branch == wanted || wanted == format!("{}/{}", row.project, row.name)
        };
        let found: Vec<_> = rows.iter().filter(named).cloned().collect();
        let found = match found.is_empty() && store::is_prefix(wanted) {
            true => rows.into_iter().filter(|row| row.id.starts_with(wanted)).collect(),
            false => found,
        };
        match found.len() {
            1 => Ok(found.into_iter().next().ok_or_else(Error::internal)?),
            0 => bail!(
                Error::not_found("worktree", wanted).hint("`lanyard worktrees list` shows what there is")
            ),
            n => bail!(
                Error::new(Code::Ambiguous, format!("{} names {n} worktrees", shown(wanted)))
                    .hint("name it as PROJECT/NAME or by its id")
            ),
        }
    }

    /// The worktree of `branch`: the one that exists, or a new one, with a new branch from `base` if need be.
    pub async fn prepare(&self, project: &ProjectRow, branch: &str, base: Option<&str>) -> Result<Prepared> {
        if let Some(row) = self.known(project, branch).await? {
            return Ok(Prepared { row, made: false, made_branch: false });
        }
        let repository = Path::new(&project.path);
        self.check_branch(repository, branch).await?;
        let existing = branches(&self.git, repository).await?;
        let existing = existing.into_iter().find(|b| b.name == branch);
        if let Some(place) = existing.as_ref().and_then(|b| b.checked_out_at.as_ref()) {
            return self.reuse(project, branch, place).await;
        }
        let base = match existing {
            Some(_) => None,
            None => Some(self.base_of(repository, branch, base).await?),
        };
        let row = self.new_row(project, branch, base.clone()).await?;
        self.check_out(repository, &row, base.as_deref()).await?;
        if let Err(e) = self.store.insert_worktree(&row).await {
            self.remove_checkout(repository, &row, base.is_some()).await.ok();
            return Err(e);
        }
        self.tell(&row.id);
        Ok(Prepared { row, made: true, made_branch: base.is_some() })
    }

    /// Takes a worktree away again that `prepare` has just made and nothing has used.
    pub async fn undo(&self, project: &ProjectRow, prepared: &Prepared) -> Result<()> {
        if !prepared.made {
            return Ok(());
        }
        self.remove_checkout(Path::new(&project.path), &prepared.row, prepared.made_branch).await?;
        self.store.delete_worktree(&prepared.row.id).await?;
        self.tell(&prepared.row.id);
        Ok(())
    }

    /// What archiving the worktree that `wanted` names would lose.
    pub async fn inspect(&self, wanted: &str) -> Result<Loss> {
        self.loss(&self.find(wanted).await?).await
    }

    /// What archiving this worktree would lose.
    pub async fn loss(&self, row: &WorktreeRow) -> Result<Loss> {
        let folder = Path::new(&row.path);
        if !folder.is_dir() {
            return Ok(Loss::default());
        }
        let status =
            self.git.run(folder, &["status", "--porcelain=v1", "-z", "--untracked-files=all"]).await?;
        let uncommitted = changed_files(&status);
        let log = self.unpushed(row, folder).await?;
        let unpushed: Vec<String> = log.lines().map(str::to_string).collect();
        Ok(Loss {
            uncommitted_count: count(&uncommitted),
            unpushed_count: count(&unpushed),
            uncommitted: uncommitted.into_iter().take(NAMED).collect(),
            unpushed: unpushed.into_iter().take(NAMED).collect(),
        })
    }

    /// Removes the checkout, whatever is in it, and marks the worktree as archived; the branch stays.
    pub async fn archive(&self, row: WorktreeRow) -> Result<Worktree> {
        let project = self.store.project(&row.project_id).await?;
        let repository = project.map(|p| PathBuf::from(p.path)).filter(|p| p.is_dir());
        match repository {
            Some(repository) => self.remove_checkout(&repository, &row, false).await?,
            None => remove_folder(Path::new(&row.path)).await?,
        }
        let at = self.clock.now();
        self.store.set_archived(&row.id, at).await?;
        self.tell(&row.id);
        Ok(seen(None, WorktreeRow { archived_at: Some(at), ..row }))
    }

    /// Fails if a branch of the project could never have this name.
    pub async fn check_name(&self, project: &ProjectRow, branch: &str) -> Result<()> {
        self.check_branch(Path::new(&project.path), branch).await
    }

    async fn check_branch(&self, repository: &Path, branch: &str) -> Result<()> {
        let bad = || Error::invalid(format!("{} is no name for a branch", shown(branch)));
        if branch.is_empty() || branch.starts_with('-') || branch.contains('\0') || branch.len() > 200 {
            bail!(bad());
        }
        let said = self.git.ask(repository, &["check-ref-format", &format!("refs/heads/{branch}")]).await?;
        if !said.success {
            bail!(bad().hint("see `git help check-ref-format` for what git takes"));
        }
        Ok(())
    }

    /// The worktree of ours that is on `branch` by its own files: git, which costs milliseconds, need not be asked.
    async fn known(&self, project: &ProjectRow, branch: &str) -> Result<Option<WorktreeRow>> {
        let is_it = |row: &WorktreeRow| {
            row.archived_at.is_none()
                && row.project_id == project.id
                && row.branch == branch
                && branch_of(Path::new(&row.path)).as_deref() == Some(branch)
        };
        Ok(self.store.worktrees().await?.into_iter().find(is_it))
    }

    async fn reuse(&self, project: &ProjectRow, branch: &str, place: &str) -> Result<Prepared> {
        let rows = self.store.worktrees().await?;
        let ours = |row: &WorktreeRow| {
            row.archived_at.is_none() && row.project_id == project.id && same_place(&row.path, place)
        };
        match rows.into_iter().find(ours) {
            Some(row) => Ok(Prepared { row, made: false, made_branch: false }),
            None if is_below(Path::new(place), &self.folder) => self.take_up(project, branch, place).await,
            None => bail!(
                Error::conflict(format!("the branch {} is checked out at {}", shown(branch), shown(place)))
                    .hint("choose another branch, or switch that checkout to another one first")
            ),
        }
    }

    /// A checkout of ours that nobody knows: the daemon was killed before it could write it down.
    async fn take_up(&self, project: &ProjectRow, branch: &str, place: &str) -> Result<Prepared> {
        let new = self.new_row(project, branch, None).await?;
        let name = Path::new(place).file_name().map_or(new.name, |name| name.to_string_lossy().into_owned());
        let row = WorktreeRow { path: place.to_string(), name, ..new };
        self.store.insert_worktree(&row).await?;
        self.tell(&row.id);
        Ok(Prepared { row, made: false, made_branch: false })
    }

    /// What a new branch starts from: the same branch of the remote, the given base, or the default.
    async fn base_of(&self, repository: &Path, branch: &str, base: Option<&str>) -> Result<String> {
        let remote = format!("origin/{branch}");
        let base = match base {
            Some(base) => base.to_string(),
            None if self.is_commit(repository, &remote).await? => remote,
            None => default_branch(&self.git, repository).await?,
        };
        if base.starts_with('-') || !self.is_commit(repository, &base).await? {
            bail!(
                Error::new(Code::NotFound, format!("there is no commit at {} to start from", shown(&base)))
                    .hint("make a first commit, or name another branch with --base")
            );
        }
        Ok(base)
    }

    async fn is_commit(&self, repository: &Path, name: &str) -> Result<bool> {
        let commit = format!("{name}^{{commit}}");
        let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit];
        Ok(self.git.ask(repository, &args).await?.success)
    }

    async fn new_row(&self, project: &ProjectRow, branch: &str, base: Option<String>) -> Result<WorktreeRow> {
        let rows = self.store.worktrees().await?;
        let folder = self.folder.join(&project.name);
        let taken = |name: &String| {
            let live = |row: &WorktreeRow| {
                row.project_id == project.id && row.archived_at.is_none() && row.name == *name
            };
            rows.iter().any(live) || folder.join(name).symlink_metadata().is_ok()
        };
        let plain = plain_name(branch);
        let numbered = (2..).map(|n| format!("{plain}-{n}"));
        let name = std::iter::once(plain.clone()).chain(numbered).find(|n| !taken(n)).unwrap_or(plain);
        Ok(WorktreeRow {
            id: store::new_id(),
            project_id: project.id.clone(),
            project: project.name.clone(),
            path: folder.join(&name).to_string_lossy().into_owned(),
            name,
            branch: branch.to_string(),
            base,
            created_at: self.clock.now(),
            archived_at: None,
        })
    }

    async fn check_out(&self, repository: &Path, row: &WorktreeRow, base: Option<&str>) -> Result<()> {
        let track = base.is_some_and(|base| base == format!("origin/{}", row.branch));
        let track = if track { "--track" } else { "--no-track" };
        let args = match base {
            Some(base) => vec!["worktree", "add", track, "-b", &row.branch, &row.path, base],
            None => vec!["worktree", "add", &row.path, &row.branch],
        };
        let Err(error) = self.git.run(repository, &args).await else { return Ok(()) };
        // A checkout that failed half-way, for example on a full disk, leaves nothing behind.
        self.remove_checkout(repository, row, base.is_some()).await.ok();
        Err(error)
    }

    async fn remove_checkout(&self, repository: &Path, row: &WorktreeRow, branch_too: bool) -> Result<()> {
        let args = ["worktree", "remove", "--force", "--force", &row.path];
        let said = self.git.ask(repository, &args).await?;
        if !said.success {
            remove_folder(Path::new(&row.path)).await?;
            self.git.run(repository, &["worktree", "prune"]).await?;
        }
        if branch_too {
            self.git.run(repository, &["branch", "-D", "--", &row.branch]).await?;
        }
        Ok(())
    }

    async fn unpushed(&self, row: &WorktreeRow, folder: &Path) -> Result<String> {
        let known = match self.git.line(folder, &["remote"]).await? {
            Some(_) => "--remotes".to_string(),
            None => self.local_base(row, folder).await?,
        };
        self.git.run(folder, &["log", "--format=%h %s", "HEAD", "--not", &known]).await
    }

    /// Where there is no remote, work is kept safe by the branch that it came from.
    async fn local_base(&self, row: &WorktreeRow, folder: &Path) -> Result<String> {
        if let Some(base) = &row.base
            && self.is_commit(folder, base).await?
        {
            return Ok(base.clone());
        }
        let Some(project) = self.store.project(&row.project_id).await? else { return Ok("HEAD".into()) };
        let base = default_branch(&self.git, Path::new(&project.path)).await?;
        Ok(if self.is_commit(folder, &base).await? { base } else { "HEAD".into() })
    }

    fn tell(&self, id: &str) {
        self.bus.publish(Event::WorktreeChanged { worktree: id.to_string() });
    }
}

async fn remove_folder(folder: &Path) -> Result<()> {
    match tokio::fs::remove_dir_all(folder).await {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
        _ => Ok(()),
    }
}

/// Whether a place is below a folder, by whatever links either is reached.
fn is_below(place: &Path, folder: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    real(place).starts_with(real(folder))
}

fn same_place(a: &str, b: &str) -> bool {
    a == b || matches!((std::fs::canonicalize(a), std::fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}

/// The files that `git status --porcelain -z` names; a renamed file is followed by its old name.
pub fn changed_files(status: &str) -> Vec<String> {
    let mut files = Vec::new();
    let mut parts = status.split('\0').filter(|part| !part.is_empty());
    while let Some(part) = parts.next() {
        let (kind, name) = part.split_at_checked(3).unwrap_or((part, part));
        files.push(name.to_string());
        if kind.starts_with(['R', 'C']) {
            parts.next();
        }
    }
    files
}

fn count<T>(things: &[T]) -> u32 {
    u32::try_from(things.len()).unwrap_or(u32::MAX)
}

fn seen(session: Option<String>, row: WorktreeRow) -> Worktree {
    Worktree {
        id: row.id,
        name: row.name,
        project_id: row.project_id,
        project: row.project,
        branch: row.branch,
        base: row.base,
        path: row.path,
        session,
        created_at: row.created_at,
        archived_at: row.archived_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_files_are_read_with_spaces_and_renames() {
        let status = " M a b.txt\0R  new.rs\0old.rs\0?? ünï.txt\0";
        assert_eq!(changed_files(status), ["a b.txt", "new.rs", "ünï.txt"]);
    }
}
