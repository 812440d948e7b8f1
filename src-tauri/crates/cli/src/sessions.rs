//! `lanyard sessions`: see the terminals, attach to them, type into them, stop and restart them.

use crate::attach;
use crate::failure::Result;
use crate::hand::Hand;
use crate::output::{Output, ago, clean};
use crate::slot::{state_cell, time_text};
use crate::start::started_text;
use crate::summary::summary_text;
use crate::table::{Table, cut, details, id_width};
use api::sessions::{Exit, ListSessions, ReadScreen, RestartSession, Screen, SendText, Session, StopSession};
use api::summaries::SummarizeSession;

/// What can be done with sessions. `ID` is an id, a unique prefix of one, or a slot's number.
#[derive(Debug, clap::Subcommand)]
pub enum SessionsCommand {
    /// List the sessions that run
    List {
        /// Those that ended as well
        #[arg(long)]
        all: bool,
    },
    /// Show one session, and what it came to
    Show {
        /// Its id, a unique prefix of it, or its slot's number
        id: String,
    },
    /// Use its terminal here; Ctrl-] leaves it running
    Attach {
        /// Its id, a unique prefix of it, or its slot's number
        id: String,
        /// Print what scrolled away before, up to 10,000 lines
        #[arg(long)]
        scrollback: bool,
    },
    /// Type a line of text into its terminal
    Send(Send),
    /// Print what its terminal shows now, as text
    Screen {
        /// Its id, a unique prefix of it, or its slot's number
        id: String,
    },
    /// Stop it: SIGHUP to all of its processes, SIGKILL to those left after a while
    Stop {
        /// Its id, a unique prefix of it, or its slot's number
        id: String,
        /// How long to wait before SIGKILL, in milliseconds, up to 60000
        #[arg(long, value_name = "MS")]
        grace: Option<u64>,
    },
    /// Start the same command again in the same slot and worktree
    Restart {
        /// Its id, a unique prefix of it, or its slot's number
        id: String,
    },
}

/// Text to type.
#[derive(Debug, clap::Args)]
pub struct Send {
    /// Its id, a unique prefix of it, or its slot's number
    id: String,
    /// The text
    #[arg(allow_hyphen_values = true)]
    text: String,
    /// Type the text alone, byte for byte
    #[arg(long)]
    raw: bool,
    /// End with the Enter key (CR) in place of a newline: full-screen programs wait for that one
    #[arg(long, conflicts_with = "raw")]
    enter: bool,
}

impl SessionsCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            SessionsCommand::List { all } => {
                let sessions = hand.ask(&ListSessions { ended: all })?;
                hand.out.show(&sessions, || table(&hand.out, &sessions))
            }
            SessionsCommand::Show { id } => {
                let summary = hand.ask(&SummarizeSession { session: id })?;
                let session = || session_text(&hand.out, &summary.session);
                hand.out.show(&summary, || format!("{}{}", session(), summary_text(&hand.out, &summary)))
            }
            SessionsCommand::Attach { id, scrollback } => attach::run(hand, id, scrollback),
            SessionsCommand::Send(send) => {
                hand.ask(&SendText { text: send.typed(), session: send.id })?;
                if hand.out.json { hand.out.done("") } else { Ok(()) }
            }
            SessionsCommand::Screen { id } => {
                let screen = hand.ask(&ReadScreen { session: id })?;
                hand.out.show(&screen, || screen_text(&screen))
            }
            SessionsCommand::Stop { id, grace } => {
                let session = hand.ask(&StopSession { session: id, grace_ms: grace })?;
                hand.out.show(&session, || format!("Stopped the session in slot {}.", session.slot))
            }
            SessionsCommand::Restart { id } => {
                let session = hand.ask(&RestartSession { session: id })?;
                hand.out.show(&session, || started_text(&hand.out, &session))
            }
        }
    }
}

