//! What an agent says that it has used up, read from the transcript that it keeps in its identity's home.
//!
//! The file is the agent's own: its numbers are its own word. Only numbers are taken from it, and it is looked
//! for beneath the home alone, through no link.

use crate::clock::from_rfc3339;
use crate::store::SessionRow;
use api::summaries::Usage;
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use serde::Deserialize;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// How much of a transcript is read, in bytes, and the longest line that is looked at.
const READ: u64 = 256 * 1024 * 1024;
const LINE: u64 = 8 * 1024 * 1024;
/// One line of a transcript, as far as it is looked at: a message and its use, as Claude Code and our plugin in
/// OpenCode write it down, or the sum so far, as Codex does.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    timestamp: String,
    message: Option<Message>,
    payload: Option<Payload>,
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
    cost_micros: u64,
}

#[derive(Deserialize)]
struct Payload {
    info: Info,
}

#[derive(Deserialize)]
struct Info {
    total_token_usage: Totals,
}

/// Codex counts what came from a cache among what went in.
#[derive(Deserialize, Clone, Copy, Default)]
#[serde(default)]
struct Totals {
    input_tokens: u64,
    cached_input_tokens: u64,
    output_tokens: u64,
}

/// What the agent of a session has used up, by the transcript below the home; none where it tells nothing.
pub async fn usage(home: &Path, transcript: PathBuf, row: &SessionRow) -> Option<Usage> {
    let (home, since) = (home.to_path_buf(), row.started_at);
    let read = tokio::task::spawn_blocking(move || {
        let file = open_beneath(&home, &transcript)?;
        count(BufReader::new(file.take(READ)), since)
    });
    read.await.ok().flatten()
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

/// Adds up what was used since a time. One message stands on several lines, each with the same numbers or newer
/// ones: the last of them counts.
fn count(mut lines: impl BufRead, since: api::Millis) -> Option<Usage> {
    let (mut usage, mut before): (Option<Usage>, _) = (None, Totals::default());
    let mut last: HashMap<String, Counts> = HashMap::new();
    loop {
        let mut line = Vec::new();
        if lines.by_ref().take(LINE).read_until(b'\n', &mut line).ok()? == 0 {
            break;
        }
        let Ok(Line { timestamp, message, payload }) = serde_json::from_slice(&line) else { continue };
        let counts = from_rfc3339(&timestamp).is_none_or(|at| at >= since);
        if let Some(Payload { info: Info { total_token_usage: totals } }) = payload {
            if counts {
                totals.add(before, usage.get_or_insert_default());
            }
            before = totals;
        }
        if let Some(message) = message.filter(|_| counts) {
            last.insert(message.id, message.usage);
        }
    }
    last.into_values().for_each(|counts| counts.add(usage.get_or_insert_default()));
    usage
}

impl Counts {
    fn add(self, sum: &mut Usage) {
        let input = self.input_tokens.saturating_add(self.cache_creation_input_tokens);
        sum.input = sum.input.saturating_add(input);
        sum.output = sum.output.saturating_add(self.output_tokens);
        sum.cached = sum.cached.saturating_add(self.cache_read_input_tokens);
        // Nothing is what an agent says that does not know the price.
        let cost = sum.cost_micros.unwrap_or(0).saturating_add(self.cost_micros);
        sum.cost_micros = Some(cost).filter(|cost| *cost > 0);
    }
}

impl Totals {
    /// Adds what has come since the sum before; one that is smaller has begun anew.
    fn add(self, before: Self, sum: &mut Usage) {
        let grown = |now: u64, before: u64| now.checked_sub(before).unwrap_or(now);
        let cached = grown(self.cached_input_tokens, before.cached_input_tokens);
        let input = grown(self.input_tokens, before.input_tokens).saturating_sub(cached);
        sum.input = sum.input.saturating_add(input);
        sum.output = sum.output.saturating_add(grown(self.output_tokens, before.output_tokens));
        sum.cached = sum.cached.saturating_add(cached);
    }
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
    fn a_sum_that_goes_on_counts_from_the_start_of_this_session() {
        let line = |at: &str, totals: [u64; 3]| {
            let [input, cached, output] = totals;
            format!(
                r#"{{"timestamp":"{at}","type":"event_msg","payload":{{"type":"token_count","info":{{"total_token_usage":{{"input_tokens":{input},"cached_input_tokens":{cached},"output_tokens":{output}}}}}}}}}"#
            ) + "\n"
        };
        let lines = [
            line("2026-11-21T07:00:00Z", [1000, 600, 100]),
            r#"{"timestamp":"2026-11-21T08:00:01Z","payload":{"type":"token_count","info":null}}"#
                .to_string()
                + "\n",
            line("2026-11-21T08:00:02Z", [1500, 900, 120]),
            line("2026-11-21T08:00:03Z", [1500, 900, 120]),
            line("2026-11-21T08:00:04Z", [10, 4, 1]),
        ];
        let since = from_rfc3339("2026-11-21T08:00:00Z").unwrap();
        let usage = count(lines.concat().as_bytes(), since).unwrap();
        assert_eq!((usage.input, usage.cached, usage.output), (206, 304, 21));
        assert_eq!(count(lines[0].as_bytes(), since), None);
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
