//! Lanyard's own commands, by the names that a session finds them under, and its Python module.

use crate::config::{Config, make_folder, write_whole};
use anyhow::{Context, Result};
use std::os::unix::fs::symlink;
use std::path::Path;

/// The Python module `ravi`, which sessions find on their path.
const PYTHON: [(&str, &str); 2] = [
    ("ravi/__init__.py", include_str!("../python/ravi/__init__.py")),
    ("lanyard_ravi.py", include_str!("../python/lanyard_ravi.py")),
];

/// Puts Lanyard's own commands into the folder that is first on every session's PATH, and its Python modules beside
/// them.
pub fn link(config: &Config) -> Result<()> {
    let folder = config.commands();
    make_folder(&folder)?;
    let target = config.programs.join("lanyard");
    // By its other names it runs the real gh with the identity's own token, and speaks Ravi's commands.
    for name in ["lanyard", "gh", "ravi"] {
        let link = folder.join(name);
        if std::fs::read_link(&link).ok().as_deref() != Some(target.as_path()) {
            replace_link(&target, &link).with_context(|| format!("linking {}", link.display()))?;
        }
    }
    let python = config.python();
    make_folder(&python.join("ravi"))?;
    for (name, text) in PYTHON {
        write_whole(&python.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// A link that is there is replaced at once: a session may be looking.
fn replace_link(target: &Path, link: &Path) -> std::io::Result<()> {
    let fresh = link.with_extension("new");
    std::fs::remove_file(&fresh).or_else(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(e),
    })?;
    symlink(target, &fresh)?;
    std::fs::rename(&fresh, link)
}
