//! The owner's own git settings for the slots: aliases, editors, ways to merge, and which servers they know;
//! but no login, no name and no signing key. The owner's files are read, and files of Lanyard's are written
//! that sessions only see.

use crate::config::write_whole;
use crate::git::Git;
use anyhow::Result;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::Mutex;

/// Sections that are taken over as a whole. None of them says who somebody is.
const SECTIONS: [&str; 32] = [
    "advice",
    "alias",
    "am",
    "apply",
    "blame",
    "branch",
    "checkout",
    "clone",
    "color",
    "column",
    "delta",
    "diff",
    "difftool",
    "feature",
    "fetch",
    "filter",
    "grep",
    "help",
    "init",
    "interactive",
    "log",
    "merge",
    "mergetool",
    "pager",
    "pull",
    "push",
    "rebase",
    "rerere",
    "sequence",
    "stash",
    "status",
    "versionsort",
];

/// Settings of other sections that are taken over.
const SINGLE: [&str; 20] = [
    "commit.cleanup",
    "commit.status",
    "commit.template",
    "commit.verbose",
    "core.abbrev",
    "core.attributesfile",
    "core.autocrlf",
    "core.commentchar",
    "core.commentstring",
    "core.editor",
    "core.eol",
    "core.excludesfile",
    "core.pager",
    "core.quotepath",
    "core.safecrlf",
    "core.whitespace",
    "format.pretty",
    "safe.directory",
    "submodule.recurse",
    "tag.sort",
];

/// Settings that name a file; the owner's `~` is not the slot's.
const FILES: [&str; 4] = ["commit.template", "core.attributesfile", "core.excludesfile", "init.templatedir"];

/// The owner's settings, as the slots have them. Cheap to clone.
#[derive(Clone)]
pub struct GitConfig {
    git: Git,
    home: PathBuf,
    sources: [PathBuf; 3],
    folder: PathBuf,
    seen: Arc<Mutex<Option<[Stamp; 3]>>>,
}

/// How a file was when it was read: when it was changed, and how long it was.
type Stamp = Option<(SystemTime, u64)>;

impl GitConfig {
    /// The settings of the owner of `env`, for slots to read below `folder`.
    pub fn new(git: Git, env: &BTreeMap<OsString, OsString>, folder: &Path) -> Self {
        let path = |name: &str| env.get(OsStr::new(name)).map(PathBuf::from).filter(|p| p.is_absolute());
        let home = path("HOME").unwrap_or_default();
        let xdg = path("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
        let sources = [home.join(".gitconfig"), xdg.join("git/config"), home.join(".ssh/known_hosts")];
        Self { git, home, sources, folder: folder.to_path_buf(), seen: Arc::default() }
    }

    /// Where slots find the settings, and the keys of the servers that the owner knows.
    pub fn files(&self) -> (PathBuf, PathBuf) {
        (self.folder.join("gitconfig"), self.folder.join("known_hosts"))
    }

    /// Writes the slots' files anew if the owner has changed something.
    pub async fn refresh(&self) -> Result<()> {
        let mut seen = self.seen.lock().await;
        let now = self.sources.each_ref().map(|path| stamp(path));
        if *seen != Some(now) {
            let list = ["config", "--global", "--includes", "--list", "-z"];
            // Who has no settings of their own gets a failure, and the slots an empty file.
            let said = self.git.ask(Path::new("/"), &list).await?;
            let (settings, known_hosts) = self.files();
            write_whole(&settings, taken_over(&said.stdout, &self.home).as_bytes())?;
            write_whole(&known_hosts, &std::fs::read(&self.sources[2]).unwrap_or_default())?;
            *seen = Some(now);
        }
        Ok(())
    }
}

fn stamp(path: &Path) -> Stamp {
    let meta = path.metadata().ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

/// What of `git config --list -z` the slots get, as a file for git.
fn taken_over(list: &str, home: &Path) -> String {
    let mut file = String::from("# Kept by Lanyard: its owner's settings for git, without their logins.\n");
    for entry in list.split('\0') {
        // A key without a value is one that is set to true.
        let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
        if let Some((section, name)) = key.rsplit_once('.').filter(|_| may_pass(key, value)) {
            let (section, of) = section.split_once('.').unwrap_or((section, ""));
            let value = match value.strip_prefix("~/") {
                Some(rest) if FILES.contains(&key) => home.join(rest).to_string_lossy().into_owned(),
                _ => value.to_string(),
            };
            let of = if of.is_empty() { String::new() } else { format!(" \"{}\"", escaped(of)) };
            // Writing to memory does not fail.
            writeln!(file, "[{section}{of}]\n\t{name} = \"{}\"", escaped(&value)).ok();
        }
    }
    file
}

fn may_pass(key: &str, value: &str) -> bool {
    let section = key.split('.').next().unwrap_or_default();
    (SECTIONS.contains(&section) || SINGLE.contains(&key)) && !names_login(key) && !names_login(value)
}

/// Whether an address with a user before its host stands in a text.
fn names_login(text: &str) -> bool {
    let authority =
        |rest: &str| rest.split(['/', ' ', '"', '\'']).next().is_some_and(|host| host.contains('@'));
    text.split("://").skip(1).any(authority)
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(list: &str) -> String {
        taken_over(list, Path::new("/home/olivia")).lines().skip(1).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn ways_of_working_pass_and_logins_do_not() {
        let list = "user.name\nOlivia\0user.signingkey\nABC\0credential.helper\nstore\0gpg.format\nssh\0\
            url.https://x:y@h/.insteadof\nh:\0http.extraheader\nA: b\0include.path\nx\0core.sshcommand\nssh\0\
            core.hookspath\nh\0core.fsmonitor\nf\0commit.gpgsign\ntrue\0github.token\nt\0author.name\nO\0\
            remote.origin.url\nx\0branch.main.remote\nhttps://me:pw@host/x\0format.signature\nO\0";
        assert_eq!(passed(list), "");
        assert_eq!(
            passed("alias.st\nstatus -sb\0rerere.enabled"),
            "[alias]\n\tst = \"status -sb\"\n[rerere]\n\tenabled = \"true\""
        );
    }

    #[test]
    fn git_reads_back_what_was_written() {
        let tricky = "!f() { echo \"a\\tb\"; # x\n\techo '~/x' ; }; f";
        let list =
            format!("alias.odd\n{tricky}\0diff.a\\b\"c.d.textconv\nx y\0core.excludesfile\n~/.ignore\0");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gitconfig");
        std::fs::write(&file, taken_over(&list, Path::new("/home/olivia"))).unwrap();
        let mut git = std::process::Command::new("git");
        let said = git.args(["config", "--list", "-z", "--file"]).arg(&file).output().unwrap();
        let wanted = list.replace("~/.ignore", "/home/olivia/.ignore");
        assert_eq!(String::from_utf8_lossy(&said.stdout), wanted, "{said:?}");
    }
}
