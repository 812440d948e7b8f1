//! `lanyard project`: the git repositories that agents work on.

use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::output::{Output, ago, clean};
use crate::table::{Table, details};
use api::projects::{AddProject, AllowEnv, Branch, ListBranches, ListProjects, Project, RemoveProject};
use std::path::{Path, PathBuf};

/// What can be done with projects.
#[derive(Debug, clap::Subcommand)]
pub enum ProjectCommand {
    /// Add a git repository
    Add {
        /// A folder in it
        path: PathBuf,
        /// A name; that of the folder if left out
        #[arg(long)]
        name: Option<String>,
    },
    /// List the projects
    List,
    /// Forget a project; the repository stays as it is
    Remove {
        /// Its name or id
        name: String,
    },
    /// Say which variables of your own environment its sessions take over; none clears the list
    Allow {
        /// Its name or id
        name: String,
        /// The names of the variables: the whole list
        variables: Vec<String>,
    },
    /// List its branches
    Branches {
        /// Its name or id
        name: String,
    },
}

impl ProjectCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            ProjectCommand::Add { path, name } => add(hand, &path, name),
            ProjectCommand::List => {
                let projects = hand.ask(&ListProjects {})?;
                hand.out.show(&projects, || table(&hand.out, &projects))
            }
            ProjectCommand::Remove { name } => {
                let text = format!("Removed {}; the repository stays as it is.", clean(&name));
                hand.ask(&RemoveProject { project: name })?;
                hand.out.done(&text)
            }
            ProjectCommand::Allow { name, variables } => {
                let project = hand.ask(&AllowEnv { project: name, names: variables })?;
                hand.out.show(&project, || project_text(&hand.out, &project))
            }
            ProjectCommand::Branches { name } => {
                let branches = hand.ask(&ListBranches { project: name })?;
                hand.out.show(&branches, || branch_table(&hand.out, &branches))
            }
        }
    }
}

fn add(hand: &mut Hand, path: &Path, name: Option<String>) -> Result<()> {
    // The daemon's working folder is another one than ours.
    let path = std::path::absolute(path).map_err(|e| Failure::system("finding the repository", e))?;
    let Some(path) = path.to_str() else {
        return Err(api::Error::invalid("the path is not UTF-8 text").hint("rename the folder").into());
    };
    let project = hand.ask(&AddProject { path: path.into(), name })?;
    hand.out.show(&project, || project_text(&hand.out, &project))
}

fn project_text(out: &Output, project: &Project) -> String {
    let allowed = match project.allowed_env.is_empty() {
        true => "none".to_string(),
        false => project.allowed_env.join(", "),
    };
    let rows = [
        ("name", project.name.clone()),
        ("id", project.id.clone()),
        ("path", project.path.clone()),
        ("default branch", project.default_branch.clone()),
        ("variables taken over", allowed),
    ];
    details(out, &rows)
}

fn table(out: &Output, projects: &[Project]) -> String {
    if projects.is_empty() {
        return "No projects yet. Add one: lanyard project add PATH".into();
    }
    let mut table = Table::new(["NAME", "DEFAULT BRANCH", "PATH", "ADDED"]);
    for project in projects {
        table.row([
            (&project.name).into(),
            (&project.default_branch).into(),
            (&project.path).into(),
            ago(out.now, project.created_at).into(),
        ]);
    }
    table.shown(out)
}

fn branch_table(out: &Output, branches: &[Branch]) -> String {
    if branches.is_empty() {
        return "No branches yet: make a first commit in the repository.".into();
    }
    let mut table = Table::new(["BRANCH", "CHECKED OUT AT"]);
    for branch in branches {
        table.row([(&branch.name).into(), branch.checked_out_at.as_deref().unwrap_or("").into()]);
    }
    table.shown(out)
}
