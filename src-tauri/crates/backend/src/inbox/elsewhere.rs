//! Mails that a source's server keeps as well: their files may come later than they did, and they are answered there.

use super::Inbox;
use super::receiving::{check_size, new_message, parts_of_letter};
use crate::store::MessageRow;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A mail that a server keeps as well.
#[derive(Clone)]
pub struct Letter {
    /// The mail.
    pub raw: Vec<u8>,
    /// The id of the source, a blank, and its server's id of the mail.
    pub theirs: String,
    /// Which of its files are missing, and why.
    pub missing: BTreeMap<u32, String>,
    /// Whether another try may bring them.
    pub again: bool,
}

/// How a mail is answered by the server that keeps the one that it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// That mail, as a [`Letter`] has it.
    pub theirs: String,
    /// Whether it goes to everybody in it.
    pub all: bool,
    /// Who gets a copy and is not named in it.
    pub more: Vec<String>,
}

impl Reply {
    /// The id of the mail at a source's server, if that is where it is.
    pub fn id_at(&self, source_id: &str) -> Option<&str> {
        self.theirs.strip_prefix(source_id)?.strip_prefix(' ')
    }
}

impl Inbox {
    /// Whose a message is, and where else it is kept.
    pub async fn theirs(&self, id: &str) -> Result<Option<(String, String)>> {
        let Some(row) = self.parts.store.messages_named(id, None).await?.pop() else { return Ok(None) };
        let Some(identity) = self.parts.store.identity(&row.identity_id).await? else { return Ok(None) };
        let body = self.body(&self.seals(&identity)?, &row).await?;
        Ok(body.theirs.map(|theirs| (row.identity_id, theirs)))
    }

    /// Puts a mail with more of its files in its place. Whether it was read stays, and so does all else.
    pub async fn complete(&self, id: &str, letter: Letter) -> Result<()> {
        check_size(letter.raw.len())?;
        self.check_disk(letter.raw.len())?;
        let Some(row) = self.parts.store.messages_named(id, None).await?.pop() else { return Ok(()) };
        let Some(identity) = self.parts.store.identity(&row.identity_id).await? else { return Ok(()) };
        let seals = self.seals(&identity)?;
        let _place = self.parsing.acquire().await?;
        let message = tokio::task::spawn_blocking(move || {
            let (head, body) = parts_of_letter(&letter);
            new_message(&seals, MessageRow { head: Vec::new(), ..row }, &head, &body, &letter.raw)
        });
        self.parts.store.replace_message(&message.await??).await?;
        self.changed(&identity.id);
        Ok(())
    }
}
