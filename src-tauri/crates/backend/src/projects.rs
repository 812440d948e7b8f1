//! The room of projects: the git repositories that agents work on.

use crate::bus::Bus;
use crate::clock::Clock;
use crate::git::Git;
use crate::store::{self, ProjectRow, Store};
use anyhow::{Context, Result, bail};
use api::names::{check_key, check_name, shown};
use api::projects::{AddProject, AllowEnv, Branch, ListBranches, Project, RemoveProject};
use api::{Done, Error, Event};
use std::path::{Path, PathBuf};

/// The room.
#[derive(Clone)]
pub struct Projects {
    store: Store,
    bus: Bus,
    clock: Clock,
    git: Git,
}

impl Projects {
    /// Opens the room.
    pub fn new(store: Store, bus: Bus, clock: Clock, git: Git) -> Self {
        Self { store, bus, clock, git }
    }

    /// All projects, by name.
    pub async fn list(&self) -> Result<Vec<Project>> {
        let mut projects = Vec::new();
        for row in self.store.projects().await? {
            projects.push(self.seen(row).await?);
        }
        Ok(projects)
    }

    /// Adds a repository by a folder in it.
    pub async fn add(&self, call: AddProject) -> Result<Project> {
        let path = self.main_checkout(Path::new(&call.path)).await?;
        let name = match call.name {
            Some(name) => name,
            None => folder_name(&path),
        };
        check_name("project", &name)?;
        let text = path.to_str().context("the path is not UTF-8").map_err(|_| not_utf8(&path))?.to_string();
        for row in self.store.projects().await? {
            if row.path == text {
                bail!(Error::conflict(format!("{text} is the project {} already", shown(&row.name))));
            }
            if row.name == name {
                let hint = "give another with --name";
                bail!(Error::conflict(format!("there is a project {} already", shown(&name))).hint(hint));
            }
        }
        let row = ProjectRow {
            id: store::new_id(),
            name,
            path: text,
            allowed_env: "[]".into(),
            created_at: self.clock.now(),
        };
        self.store.insert_project(&row).await?;
        self.tell(&row.id);
        self.seen(row).await
    }

    /// Sets the variables that pass from the owner's environment.
    pub async fn allow(&self, call: AllowEnv) -> Result<Project> {
        let row = self.find(&call.project).await?;
        for name in &call.names {
            check_key(name)?;
            if crate::environment::is_reserved(name) {
                bail!(
                    Error::invalid(format!("{name} is set by Lanyard itself"))
                        .hint("a slot's own places and names cannot be passed over")
                );
            }
        }
        let mut names = call.names;
        names.sort();
        names.dedup();
        self.store.set_allowed_env(&row.id, &serde_json::to_string(&names)?).await?;
        self.tell(&row.id);
        let row = self.store.project(&row.id).await?.ok_or_else(|| Error::not_found("project", &row.name))?;
        self.seen(row).await
    }

    /// Forgets a project; its live worktrees stand in the way.
    pub async fn remove(&self, call: RemoveProject) -> Result<Done> {
        let row = self.find(&call.project).await?;
        let live = |w: &store::WorktreeRow| w.project_id == row.id && w.archived_at.is_none();
        let count = self.store.worktrees().await?.iter().filter(|w| live(w)).count();
        if count > 0 {
            bail!(
                Error::conflict(format!("{} still has {count} worktrees", shown(&row.name)))
                    .hint("archive them first: lanyard worktrees list")
            );
        }
        self.store.delete_project(&row.id).await?;
        self.tell(&row.id);
        Ok(Done {})
    }

    /// The local branches of a project, and where they are checked out.
    pub async fn branches(&self, call: ListBranches) -> Result<Vec<Branch>> {
        let row = self.find(&call.project).await?;
        branches(&self.git, Path::new(&row.path)).await
    }

    /// The project that `wanted` names.
    pub async fn find(&self, wanted: &str) -> Result<ProjectRow> {
        store::find("project", wanted, self.store.projects().await?)
    }

