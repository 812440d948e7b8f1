//! `lanyard tasks`: work that waits in line for a free slot.

use crate::assignment::Assignment;
use crate::failure::Result;
use crate::hand::Hand;
use crate::output::{Look, Output, ago, clean};
use crate::table::{Cell, Table, cut, details, id_width};
use api::tasks::{AddTask, CancelTask, ListTasks, MoveTask, ShowTask, State, Task, WhenDone};

/// What can be done with tasks.
#[derive(Debug, clap::Subcommand)]
pub enum TasksCommand {
    /// Put a task in line; where a slot is free, it starts at once
    Add(Add),
    /// List the line, in order
    List {
        /// What has left the line as well
        #[arg(long)]
        all: bool,
    },
    /// Show one task with its whole prompt
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Take a task out of the line
    Cancel {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Give a task another place in line
    Move {
        /// Its id, or the beginning of it
        id: String,
        /// The place, from 1
        #[arg(long, value_name = "PLACE")]
        to: u32,
    },
}

/// A new task.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// The only slot that will do, or any
    #[arg(long, default_value = "any", value_parser = seat)]
    slot: Seat,
    /// What it is.
    #[command(flatten)]
    work: Work,
}

/// What a task is about.
#[derive(Debug, clap::Args)]
pub struct Work {
    /// The project, by name or id
    #[arg(long, value_name = "NAME")]
    pub project: String,
    /// The branch: a new one, or one that exists
    #[arg(long)]
    pub branch: String,
    /// Where a new branch starts; the project's default branch if left out
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<String>,
    /// The agent: shell, claude, codex, opencode; the slot's if left out
    #[arg(long, conflicts_with = "command")]
    pub agent: Option<String>,
    /// In line: only in a slot of this identity
    #[arg(long, value_name = "NAME")]
    pub identity: Option<String>,
    /// In line: what becomes of the session when the agent's turn is over and it still runs. `stop` ends it, so
    /// that the next task gets the slot
    #[arg(long, value_enum, default_value_t = After::Keep)]
    pub when_done: After,
    /// What the agent shall do.
    #[command(flatten)]
    pub assignment: Assignment,
    /// A command and its arguments in place of an agent
    #[arg(last = true)]
    pub command: Vec<String>,
}

/// A slot's number, or any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    /// This one.
    Number(u32),
    /// The first that is free.
    Any,
}

/// What becomes of a session whose turn is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum After {
    /// It goes on
    Keep,
    /// It ends
    Stop,
}

/// Reads a slot's number, or `any`.
pub fn seat(text: &str) -> std::result::Result<Seat, String> {
    match text {
        "any" => Ok(Seat::Any),
        number => number.parse().map(Seat::Number).map_err(|_| "give a slot's number, or any".into()),
    }
}

impl TasksCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            TasksCommand::Add(Add { slot, work }) => add(hand, slot, work),
            TasksCommand::List { all } => {
                let tasks = hand.ask(&ListTasks { all })?;
                hand.out.show(&tasks, || table(&hand.out, &tasks))
            }
            TasksCommand::Show { id } => {
                let task = hand.ask(&ShowTask { task: id })?;
                hand.out.show(&task, || task_text(&hand.out, &task))
            }
            TasksCommand::Cancel { id } => {
                let task = hand.ask(&CancelTask { task: id })?;
                let text = format!("The task on {} is out of the line.", clean(&task.branch));
                hand.out.show(&task, || text)
            }
            TasksCommand::Move { id, to } => {
                let task = hand.ask(&MoveTask { task: id, to })?;
                hand.out.show(&task, || in_line(&task))
            }
        }
    }
}

/// Puts work in line.
pub fn add(hand: &mut Hand, slot: Seat, work: Work) -> Result<()> {
    let task = hand.ask(&AddTask {
        project: work.project,
        branch: work.branch,
        base: work.base,
        agent: work.agent,
        command: work.command,
        slot: match slot {
            Seat::Number(number) => Some(number),
            Seat::Any => None,
        },
        identity: work.identity,
        prompt: work.assignment.text()?,
        when_done: match work.when_done {
            After::Keep => WhenDone::Keep,
            After::Stop => WhenDone::Stop,
        },
    })?;
    hand.out.show(&task, || added_text(&task))
}

