//! What a session's processes cannot see: a mount namespace in which Lanyard's own files, the other slots'
//! places and the owner's runtime sockets are covered by empty folders.
//!
//! Without it an agent, being the same user, could write to the database, put a socket of its own in the
//! place of the owner's, or ask the owner's keychain over D-Bus. An unprivileged process gets its own user
//! namespace for this; there the covers are locked and nobody below can take them off.

use rustix::fs::{Mode, OFlags, open};
use rustix::mount::{
    MountFlags, MountPropagationFlags, mount, mount_bind_recursive, mount_change, mount_remount,
};
use rustix::process::{DumpableBehavior, getgid, getuid, set_dumpable_behavior};
use rustix::thread::{UnshareFlags, unshare_unsafe};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// What is covered, and what below it stays in view. A place that does not exist is passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hiding {
    /// Folders and files that are covered, each before what is below it.
    pub covered: Vec<PathBuf>,
    /// Folders that stay in view although they are below a covered one.
    pub kept: Vec<PathBuf>,
    /// The same, but they cannot be written to.
    pub shown: Vec<PathBuf>,
}

impl Hiding {
    /// Covers what is to be covered, for this process and all that it will start. It must have one thread.
    pub(super) fn apply(&self) -> io::Result<()> {
        if self.covered.is_empty() {
            return Ok(());
        }
        own_namespace()?;
        // Nothing that is mounted here shall be seen outside.
        mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)?;
        let kept = self.open_kept()?;
        for place in &self.covered {
            cover(place)?;
        }
        for (folder, fd, read_only) in kept {
            uncover(folder, &fd, read_only)?;
        }
        Ok(())
    }

    /// Opens what stays in view before it is covered.
    fn open_kept(&self) -> io::Result<Vec<(&Path, OwnedFd, bool)>> {
        let writable = self.kept.iter().map(|folder| (folder.as_path(), false));
        let read_only = self.shown.iter().map(|folder| (folder.as_path(), true));
        let covered =
            |(folder, _): &(&Path, bool)| self.covered.iter().any(|place| folder.starts_with(place));
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        writable
            .chain(read_only)
            .filter(covered)
            .map(|(folder, read_only)| Ok((folder, open(folder, flags, Mode::empty())?, read_only)))
            .collect()
    }
}

/// Puts an empty folder over a folder, and an empty file over anything else.
fn cover(place: &Path) -> io::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    match fs::metadata(place) {
        Ok(meta) if meta.is_dir() => mount("tmpfs", place, "tmpfs", flags, c"size=1m,mode=0700")?,
        Ok(_) => mount_bind_recursive("/dev/null", place)?,
        Err(_) => {}
    }
    Ok(())
}

/// Mounts the folder that `fd` holds at its own place again, which is covered by now.
fn uncover(folder: &Path, fd: &OwnedFd, read_only: bool) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    mount_bind_recursive(format!("/proc/self/fd/{}", fd.as_raw_fd()), folder)?;
    if read_only {
        let flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
        mount_remount(folder, flags, c"")?;
    }
    Ok(())
}

/// Enters a mount namespace of its own, and a user namespace where that takes one.
fn own_namespace() -> io::Result<()> {
    let (uid, gid) = (getuid(), getgid());
    if uid.is_root() {
        // SAFETY: there is one thread, and no descriptor table is unshared.
        return Ok(unsafe { unshare_unsafe(UnshareFlags::NEWNS) }?);
    }
    // SAFETY: as above.
    unsafe { unshare_unsafe(UnshareFlags::NEWUSER | UnshareFlags::NEWNS) }?;
    // What `/proc` has of a process that cannot be dumped belongs to root. The program that comes next can be
    // dumped in any case: exec resets it.
    set_dumpable_behavior(DumpableBehavior::Dumpable)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{0} {0} 1", uid.as_raw()))?;
    fs::write("/proc/self/gid_map", format!("{0} {0} 1", gid.as_raw()))
}
