//! `lanyard approvals`: what agents ask for, and the owner's answers.

use crate::failure::Result;
use crate::hand::Hand;
use crate::output::{Look, Output, ago, clean, lasting};
use crate::prompt;
use crate::table::{self, Cell, Table, cut, id_width};
use api::approvals::{AGAIN, ANSWER_MAX, Answer, AnswerApproval, Approval, ListApprovals, State};
use api::names::shown;
use api::{Code, Error, SecretText};

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
    /// Show one whole: who asks for what, and why
    Show {
        /// Its id, or the beginning of it
        id: String,
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
                hand.out.show(&approvals, || lines(&hand.out, &approvals))
            }
            ApprovalsCommand::Show { id } => {
                let approval = find(hand, &id)?;
                hand.out.show(&approval, || whole(&hand.out, &approval))
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

fn find(hand: &mut Hand, wanted: &str) -> Result<Approval> {
    let mut found = hand.ask(&ListApprovals { all: true })?;
    found.retain(|approval| !wanted.is_empty() && approval.id.starts_with(&wanted.to_ascii_lowercase()));
    match (found.pop(), found.is_empty()) {
        (Some(approval), true) => Ok(approval),
        (Some(_), false) => {
            let error = Error::new(Code::Ambiguous, format!("{} names several approvals", shown(wanted)));
            Err(error.hint("give more characters of its id").into())
        }
        (None, _) => {
            let error = Error::not_found("approval", wanted);
            Err(error.hint("`lanyard approvals list --all` shows what there is").into())
        }
    }
}

fn whole(out: &Output, approval: &Approval) -> String {
    let Approval { identity, agent, slot, worktree, .. } = approval;
    let details = approval.details.iter().filter(|(name, _)| name != AGAIN);
    let mut rows = vec![
        ("id", approval.id.clone()),
        ("wants", what(approval)),
        ("who", format!("{identity}, the agent {agent} of slot {slot}, in the worktree {worktree}")),
        ("why", approval.reason.clone().unwrap_or_else(|| "no reason given".into())),
        ("asked by", format!("{} ({})", approval.command.join(" "), approval.pid)),
    ];
    rows.extend(details.map(|(name, value)| (name.as_str(), value.clone())));
    rows.push(("state", state_text(out, approval)));
    rows.extend(approval.because.clone().map(|because| ("because", because)));
    table::details(out, &rows)
}

fn what(approval: &Approval) -> String {
    format!("{} {}", approval.action.wants(), approval.subject)
}

fn lines(out: &Output, approvals: &[Approval]) -> String {
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