fn added_text(task: &Task) -> String {
    match (&task.session, task.state) {
        (Some(session), State::Started) => {
            format!("Started at once, as session {session}.\nSee it: lanyard sessions attach {session}\n")
        }
        (_, State::Failed) => {
            format!("It could not be started: {}", clean(task.reason.as_deref().unwrap_or_default()))
        }
        _ => format!("{}\nSee the line: lanyard tasks list\n", in_line(task)),
    }
}

fn in_line(task: &Task) -> String {
    let place =
        task.place.map_or_else(|| task.state.name().into(), |place| format!("at place {place} in line"));
    let reason = task.reason.as_deref().map(|reason| format!(": {}", clean(reason))).unwrap_or_default();
    format!("Task {} is {place}{reason}.", cut(&task.id, 13))
}

fn table(out: &Output, tasks: &[Task]) -> String {
    if tasks.is_empty() {
        return "Nothing waits. Put something in line: lanyard tasks add --project NAME --branch BRANCH --prompt TEXT"
            .into();
    }
    let width = id_width(tasks.iter().map(|task| task.id.as_str()));
    let mut table = Table::new(["PLACE", "ID", "STATE", "PROJECT", "BRANCH", "AGENT", "SLOT", "TASK", ""]);
    for task in tasks {
        let slot = task.slot.map(|slot| slot.to_string()).or_else(|| task.identity.clone());
        let agent = task.agent.clone().or_else(|| task.command.first().cloned());
        table.row([
            task.place.map_or_else(String::new, |place| place.to_string()).into(),
            cut(&task.id, width).into(),
            state_cell(task.state),
            (&task.project).into(),
            (&task.branch).into(),
            agent.unwrap_or_default().into(),
            slot.unwrap_or_else(|| "any".into()).into(),
            first_words(task.prompt.as_deref().unwrap_or_default()).into(),
            task.reason.as_deref().unwrap_or_default().into(),
        ]);
    }
    table.shown(out)
}

fn state_cell(state: State) -> Cell {
    let look = match state {
        State::Queued | State::Starting => Look::Plain,
        State::Started => Look::Good,
        State::Failed => Look::Bad,
        State::Cancelled => Look::Dim,
    };
    Cell::looking(look, state.name())
}

/// The first line of a prompt, as far as it has room.
fn first_words(prompt: &str) -> String {
    const ROOM: usize = 40;
    let line = prompt.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    match line.char_indices().nth(ROOM) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.into(),
    }
}

fn task_text(out: &Output, task: &Task) -> String {
    let or = |text: &Option<String>, other: &str| text.clone().unwrap_or_else(|| other.into());
    let mut rows = vec![
        ("task", task.id.clone()),
        ("state", task.state.name().into()),
        ("project", task.project.clone()),
        ("branch", task.branch.clone()),
        ("base", or(&task.base, "the default branch")),
        ("slot", task.slot.map_or_else(|| "any".into(), |slot| slot.to_string())),
        ("identity", or(&task.identity, "any")),
        ("when done", task.when_done.name().into()),
        ("added", ago(out.now, task.added_at)),
    ];
    match task.command.is_empty() {
        true => rows.push(("agent", or(&task.agent, "the slot's"))),
        false => rows.push(("command", task.command.join(" "))),
    }
    rows.extend(task.place.map(|place| ("place", place.to_string())));
    rows.extend(task.reason.clone().map(|reason| ("because", reason)));
    rows.extend(task.session.clone().map(|session| ("session", session)));
    rows.extend(task.left_at.map(|at| ("left the line", ago(out.now, at))));
    let prompt: String =
        task.prompt.iter().flat_map(|p| p.lines()).map(|l| format!("{}\n", clean(l))).collect();
    format!("{}{}{prompt}", details(out, &rows), if prompt.is_empty() { "" } else { "\n" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_a_number_or_any() {
        assert_eq!(seat("any"), Ok(Seat::Any));
        assert_eq!(seat("3"), Ok(Seat::Number(3)));
        assert!(seat("three").is_err());
    }

    #[test]
    fn a_table_shows_the_first_words_of_a_prompt() {
        assert_eq!(first_words("\n  Fix the tests.  \nThen rest."), "Fix the tests.");
        assert_eq!(first_words(&"ä".repeat(50)), format!("{}…", "ä".repeat(40)));
    }
}
