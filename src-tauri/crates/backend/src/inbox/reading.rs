//! What is there: lists, whole messages, their files, and whether they were read.

use super::mail::read_mail;
use super::sealing::{Body, Seals};
use super::searching::Search;
use super::{Inbox, message};
use crate::caller::Caller;
use crate::store::{IdentityRow, MessageFilter, MessageRow};
use crate::wiped;
use anyhow::{Context, Result, bail};
use api::inbox::{
    AttachmentPart, DeleteMessage, Direction, ListMessages, MarkMessage, Message, MessageBody, Messages,
    PAGE, PAGE_MAX, ReadAttachment, ReadMessage,
};
use api::{Done, Error, SecretText};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// How much of a file one answer holds, in bytes.
const FILE_PART: usize = 1024 * 1024;
/// How large a page and a whole message may be as JSON, in bytes: an answer is one frame.
const ANSWER_MAX: usize = 3 * 1024 * 1024;

impl Inbox {
    /// A page of messages, newest first: of one identity, or of all.
    pub async fn list(&self, identity: Option<&IdentityRow>, call: ListMessages) -> Result<Messages> {
        let limit = call.limit.unwrap_or(PAGE);
        if !(1..=PAGE_MAX).contains(&limit) {
            bail!(Error::invalid(format!("a page holds 1 to {PAGE_MAX} messages, not {limit}")));
        }
        let search = call.search.as_deref().map(Search::read).transpose()?;
        let filter = MessageFilter {
            identity_id: identity.map(|row| row.id.clone()),
            medium: call.medium,
            direction: call.direction,
            unread: call.unread,
            thread: call.thread,
            before: call.before,
            after: call.after,
            ..MessageFilter::default()
        };
        let hits = self.hits(filter, search, usize::try_from(limit)?).await?;
        let (mut messages, mut next) = (self.seen(&hits.rows).await?, hits.floor);
        let mut size = 0;
        let fits = |message: &Message| {
            size += serde_json::to_vec(message).map_or(ANSWER_MAX, |json| json.len());
            size <= ANSWER_MAX
        };
        let fitting = messages
            .iter()
            .take_while({
                let mut fits = fits;
                move |message| fits(message)
            })
            .count();
        if fitting < messages.len() {
            messages.truncate(fitting.max(1));
            next = messages.last().map(|message| message.number);
        }
        Ok(Messages { messages, more: next.is_some(), next, unread: self.unread(identity).await? })
    }

    async fn unread(&self, identity: Option<&IdentityRow>) -> Result<u32> {
        let inboxes = self.parts.store.inboxes().await?;
        let wanted = |id: &str| identity.is_none_or(|identity| identity.id == id);
        let unread: i64 = inboxes.iter().filter(|row| wanted(&row.identity_id)).map(|row| row.unread).sum();
        Ok(u32::try_from(unread).unwrap_or(0))
    }

    /// A whole message. It counts as read from then on.
    pub async fn read(&self, caller: &Caller, call: ReadMessage) -> Result<MessageBody> {
        let (identity, mut row) = self.find(caller, &call.message).await?;
        let seals = self.seals(&identity)?;
        let body = self.body(&seals, &row).await?;
        if row.unread && !call.peek {
            self.parts.store.mark_message(&row, false).await?;
            row.unread = false;
            self.changed(&row.identity_id);
        }
        let head = seals.head(&row)?;
        let whole = MessageBody {
            message: message(&identity, &row, head, &seals)?,
            text: body.text,
            // What an agent has written is as little to be trusted as what came; that was cleaned when it came.
            html: match row.direction {
                Direction::Incoming => body.html,
                Direction::Outgoing => body.html.as_deref().map(super::mail::clean),
            },
            files: body.files,
            message_id: body.message_id,
        };
        fitting(whole)
    }

    /// Marks a message read or unread.
    pub async fn mark(&self, caller: &Caller, call: MarkMessage) -> Result<Message> {
        let (_, row) = self.find(caller, &call.message).await?;
        if self.parts.store.mark_message(&row, call.unread).await? {
            self.changed(&row.identity_id);
        }
        self.seen_one(&MessageRow { unread: call.unread, ..row }).await
    }

    /// A part of a file of a message.
    pub async fn attachment(&self, caller: &Caller, call: ReadAttachment) -> Result<AttachmentPart> {
        let (identity, row) = self.find(caller, &call.message).await?;
        let seals = self.seals(&identity)?;
        let body = self.body(&seals, &row).await?;
        let none = || {
            Error::not_found("file", &call.index.to_string())
                .hint(format!("the message has {} files, from 0 on", body.files.len()))
        };
        let file = body.files.iter().find(|file| file.index == call.index).ok_or_else(none)?.clone();
        if let Some(why) = &file.missing {
            bail!(
                Error::conflict(format!("that file is missing: {why}")).hint("it is tried again for hours")
            );
        }
        if call.offset > file.size {
            bail!(Error::invalid(format!("the file ends after {} bytes", file.size)));
        }
        let (index, offset) = (usize::try_from(call.index)?, usize::try_from(call.offset)?);
        // A mail is large: no more of them are opened at once than there are places.
        let _place = self.parsing.acquire().await?;
        let raw = self.raw(&seals, &row).await?;
        let taken = tokio::task::spawn_blocking(move || {
            let file = read_mail(&raw).files.into_iter().nth(index)?;
            let end = file.bytes.len().min(offset.saturating_add(FILE_PART));
            let part = file.bytes.get(offset..end)?;
            Some((BASE64_STANDARD.encode(part), (end < file.bytes.len()).then_some(end as u64)))
        });
        let (base64, next) = taken.await?.context("a file of a message is gone")?;
        Ok(AttachmentPart { file, base64: SecretText::new(base64), next })
    }

    /// Deletes a message here. Its source does not bring it back.
    pub async fn delete(&self, call: DeleteMessage) -> Result<Done> {
        let (_, row) = self.find(&Caller::Owner, &call.message).await?;
        self.parts.store.delete_messages(&[row.number], Some(self.deleted_until())).await?;
        self.parts.store.flush().await?;
        self.changed(&row.identity_id);
        Ok(Done {})
    }

    pub(super) async fn body(&self, seals: &Seals, row: &MessageRow) -> Result<Body> {
        let sealed = self.parts.store.message_part(row.number, 0).await?;
        let gone = || Error::not_found("message", &row.id);
        seals.body(&row.id, &sealed.ok_or_else(gone)?)
    }

    /// A mail as it came.
    async fn raw(&self, seals: &Seals, row: &MessageRow) -> Result<Vec<u8>> {
        let mut raw = Vec::new();
        for part in 1_u32.. {
            let Some(sealed) = self.parts.store.message_part(row.number, part.into()).await? else { break };
            // EXPOSE: the mail is taken apart for whoever may read it.
            raw.extend_from_slice(seals.piece(&row.id, part.into(), &sealed)?.expose());
        }
        Ok(raw)
    }
}

/// The message, cut so that one frame can hold it: its HTML goes first.
fn fitting(mut whole: MessageBody) -> Result<MessageBody> {
    if wiped::json(&whole)?.len() > ANSWER_MAX {
        whole.html = None;
    }
    while wiped::json(&whole)?.len() > ANSWER_MAX && !whole.text.is_empty() {
        let mut half = whole.text.len() / 2;
        while !whole.text.is_char_boundary(half) {
            half -= 1;
        }
        whole.text.truncate(half);
    }
    Ok(whole)
}
