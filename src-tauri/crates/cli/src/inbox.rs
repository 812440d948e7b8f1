//! `lanyard inbox`: mail and text messages in one list, and how inboxes are set.

mod examine;

use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::output::{Look, Output, ago, clean, count};
use crate::secrets::PolicyName;
use crate::table::{Cell, Table, details};
use api::inbox::{
    DeleteMessage, Direction, GetInbox, InboxSettings, ListMessages, Medium, Message, MessageBody, Messages,
    PAGE, PAGE_MAX, ReadMessage, Sending, SetInbox,
};
use api::secrets::Policy;

/// What stands below the help.
pub const EXAMPLES: &str = "\
Examples:
  lanyard inbox list --identity ada --search \"order 17\"
  lanyard inbox set ada --sending ask --keep 30      # you approve each message; kept for 30 days
  lanyard inbox examine letter.eml | jq -r '.codes[0].value'";

/// What can be done with inboxes.
#[derive(Debug, clap::Subcommand)]
pub enum InboxCommand {
    /// List mail and text messages, newest first
    List(Filter),
    /// Show a message and count it as read
    Read(Read),
    /// Print the codes and links in a message as JSON, best first; it goes nowhere, and no daemon is needed
    Examine(examine::Examine),
    /// Show how an inbox is set
    Settings {
        /// The identity, by name or id
        identity: String,
    },
    /// Say how long an inbox keeps messages, and whether its agents may send
    Set(Set),
    /// Delete a message here; no server is told
    Delete {
        /// Its number or id
        message: String,
    },
}

/// Which messages are meant.
#[derive(Debug, Clone, clap::Args)]
pub struct Filter {
    /// Of this identity alone, by name or id; for the owner all if left out
    #[arg(long, value_name = "NAME")]
    pub identity: Option<String>,
    /// Only those that nobody has read
    #[arg(long)]
    pub unread: bool,
    /// Only those that came
    #[arg(long, conflicts_with = "sent")]
    pub received: bool,
    /// Only those that were sent
    #[arg(long)]
    pub sent: bool,
    /// Only those with all of these words in subject, sender or text; the last one may be the beginning of a word, of four letters or more
    #[arg(long, value_name = "WORDS")]
    pub search: Option<String>,
    /// Only those of this thread
    #[arg(long, value_name = "ID")]
    pub thread: Option<String>,
    /// Only those with a smaller number than this: older ones
    #[arg(long, value_name = "NUMBER")]
    pub before: Option<i64>,
    /// Only those with a greater number than this: newer ones
    #[arg(long, value_name = "NUMBER")]
    pub after: Option<i64>,
    /// How many at most
    #[arg(long, default_value_t = PAGE, value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGE_MAX)))]
    pub limit: u32,
}

/// A message to read.
#[derive(Debug, clap::Args)]
pub struct Read {
    /// Its number, its id, or the beginning of that
    pub message: String,
    /// Leave it unread
    #[arg(long)]
    pub peek: bool,
}

/// How an inbox shall be.
#[derive(Debug, clap::Args)]
pub struct Set {
    /// The identity, by name or id
    identity: String,
    /// How many days a message is kept; 0 keeps it for ever
    #[arg(long, value_name = "DAYS")]
    keep: Option<u32>,
    /// auto: agents send freely; ask: you approve each message; deny: no agent sends
    #[arg(long, value_enum)]
    sending: Option<PolicyName>,
}

impl InboxCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            InboxCommand::List(filter) => list(hand, filter, None),
            InboxCommand::Read(read) => self::read(hand, read),
            InboxCommand::Examine(examine) => examine.run(hand),
            InboxCommand::Settings { identity } => {
                let settings = hand.ask(&GetInbox { identity })?;
                hand.out.show(&settings, || shown_settings(&hand.out, &settings))
            }
            InboxCommand::Set(Set { identity, keep, sending }) => {
                let sending = sending.map(Policy::from);
                let settings = hand.ask(&SetInbox { identity, keep_days: keep, sending })?;
                hand.out.show(&settings, || shown_settings(&hand.out, &settings))
            }
            InboxCommand::Delete { message } => {
                let text = format!("Deleted message {}.", clean(&message));
                hand.ask(&DeleteMessage { message })?;
                hand.out.done(&text)
            }
        }
    }
}

