//! `lanyard approvals`: what agents ask for, and the owner's answers.

use crate::failure::Result;
use crate::hand::Hand;
use crate::output::{Look, Output, ago, clean, lasting};
use crate::prompt;
use crate::table::{Cell, Table, cut, id_width};
use api::SecretText;
use api::approvals::{ANSWER_MAX, Answer, AnswerApproval, Approval, ListApprovals, State};

/// The longest answer that is read, in bytes.
const ANSWER_BYTES: usize = 4 * ANSWER_MAX;

/// What can be done with approvals.
#[derive(Debug, clap::Subcommand)]
pub enum ApprovalsCommand {
    /// List what waits for an answer, oldest first
    List {
        /// The answered ones as well, newest first
        #[arg(long)]
        all: bool,
    },
    /// Say yes
    Approve {
        /// Its id, or the beginning of it
        id: String,
        /// How far the answer reaches
        #[arg(long = "for", value_enum, default_value_t = For::Once)]
        reach: For,
    },
    /// Answer a question in words
    Answer {
        /// Its id, or the beginning of it
        id: String,
        /// The answer; `-` reads standard input
        #[arg(value_name = "TEXT", allow_hyphen_values = true)]
        text: String,
    },
    /// Say no
    Deny {
        /// Its id, or the beginning of it
        id: String,
        /// A word to the agent
        #[arg(long, value_name = "TEXT")]
        because: Option<String>,
    },
}

/// How far a yes reaches.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum For {
    /// The call that waits
    Once,
    /// The session, until it ends
    Session,
    /// The identity in its worktree, until that is archived
    Worktree,
    /// The session, for an hour at most
    Hour,
}

impl ApprovalsCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            ApprovalsCommand::List { all } => {
                let approvals = hand.ask(&ListApprovals { all })?;
                hand.out.show(&approvals, || table(&hand.out, &approvals))
            }
            ApprovalsCommand::Approve { id, reach } => {
                let (answer, text) = match reach {
                    For::Once => (Answer::Once, "once"),
                    For::Session => (Answer::Session, "for this session"),
                    For::Worktree => (Answer::Worktree, "for this worktree"),
                    For::Hour => (Answer::Hour, "for an hour"),
                };
                answered(hand, id, answer, &format!("Approved {text}"))
            }
            ApprovalsCommand::Answer { id, text } => {
                let text = match text.as_str() {
                    "-" => prompt::piped(ANSWER_BYTES)?,
                    _ => SecretText::new(text),
                };
                answered(hand, id, Answer::Words { text }, "Answered")
            }
            ApprovalsCommand::Deny { id, because } => answered(hand, id, Answer::Deny { because }, "Denied"),
        }
    }
}

fn answered(hand: &mut Hand, approval: String, answer: Answer, done: &str) -> Result<()> {
    let approval = hand.ask(&AnswerApproval { approval, answer })?;
    let text = || format!("{done}: {} for slot {} ({}).", what(&approval), approval.slot, approval.identity);
    hand.out.show(&approval, || clean(&text()).into_owned())
}

fn what(approval: &Approval) -> String {
    format!("{} {}", approval.action.wants(), approval.subject)
}

fn table(out: &Output, approvals: &[Approval]) -> String {
    if approvals.is_empty() {
        return "Nobody waits for an answer.".into();
    }
    let width = id_width(approvals.iter().map(|approval| approval.id.as_str()));
    let mut table =
        Table::new(["ID", "SLOT", "IDENTITY", "AGENT", "WORKTREE", "WANTS", "WHY", "ASKED BY", "", ""]);
    for approval in approvals {
        table.row([
            cut(&approval.id, width).into(),
            approval.slot.to_string().into(),
            (&approval.identity).into(),
            (&approval.agent).into(),
            (&approval.worktree).into(),
            what(approval).into(),
            approval.reason.as_deref().unwrap_or_default().into(),
            format!("{} ({})", approval.command.join(" "), approval.pid).into(),
            Cell::looking(look(approval.state), &state_text(out, approval)),
            approval.because.as_deref().unwrap_or_default().into(),
        ]);
    }
    table.shown(out)
}

fn state_text(out: &Output, approval: &Approval) -> String {
    match (approval.state, approval.answered_at) {
        (State::Open, _) => {
            let again = if approval.is_again() { ", asked again" } else { "" };
            format!("{} left{again}", lasting(out.now, approval.until))
        }
        (state, Some(at)) => format!("{} {}", state.name(), ago(out.now, at)),
        (state, None) => state.name().into(),
    }
}

fn look(state: State) -> Look {
    match state {
        State::Open => Look::Plain,
        State::Approved => Look::Good,
        State::Denied | State::Expired => Look::Bad,
        State::Withdrawn => Look::Dim,
    }
}
