//! A mailbox that is read by IMAP, of one identity or of all; nothing in it is ever changed.

mod large;
mod link;
mod mailbox;
mod server;

use super::addresses::Rule;
use super::relay::Relay;
use super::source::{BoxFuture, Brought, Content, Failure, Never, Post, Sends, Setup, Source};
use crate::inbox::RAW_MAX;
use crate::mailer::Mailer;
use api::Millis;
use api::names::shown;
use mailbox::{Folder, Heading, Letters, Mailbox};
use server::Server;
use sha2::{Digest, Sha256};
use std::time::Duration;
use time::OffsetDateTime;
use time::macros::format_description;
use vault::Secret;

/// How many letters are asked for at once, and how large they are together.
const AT_ONCE: usize = 50;
const BYTES_AT_ONCE: usize = 8 * 1024 * 1024;
/// From how many letters on its progress is told.
const TOLD_FROM: usize = 20;
/// A letter that came so shortly ago came now: a server tells whole seconds, by a clock of its own.
const JUST_NOW_MS: Millis = 120_000;
const DAY_MS: Millis = 86_400_000;
/// What the first look takes over where nobody says, in days and in letters.
const DAYS: u32 = 7;
const MOST: usize = 200;
/// How often it looks where a server does not tell, in seconds.
const POLL: u64 = 60;

/// The source.
pub struct Imap {
    server: Server,
    folder: String,
    /// The folder, the account and the server, hashed.
    place: String,
    rule: Rule,
    days: u32,
    most: usize,
    poll: Duration,
    relay: Option<Relay>,
}

/// How far it has come: the numbering of a folder, and the last number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cursor {
    /// Which folder of which account: two folders may well have the same numbering.
    place: String,
    validity: u32,
    last: u32,
}

impl Cursor {
    fn read(text: &str) -> Option<Self> {
        let (numbers, place) = text.split_once('@')?;
        let (validity, last) = numbers.split_once(':')?;
        Some(Self { place: place.into(), validity: validity.parse().ok()?, last: last.parse().ok()? })
    }

    fn written(&self) -> String {
        format!("{}:{}@{}", self.validity, self.last, self.place)
    }

    async fn keep(&self, post: &Post) -> Result<(), Failure> {
        post.set_cursor(&self.written()).await
    }
}

impl Imap {
    /// Makes it out of its set-up.
    pub fn new(mut setup: Setup) -> Result<Self, String> {
        let own = ["username", "auth", "starttls", "folder", "days", "most", "poll", "smtp"];
        setup.check(&[&own[..], &Rule::SETTINGS].concat())?;
        let username = setup.need("username")?;
        let rule = Rule::of(&setup, Some(username.as_str()).filter(|name| name.contains('@')))?;
        let folder = setup.may("folder").unwrap_or_else(|| "INBOX".into());
        if folder.chars().any(char::is_control) || !folder.is_ascii() {
            return Err("a folder's name outside of ASCII is given as the server writes it, in UTF-7".into());
        }
        let relay = relay(&setup, &username)?;
        let (days, most) = (number(&setup, "days", DAYS)?, number(&setup, "most", MOST)?);
        let poll = number(&setup, "poll", POLL)?.clamp(5, 3600);
        let named = format!("{}\n{username}\n{folder}", setup.need_url()?);
        let place = data_encoding::HEXLOWER.encode(&Sha256::digest(named)[..8]);
        Ok(Self {
            server: Server::new(&mut setup, username)?,
            folder,
            place,
            rule,
            days,
            most,
            poll: Duration::from_secs(poll),
            relay,
        })
    }

    async fn bring(&self, post: &Post) -> Result<Never, Failure> {
        let mut mailbox = Mailbox::open(&self.server).await?;
        loop {
            // It is opened anew each time: only then a server says under which numbering.
            let folder = mailbox.examine(&self.folder).await?;
            self.take_over(&mut mailbox, folder, post).await?;
            post.listening();
            mailbox.wait(post.wanted(), self.poll).await?;
        }
    }

