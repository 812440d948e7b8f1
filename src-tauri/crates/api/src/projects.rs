//! Projects: the git repositories that agents work on.

use crate::Millis;
use serde::{Deserialize, Serialize};

/// A git repository that was added by its path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// UUID v7.
    pub id: String,
    /// Its unique name, by default that of its folder.
    pub name: String,
    /// The repository's main checkout, or the bare repository, absolute.
    pub path: String,
    /// The branch that new work starts from: the remote's default, else the one checked out.
    pub default_branch: String,
    /// Names of variables that its sessions take over from the owner's environment.
    pub allowed_env: Vec<String>,
    /// When it was added.
    pub created_at: Millis,
}

/// `projects.list`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListProjects {}

/// `projects.add`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddProject {
    /// A folder in the repository, absolute.
    pub path: String,
    /// A name; the folder's if left out.
    #[serde(default)]
    pub name: Option<String>,
}

/// `projects.allow`: sets the variables that its sessions take over from the owner's environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowEnv {
    /// Which project.
    pub project: String,
    /// The whole list of names, in place of the one before.
    pub names: Vec<String>,
}

/// `projects.remove`: forgets the project; the repository stays as it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveProject {
    /// Which project.
    pub project: String,
}

/// `projects.branches`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListBranches {
    /// Which project.
    pub project: String,
}

/// A local branch of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Its short name.
    pub name: String,
    /// Where it is checked out, if anywhere.
    pub checked_out_at: Option<String>,
}
