//! `lanyard start`: starts an agent or a command in a slot, in a worktree of its own.

use crate::attach;
use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::output::{Output, clean};
use crate::table::details;
use api::sessions::{PROMPT_MAX, Session, StartSession};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

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
    /// The task that the agent begins with
    #[arg(long, value_name = "TEXT", conflicts_with = "command")]
    prompt: Option<String>,
    /// A file with the task; `-` reads it from standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["prompt", "command"])]
    prompt_file: Option<PathBuf>,
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
        let prompt = match self.prompt_file {
            Some(file) => Some(read_prompt(&file)?),
            None => self.prompt,
        };
        let session = hand.ask(&StartSession {
            slot: self.slot,
            project: self.project,
            branch: self.branch,
            base: self.base,
            agent: self.agent,
            command: self.command,
            prompt,
            size: self.attach.then(attach::size).flatten(),
        })?;
        if self.attach {
            return attach::run(hand, session.id, false);
        }
        hand.out.show(&session, || started_text(&hand.out, &session))
    }
}

/// Reads a task, and no more of it than the daemon refuses.
fn read_prompt(file: &Path) -> Result<String> {
    let most = PROMPT_MAX as u64 + 1;
    let mut prompt = String::new();
    let read = match file == Path::new("-") {
        true => io::stdin().lock().take(most).read_to_string(&mut prompt),
        false => File::open(file).and_then(|file| file.take(most).read_to_string(&mut prompt)),
    };
    read.map_err(|e| Failure::system(&format!("reading the prompt from {}", file.display()), e))?;
    Ok(prompt)
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
