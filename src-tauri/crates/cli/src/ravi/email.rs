//! `ravi email` and `ravi sms`: what the guides list, and what is sent.

use super::Ravi;
use super::errors::{refused, required};
use super::secrets::given;
use crate::failure::Result;
use api::SecretText;
use api::inbox::{Medium, SendMessage};
use api::ravi::{EmailMessage, ListedEmail, ListedText, PhoneMessage, content, forwarded};

/// What can be done with mail.
#[derive(Debug, clap::Subcommand)]
pub enum EmailCommand {
    /// List mails with their texts, codes and links, newest first
    List(List),
    /// Send a mail
    Compose(Compose),
    /// Answer the sender of a mail
    Reply(Answer),
    /// Answer everybody in a mail
    ReplyAll(Answer),
    /// Pass a mail on
    Forward(Forward),
}

/// What can be done with text messages.
#[derive(Debug, clap::Subcommand)]
pub enum SmsCommand {
    /// List text messages with the codes in them, newest first
    List(List),
    /// Send a text message
    Send(SendText),
}

/// Which messages are listed.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct List {
    /// Unread ones alone; they stay unread
    #[arg(long)]
    unread: bool,
}

/// A text message to send.
#[derive(Debug, clap::Args)]
pub struct SendText {
    /// The number that gets it
    #[arg(long)]
    to: Option<String>,
    /// Its text; - reads standard input
    #[arg(long, allow_hyphen_values = true)]
    body: Option<String>,
}

/// A mail to send.
#[derive(Debug, clap::Args)]
pub struct Compose {
    /// Who gets it, with commas between
    #[arg(long)]
    to: Option<String>,
    /// Its subject
    #[arg(long, allow_hyphen_values = true)]
    subject: Option<String>,
    #[command(flatten)]
    content: Content,
}

/// An answer to send.
#[derive(Debug, clap::Args)]
pub struct Answer {
    /// The mail that is answered
    message_id: String,
    #[command(flatten)]
    content: Content,
}

/// A mail to pass on.
#[derive(Debug, clap::Args)]
pub struct Forward {
    /// The mail that is passed on
    message_id: String,
    /// Who gets it, with commas between
    #[arg(long)]
    to: Option<String>,
    #[command(flatten)]
    content: Content,
}

/// What is written.
#[derive(Debug, clap::Args)]
pub struct Content {
    /// The text, or HTML; - reads standard input
    #[arg(long, allow_hyphen_values = true)]
    body: Option<String>,
    /// Who gets a copy, with commas between
    #[arg(long, default_value = "", hide_default_value = true)]
    cc: String,
    /// Who gets a copy that the others do not see
    #[arg(long, default_value = "", hide_default_value = true)]
    bcc: String,
    /// Not here: Lanyard sends no files
    #[arg(long)]
    attach: Vec<String>,
}

impl Ravi<'_> {
    pub(super) fn email(&mut self, command: EmailCommand) -> Result<()> {
        let mail = match command {
            EmailCommand::List(List { unread }) => {
                let bodies = self.bodies(Medium::Email, unread)?;
                return self.printing.print(&bodies.into_iter().map(ListedEmail::from).collect::<Vec<_>>());
            }
            EmailCommand::Compose(Compose { to, subject, content }) => {
                required(&[
                    ("body", content.body.is_some()),
                    ("subject", subject.is_some()),
                    ("to", to.is_some()),
                ])?;
                SendMessage { to: split(&to.unwrap_or_default()), subject, ..self.mail(content)? }
            }
            EmailCommand::Reply(answer) => self.answer(answer, false)?,
            EmailCommand::ReplyAll(answer) => self.answer(answer, true)?,
            EmailCommand::Forward(forward) => self.forward(forward)?,
        };
        // Whoever sends under the policy `ask` waits for the owner. It is not tried again: once is enough.
        let sent = self.hand.ask_patiently(&mail)?;
        let body = self.read(&sent.id, Medium::Email)?;
        self.printing.print(&EmailMessage::from(body))
    }

    pub(super) fn sms(&mut self, command: SmsCommand) -> Result<()> {
        match command {
            SmsCommand::List(List { unread }) => {
                let bodies = self.bodies(Medium::Sms, unread)?;
                self.printing.print(&bodies.into_iter().map(ListedText::from).collect::<Vec<_>>())
            }
            SmsCommand::Send(SendText { to, body }) => {
                required(&[("body", body.is_some()), ("to", to.is_some())])?;
                let text = given(body.unwrap_or_default())?;
                let to = vec![to.unwrap_or_default()];
                let sent =
                    self.hand.ask_patiently(&SendMessage { to, ..self.outgoing(Medium::Sms, text) })?;
                let body = self.read(&sent.id, Medium::Sms)?;
                self.printing.print(&PhoneMessage::from(body))
            }
        }
    }

    fn answer(&mut self, answer: Answer, to_all: bool) -> Result<SendMessage> {
        required(&[("body", answer.content.body.is_some())])?;
        let answered = self.read(&answer.message_id, Medium::Email)?;
        Ok(SendMessage { answers: Some(answered.message.id), to_all, ..self.mail(answer.content)? })
    }

    fn forward(&mut self, forward: Forward) -> Result<SendMessage> {
        required(&[("body", forward.content.body.is_some()), ("to", forward.to.is_some())])?;
        let original = self.read(&forward.message_id, Medium::Email)?;
        let mail = self.mail(forward.content)?;
        // EXPOSE: the note stands above the text that is passed on.
        let (subject, text) = forwarded(&original, mail.text.expose());
        let to = split(&forward.to.unwrap_or_default());
        Ok(SendMessage { to, subject: Some(subject), text: SecretText::new(text), html: None, ..mail })
    }

    fn mail(&self, written: Content) -> Result<SendMessage> {
        if !written.attach.is_empty() {
            return Err(refused("Lanyard sends no files yet: leave --attach out"));
        }
        let body = given(written.body.unwrap_or_default())?;
        // EXPOSE: it is looked at whether it is HTML.
        let (text, html) = content(body.expose());
        Ok(SendMessage {
            cc: split(&written.cc),
            bcc: split(&written.bcc),
            html: html.map(SecretText::new),
            ..self.outgoing(Medium::Email, SecretText::new(text))
        })
    }

    fn outgoing(&self, medium: Medium, text: SecretText) -> SendMessage {
        SendMessage { identity: self.identity.clone(), ..crate::email::empty(medium, text) }
    }
}

fn split(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|one| !one.is_empty()).map(String::from).collect()
}