/// Lists messages, of one medium or of both. What a page leaves out is asked for until there is enough.
pub fn list(hand: &mut Hand, filter: Filter, medium: Option<Medium>) -> Result<()> {
    let direction = match (filter.received, filter.sent) {
        (true, _) => Some(Direction::Incoming),
        (_, true) => Some(Direction::Outgoing),
        _ => None,
    };
    let mut call = ListMessages {
        identity: filter.identity,
        medium,
        direction,
        unread: filter.unread,
        thread: filter.thread,
        search: filter.search,
        before: filter.before,
        after: filter.after,
        limit: Some(filter.limit),
    };
    let wanted = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let mut page = hand.ask(&call)?;
    while page.more && page.messages.len() < wanted {
        call.before = page.next;
        let older = hand.ask(&call)?;
        page = Messages { messages: [page.messages, older.messages].concat(), ..older };
    }
    if page.messages.len() > wanted {
        page.messages.truncate(wanted);
        page.more = true;
        page.next = page.messages.last().map(|message| message.number);
    }
    hand.out.show(&page, || table(&hand.out, &page))
}

fn table(out: &Output, page: &Messages) -> String {
    if page.messages.is_empty() {
        return "No such messages.".into();
    }
    let mut table = Table::new(["NUMBER", "IDENTITY", "WHEN", "FROM OR TO", "SUBJECT", "FOUND"]);
    for message in &page.messages {
        let look = if message.unread { Look::Good } else { Look::Plain };
        let subject = if message.subject.is_empty() { &message.preview } else { &message.subject };
        table.row([
            Cell::looking(look, &message.number.to_string()),
            (&message.identity_name).into(),
            ago(out.now, message.at).into(),
            other_side(message).into(),
            subject.chars().take(60).collect::<String>().into(),
            found(message).into(),
        ]);
    }
    let more = match page.next {
        Some(next) => format!("Older ones: --before {next}\n"),
        None => String::new(),
    };
    format!("{}{} unread.\n{more}", table.shown(out), page.unread)
}

fn other_side(message: &Message) -> String {
    match message.direction {
        Direction::Incoming => message.from_name.clone().unwrap_or_else(|| message.from.clone()),
        Direction::Outgoing => format!("to {}", message.to.join(", ")),
    }
}

fn found(message: &Message) -> String {
    let code = message.found.codes.first().map(|code| format!("code {}", code.value));
    let link = message.found.links.first().map(|_| "link".to_string());
    let failed = matches!(message.sending, Some(Sending::Failed { .. })).then(|| "not sent".to_string());
    code.into_iter().chain(link).chain(failed).collect::<Vec<_>>().join(", ")
}

/// Shows a whole message.
pub fn read(hand: &mut Hand, read: Read) -> Result<()> {
    let body = hand.ask(&ReadMessage { message: read.message, peek: read.peek })?;
    hand.out.show(&body, || whole(&hand.out, &body))
}

fn whole(out: &Output, body: &MessageBody) -> String {
    let message = &body.message;
    let from = match &message.from_name {
        Some(name) => format!("{name} <{}>", message.from),
        None => message.from.clone(),
    };
    let mut rows =
        vec![("number", message.number.to_string()), ("from", from), ("to", message.to.join(", "))];
    if !message.cc.is_empty() {
        rows.push(("cc", message.cc.join(", ")));
    }
    rows.push(("when", ago(out.now, message.at)));
    if !message.subject.is_empty() {
        rows.push(("subject", message.subject.clone()));
    }
    match &message.sending {
        None => {}
        Some(Sending::Queued) => rows.push(("sending", "on its way".into())),
        Some(Sending::Sent) => rows.push(("sending", "sent".into())),
        Some(Sending::Failed { reason }) => rows.push(("sending", format!("failed: {reason}"))),
    }
    rows.extend(message.found.codes.iter().map(|code| ("code", code.value.clone())));
    rows.extend(message.found.links.iter().map(|link| ("link", link.url.clone())));
    let file = |file: &api::inbox::Attachment| match &file.missing {
        Some(why) => format!("{} {} (missing: {why})", file.index, file.name),
        None => format!("{} {} ({} bytes)", file.index, file.name, file.size),
    };
    rows.extend(body.files.iter().map(|one| ("file", file(one))));
    let text: String = body.text.lines().map(|line| format!("{}\n", clean(line))).collect();
    format!("{}\n{text}", details(out, &rows))
}

fn shown_settings(out: &Output, settings: &InboxSettings) -> String {
    let kept = settings
        .keep_days
        .map_or("for ever".into(), |days| count(usize::try_from(days).unwrap_or(usize::MAX), "day"));
    let rows = [
        ("messages", settings.messages.to_string()),
        ("kept", kept),
        ("sending by agents", settings.sending.name().into()),
    ];
    details(out, &rows)
}

/// A time that is over has an exit status of its own, as with `lanyard wait`.
pub fn timed_out(failure: Failure) -> Failure {
    match failure {
        Failure::Refused(error) if error.code == api::Code::Timeout => Failure::Status(124, Some(error)),
        failure => failure,
    }
}
