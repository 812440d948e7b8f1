//! Where things are: the sockets, the programs and the folders, by the environment that `main` has read.

use crate::failure::{Failure, Result};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The longest path that the address of a socket holds, in bytes.
const SOCKET_PATH_MAX: usize = 107;

/// What the environment says. A variable that is empty counts as one that is not set.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// `LANYARD_SOCKET`: the socket of the session that we run in.
    pub session_socket: Option<PathBuf>,
    /// `LANYARD_HOME`: the one folder that holds everything.
    pub lanyard_home: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime: Option<PathBuf>,
    /// `XDG_DATA_HOME`.
    pub data: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `PATH`.
    pub path: Option<OsString>,
    /// The program that runs.
    pub program: Option<PathBuf>,
}

impl Place {
    /// The socket to talk to, and whether it is a session's own.
    pub fn socket(&self) -> Result<(PathBuf, bool)> {
        let (socket, own) = match &self.session_socket {
            Some(socket) => (socket.clone(), true),
            None => (self.owner_socket()?, false),
        };
        let length = socket.as_os_str().as_bytes().len();
        if length > SOCKET_PATH_MAX {
            return Err(Failure::no_daemon(
                format!(
                    "the socket's path is {length} bytes long, more than the {SOCKET_PATH_MAX} that fit: {}",
                    socket.display()
                ),
                "set LANYARD_HOME (or XDG_RUNTIME_DIR) to a folder with a shorter path",
            ));
        }
        Ok((socket, own))
    }

    fn owner_socket(&self) -> Result<PathBuf> {
        // A relative XDG folder is to be ignored, as their rules say.
        let absolute = |path: &Option<PathBuf>| path.clone().filter(|p| p.is_absolute());
        if let Some(home) = &self.lanyard_home {
            return Ok(home.join("run/owner.sock"));
        }
        if let Some(runtime) = absolute(&self.runtime) {
            return Ok(runtime.join("lanyard/owner.sock"));
        }
        let data =
            absolute(&self.data).or_else(|| absolute(&self.home).map(|home| home.join(".local/share")));
        match data {
            Some(data) => Ok(data.join("lanyard/run/owner.sock")),
            None => Err(Failure::no_daemon(
                "there is no home folder to keep anything in",
                "set HOME or LANYARD_HOME",
            )),
        }
    }

    /// The program `lanyardd`: beside our own program, else on the PATH.
    pub fn daemon(&self) -> Result<PathBuf> {
        let on_path = self.path.iter().flat_map(|path| std::env::split_paths(path).collect::<Vec<_>>());
        let beside = self.program.as_deref().and_then(Path::parent).map(Path::to_path_buf);
        let mut folders = beside.into_iter().chain(on_path.filter(|folder| folder.is_absolute()));
        folders.find_map(|folder| program_in(&folder)).ok_or_else(|| {
            Failure::no_daemon(
                "the program lanyardd was not found",
                "install it beside lanyard, or on the PATH",
            )
        })
    }
}

fn program_in(folder: &Path) -> Option<PathBuf> {
    let program = folder.join("lanyardd");
    let runs = rustix::fs::access(&program, rustix::fs::Access::EXEC_OK).is_ok();
    (runs && program.is_file()).then_some(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sessions_own_socket_comes_first_and_lanyard_home_next() {
        let mut place = Place {
            session_socket: Some("/s/agent.sock".into()),
            lanyard_home: Some("/l".into()),
            runtime: Some("/run/user/1".into()),
            home: Some("/h".into()),
            ..Place::default()
        };
        assert_eq!(place.socket().unwrap(), ("/s/agent.sock".into(), true));
        place.session_socket = None;
        assert_eq!(place.socket().unwrap(), ("/l/run/owner.sock".into(), false));
        place.lanyard_home = None;
        assert_eq!(place.socket().unwrap().0, Path::new("/run/user/1/lanyard/owner.sock"));
        place.runtime = Some("relative".into());
        assert_eq!(place.socket().unwrap().0, Path::new("/h/.local/share/lanyard/run/owner.sock"));
        place.data = Some("/d".into());
        assert_eq!(place.socket().unwrap().0, Path::new("/d/lanyard/run/owner.sock"));
    }

    #[test]
    fn a_path_that_no_socket_can_have_is_told_with_a_hint() {
        let place = Place { lanyard_home: Some(format!("/{}", "x".repeat(120)).into()), ..Place::default() };
        let failure = place.socket().unwrap_err();
        assert_eq!(failure.exit(), 3);
        assert!(failure.told(false).unwrap().contains("hint: set LANYARD_HOME"));
    }

    #[test]
    fn the_daemon_beside_us_is_taken_before_one_on_the_path() {
        let (beside, path) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink("/bin/true", path.path().join("lanyardd")).unwrap();
        let place = Place {
            program: Some(beside.path().join("lanyard")),
            path: Some(path.path().into()),
            ..Place::default()
        };
        assert_eq!(place.daemon().unwrap(), path.path().join("lanyardd"));
        std::os::unix::fs::symlink("/bin/true", beside.path().join("lanyardd")).unwrap();
        assert_eq!(place.daemon().unwrap(), beside.path().join("lanyardd"));
    }
}
