//! Lists of messages: the table gives the newest first, and Ravi's lists of messages begin with the oldest.

use super::client::Client;
use super::refusal::Refusal;
use super::{Answer, Wanted, ok};
use api::Code;
use api::inbox::{ListMessages, Message, MessageBody, PAGE, PAGE_MAX, ReadMessage};
use serde::Serialize;
use std::collections::VecDeque;
use url::form_urlencoded::Serializer;

/// How many messages are looked at for threads, conversations and contacts: the newest ones.
const LOOKED_AT: usize = 1000;
/// How far a page may lie from the oldest message.
const OFFSET_MAX: usize = 10_000;

impl Client {
    /// The newest messages, newest first.
    pub async fn newest(&self, list: ListMessages) -> Result<Vec<Message>, Refusal> {
        let mut all = Vec::new();
        let mut list = ListMessages { limit: Some(PAGE_MAX), ..list };
        loop {
            let page = self.ask(list.clone()).await?;
            all.extend(page.messages);
            list.before = page.next;
            if list.before.is_none() || all.len() >= LOOKED_AT {
                return Ok(all);
            }
        }
    }

    /// The `keep` oldest of the messages that fit, oldest first, and how many fit in all.
    pub async fn oldest(
        &self,
        list: ListMessages,
        keep: usize,
        fits: impl Fn(&Message) -> bool,
    ) -> Result<(usize, Vec<Message>), Refusal> {
        let (mut count, mut kept) = (0, VecDeque::with_capacity(keep));
        let mut list = ListMessages { limit: Some(PAGE_MAX), ..list };
        loop {
            let page = self.ask(list.clone()).await?;
            for message in page.messages.into_iter().filter(&fits) {
                count += 1;
                kept.push_front(message);
                kept.truncate(keep);
            }
            list.before = page.next;
            if list.before.is_none() {
                return Ok((count, kept.into()));
            }
        }
    }

    /// A whole message. Reading it here leaves it unread: Ravi's clients say that by a call of its own.
    pub async fn body(&self, message: &str) -> Result<MessageBody, Refusal> {
        self.ask(ReadMessage { message: message.into(), peek: true }).await
    }
}

/// Which part of a list is wanted.
pub struct Page {
    limit: usize,
    offset: usize,
    /// Whether it was asked for: else the list is answered bare, as Ravi's command reads it.
    is_asked: bool,
}

#[derive(Serialize)]
struct Paged<T> {
    count: usize,
    next: Option<String>,
    previous: Option<String>,
    results: Vec<T>,
}

impl Page {
    /// The page that `limit`, `offset` and `page` name.
    pub fn of(wanted: &Wanted) -> Result<Self, Refusal> {
        let number = |name: &str| -> Result<Option<usize>, Refusal> {
            let wrong = |_| Refusal::new(Code::Invalid, format!("{name} is a whole number"));
            wanted.get(name).map(|value| value.parse().map_err(wrong)).transpose()
        };
        let limit = number("limit")?.unwrap_or(PAGE as usize).clamp(1, PAGE_MAX as usize);
        let page = number("page")?;
        let by_page = page.map(|page| page.saturating_sub(1).saturating_mul(limit));
        let offset = number("offset")?.or(by_page).unwrap_or(0);
        if offset > OFFSET_MAX {
            return Err(Refusal::new(
                Code::Invalid,
                format!("a list is read from {OFFSET_MAX} at most: use created_after"),
            ));
        }
        let is_asked = ["limit", "offset", "page"].iter().any(|name| wanted.contains_key(*name));
        Ok(Self { limit, offset, is_asked })
    }

    /// Answers the page, each message whole and in the shape that `shape` gives it.
    pub async fn answer<T: Serialize>(
        &self,
        client: &Client,
        place: &str,
        wanted: &Wanted,
        list: ListMessages,
        fits: impl Fn(&Message) -> bool,
        shape: impl Fn(MessageBody) -> T,
    ) -> Answer {
        let (count, kept) = client.oldest(list, self.offset + self.limit, fits).await?;
        let mut results = Vec::new();
        for message in kept.iter().skip(self.offset) {
            results.push(shape(client.body(&message.id).await?));
        }
        if !self.is_asked {
            return ok(&results);
        }
        let at = |offset: usize| {
            let mut query = Serializer::new(String::new());
            let others =
                wanted.iter().filter(|(name, _)| !["limit", "offset", "page"].contains(&name.as_str()));
            query.extend_pairs(others);
            query.append_pair("limit", &self.limit.to_string()).append_pair("offset", &offset.to_string());
            format!("{}/api/{place}/?{}", client.address(), query.finish())
        };
        let next = (self.offset + self.limit < count).then(|| at(self.offset + self.limit));
        let previous = (self.offset > 0).then(|| at(self.offset.saturating_sub(self.limit)));
        ok(&Paged { count, next, previous, results })
    }
}
