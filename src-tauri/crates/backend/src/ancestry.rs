//! Who is on the other side of a socket, and below which keeper that process lives.
//!
//! A process belongs to a session when one of its ancestors is a keeper (`lanyardd keep`). Keepers are
//! child subreapers, so that this holds for double forks too. Whatever cannot be found out for certain is
//! an error, and a door takes an error for a refusal.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs;
use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

/// How often a walk starts again because a process on its way has changed its parent or died.
const TRIES: usize = 5;
/// More ancestors than any process has.
const DEPTH_MAX: usize = 4096;

/// The process that connected to a socket.
#[derive(Debug)]
pub struct Peer {
    /// Its process id when it connected; worth something only while `pidfd` says that it lives.
    pub pid: u32,
    /// Its user.
    pub uid: u32,
    /// Holds the process itself, whatever happens to its number.
    pub pidfd: OwnedFd,
}

impl Peer {
    /// Whether the process that connected still runs.
    pub fn is_alive(&self) -> bool {
        let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
        matches!(poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(0))
    }

    /// The keeper that the peer lives below, unless this process lives below it as well.
    pub fn foreign_keeper(&self) -> io::Result<Option<u32>> {
        let keeper = foreign_keeper(self.pid)?;
        self.still_there()?;
        Ok(keeper)
    }

    /// Whether the peer is `keeper` or lives below it.
    pub fn descends_from(&self, keeper: u32) -> io::Result<bool> {
        let descends = descends_from(self.pid, keeper)?;
        self.still_there()?;
        Ok(descends)
    }

    /// What was read of `/proc` is about the peer only if the peer has lived through it.
    fn still_there(&self) -> io::Result<()> {
        match self.is_alive() {
            true => Ok(()),
            false => Err(io::Error::new(io::ErrorKind::NotFound, "the process that connected has ended")),
        }
    }
}

/// The process on the other side of a connected Unix socket.
pub fn peer(socket: impl AsFd) -> io::Result<Peer> {
    let fd = socket.as_fd();
    let who = rustix::net::sockopt::socket_peercred(fd)?;
    let mut raw: libc::c_int = -1;
    let mut len = mem::size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: `raw` and `len` are valid for writes and `len` is the size of `raw`.
    let done = unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERPIDFD,
            (&raw mut raw).cast(),
            &raw mut len,
        )
    };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows of it.
    let pidfd = unsafe { OwnedFd::from_raw_fd(raw) };
    let pid = u32::try_from(who.pid.as_raw_nonzero().get()).map_err(io::Error::other)?;
    Ok(Peer { pid, uid: who.uid.as_raw(), pidfd })
}

/// The nearest keeper among `pid` and its ancestors.
pub fn inside_keeper(pid: u32) -> io::Result<Option<u32>> {
    keeper_among(&ancestors(pid)?)
}

/// The nearest keeper among `pid` and its ancestors that this process does not live below itself. A
/// Lanyard that runs inside a session of another one may talk to its own people there.
pub fn foreign_keeper(pid: u32) -> io::Result<Option<u32>> {
    let above_us: Vec<u32> = ancestors(std::process::id())?.split_off(1);
    let theirs: Vec<u32> = ancestors(pid)?.into_iter().filter(|one| !above_us.contains(one)).collect();
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
fn parent(pid: u32) -> io::Result<u32> {
    let stat = fs::read(format!("/proc/{pid}/stat"))?;
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
fn is_keeper(pid: u32) -> io::Result<bool> {
    let read = |file: &str| match fs::read(format!("/proc/{pid}/{file}")) {
        Err(error) if is_gone(&error) => Ok(Vec::new()),
        other => other,
    };
    if read("comm")?.trim_ascii_end() != b"lanyardd" {
        return Ok(false);
    }
    Ok(read("cmdline")?.split(|byte| *byte == 0).nth(1) == Some(b"keep"))
}

/// Reading `/proc` of a process that has ended gives either error, depending on the moment.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;
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

    #[test]
    fn the_peer_of_a_socket_pair_is_this_process() {
        let (one, _other) = UnixStream::pair().unwrap();
        let peer = peer(&one).unwrap();
        assert_eq!(peer.pid, std::process::id());
        assert!(peer.is_alive());
        assert!(peer.descends_from(std::os::unix::process::parent_id()).unwrap());
        assert_eq!(peer.foreign_keeper().unwrap(), None);
    }
}
