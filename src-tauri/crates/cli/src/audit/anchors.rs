//! Anchors: lines in a file of the owner's, or git notes on a repository's commits.
//!
//! ```text
//! lanyard-audit SEQ HASH TIME
//! ```

use super::when;
use crate::failure::{Failure, Result};
use api::audit::{ANCHORS_MAX, Anchor};
use api::{Code, Error, Millis};
use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const WORD: &str = "lanyard-audit";
/// The notes of ours, beside those that people write themselves.
const NOTES: &str = "--ref=lanyard-audit";

/// Where anchors are kept.
pub enum Place {
    /// A file, one anchor a line.
    File(PathBuf),
    /// A repository's notes.
    Note(PathBuf),
}

/// The line that stands for an anchor.
pub fn line(anchor: &Anchor, now: Millis) -> String {
    format!("{WORD} {} {} {}Z\n", anchor.seq, anchor.hash, when::shown(now).replace(' ', "T"))
}

/// The newest anchors, as many as one verification takes.
pub fn newest(mut anchors: Vec<Anchor>) -> Vec<Anchor> {
    anchors.sort_by_key(|anchor| std::cmp::Reverse(anchor.seq));
    anchors.truncate(ANCHORS_MAX);
    anchors
}

impl Place {
    /// Adds a line.
    pub fn write(&self, line: &str) -> Result<()> {
        match self {
            Place::File(path) => {
                let add = |mut file: File| file.write_all(line.as_bytes()).and_then(|()| file.sync_all());
                let opened = File::options().create(true).append(true).open(path);
                opened.and_then(add).map_err(|e| Failure::system(&format!("writing {}", path.display()), e))
            }
            Place::Note(repository) => {
                git(repository, &["notes", NOTES, "append", "--message", line.trim_end(), "HEAD"]).map(drop)
            }
        }
    }

    /// All anchors that are kept there.
    pub fn read(&self) -> Result<Vec<Anchor>> {
        let text = match self {
            Place::File(path) => std::fs::read_to_string(path)
                .map_err(|e| Failure::system(&format!("reading {}", path.display()), e))?,
            Place::Note(repository) => notes(repository)?,
        };
        let anchors = parse(&text)?;
        match anchors.is_empty() {
            true => Err(Error::new(Code::NotFound, format!("there is no anchor in {self}"))
                .hint("make one: lanyard audit anchor --file FILE, or --note REPO")
                .into()),
            false => Ok(anchors),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File(path) => write!(f, "{}", path.display()),
            Place::Note(repository) => write!(f, "the git notes of {}", repository.display()),
        }
    }
}

/// Lines that do not begin with our word are somebody else's; ours must be whole.
fn parse(text: &str) -> Result<Vec<Anchor>> {
    let ours = text.lines().map(str::trim).filter(|line| line.split(' ').next() == Some(WORD));
    ours.map(|line| {
        let mut words = line.split(' ').skip(1);
        let seq = words.next().and_then(|seq| seq.parse().ok()).filter(|seq| *seq > 0);
        let hash =
            words.next().filter(|hash| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
        match (seq, hash) {
            (Some(seq), Some(hash)) => Ok(Anchor { seq, hash: hash.into() }),
            _ => Err(Error::invalid(format!("{} is no whole anchor", api::names::shown(line)))
                .hint("take the line out if a write was cut short there")
                .into()),
        }
    })
    .collect()
}

/// The text of all notes of ours.
fn notes(repository: &Path) -> Result<String> {
    // A repository without any has no such ref, which git calls no failure.
    let list = git(repository, &["notes", NOTES, "list"])?;
    let mut text = String::new();
    for note in list.lines().filter_map(|line| line.split(' ').next()) {
        text += &git(repository, &["cat-file", "blob", note])?;
        text.push('\n');
    }
    Ok(text)
}

/// Runs git. A repository's hooks may be an agent's work, and we are its owner.
fn git(repository: &Path, args: &[&str]) -> Result<String> {
    let mut command = Command::new("git");
    command.args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-C"]).arg(repository);
    let output = command.args(args).stdin(Stdio::null()).output();
    let output = output.map_err(|e| Failure::system("running git", e))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_string();
            Err(Error::new(Code::Git, format!("git {}: {said}", args[0])).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(seq: i64) -> Anchor {
        Anchor { seq, hash: "ab".repeat(32) }
    }

    #[test]
    fn anchors_are_appended_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::File(folder.path().join("anchors"));
        place.write(&line(&anchor(3), 0)).unwrap();
        place.write(&line(&anchor(9), 1000)).unwrap();
        assert_eq!(place.read().unwrap(), [anchor(3), anchor(9)]);
    }

    #[test]
    fn other_lines_are_passed_over_and_half_an_anchor_is_an_error() {
        assert_eq!(parse("# my notes\n\nlanyard-auditor 1\n").unwrap(), []);
        for bad in ["lanyard-audit", "lanyard-audit 1 ab", "lanyard-audit x 00", "lanyard-audit 0 00"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_newest_are_asked_about() {
        let all = (1..=1500).map(anchor).collect();
        let kept = newest(all);
        assert_eq!((kept.len(), kept[0].seq), (ANCHORS_MAX, 1500));
    }
}
