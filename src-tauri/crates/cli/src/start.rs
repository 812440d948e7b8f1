//! `lanyard start`: starts an agent or a command in a slot, in a worktree of its own.

use crate::attach;
use crate::failure::Result;
use crate::hand::Hand;
use crate::output::{Output, clean};
use crate::table::details;
use api::sessions::{Session, StartSession};

/// What to start, and where.
#[derive(Debug, clap::Args)]
pub struct StartCommand {
    /// The slot's number
    #[arg(long)]
    slot: u32,
    /// The project, by name or id
    #[arg(long, value_name = "NAME")]
    project: String,
    /// The branch: a new one, or one that exists
    #[arg(long)]
    branch: String,
    /// Where a new branch starts; the project's default branch if left out
    #[arg(long, value_name = "BRANCH")]
    base: Option<String>,
    /// The agent: shell, claude, codex, opencode; the slot's if left out
    #[arg(long, conflicts_with = "command")]
    agent: Option<String>,
    /// Attach to its terminal at once
    #[arg(long, conflicts_with = "json")]
    attach: bool,
    /// A command and its arguments in place of an agent
    #[arg(last = true)]
    command: Vec<String>,
}

impl StartCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        let session = hand.ask(&StartSession {
            slot: self.slot,
            project: self.project,
            branch: self.branch,
            base: self.base,
            agent: self.agent,
            command: self.command,
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
