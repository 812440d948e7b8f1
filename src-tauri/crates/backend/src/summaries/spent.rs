//! What an agent says that it has used up, read from the transcript that it keeps in its identity's home.
//!
//! The file is the agent's own: its numbers are its own word. Only numbers are taken from it, and it is looked
//! for beneath the home alone, through no link.

use crate::agents::is_conversation;
use crate::clock::from_rfc3339;
use crate::store::SessionRow;
use api::summaries::Usage;
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use serde::Deserialize;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// How much of a transcript is read, in bytes, and the longest line that is looked at.
const READ: u64 = 256 * 1024 * 1024;
const LINE: u64 = 8 * 1024 * 1024;
/// Where Claude Code keeps its transcripts, and in how many folders one is looked for.
const PROJECTS: &str = ".claude/projects";
const FOLDERS: usize = 1000;

/// One line of a transcript of Claude Code, as far as it is looked at.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    timestamp: String,
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    id: String,
    usage: Counts,
}

#[derive(Deserialize, Clone, Copy, Default)]
#[serde(default)]
struct Counts {
    input_tokens: u64,
    output_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
}

/// What the agent of a session has used up; none where it keeps no transcript that is known here.
pub async fn usage(home: &Path, row: &SessionRow) -> Option<Usage> {
    let conversation = row.conversation.clone().filter(|id| row.agent == "claude" && is_conversation(id))?;
    let (home, since) = (home.to_path_buf(), row.started_at);
    let read = tokio::task::spawn_blocking(move || {
        let file = transcript(&home, &conversation)?;
        count(BufReader::new(file.take(READ)), since)
    });
    read.await.ok().flatten()
}

/// Claude Code names the transcript by its conversation, in a folder that it names by the worktree.
fn transcript(home: &Path, conversation: &str) -> Option<File> {
    let folders = std::fs::read_dir(home.join(PROJECTS)).ok()?.flatten().take(FOLDERS);
    let place = |name: OsString| Path::new(PROJECTS).join(name).join(format!("{conversation}.jsonl"));
    folders.into_iter().find_map(|folder| open_beneath(home, &place(folder.file_name())))
}

/// Opens a file below a folder; none if it is no file, or a link leads to it.
fn open_beneath(folder: &Path, place: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    // A pipe in the file's place must not hold the daemon.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = File::from(openat2(&folder, place, flags, Mode::empty(), how).ok()?);
    file.metadata().ok()?.is_file().then_some(file)
}

/// Adds up what the messages since a time have used. One message stands on several lines, each with the same
/// numbers or newer ones: the last of them counts.
fn count(mut lines: impl BufRead, since: api::Millis) -> Option<Usage> {
    let mut usage: Option<Usage> = None;
    let mut last: HashMap<String, Counts> = HashMap::new();
    loop {
        let mut line = Vec::new();
        if lines.by_ref().take(LINE).read_until(b'\n', &mut line).ok()? == 0 {
            break;
        }
        let Ok(Line { timestamp, message }) = serde_json::from_slice(&line) else { continue };
        if from_rfc3339(&timestamp).is_some_and(|at| at < since) {
            continue;
        }
        last.insert(message.id, message.usage);
    }
    for counts in last.into_values() {
        let sum = usage.get_or_insert_default();
        let input = counts.input_tokens.saturating_add(counts.cache_creation_input_tokens);
        sum.input = sum.input.saturating_add(input);
        sum.output = sum.output.saturating_add(counts.output_tokens);
        sum.cached = sum.cached.saturating_add(counts.cache_read_input_tokens);
    }
    usage
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: &str, id: &str, numbers: [u64; 4]) -> String {
        let [input, output, made, read] = numbers;
        format!(
            r#"{{"type":"assistant","timestamp":"{at}","message":{{"id":"{id}","usage":{{"input_tokens":{input},"output_tokens":{output},"cache_creation_input_tokens":{made},"cache_read_input_tokens":{read},"service_tier":"x"}}}}}}"#
        ) + "\n"
    }

    #[test]
    fn each_message_since_the_start_counts_once_with_its_last_numbers() {
        let lines = [
            line("2026-11-21T07:00:00Z", "m0", [1000, 1000, 0, 0]),
            line("2026-11-21T08:00:01.5Z", "m1", [3, 1, 10, 100]),
            line("2026-11-21T08:00:02Z", "m1", [3, 7, 10, 100]),
            "no JSON at all\n".into(),
            r#"{"type":"user","message":{"content":"x"}}"#.to_string() + "\n",
            line("2026-11-21T08:00:03Z", "m2", [5, 2, 0, 200]),
        ];
        let since = from_rfc3339("2026-11-21T08:00:00Z").unwrap();
        let usage = count(lines.concat().as_bytes(), since).unwrap();
        assert_eq!((usage.input, usage.output, usage.cached), (18, 9, 300));
        assert_eq!(count(&b"{}\n"[..], since), None, "nothing is reported");
    }

    #[test]
    fn a_transcript_is_read_beneath_the_home_and_through_no_link() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("a");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("b"), "x").unwrap();
        std::os::unix::fs::symlink(folder.join("b"), folder.join("link")).unwrap();
        assert!(open_beneath(home.path(), Path::new("a/b")).is_some());
        for other in ["a/link", "../etc/passwd", "a", "a/c"] {
            assert!(open_beneath(home.path(), Path::new(other)).is_none(), "{other}");
        }
    }
}