    async fn main_checkout(&self, path: &Path) -> Result<PathBuf> {
        if !path.is_absolute() {
            bail!(Error::invalid(format!("{} is no absolute path", shown(&path.display().to_string()))));
        }
        if !path.is_dir() {
            bail!(Error::invalid(format!("{} is no folder", shown(&path.display().to_string()))));
        }
        let said = self.git.ask(path, &["worktree", "list", "--porcelain"]).await?;
        let main = said.stdout.lines().next().and_then(|line| line.strip_prefix("worktree "));
        if let Some(main) = main.filter(|_| said.success) {
            return Ok(PathBuf::from(main));
        }
        if !said.stderr.contains("not a git repository") {
            bail!(said.failure("worktree list"));
        }
        bail!(
            Error::invalid(format!("{} is no git repository", shown(&path.display().to_string())))
                .hint("run `git init` there and make a first commit, or give another path")
        )
    }

    async fn seen(&self, row: ProjectRow) -> Result<Project> {
        let default_branch = default_branch(&self.git, Path::new(&row.path)).await?;
        Ok(Project {
            default_branch,
            allowed_env: allowed_env(&row),
            id: row.id,
            name: row.name,
            path: row.path,
            created_at: row.created_at,
        })
    }

    fn tell(&self, id: &str) {
        self.bus.publish(Event::ProjectChanged { project: id.to_string() });
    }
}

/// The names of variables that a project's sessions take over from the owner's environment.
pub fn allowed_env(row: &ProjectRow) -> Vec<String> {
    serde_json::from_str(&row.allowed_env).unwrap_or_default()
}

/// The branch that new work starts from: the remote's default, else the one checked out.
pub async fn default_branch(git: &Git, path: &Path) -> Result<String> {
    if !path.is_dir() {
        return Ok("main".into());
    }
    let remote = git.line(path, &["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]).await?;
    if let Some(branch) = remote.and_then(|r| r.strip_prefix("origin/").map(str::to_string)) {
        return Ok(branch);
    }
    let head = git.line(path, &["symbolic-ref", "--quiet", "--short", "HEAD"]).await?;
    Ok(head.unwrap_or_else(|| "main".into()))
}

/// The local branches of a repository, and where they are checked out.
pub async fn branches(git: &Git, path: &Path) -> Result<Vec<Branch>> {
    let format = "--format=%(refname:lstrip=2)%00%(worktreepath)";
    let out = git.run(path, &["for-each-ref", format, "refs/heads"]).await?;
    let branch = |line: &str| {
        let (name, place) = line.split_once('\0')?;
        let checked_out_at = (!place.is_empty()).then(|| place.to_string());
        Some(Branch { name: name.to_string(), checked_out_at })
    };
    Ok(out.lines().filter_map(branch).collect())
}

/// The folder's name, with what a project's name can't hold as `-`.
fn folder_name(path: &Path) -> String {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let name = name.strip_suffix(".git").unwrap_or(&name);
    plain_name(name)
}

/// A name made of any text: what a name can't hold becomes `-`.
pub fn plain_name(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') { c } else { '-' };
    let mut name: String = text.chars().map(plain).take(48).collect();
    while name.contains("..") {
        name = name.replace("..", ".");
    }
    let name = name.trim_matches(['-', '.', '_']);
    if name.is_empty() { "work".into() } else { name.into() }
}

fn not_utf8(path: &Path) -> Error {
    Error::invalid(format!("{} is not UTF-8", shown(&path.display().to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_branch_gives_a_name_that_the_rules_take() {
        for branch in ["feat/refunds", "a..b", "-x", "ünï/çødé", "", "…", &"x/".repeat(100)] {
            let name = plain_name(branch);
            assert!(check_name("worktree", &name).is_ok(), "{branch:?} gave {name:?}");
        }
        assert_eq!(plain_name("feat/refunds"), "feat-refunds");
    }
}
