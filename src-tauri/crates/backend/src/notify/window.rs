//! Lanyard's window, which a click brings forward; where it is closed, it is started.

use std::path::PathBuf;
use std::process::Stdio;
use tokio::net::UnixStream;
use tokio::process::Command;

/// The window of this daemon's owner.
#[derive(Clone)]
pub struct Window {
    /// The program, where there is a screen to show it on.
    pub program: Option<PathBuf>,
    /// Where a running window listens.
    pub socket: PathBuf,
}

impl Window {
    /// Starts the window with a slot, unless one runs: that hears of the slot as every face does.
    pub async fn start(&self, slot: u32) {
        let Some(program) = self.program.as_ref().filter(|program| program.is_file()) else { return };
        if UnixStream::connect(&self.socket).await.is_ok() {
            return;
        }
        let mut command = Command::new(program);
        command.arg("--slot").arg(slot.to_string());
        // It goes on when the daemon ends, and nobody reads what it says.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        if let Err(e) = command.spawn() {
            tracing::warn!("the window could not be started: {e}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use tokio::io::AsyncReadExt;
    use tokio::net::unix::pipe;

    #[tokio::test]
    async fn a_window_is_started_with_its_slot_where_none_runs() {
        let folder = tempfile::tempdir().unwrap();
        let (program, said) = (folder.path().join("window"), folder.path().join("said"));
        rustix::fs::mkfifoat(rustix::fs::CWD, &said, rustix::fs::Mode::RWXU).unwrap();
        let mut hears = pipe::OpenOptions::new().read_write(true).open_receiver(&said).unwrap();
        std::fs::write(&program, format!("#!/bin/sh\necho \"$@\" > {}\n", said.display())).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let window = Window { program: Some(program), socket: folder.path().join("window.sock") };
        let listening = tokio::net::UnixListener::bind(&window.socket).unwrap();
        window.start(2).await;
        drop(listening);
        window.start(3).await;
        let mut heard = [0; 9];
        hears.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"--slot 3\n");
    }
}