    /// Takes what came since the last time; the first time, and when the folder counts anew, what came of late.
    async fn take_over(&self, mailbox: &mut Mailbox, folder: Folder, post: &Post) -> Result<(), Failure> {
        let known = post.cursor().await?.and_then(|text| Cursor::read(&text));
        let is_here = |cursor: &Cursor| cursor.validity == folder.validity && cursor.place == self.place;
        let (mut cursor, uids) = match known.filter(is_here) {
            Some(cursor) => {
                let from = cursor.last.saturating_add(1);
                let mut uids = mailbox.search(&format!("UID {from}:*")).await?;
                // The last letter answers to `*`, however small its number is.
                uids.retain(|uid| *uid > cursor.last);
                (cursor, uids)
            }
            None => self.begin(mailbox, folder, post).await?,
        };
        let total = uids.len();
        for (chunk, numbers) in uids.chunks(AT_ONCE).enumerate() {
            if total >= TOLD_FROM {
                post.progress((chunk * AT_ONCE) as u64, Some(total as u64));
            }
            let headings = mailbox.headings(numbers).await?;
            for batch in batches(&headings) {
                let brought = self.read(mailbox, batch, post).await?;
                post.deliver(brought).await?;
                cursor.last = batch.last().map_or(cursor.last, |heading| heading.uid);
                cursor.keep(post).await?;
            }
            cursor.last = numbers.last().copied().unwrap_or(cursor.last);
            cursor.keep(post).await?;
        }
        Ok(())
    }

    /// Where to begin in a folder that is not known under this numbering.
    async fn begin(
        &self,
        mailbox: &mut Mailbox,
        folder: Folder,
        post: &Post,
    ) -> Result<(Cursor, Vec<u32>), Failure> {
        let mut uids = match self.days {
            0 => Vec::new(),
            days => {
                mailbox.search(&format!("SINCE {}", date(post.now() - Millis::from(days) * DAY_MS))).await?
            }
        };
        uids.drain(..uids.len().saturating_sub(self.most));
        let before = match (uids.first(), folder.next) {
            (Some(first), _) => first.saturating_sub(1),
            (None, Some(next)) => next.saturating_sub(1),
            (None, None) => mailbox.search("UID *").await?.last().copied().unwrap_or(0),
        };
        let cursor = Cursor { place: self.place.clone(), validity: folder.validity, last: before };
        cursor.keep(post).await?;
        Ok((cursor, uids))
    }

    /// Reads some letters, for those whose they are.
    async fn read(
        &self,
        mailbox: &mut Mailbox,
        batch: &[Heading],
        post: &Post,
    ) -> Result<Vec<Brought>, Failure> {
        let mut brought = Vec::new();
        for (uid, letter) in shown_letters(mailbox, batch, post).await? {
            let at = batch.iter().find(|heading| heading.uid == uid).and_then(|heading| heading.at);
            let at = at.filter(|at| post.now() - at > JUST_NOW_MS).unwrap_or_else(|| post.now());
            // Its bytes are its key: its number is another one when the folder counts anew.
            let key = data_encoding::HEXLOWER.encode(&Sha256::digest(&letter));
            for identity in self.rule.owners(&letter, post).await? {
                let content = Content::Mail(letter.clone());
                brought.push(Brought { identity, key: Some(key.clone()), at, content });
            }
        }
        Ok(brought)
    }
}

impl Source for Imap {
    fn run<'a>(&'a self, post: &'a Post) -> BoxFuture<'a, Result<Never, Failure>> {
        Box::pin(async move { self.bring(post).await.map_err(|failure| self.server.hushed(failure)) })
    }
    fn sends(&self) -> Option<&dyn Sends> {
        self.relay.as_ref().map(|relay| relay as &dyn Sends)
    }
}

