//! `lanyard watch`: each event as one JSON line, until the daemon or the reader goes.

use crate::connection::Connection;
use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::output;
use api::status::Subscribe;
use rustix::event::{PollFd, PollFlags, poll};

/// Prints events for ever.
pub fn run(hand: &mut Hand) -> Result<()> {
    hand.ask(&Subscribe {})?;
    let mut connection = hand.take_connection()?;
    loop {
        wait(&connection)?;
        let event = connection.event()?;
        let mut line = serde_json::to_string(&event).map_err(|e| Failure::system("writing an event", e))?;
        line.push('\n');
        output::write(line.as_bytes())?;
    }
}

/// Waits for the daemon to say something, and ends if nobody reads what we print any more.
fn wait(connection: &Connection) -> Result<()> {
    let stdout = std::io::stdout();
    while !connection.holds_frame() {
        let mut ends =
            [PollFd::new(connection.stream(), PollFlags::IN), PollFd::new(&stdout, PollFlags::empty())];
        match poll(&mut ends, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(e) => return Err(Failure::system("waiting for events", e)),
            Ok(_) => {}
        }
        if ends[1].revents().intersects(PollFlags::ERR | PollFlags::HUP) {
            return Err(Failure::Closed);
        }
        if !ends[0].revents().is_empty() {
            break;
        }
    }
    Ok(())
}
