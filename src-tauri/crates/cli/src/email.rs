//! `lanyard email`: the mail of an identity.

use crate::awaited::WaitForMail;
use crate::failure::{Failure, Result};
use crate::hand::Hand;
use crate::inbox::{self, Filter, Read};
use crate::output::{self, clean};
use crate::prompt;
use crate::secrets::{Asking, Whose};
use api::inbox::{BODY_MAX, Medium, Message, ReadAttachment, SendMessage, Sending};
use api::{Error, SecretText};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

/// What stands below the help.
pub const EXAMPLES: &str = "\
Examples:
  lanyard email code --from github --timeout 2m      # waits, then prints the bare code
  lanyard email link --subject verify --json | jq -r .value
  lanyard email list --unread --json | jq -r '.messages[].subject'
  lanyard email read 12                              # by the number that lists print
  lanyard email file 12 0 --output report.pdf
  lanyard email send --to dan@example.com --subject Hi --body-file - <letter.txt
  lanyard email reply 12 --all --body \"By all means\"";

/// What can be done with mail.
#[derive(Debug, clap::Subcommand)]
pub enum EmailCommand {
    /// List mail, newest first
    List(Filter),
    /// Show a mail and count it as read
    Read(Read),
    /// Send a mail
    Send(Send),
    /// Answer a mail
    Reply(Reply),
    /// Wait until a mail is there, and show it
    Wait(WaitForMail),
    /// Wait for a mail with a link to verify or sign in by, and print the bare link
    Link(WaitForMail),
    /// Wait for a mail with a one-time code, and print the bare code
    Code(WaitForMail),
    /// Write a file of a mail to standard output, or to another file
    File(FileOf),
}

/// A mail to send.
#[derive(Debug, clap::Args)]
pub struct Send {
    #[command(flatten)]
    whose: Whose,
    /// Whom it goes to; may stand more than once, or with commas
    #[arg(long, required = true, value_delimiter = ',', value_name = "ADDRESS")]
    to: Vec<String>,
    /// Who gets a copy
    #[arg(long, value_delimiter = ',', value_name = "ADDRESS")]
    cc: Vec<String>,
    /// Who gets a copy that the others do not see
    #[arg(long, value_delimiter = ',', value_name = "ADDRESS")]
    bcc: Vec<String>,
    /// The subject
    #[arg(long, default_value = "")]
    subject: String,
    #[command(flatten)]
    text: Text,
    #[command(flatten)]
    asking: Asking,
}

/// An answer to a mail.
#[derive(Debug, clap::Args)]
pub struct Reply {
    /// The number or id of the mail that it answers
    message: String,
    #[command(flatten)]
    whose: Whose,
    /// Everybody in that mail gets it
    #[arg(long)]
    all: bool,
    /// Another subject than that of the answered mail
    #[arg(long)]
    subject: Option<String>,
    #[command(flatten)]
    text: Text,
    #[command(flatten)]
    asking: Asking,
}

/// What a mail says.
#[derive(Debug, clap::Args)]
pub struct Text {
    /// The text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, required_unless_present = "body_file")]
    body: Option<String>,
    /// A file that holds the text; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "body")]
    body_file: Option<PathBuf>,
    /// The text is HTML
    #[arg(long)]
    html: bool,
}

/// A file of a mail.
#[derive(Debug, clap::Args)]
pub struct FileOf {
    /// The mail's number or id
    message: String,
    /// Which of its files, from 0
    index: u32,
    /// Where to write it; it must not be there yet
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl EmailCommand {
    /// Does it.
    pub fn run(self, hand: &mut Hand) -> Result<()> {
        match self {
            EmailCommand::List(filter) => inbox::list(hand, filter, Some(Medium::Email)),
            EmailCommand::Read(read) => inbox::read(hand, read),
            EmailCommand::Send(send) => send.run(hand),
            EmailCommand::Reply(reply) => reply.run(hand),
            EmailCommand::Wait(wait) => wait.message(hand),
            EmailCommand::Link(wait) => wait.link(hand),
            EmailCommand::Code(wait) => wait.code(hand),
            EmailCommand::File(file) => file.run(hand),
        }
    }
}

impl Send {
    fn run(self, hand: &mut Hand) -> Result<()> {
        let (text, html) = self.text.read()?;
        let call = SendMessage {
            identity: self.whose.identity,
            to: self.to,
            cc: self.cc,
            bcc: self.bcc,
            subject: Some(self.subject),
            html,
            wait_ms: self.asking.wait_ms(),
            reason: self.asking.reason,
            ..empty(Medium::Email, text)
        };
        send(hand, &call)
    }
}

impl Reply {
    fn run(self, hand: &mut Hand) -> Result<()> {
        let (text, html) = self.text.read()?;
        let call = SendMessage {
            identity: self.whose.identity,
            subject: self.subject,
            html,
            answers: Some(self.message),
            to_all: self.all,
            wait_ms: self.asking.wait_ms(),
            reason: self.asking.reason,
            ..empty(Medium::Email, text)
        };
        send(hand, &call)
    }
}

impl Text {
    /// The text, and the same as HTML where that is what was given.
    fn read(self) -> Result<(SecretText, Option<SecretText>)> {
        let text = match (self.body, self.body_file) {
            (Some(text), _) => SecretText::new(text),
            (None, Some(path)) if path.as_os_str() == "-" => prompt::piped(BODY_MAX)?,
            (None, Some(path)) => {
                let called = clean(&path.display().to_string()).into_owned();
                let told = |e| Failure::system(&format!("reading {called}"), e);
                prompt::read_text(&mut File::open(&path).map_err(told)?, &called, BODY_MAX)?
            }
            (None, None) => return Err(Failure::Usage(Error::invalid("say what it says with --body"))),
        };
        Ok(match self.html {
            true => (SecretText::new(String::new()), Some(text)),
            false => (text, None),
        })
    }
}

impl FileOf {
    fn run(self, hand: &mut Hand) -> Result<()> {
        let told = |e: std::io::Error| Failure::system("writing the file", e);
        let mut file = match &self.output {
            Some(path) => Some(File::create_new(path).map_err(told)?),
            None => None,
        };
        let mut offset = Some(0);
        while let Some(from) = offset {
            let call = ReadAttachment { message: self.message.clone(), index: self.index, offset: from };
            let part = hand.ask(&call)?;
            // EXPOSE: the caller asked for this file.
            let bytes = BASE64_STANDARD.decode(part.base64.expose());
            let bytes = bytes.map_err(|e| Failure::system("reading a part of the file", e))?;
            match &mut file {
                Some(file) => file.write_all(&bytes).map_err(told)?,
                None => output::write(&bytes)?,
            }
            offset = part.next;
        }
        Ok(())
    }
}

/// A message that goes to nobody yet.
pub fn empty(medium: Medium, text: SecretText) -> SendMessage {
    SendMessage {
        identity: None,
        medium,
        to: Vec::new(),
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: None,
        text,
        html: None,
        answers: None,
        to_all: false,
        reason: None,
        wait_ms: None,
    }
}

/// Sends a message and says how that goes.
pub fn send(hand: &mut Hand, call: &SendMessage) -> Result<()> {
    let message = hand.ask_patiently(call)?;
    hand.out.show(&message, || told(&message))
}

fn told(message: &Message) -> String {
    let state = match &message.sending {
        Some(Sending::Sent) => "sent".to_string(),
        Some(Sending::Failed { reason }) => format!("not sent: {}", clean(reason)),
        _ => "on its way".to_string(),
    };
    format!("Message {} to {} is {state}.", message.number, clean(&message.to.join(", ")))
}
