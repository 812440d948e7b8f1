//! Who is on the other side of a Unix socket, and whether that process may be believed.
//!
//! Every process of every session runs as the same user, so a socket's path and mode prove nothing: an
//! agent can put a socket of its own in the place of the daemon's. What an agent cannot change is that it
//! lives below its keeper. Whatever cannot be found out for certain is an error, and whoever asks takes an
//! error for a refusal.

mod ancestry;
mod command;
mod holder;

pub use ancestry::{ancestors, descendants, descends_from, foreign_keeper, inside_keeper};
pub use holder::holder;

use ancestry::is_keeper;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

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

    /// The command lines of the peer and of the process that started it. Both may say what they like.
    pub fn command_lines(&self) -> io::Result<(Vec<String>, Vec<String>)> {
        let own = command::command_line(self.pid)?;
        let starter = ancestry::parent(self.pid).and_then(command::command_line).unwrap_or_default();
        self.still_there()?;
        Ok((own, starter))
    }

    /// Whether it runs as the user that this process runs as.
    fn check_user(&self) -> io::Result<()> {
        match self.uid == rustix::process::getuid().as_raw() {
            true => Ok(()),
            false => Err(io::Error::new(io::ErrorKind::PermissionDenied, "another user listens there")),
        }
    }

    /// What was read of `/proc` is about the peer only if the peer has lived through it.
    fn still_there(&self) -> io::Result<()> {
        match self.is_alive() {
            true => Ok(()),
            false => Err(io::Error::new(io::ErrorKind::NotFound, "the process that connected has ended")),
        }
    }
}

/// The process on the other side of a connected Unix socket: the one that connected, or that listens.
pub fn peer(socket: impl AsFd) -> io::Result<Peer> {
    let fd = socket.as_fd();
    let who = rustix::net::sockopt::socket_peercred(fd)?;
    let pidfd = match peer_pidfd(fd) {
        // Linux before 6.5 knows the number only. It was right at the time of the connection, and that the
        // process has not ended since is asked of the descriptor from now on.
        Err(error) if error.raw_os_error() == Some(libc::ENOPROTOOPT) => pidfd_of(who.pid)?,
        other => other?,
    };
    let pid = u32::try_from(who.pid.as_raw_nonzero().get()).map_err(io::Error::other)?;
    Ok(Peer { pid, uid: who.uid.as_raw(), pidfd })
}

/// Checks that the process that listens at a daemon's socket is the owner's and lives in no session.
pub fn check_daemon(socket: impl AsFd) -> io::Result<()> {
    let peer = peer(socket)?;
    peer.check_user()?;
    match peer.foreign_keeper()? {
        None => Ok(()),
        Some(_) => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "an agent listens there in the place of the daemon",
        )),
    }
}

/// Checks that the process that listens at a keeper's socket is a keeper and lives in no session.
pub fn check_keeper(socket: impl AsFd) -> io::Result<()> {
    let peer = peer(socket)?;
    peer.check_user()?;
    let genuine = is_keeper(peer.pid)? && foreign_keeper(ancestry::parent(peer.pid)?)?.is_none();
    peer.still_there()?;
    match genuine {
        true => Ok(()),
        false => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "an agent listens there in the place of the session's keeper",
        )),
    }
}

fn pidfd_of(pid: Pid) -> io::Result<OwnedFd> {
    Ok(pidfd_open(pid, PidfdFlags::empty())?)
}

/// `SO_PEERPIDFD` (Linux 6.5): holds the peer even when its number is given to another process.
fn peer_pidfd(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
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
    Ok(unsafe { OwnedFd::from_raw_fd(raw) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[test]
    fn without_so_peerpidfd_the_number_holds_the_process_too() {
        let me = Pid::from_raw(i32::try_from(std::process::id()).unwrap()).unwrap();
        let peer = Peer { pid: std::process::id(), uid: 0, pidfd: pidfd_of(me).unwrap() };
        assert!(peer.is_alive());
    }

    #[test]
    fn a_process_that_is_no_keeper_is_not_believed_to_be_one() {
        let (one, _other) = UnixStream::pair().unwrap();
        assert!(check_daemon(&one).is_ok());
        assert!(check_keeper(&one).is_err());
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
