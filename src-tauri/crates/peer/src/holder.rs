//! Which process of a session holds the other end of a connection on loopback: TCP does not tell it by itself.

use crate::ancestry::{descendants, descends_from};
use crate::{Peer, pidfd_of};
use rustix::process::Pid;
use std::fs;
use std::io;
use std::net::{SocketAddr, SocketAddrV4};

/// The process at or below `keeper` that holds the socket at `theirs` of a connection to `ours`; none if no process
/// there does. What cannot be read counts as not held.
pub fn holder(keeper: u32, theirs: SocketAddr, ours: SocketAddr) -> io::Result<Option<Peer>> {
    let (SocketAddr::V4(theirs), SocketAddr::V4(ours)) = (theirs, ours) else { return Ok(None) };
    let Some(socket) = socket_of(theirs, ours)? else { return Ok(None) };
    for pid in std::iter::once(keeper).chain(descendants(keeper)) {
        let Some(number) = i32::try_from(pid).ok().and_then(Pid::from_raw).filter(|_| holds(pid, &socket))
        else {
            continue;
        };
        // From here on the number means this one process, and it still must be the one that was found.
        let Ok(pidfd) = pidfd_of(number) else { continue };
        if holds(pid, &socket) && descends_from(pid, keeper)? {
            let peer = Peer { pid, uid: rustix::process::getuid().as_raw(), pidfd };
            peer.still_there()?;
            return Ok(Some(peer));
        }
    }
    Ok(None)
}

/// How `/proc/PID/fd` calls the socket at `theirs`, if it is this user's.
fn socket_of(theirs: SocketAddrV4, ours: SocketAddrV4) -> io::Result<Option<String>> {
    let uid = rustix::process::getuid().as_raw().to_string();
    // A program that speaks IPv6 as well has the same address as a mapped one.
    for table in ["/proc/self/net/tcp", "/proc/self/net/tcp6"] {
        let Ok(table) = fs::read_to_string(table) else { continue };
        if let Some(inode) = table.lines().skip(1).find_map(|line| inode(line, theirs, ours, &uid)) {
            return Ok(Some(format!("socket:[{inode}]")));
        }
    }
    Ok(None)
}

fn inode<'a>(line: &'a str, theirs: SocketAddrV4, ours: SocketAddrV4, uid: &str) -> Option<&'a str> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let (local, remote) = (fields.next()?, fields.next()?);
    let (user, inode) = (fields.nth(4)?, fields.nth(1)?);
    let fits = local.ends_with(&shown(theirs)) && remote.ends_with(&shown(ours)) && user == uid;
    // A connection that is over has no socket any more.
    (fits && inode != "0").then_some(inode)
}

/// An address as the kernel's table writes it.
fn shown(address: SocketAddrV4) -> String {
    format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port())
}

fn holds(pid: u32, socket: &str) -> bool {
    let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    open.flatten().any(|fd| fs::read_link(fd.path()).is_ok_and(|link| link.as_os_str() == socket))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn the_process_that_connected_is_found_and_nobody_elses_tree_has_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connected = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, theirs) = listener.accept().unwrap();
        let (me, ours) = (std::process::id(), accepted.local_addr().unwrap());
        assert_eq!(holder(me, theirs, ours).unwrap().unwrap().pid, me);
        let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        assert!(holder(other.id(), theirs, ours).unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
        drop(connected);
        assert!(holder(me, theirs, ours).unwrap().is_none());
    }
}