impl Send {
    fn typed(&self) -> String {
        let end = match (self.raw, self.enter) {
            (true, _) => "",
            (_, true) => "\r",
            _ => "\n",
        };
        format!("{}{end}", self.text)
    }
}

/// How a session ended, in words.
pub fn exit_text(exit: Exit) -> String {
    match exit {
        Exit::Code(0) => "ended well".into(),
        Exit::Code(status) => format!("ended with status {status}"),
        Exit::Signal(signal) => format!("was ended by signal {signal}"),
        Exit::Lost => "was lost: its keeper was killed".into(),
    }
}

fn screen_text(screen: &Screen) -> String {
    let last = screen.lines.iter().rposition(|line| !line.trim().is_empty());
    let shown = &screen.lines[..last.map_or(0, |last| last + 1)];
    shown.iter().map(|line| format!("{}\n", clean(line))).collect()
}

fn table(out: &Output, sessions: &[Session]) -> String {
    if sessions.is_empty() {
        return "Nothing runs. Start something: lanyard start --slot 1 --project NAME --branch BRANCH".into();
    }
    let width = id_width(sessions.iter().map(|session| session.id.as_str()));
    let mut table = Table::new(["ID", "SLOT", "IDENTITY", "AGENT", "STATE", "PROJECT", "BRANCH", ""]);
    for session in sessions {
        table.row([
            cut(&session.id, width).into(),
            session.slot.to_string().into(),
            (&session.identity).into(),
            (&session.agent).into(),
            state_cell(session),
            (&session.project).into(),
            (&session.branch).into(),
            time_text(out, session).into(),
        ]);
    }
    table.shown(out)
}

fn session_text(out: &Output, session: &Session) -> String {
    let told = session.reason.as_ref().or(session.wants.as_ref()).map(|text| format!(": {text}"));
    let whose = if session.from_terminal { ", as its terminal says" } else { "" };
    let since = ago(out.now, session.since);
    let state = format!("{}{}{whose} ({since})", session.state_text(), told.unwrap_or_default());
    let mut rows = vec![
        ("session", session.id.clone()),
        ("slot", session.slot.to_string()),
        ("state", state),
        ("identity", session.identity.clone()),
        ("agent", session.agent.clone()),
        ("command", session.command.join(" ")),
        ("project", session.project.clone()),
        ("branch", session.branch.clone()),
        ("worktree", session.path.clone()),
        ("started", ago(out.now, session.started_at)),
    ];
    rows.extend(session.message.clone().map(|text| ("last words", text)));
    rows.extend(session.progress.map(|percent| ("progress", format!("{percent} %"))));
    rows.extend(session.title.clone().map(|title| ("title", title)));
    rows.extend(session.attention.as_ref().map(|look| {
        let words = look.text.as_ref().map_or("the bell rang".into(), |text| format!("\"{text}\""));
        ("terminal", format!("{words} ({})", ago(out.now, look.at)))
    }));
    if !session.stale.is_empty() {
        rows.push(("old values", format!("{} (until it is restarted)", session.stale.join(", "))));
    }
    rows.extend(session.ended_at.map(|ended| ("ended", ago(out.now, ended))));
    rows.extend(session.exit.map(|exit| ("exit", exit_text(exit))));
    details(out, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::sessions::Size;

    #[test]
    fn a_screen_ends_with_its_last_line_that_shows_something() {
        let lines = ["$ ls", "", "a\x1bb", "", ""].map(String::from).to_vec();
        let screen =
            Screen { size: Size::DEFAULT, lines, cursor: (0, 0), title: String::new(), scrollback: 0 };
        assert_eq!(screen_text(&screen), "$ ls\n\na\\u{1b}b\n");
    }

    #[test]
    fn a_line_ends_with_a_newline_or_with_enter_or_with_nothing() {
        let send = |raw, enter| Send { id: "1".into(), text: "ls".into(), raw, enter }.typed();
        assert_eq!([send(false, false), send(true, false), send(false, true)], ["ls\n", "ls", "ls\r"]);
    }
}
