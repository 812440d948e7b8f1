//! The process tree: below which keeper a process lives, read from `/proc`.
//!
//! A process belongs to a session when one of its ancestors is a keeper (`lanyardd keep`). Keepers are
//! child subreapers, so that this holds for double forks too.

use std::fs;
use std::io::{self, Read};

/// How often a walk starts again because a process on its way has changed its parent or died.
const TRIES: usize = 5;
/// More ancestors than any process has.
const DEPTH_MAX: usize = 4096;

/// The nearest keeper among `pid` and its ancestors.
pub fn inside_keeper(pid: u32) -> io::Result<Option<u32>> {
    keeper_among(&ancestors(pid)?)
}

/// The nearest keeper among `pid` and its ancestors that this process does not live below itself. A
/// Lanyard that runs inside a session of another one may talk to its own people there.
pub fn foreign_keeper(pid: u32) -> io::Result<Option<u32>> {
    let theirs = ancestors(pid)?;
    // Most processes live below no keeper at all, and every connection waits for this.
    if keeper_among(&theirs)?.is_none() {
        return Ok(None);
    }
    let above_us: Vec<u32> = ancestors(std::process::id())?.split_off(1);
    let theirs: Vec<u32> = theirs.into_iter().filter(|one| !above_us.contains(one)).collect();
    keeper_among(&theirs)
}

/// Whether `pid` is `keeper` or lives below it.
pub fn descends_from(pid: u32, keeper: u32) -> io::Result<bool> {
    Ok(ancestors(pid)?.contains(&keeper))
}

/// `pid`, its parent, and so on up to the first process. The chain is read until it comes out the same
/// twice in a row: an ancestor that dies meanwhile gives its children to another parent.
pub fn ancestors(pid: u32) -> io::Result<Vec<u32>> {
    let mut last = None;
    for _ in 0..TRIES {
        let chain = walk(pid)?;
        if let (Some(last), Some(chain)) = (&last, &chain)
            && last == chain
        {
            return Ok(chain.clone());
        }
        last = chain;
    }
    Err(io::Error::new(io::ErrorKind::Interrupted, "the process tree does not hold still"))
}

/// One reading of the chain; `None` if an ancestor vanished on the way.
fn walk(pid: u32) -> io::Result<Option<Vec<u32>>> {
    let mut chain = vec![pid];
    let mut next = parent(pid)?;
    while next != 0 {
        chain.push(next);
        if chain.len() > DEPTH_MAX {
            return Err(io::Error::other("the process tree has no end"));
        }
        next = match parent(next) {
            Ok(parent) => parent,
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
    }
    Ok(Some(chain))
}

/// The parent of a process, 0 for the first one.
pub(crate) fn parent(pid: u32) -> io::Result<u32> {
    let stat = read_short(&format!("/proc/{pid}/stat"))?;
    parent_in(&stat).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "cannot read the process tree"))
}

/// Reads the parent from a `stat` line. The name in it may hold anything, parentheses too.
fn parent_in(stat: &[u8]) -> Option<u32> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(end + 1..)?).ok()?;
    rest.split_ascii_whitespace().nth(1)?.parse().ok()
}

fn keeper_among(chain: &[u32]) -> io::Result<Option<u32>> {
    for pid in chain {
        if is_keeper(*pid)? {
            return Ok(Some(*pid));
        }
    }
    Ok(None)
}

/// Whether a process is a keeper. An ancestor that has died since the walk is none: its children have
/// gone to the keeper above it, which is in the chain.
pub(crate) fn is_keeper(pid: u32) -> io::Result<bool> {
    let known = |read: io::Result<Vec<u8>>| match read {
        Err(error) if is_gone(&error) => Ok(Vec::new()),
        other => other,
    };
    if known(read_short(&format!("/proc/{pid}/comm")))?.trim_ascii_end() != b"lanyardd" {
        return Ok(false);
    }
    let arguments = known(fs::read(format!("/proc/{pid}/cmdline")))?;
    Ok(arguments.split(|byte| *byte == 0).nth(1) == Some(b"keep"))
}

/// Reads a file of `/proc` that is never longer than some hundred bytes, with one call: every connection
/// waits for a whole chain of these.
fn read_short(path: &str) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 1024];
    let read = fs::File::open(path)?.read(&mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Reading `/proc` of a process that has ended gives either error, depending on the moment.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn the_chain_of_ancestors_begins_with_the_process_and_ends_with_the_first_one() {
        let chain = ancestors(std::process::id()).unwrap();
        assert_eq!(chain.first(), Some(&std::process::id()));
        assert!(chain.len() >= 2);
        assert!(chain.contains(&std::os::unix::process::parent_id()));
    }

    #[test]
    fn a_name_full_of_parentheses_does_not_confuse_the_reader() {
        assert_eq!(parent_in(b"12 (a) S 1 (b)) S 77 12 12 0"), Some(77));
        assert_eq!(parent_in(b"garbage"), None);
    }

    #[test]
    fn a_process_that_does_not_exist_is_an_error() {
        let mut child = Command::new("true").stdin(Stdio::null()).spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        assert!(ancestors(pid).is_err());
    }
}
