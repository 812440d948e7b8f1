//! Repositories of a world, made by the real git with the owner's configuration.

use crate::{DEADLINE, World, run};
use std::path::{Path, PathBuf};

impl World {
    /// Runs git as the owner in a folder and gives what it printed.
    #[track_caller]
    pub fn git(&self, folder: &Path, args: &[&str]) -> String {
        let mut command = self.command("git");
        command.arg("-C").arg(folder).args(args);
        run(command, b"", DEADLINE).ok()
    }

    /// Makes a repository with one commit on `main`.
    #[track_caller]
    pub fn repository(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(&path).expect("the folder is made");
        self.git(&path, &["init", "--quiet", "--initial-branch", "main"]);
        std::fs::write(path.join("README.md"), "A repository.\n").expect("a file is written");
        self.git(&path, &["add", "."]);
        self.git(&path, &["commit", "--quiet", "--message", "First"]);
        path
    }
}
