//! What the page is made of, as one line that changes when any of it does.

use crate::host::Host;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The files and folders that the page is made of; xtask's own are among them.
const PARTS: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "src-tauri/crates/api",
    "ui",
    "xtask/Cargo.toml",
    "xtask/src/ui.rs",
    "xtask/src/ui",
];

/// A line that stands for the page's parts as they are now, built the way that `how` says.
pub fn stamp(host: &Host, how: &str) -> Result<String> {
    let mut found = BTreeMap::new();
    for part in PARTS {
        collect(&host.top.join(part), &mut found)?;
    }
    let mut hasher = DefaultHasher::new();
    found.hash(&mut hasher);
    Ok(format!("{how} {:016x}\n", hasher.finish()))
}

/// Gathers size and time of every file. npm's files only change together with package-lock.json.
fn collect(path: &Path, found: &mut BTreeMap<PathBuf, (u64, SystemTime)>) -> Result<()> {
    let about: Metadata = fs::metadata(path).with_context(|| format!("looking at {}", path.display()))?;
    if !about.is_dir() {
        found.insert(path.to_path_buf(), (about.len(), about.modified()?));
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("reading {}", path.display()))? {
        let entry = entry?;
        if entry.file_name() != "node_modules" {
            collect(&entry.path(), found)?;
        }
    }
    Ok(())
}
