//! `lanyard watch`: each event as one JSON line, or as text for a person, until the daemon or the reader goes.

use crate::connection::Connection;
use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::output::{self, clean};
use api::Event;
use api::status::Subscribe;
use rustix::event::{PollFd, PollFlags, poll};

/// Prints events for ever. Only a person at a terminal who did not ask for JSON gets text: scripts read lines.
pub fn run(hand: &mut Hand) -> Result<()> {
    let person = hand.out.terminal && !hand.out.json;
    hand.ask(&Subscribe {})?;
    let mut connection = hand.take_connection()?;
    loop {
        wait(&connection)?;
        let event = connection.event()?;
        let line = match person {
            true => text(&event),
            false => Some(serde_json::to_string(&event).map_err(|e| Failure::system("writing an event", e))?),
        };
        if let Some(line) = line {
            output::write(format!("{line}\n").as_bytes())?;
        }
    }
}

/// What a person wants to know of an event; nothing of those that only say that a list is to be read again.
fn text(event: &Event) -> Option<String> {
    let text = match event {
        Event::SessionStateChanged { session, .. } => {
            let words = session.reason.as_ref().or(session.wants.as_ref());
            let words = words.map(|words| format!(": {words}")).unwrap_or_default();
            let state = session.state_text();
            format!("slot {} · {} · {} · {state}{words}", session.slot, session.identity, session.branch)
        }
        Event::ApprovalChanged { approval } => {
            let what = format!("{} {}", approval.action.wants(), approval.subject);
            let state = approval.state.name();
            format!("slot {} · {} · asks for {what} · {state}", approval.slot, approval.identity)
        }
        Event::TaskChanged { task } => format!("task {task} · the line has changed"),
        Event::Lagged { missed } => format!("{missed} events were missed"),
        _ => return None,
    };
    Some(clean(&text).into_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_told_what_matters_and_nothing_that_drives_the_terminal() {
        let changed = Event::TaskChanged { task: "0199\u{1b}[2J".into() };
        assert_eq!(text(&changed).unwrap(), "task 0199\\u{1b}[2J · the line has changed");
        assert_eq!(text(&Event::AuditGrew {}), None);
    }
}
