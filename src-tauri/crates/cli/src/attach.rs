//! `lanyard sessions attach`: the terminal of a session in this one, or as plain bytes between pipes.

use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::prompt;
use crate::relay::{Ending, Relay};
use crate::sessions::exit_text;
use crate::terminal::Mode;
use api::sessions::{AttachSession, Session, Size};
use rustix::termios::{Termios, tcgetwinsize};
use std::io::{self, IsTerminal};
use std::os::unix::net::UnixStream;

/// Leaves the modes that a program in the session may have set: first its margins, mouse, paste, focus and
/// key modes, then the other screen; the cursor ends on a fresh line at the bottom.
const FAREWELL: &[u8] = b"\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\
    \x1b[?1004l\x1b[?2004l\x1b[?2031l\x1b[?2048l\x1b[=0u\x1b[>4m\x1b[?1049l\x1b[=0u\
    \x1b[?1l\x1b>\x1b[?6l\x1b[?7h\x1b[4l\x1b(B\x0f\x1b[0m\x1b[r\x1b[?25h\x1b[0 q\x1b[999;1H\r\n";

/// Attaches until the person leaves or the session ends.
pub fn run(hand: &mut Hand, session: String, scrollback: bool) -> Result<()> {
    let typing = io::stdin().is_terminal();
    let resized = resize_signals()?;
    let session = hand.ask(&AttachSession { session, size: size(), scrollback })?;
    let (stream, received) = hand.take_connection()?.into_chunks();
    if typing {
        prompt::say(&format!("lanyard: slot {}. Ctrl-] leaves it running.\n", session.slot))?;
    }
    let ending = {
        let farewell = if io::stdout().is_terminal() { FAREWELL } else { b"" };
        let _mode = Mode::enter(Termios::make_raw, farewell)?;
        Relay::new(stream, resized, typing).run(received.as_slice())
    };
    tell(&session, ending?)
}

/// The size of the terminal that we are in, if we are in one.
pub fn size() -> Option<Size> {
    let size = tcgetwinsize(io::stdout()).or_else(|_| tcgetwinsize(io::stdin())).ok()?;
    let size = Size { rows: size.ws_row, cols: size.ws_col };
    (size.rows > 0 && size.cols > 0).then(|| size.clamped())
}

fn tell(session: &Session, ending: Ending) -> Result<()> {
    match ending {
        Ending::Left => prompt::say(&format!("lanyard: left slot {}; it goes on.\n", session.slot)),
        Ending::Exit(exit) => {
            prompt::say(&format!("lanyard: the session in slot {} {}.\n", session.slot, exit_text(exit)))
        }
        Ending::Lost => Err(Failure::Refused(
            api::Error::new(api::Code::Internal, "the connection to the terminal was lost")
                .hint(format!("see what became of it: lanyard sessions show {}", session.id)),
        )),
    }
}

/// A stream with a byte in it for each change of the terminal's size.
fn resize_signals() -> Result<UnixStream> {
    let broken = |e| Failure::system("listening for changes of the terminal's size", e);
    let (read, write) = UnixStream::pair().map_err(broken)?;
    read.set_nonblocking(true).map_err(broken)?;
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGWINCH, write).map_err(broken)?;
    Ok(read)
}
