//! `lanyard start`: starts an agent or a command in a slot, in a worktree of its own.

use crate::attach;
use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::output::{Output, clean};
use crate::table::details;
use crate::tasks::{self, After, Seat, Work, seat};
use api::Error;
use api::sessions::{Session, StartSession};

/// What to start, and where.
#[derive(Debug, clap::Args)]
pub struct StartCommand {
    /// The slot's number, or any: the first that is free, and until one is, a place in line
    #[arg(long, value_parser = seat)]
    slot: Option<Seat>,
    /// Wait in line if the slot is busy
    #[arg(long, conflicts_with = "attach", required_unless_present = "slot")]
    queue: bool,
    /// Attach to its terminal at once
    #[arg(long, conflicts_with = "json")]
    attach: bool,
    /// What it is.
    #[command(flatten)]
    work: Work,
}

impl StartCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        let slot = match (self.slot, self.queue) {
            (Some(Seat::Number(number)), false) => number,
            (seat, _) if !self.attach => return tasks::add(hand, seat.unwrap_or(Seat::Any), self.work),
            _ => {
                let error = Error::invalid("what waits in line has no terminal yet");
                return Err(Failure::Usage(error.hint("leave --attach out, or name a slot")));
            }
        };
        let work = self.work;
        if work.identity.is_some() || work.when_done != After::Keep {
            let error = Error::invalid("--identity and --when-done are for what waits in line");
            return Err(Failure::Usage(error.hint("add --queue, or --slot any")));
        }
        let session = hand.ask(&StartSession {
            slot,
            project: work.project,
            branch: work.branch,
            base: work.base,
            agent: work.agent,
            command: work.command,
            prompt: work.assignment.text()?,
            size: self.attach.then(attach::size).flatten(),
        })?;
        if self.attach {
            return attach::run(hand, session.id, false);
        }
        hand.out.show(&session, || started_text(&hand.out, &session))
    }
}

/// What is told of a session that has just started.
pub fn started_text(out: &Output, session: &Session) -> String {
    let rows = [
        ("session", session.id.clone()),
        ("slot", session.slot.to_string()),
        ("identity", session.identity.clone()),
        ("branch", session.branch.clone()),
        ("worktree", session.path.clone()),
    ];
    let attach = format!("\nSee it: lanyard sessions attach {}\n", session.slot);
    format!("Started {}.\n{}{attach}", clean(&session.agent), details(out, &rows))
}
