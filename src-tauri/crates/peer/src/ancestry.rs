//! The process tree: below which keeper a process lives, read from `/proc`.
//!
//! A process belongs to a session when one of its ancestors is a keeper (`lanyardd keep`). Keepers are
//! child subreapers, so that this holds for double forks too.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};

/// How often a walk starts again because a process on its way has changed its parent or died.
const TRIES: usize = 5;
/// More ancestors than any process has.
const DEPTH_MAX: usize = 4096;

/// The nearest keeper among `pid` and its ancestors.
pub fn inside_keeper(pid: u32) -> io::Result<Option<u32>> {
    keeper_among(&chain(pid, None)?)
}

/// The nearest keeper among `pid` and its ancestors that this process does not live below itself. A
/// Lanyard that runs inside a session of another one may talk to its own people there.
pub fn foreign_keeper(pid: u32) -> io::Result<Option<u32>> {
    let mut theirs = chain(pid, None)?;
    // Most processes live below no keeper at all, and every connection waits for this.
    if keeper_among(&theirs)?.is_none() {
        return Ok(None);
    }
    let above_us = ancestors(std::process::id())?.split_off(1);
    theirs.retain(|one| !above_us.contains(&one.pid));
    keeper_among(&theirs)
}

/// Whether `pid` is `keeper` or lives below it.
pub fn descends_from(pid: u32, keeper: u32) -> io::Result<bool> {
    // Nothing above the keeper says more, and an agent waits for each of these.
    Ok(chain(pid, Some(keeper))?.last().is_some_and(|last| last.pid == keeper))
}

/// `pid`, its parent, and so on up to the first process.
pub fn ancestors(pid: u32) -> io::Result<Vec<u32>> {
    Ok(chain(pid, None)?.into_iter().map(|one| one.pid).collect())
}

/// All living descendants of a process.
pub fn descendants(root: u32) -> HashSet<u32> {
    let mut found = HashSet::new();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        for child in children(pid) {
            if found.insert(child) {
                open.push(child);
            }
        }
    }
    found
}

/// The children of a process: the kernel lists them by the thread that has them.
fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|list| list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// A process of a chain, with the name that the kernel has of it.
struct Link {
    pid: u32,
    name: Vec<u8>,
}

/// `pid`, its parent, and so on up to `top` or the first process. The chain is read until it comes out the same
/// twice in a row: an ancestor that dies meanwhile gives its children to another parent.
fn chain(pid: u32, top: Option<u32>) -> io::Result<Vec<Link>> {
    let pids = |chain: &[Link]| chain.iter().map(|link| link.pid).collect::<Vec<_>>();
    let mut last = None;
    for _ in 0..TRIES {
        let chain = walk(pid, top)?;
        let read = chain.as_deref().map(pids);
        match chain {
            Some(chain) if read == last => return Ok(chain),
            _ => last = read,
        }
    }
    Err(io::Error::new(io::ErrorKind::Interrupted, "the process tree does not hold still"))
}

/// One reading of the chain; `None` if an ancestor vanished on the way.
fn walk(pid: u32, top: Option<u32>) -> io::Result<Option<Vec<Link>>> {
    let mut chain = Vec::new();
    let mut next = pid;
    while next != 0 {
        if chain.len() > DEPTH_MAX {
            return Err(io::Error::other("the process tree has no end"));
        }
        if Some(next) == top {
            chain.push(Link { pid: next, name: Vec::new() });
            break;
        }
        let (name, parent) = match read_stat(next) {
            Ok(read) => read,
            Err(error) if !chain.is_empty() && is_gone(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        chain.push(Link { pid: next, name });
        next = parent;
    }
    Ok(Some(chain))
}

/// The parent of a process, 0 for the first one.
pub(crate) fn parent(pid: u32) -> io::Result<u32> {
    Ok(read_stat(pid)?.1)
}

/// The name and the parent of a process.
fn read_stat(pid: u32) -> io::Result<(Vec<u8>, u32)> {
    let stat = read_short(&format!("/proc/{pid}/stat"))?;
    name_and_parent(&stat)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "cannot read the process tree"))
}

/// What a `stat` line says. The name in it may hold anything, parentheses too.
fn name_and_parent(stat: &[u8]) -> Option<(Vec<u8>, u32)> {
    let start = stat.iter().position(|byte| *byte == b'(')? + 1;
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(end + 1..)?).ok()?;
    let parent = rest.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some((stat.get(start..end)?.to_vec(), parent))
}

fn keeper_among(chain: &[Link]) -> io::Result<Option<u32>> {
    for link in chain {
        if keeps(link.pid, &link.name)? {
            return Ok(Some(link.pid));
        }
    }
    Ok(None)
}

/// Whether a process is a keeper.
pub(crate) fn is_keeper(pid: u32) -> io::Result<bool> {
    match read_stat(pid) {
        Ok((name, _)) => keeps(pid, &name),
        Err(error) if is_gone(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a process of this name is a keeper. An ancestor that has died since the walk is none: its children
/// have gone to the keeper above it, which is in the chain.
fn keeps(pid: u32, name: &[u8]) -> io::Result<bool> {
    if name != b"lanyardd" {
        return Ok(false);
    }
    match fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(arguments) => Ok(arguments.split(|byte| *byte == 0).nth(1) == Some(b"keep")),
        Err(error) if is_gone(&error) => Ok(false),
        Err(error) => Err(error),
    }
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
        let read = name_and_parent(b"12 (a) S 1 (b)) S 77 12 12 0");
        assert_eq!(read, Some((b"a) S 1 (b)".to_vec(), 77)));
        assert_eq!(name_and_parent(b"garbage"), None);
    }

    #[test]
    fn a_process_descends_from_itself_and_its_parent_and_not_from_a_child() {
        let (me, parent) = (std::process::id(), std::os::unix::process::parent_id());
        assert!(descends_from(me, me).unwrap() && descends_from(me, parent).unwrap());
        assert!(!descends_from(parent, me).unwrap());
    }

    #[test]
    fn a_process_that_does_not_exist_is_an_error() {
        let mut child = Command::new("true").stdin(Stdio::null()).spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        assert!(ancestors(pid).is_err());
    }
}
