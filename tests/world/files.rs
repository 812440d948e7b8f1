//! What Lanyard keeps on the disk, to look there for what must not stand anywhere.

use crate::World;
use std::path::{Path, PathBuf};

impl World {
    /// The files below Lanyard's home that hold this text. The test fails where its database is not among those that
    /// were read, since then nothing is shown.
    #[track_caller]
    pub fn files_with(&self, text: &str) -> Vec<PathBuf> {
        let mut all = Vec::new();
        collect(&self.home(), &mut all);
        assert!(all.contains(&self.home().join("lanyard.db")), "the files were not found: {all:?}");
        let holds = |path: &Path| {
            // What went away between the two looks is not kept.
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes.windows(text.len()).any(|part| part == text.as_bytes())
        };
        all.retain(|path| holds(path));
        all
    }
}

/// Every plain file below a folder, links not followed.
fn collect(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(&entry.path(), all),
            Ok(kind) if kind.is_file() => all.push(entry.path()),
            _ => {}
        }
    }
}
