//! The files of the page that need no compiler, as ui/bundle.txt lists them.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// Copies what `ui/bundle.txt` lists into the page's folder.
pub fn copy(ui: &Path, page: &Path) -> Result<()> {
    let list = fs::read_to_string(ui.join("bundle.txt")).context("reading ui/bundle.txt")?;
    for (from, to) in entries(&list)? {
        let (source, goal) = (ui.join(from), page.join(to));
        match from.ends_with('/') {
            true => copy_folder(&source, &goal)?,
            false => copy_file(&source, &goal)?,
        }
    }
    Ok(())
}

/// The pairs of a list whose lines are "from → to", blank, or a comment after `#`.
fn entries(list: &str) -> Result<Vec<(&str, &str)>> {
    let lines = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| match line.split_once('→') {
            Some((from, to)) => Ok((from.trim(), to.trim())),
            None => bail!("ui/bundle.txt: `{line}` is not of the form `from → to`"),
        })
        .collect()
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let goal = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_folder(&entry.path(), &goal)?,
            false => copy_file(&entry.path(), &goal)?,
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    fs::copy(from, to).with_context(|| format!("copying {}, which ui/bundle.txt lists", from.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::entries;

    #[test]
    fn a_list_may_hold_comments_and_blank_lines() {
        let list = "# what\n\nindex.html → index.html\nstatic/ → ./\n";
        assert_eq!(entries(list).unwrap(), [("index.html", "index.html"), ("static/", "./")]);
    }

    #[test]
    fn a_line_without_an_arrow_is_named() {
        assert!(entries("index.html").unwrap_err().to_string().contains("index.html"));
    }
}
