//! Pages of messages, and those that hold some words. What takes time does not grow with what is stored: the words'
//! index gives numbers in order, and only a word's beginning has to be looked at in the opened message.

use super::Inbox;
use super::receiving::searched;
use super::sealing::Seals;
use super::words::{BEGINNING, beginning, words};
use crate::store::{IdentityRow, MessageFilter, MessageRow};
use anyhow::{Result, bail};
use api::Error;

/// How many words a search has at most.
const WORDS_MAX: usize = 12;
/// How many messages one page opens to look for a word's beginning, and how many bytes.
const OPENED_MAX: usize = 2000;
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// What is looked for.
pub struct Search {
    /// Whole words, the longest first: of words that are equally common they are the better ones to begin with.
    whole: Vec<String>,
    /// What the last word begins with: it may not be finished.
    begun: Option<String>,
}

/// Some messages, those with the highest numbers first; nothing is left out above `floor`.
#[derive(Default)]
pub struct Hits {
    pub rows: Vec<MessageRow>,
    /// Below this there may be more; none if there is no more.
    pub floor: Option<i64>,
}

impl Search {
    /// What these words look for.
    pub fn read(text: &str) -> Result<Self> {
        let mut whole = words(text);
        if whole.is_empty() {
            bail!(Error::invalid("there is no word to search for").hint("give letters or digits"));
        }
        if whole.len() > WORDS_MAX {
            bail!(Error::invalid(format!("a search has at most {WORDS_MAX} words")));
        }
        let begun = whole.pop_if(|last| beginning(last).is_some());
        whole.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        whole.dedup();
        Ok(Self { whole, begun })
    }

    /// The hashes that a message has that holds all this, as far as hashes tell.
    fn hashes(&self, seals: &Seals) -> Vec<i64> {
        let whole = self.whole.iter().map(|word| seals.word("word", word));
        let begun = self.begun.as_deref().and_then(beginning).map(|word| seals.word("beginning", word));
        whole.chain(begun).collect()
    }

    /// The beginning that hashes do not tell.
    fn longer(&self) -> Option<&str> {
        self.begun.as_deref().filter(|word| word.chars().count() > BEGINNING)
    }
}

impl Inbox {
    /// A page of messages of all identities, or of the one that the filter names.
    pub(super) async fn hits(
        &self,
        filter: MessageFilter,
        search: Option<Search>,
        limit: usize,
    ) -> Result<Hits> {
        let Some(search) = search else {
            let rows = self.parts.store.messages(&filter, i64::try_from(limit + 1)?).await?;
            return Ok(cut(Hits { rows, floor: None }, limit));
        };
        let identities = self.parts.store.identities().await?;
        let wanted = |row: &&IdentityRow| filter.identity_id.as_ref().is_none_or(|id| *id == row.id);
        let mut all = Hits::default();
        // Each identity has hashes of its own.
        for identity in identities.iter().filter(wanted) {
            let filter = MessageFilter { identity_id: Some(identity.id.clone()), ..filter.clone() };
            let hits = self.hits_of(identity, filter, &search, limit).await?;
            all.rows.extend(hits.rows);
            all.floor = all.floor.max(hits.floor);
        }
        all.rows.sort_by_key(|row| std::cmp::Reverse(row.number));
        let floor = all.floor.unwrap_or(i64::MIN);
        all.rows.retain(|row| row.number >= floor);
        Ok(cut(all, limit))
    }

    async fn hits_of(
        &self,
        identity: &IdentityRow,
        filter: MessageFilter,
        search: &Search,
        limit: usize,
    ) -> Result<Hits> {
        let seals = self.seals(identity)?;
        let words = self.parts.store.rarest_first(search.hashes(&seals)).await?;
        let mut filter = MessageFilter { words, ..filter };
        let (mut hits, mut opened, mut bytes, page) = (Hits::default(), 0, 0, limit + 1);
        loop {
            let rows = self.parts.store.messages(&filter, i64::try_from(page)?).await?;
            let is_last = rows.len() < page;
            for row in rows {
                filter.before = Some(row.number);
                opened += 1;
                let (fits, size) = self.begins(&seals, &row, search).await?;
                bytes += size;
                if fits {
                    hits.rows.push(row);
                }
                if hits.rows.len() == page || opened == OPENED_MAX || bytes > BYTES_MAX {
                    hits.floor = filter.before;
                    return Ok(hits);
                }
            }
            if is_last {
                return Ok(hits);
            }
        }
    }

    /// Whether a message has a word that begins like the last one that is looked for, and how many bytes were opened
    /// to tell.
    async fn begins(&self, seals: &Seals, row: &MessageRow, search: &Search) -> Result<(bool, usize)> {
        let Some(begun) = search.longer() else { return Ok((true, 0)) };
        let Some(body) = self.parts.store.message_part(row.number, 0).await? else { return Ok((false, 0)) };
        let (size, head, body) = (body.len(), seals.head(row)?, seals.body(&row.id, &body)?);
        let begins = |text: &str| words(text).iter().any(|word| word.starts_with(begun));
        Ok((searched(&head, &body).any(begins), size))
    }
}

/// No more than `limit` of them.
fn cut(mut hits: Hits, limit: usize) -> Hits {
    if hits.rows.len() > limit {
        hits.rows.truncate(limit);
        hits.floor = hits.rows.last().map(|row| row.number);
    }
    hits
}
