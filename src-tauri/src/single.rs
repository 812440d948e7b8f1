//! One window for one daemon: a second start hands its slot to the first window and ends.

use crate::{events, window};
use api::Event;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use tauri::AppHandle;
use tokio::io::AsyncReadExt;

/// What a start found.
pub enum Claim {
    /// No other window: this is the first.
    First(UnixListener),
    /// There is a window, and it was told.
    Second,
    /// It can't be said; then rather two windows than none.
    Unknown,
}

/// Tells the window that is there to come forward with `slot`, or takes its place.
///
/// The socket lies beside the daemon's, so that each `LANYARD_HOME` has a window of its own.
pub fn claim(runtime: &Path, slot: Option<u32>) -> Claim {
    let path = runtime.join("window.sock");
    if let Ok(mut first) = UnixStream::connect(&path) {
        // The slot is one byte, and 0 is none; the window answers with a byte when it has come forward.
        let slot = slot.and_then(|slot| u8::try_from(slot).ok()).unwrap_or(0);
        let told = first.write_all(&[slot]).and_then(|()| first.read_exact(&mut [0]));
        return if told.is_ok() { Claim::Second } else { Claim::Unknown };
    }
    let made = std::fs::create_dir_all(runtime).and_then(|()| own_folder(runtime));
    // Nobody listens there any more: a window was killed.
    let cleared = made.and_then(|()| match std::fs::remove_file(&path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    });
    match cleared.and_then(|()| UnixListener::bind(&path)) {
        Ok(listener) => Claim::First(listener),
        Err(_) => Claim::Unknown,
    }
}

fn own_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

/// Comes forward whenever a later start asks for it.
pub fn listen(app: &AppHandle, listener: UnixListener) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let listener =
            listener.set_nonblocking(true).and_then(|()| tokio::net::UnixListener::from_std(listener));
        let Ok(listener) = listener else { return };
        while let Ok((mut later, _)) = listener.accept().await {
            let Ok(slot) = later.read_u8().await else { continue };
            match slot {
                0 => window::show(&app),
                slot => events::told(&app, &Event::SlotOpened { slot: slot.into() }),
            }
            let _gone = tokio::io::AsyncWriteExt::write_u8(&mut later, 1).await;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_killed_windows_place_is_free_again_and_a_living_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        drop(claim(folder.path(), None));
        let Claim::First(listener) = claim(folder.path(), None) else { panic!("not the first") };
        let second = std::thread::spawn({
            let folder = folder.path().to_path_buf();
            move || matches!(claim(&folder, Some(3)), Claim::Second)
        });
        let (mut later, _) = listener.accept().unwrap();
        let mut slot = [0];
        later.read_exact(&mut slot).unwrap();
        later.write_all(&[1]).unwrap();
        assert_eq!(slot, [3]);
        assert!(second.join().unwrap());
    }
}
