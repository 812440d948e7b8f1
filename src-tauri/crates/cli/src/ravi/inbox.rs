//! `ravi inbox` and `ravi message`: mail by thread, texts by conversation, and both one by one.

use super::Ravi;
use super::errors::refused;
use crate::failure::{Failure, Result};
use api::inbox::{ListMessages, MarkMessage, Medium, Message, MessageBody, PAGE, PAGE_MAX, ReadMessage};
use api::ravi::{
    EmailMessage, PhoneMessage, SmsConversation, conversation_detail, conversations, number_of,
    thread_detail, threads,
};
use api::{Code, Error};

/// How many messages are looked at for threads, conversations and contacts: the newest ones.
const LOOKED_AT: usize = 1000;

/// Which messages are meant.
#[derive(Debug, clap::Subcommand)]
pub enum InboxCommand {
    /// Mail
    Email(Which),
    /// Text messages
    Sms(Which),
}

/// All, the unread ones, or one.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// One alone, which counts as read from then on
    #[arg(allow_hyphen_values = true)]
    id: Option<String>,
    /// Unread ones alone
    #[arg(long)]
    pub unread: bool,
}

impl Ravi<'_> {
    pub(super) fn inbox(&mut self, command: InboxCommand) -> Result<()> {
        match command {
            InboxCommand::Email(Which { id: Some(id), .. }) => {
                let listed = self.some(Some(Medium::Email), |list| list.thread = Some(id.clone()))?;
                let bodies = self.seen(&listed)?;
                self.printing.print(&thread_detail(&id, bodies))
            }
            InboxCommand::Sms(Which { id: Some(id), .. }) => {
                let number = number_of(&id).to_string();
                let mut listed = self.messages(Some(Medium::Sms), false)?;
                listed.retain(|message| SmsConversation::has(&number, message));
                let bodies = self.seen(&listed)?;
                self.printing.print(&conversation_detail(&number, bodies))
            }
            InboxCommand::Email(Which { unread, .. }) => {
                let (me, listed) = (self.shown()?, self.messages(Some(Medium::Email), false)?);
                let mut all = threads(&listed, &me.inbox);
                all.retain(|thread| !unread || thread.unread_count > 0);
                self.printing.print(&all)
            }
            InboxCommand::Sms(Which { unread, .. }) => {
                let (me, listed) = (self.shown()?, self.messages(Some(Medium::Sms), false)?);
                let mut all = conversations(&listed, &me.phone);
                all.retain(|conversation| !unread || conversation.unread_count > 0);
                self.printing.print(&all)
            }
        }
    }

    /// One message, or the newest of them, the oldest first.
    pub(super) fn message(&mut self, command: InboxCommand) -> Result<()> {
        let (medium, which) = match command {
            InboxCommand::Email(which) => (Medium::Email, which),
            InboxCommand::Sms(which) => (Medium::Sms, which),
        };
        if let Some(id) = which.id {
            let body = self.read(&id, medium)?;
            self.mark_read(&body.message)?;
            return match medium {
                Medium::Email => self.printing.print(&EmailMessage::from(body)),
                Medium::Sms => self.printing.print(&PhoneMessage::from(body)),
            };
        }
        let mut bodies = self.bodies(medium, which.unread)?;
        bodies.reverse();
        match medium {
            Medium::Email => {
                self.printing.print(&bodies.into_iter().map(EmailMessage::from).collect::<Vec<_>>())
            }
            Medium::Sms => {
                self.printing.print(&bodies.into_iter().map(PhoneMessage::from).collect::<Vec<_>>())
            }
        }
    }

    /// The newest messages with their texts, newest first. They stay unread: a script that looks until something
    /// is there must find it again.
    pub(super) fn bodies(&mut self, medium: Medium, unread: bool) -> Result<Vec<MessageBody>> {
        let mut listed = self.some(Some(medium), |list| list.unread = unread)?;
        listed.truncate(PAGE as usize);
        listed.iter().map(|message| self.peek(&message.id)).collect()
    }

    /// A message of the identity that is meant.
    pub(super) fn read(&mut self, wanted: &str, medium: Medium) -> Result<MessageBody> {
        let unknown = || Failure::from(Error::not_found("message", wanted));
        let me = self.me()?.id;
        match self.peek(wanted) {
            Ok(body) if body.message.identity == me && body.message.medium == medium => Ok(body),
            Ok(_) => Err(unknown()),
            Err(Failure::Refused(error)) if error.code == Code::NotFound => Err(unknown()),
            Err(failure) => Err(failure),
        }
    }

    fn peek(&mut self, message: &str) -> Result<MessageBody> {
        self.hand.ask(&ReadMessage { message: message.into(), peek: true })
    }

    /// The whole messages, which count as read from now on.
    fn seen(&mut self, messages: &[Message]) -> Result<Vec<MessageBody>> {
        if messages.is_empty() {
            return Err(refused("API error: Not found."));
        }
        let mut bodies = Vec::with_capacity(messages.len());
        for message in messages {
            bodies.push(self.peek(&message.id)?);
            self.mark_read(message)?;
        }
        Ok(bodies)
    }

    fn mark_read(&mut self, message: &Message) -> Result<()> {
        if message.unread {
            self.hand.ask(&MarkMessage { message: message.id.clone(), unread: false })?;
        }
        Ok(())
    }

    /// The newest messages, newest first.
    pub(super) fn messages(&mut self, medium: Option<Medium>, unread: bool) -> Result<Vec<Message>> {
        self.some(medium, |list| list.unread = unread)
    }

    fn some(&mut self, medium: Option<Medium>, narrow: impl Fn(&mut ListMessages)) -> Result<Vec<Message>> {
        let identity = Some(self.me()?.id);
        let mut list = ListMessages { identity, medium, limit: Some(PAGE_MAX), ..ListMessages::default() };
        narrow(&mut list);
        let mut all: Vec<Message> = Vec::new();
        loop {
            let page = self.hand.ask(&list)?;
            list.before = page.next;
            all.extend(page.messages);
            if !page.more || list.before.is_none() || all.len() >= LOOKED_AT {
                return Ok(all);
            }
        }
    }
}