/// The way out beside the mailbox, with the same login, where it is set up.
fn relay(setup: &Setup, username: &str) -> Result<Option<Relay>, String> {
    let (Some(url), Some(secret)) = (setup.may("smtp"), &setup.secret) else { return Ok(None) };
    // EXPOSE: the mail server beside it is told the same password.
    let secret = Secret::new(secret.expose().to_vec());
    let starttls = setup.yes_or_no("starttls", false)?;
    let mailer = Mailer::new(&url, starttls, Some((username.to_string(), secret)))?;
    Ok(Some(Relay::by(mailer)))
}

/// The letters of a batch. One that is too large is told of by its head; one that the server cannot show is left
/// out, so that it does not keep all others from coming.
async fn shown_letters(mailbox: &mut Mailbox, batch: &[Heading], post: &Post) -> Result<Letters, Failure> {
    let (large, usual): (Vec<Heading>, Vec<Heading>) =
        batch.iter().copied().partition(|heading| heading.size > RAW_MAX);
    let uids: Vec<u32> = usual.iter().map(|heading| heading.uid).collect();
    let mut letters = Vec::new();
    if !uids.is_empty() {
        match mailbox.letters(&uids, false).await? {
            Ok(all) => letters = all,
            Err(_) => {
                for uid in uids {
                    match mailbox.letters(&[uid], false).await? {
                        Ok(one) => letters.extend(one),
                        Err(_) => tracing::warn!("the source {} cannot show the mail {uid}", post.name()),
                    }
                }
            }
        }
    }
    for heading in large {
        tracing::warn!(
            "the mail {} of the source {} is too large: {} bytes",
            heading.uid,
            post.name(),
            heading.size
        );
        let heads = mailbox.letters(&[heading.uid], true).await?.unwrap_or_default();
        let in_place = |(uid, head): (u32, Vec<u8>)| (uid, large::in_place_of(&head, heading.size));
        letters.extend(heads.into_iter().map(in_place));
    }
    letters.sort_unstable_by_key(|(uid, _)| *uid);
    Ok(letters)
}

/// Letters that are read at once, in order.
fn batches(headings: &[Heading]) -> Vec<&[Heading]> {
    let (mut batches, mut first, mut bytes) = (Vec::new(), 0, 0);
    for (at, heading) in headings.iter().enumerate() {
        if at > first && bytes + heading.size > BYTES_AT_ONCE {
            batches.push(&headings[first..at]);
            (first, bytes) = (at, 0);
        }
        bytes += heading.size;
    }
    batches.extend((first < headings.len()).then(|| &headings[first..]));
    batches
}

fn date(at: Millis) -> String {
    let format = format_description!("[day]-[month repr:short]-[year]");
    let date = OffsetDateTime::from_unix_timestamp(at / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    date.format(format).unwrap_or_default()
}

fn number<T: std::str::FromStr>(setup: &Setup, name: &str, usual: T) -> Result<T, String> {
    match setup.may(name) {
        Some(text) => text.parse().map_err(|_| format!("{name} is a number, not {}", shown(&text))),
        None => Ok(usual),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_has_come_is_read_as_it_was_written() {
        let cursor = Cursor { place: "0a1b".into(), validity: 7, last: u32::MAX };
        assert_eq!(Cursor::read(&cursor.written()), Some(cursor));
        for other in ["", "7:8", "7@0a1b", "x:8@0a1b", "7:4294967296@0a1b"] {
            assert_eq!(Cursor::read(other), None, "{other}");
        }
    }

    #[test]
    fn letters_are_read_in_parcels_of_a_bounded_size() {
        let sizes = [1, BYTES_AT_ONCE, 2, 3, BYTES_AT_ONCE * 4, 5];
        let heading = |(uid, size): (usize, &usize)| Heading { uid: uid as u32, size: *size, at: None };
        let headings: Vec<Heading> = sizes.iter().enumerate().map(heading).collect();
        let parcels: Vec<Vec<u32>> =
            batches(&headings).iter().map(|batch| batch.iter().map(|one| one.uid).collect()).collect();
        assert_eq!(parcels, [vec![0], vec![1], vec![2, 3], vec![4], vec![5]]);
        assert!(batches(&[]).is_empty());
    }
}
