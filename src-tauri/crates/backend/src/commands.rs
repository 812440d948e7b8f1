//! The folder of Lanyard's own commands, by all their names.

use crate::config::{Config, make_folder};
use anyhow::{Context, Result};
use std::os::unix::fs::symlink;
use std::path::Path;

/// Puts Lanyard's own commands into the folder that is first on every session's PATH.
pub fn link(config: &Config) -> Result<()> {
    let folder = config.commands();
    make_folder(&folder)?;
    let target = config.programs.join("lanyard");
    // By its other name it runs the real one with the identity's own token.
    for name in ["lanyard", "gh"] {
        let link = folder.join(name);
        if std::fs::read_link(&link).ok().as_deref() != Some(target.as_path()) {
            replace_link(&target, &link).with_context(|| format!("linking {}", link.display()))?;
        }
    }
    Ok(())
}

fn replace_link(target: &Path, link: &Path) -> std::io::Result<()> {
    let fresh = link.with_extension("new");
    std::fs::remove_file(&fresh).or_else(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(e),
    })?;
    symlink(target, &fresh)?;
    std::fs::rename(&fresh, link)
}
