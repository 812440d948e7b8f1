//! What is said to a mail server: log in, look at a folder without changing it, list, read, and wait.

use super::link::Link;
use super::server::Server;
use crate::sources::source::Failure;
use api::Millis;
use async_imap::Session;
use async_imap::error::Error;
use async_imap::imap_proto::MessageSection;
use async_imap::imap_proto::{AttributeValue, MailboxDatum, Response, ResponseCode, SectionPath, Status};
use std::future::Future;
use std::time::Duration;
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::time::timeout;

/// How long it may take to connect.
const CONNECTING: Duration = Duration::from_secs(15);
/// How much of a server's words is told, in characters.
const WORDS_MAX: usize = 200;

/// How long a server may take.
#[derive(Clone, Copy)]
struct Patience {
    /// For an answer.
    answering: Duration,
    /// For one with letters in it.
    reading: Duration,
    /// Until it is asked anew. A server hangs up after half an hour, and many a router between us and it forgets a
    /// silent connection much sooner, without a word to either side.
    idling: Duration,
}

const PATIENCE: Patience = Patience {
    answering: Duration::from_secs(30),
    reading: Duration::from_secs(300),
    idling: Duration::from_secs(5 * 60),
};

/// A folder that is open for looking.
pub struct Mailbox {
    session: Session<Link>,
    patience: Patience,
    /// Whether it tells by itself that letters have come.
    pub tells: bool,
    /// Whether letters have come since it was listed.
    grown: bool,
}

/// What a server says of a folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Folder {
    /// Under which numbering its letters have their numbers.
    pub validity: u32,
    /// The number that the next letter will have.
    pub next: Option<u32>,
}

/// What a letter is before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heading {
    /// Its number.
    pub uid: u32,
    /// Its size in bytes, as the server says.
    pub size: usize,
    /// When it came there.
    pub at: Option<Millis>,
}

/// Letters, with their numbers.
pub type Letters = Vec<(u32, Vec<u8>)>;

impl Mailbox {
    /// Connects and logs in.
    pub async fn open(server: &Server) -> Result<Self, Failure> {
        let connected = in_time(CONNECTING, server.connected()).await?;
        let session = in_time(PATIENCE.answering, server.logged_in(connected)).await?;
        let mut mailbox = Self { session, patience: PATIENCE, tells: false, grown: false };
        mailbox.tells = mailbox.can_tell().await?;
        Ok(mailbox)
    }

    async fn can_tell(&mut self) -> Result<bool, Failure> {
        let mut tells = false;
        self.ask("CAPABILITY", self.patience.answering, |response| {
            if let Response::Capabilities(all) = response {
                let idle = |c: &async_imap::imap_proto::Capability<'_>| format!("{c:?}").contains("\"IDLE\"");
                tells |= all.iter().any(idle);
            }
        })
        .await?;
        Ok(tells)
    }

    /// Opens a folder for looking: nothing in it changes by that.
    pub async fn examine(&mut self, folder: &str) -> Result<Folder, Failure> {
        let mut found = Folder::default();
        self.ask(&format!("EXAMINE {}", quoted(folder)), self.patience.answering, |response| {
            if let Response::Data { outcome, .. } = response {
                match outcome.code {
                    Some(ResponseCode::UidValidity(validity)) => found.validity = validity,
                    Some(ResponseCode::UidNext(next)) => found.next = Some(next),
                    _ => {}
                }
            }
        })
        .await?;
        match found.validity {
            0 => Err(Failure::passing("it does not say how its letters are numbered")),
            _ => Ok(found),
        }
    }

    /// The numbers of the letters that `what` describes, in order.
    pub async fn search(&mut self, what: &str) -> Result<Vec<u32>, Failure> {
        let mut uids = Vec::new();
        self.grown = false;
        self.ask(&format!("UID SEARCH {what}"), self.patience.answering, |response| {
            if let Response::MailboxData(MailboxDatum::Search(found)) = response {
                uids.extend_from_slice(found);
            }
        })
        .await?;
        // A letter that came while it searched may be among them or not.
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    /// Sizes and times of some letters, in the order of their numbers.
    pub async fn headings(&mut self, uids: &[u32]) -> Result<Vec<Heading>, Failure> {
        let mut headings = Vec::new();
        let what = format!("UID FETCH {} (UID RFC822.SIZE INTERNALDATE)", list(uids));
        self.ask(&what, self.patience.reading, |response| {
            let Response::Fetch(_, attributes) = response else { return };
            let mut heading = Heading { uid: 0, size: 0, at: None };
            for attribute in attributes {
                match attribute {
                    AttributeValue::Uid(uid) => heading.uid = *uid,
                    AttributeValue::Rfc822Size(size) => heading.size = *size as usize,
                    AttributeValue::InternalDate(date) => heading.at = read_date(date),
                    _ => {}
                }
            }
            headings.push(heading);
        })
        .await?;
        headings.retain(|heading| uids.contains(&heading.uid));
        headings.sort_unstable_by_key(|heading| heading.uid);
        headings.dedup_by_key(|heading| heading.uid);
        Ok(headings)
    }

    /// Letters as they came, or their heads alone, with their numbers; those that are gone by now are not among
    /// them. They do not count as read by that. An error inside is the server's refusal to show one of them.
    pub async fn letters(&mut self, uids: &[u32], heads: bool) -> Result<Result<Letters, String>, Failure> {
        let mut parts = Vec::new();
        let part = if heads { "BODY.PEEK[HEADER]" } else { "BODY.PEEK[]" };
        let what = format!("UID FETCH {} (UID {part})", list(uids));
        let shown = self.ask_for(&what, self.patience.reading, |response| {
            let Response::Fetch(_, attributes) = response else { return };
            let (mut uid, mut bytes) = (None, None);
            for attribute in attributes {
                match attribute {
                    AttributeValue::Uid(number) => uid = Some(*number),
                    AttributeValue::BodySection {
                        section: None | Some(SectionPath::Full(MessageSection::Header)),
                        data: Some(data),
                        ..
                    } => bytes = Some(data.to_vec()),
                    _ => {}
                }
            }
            if let (Some(uid), Some(bytes)) = (uid.filter(|uid| uids.contains(uid)), bytes) {
                parts.push((uid, bytes));
            }
        });
        Ok(shown.await?.map(|()| parts))
    }

    /// Waits until letters have come, `wanted` is done, or it is time to look again.
    pub async fn wait(&mut self, wanted: impl Future<Output = ()>, pause: Duration) -> Result<(), Failure> {
        tokio::pin!(wanted);
        if self.grown {
            return Ok(());
        }
        if !self.tells {
            tokio::select! { () = &mut wanted => {}, () = tokio::time::sleep(pause) => {} }
            return Ok(());
        }
        let command = async { self.session.run_command("IDLE").await.map_err(broken) };
        let tag = in_time(self.patience.answering, command).await?;
        let until = tokio::time::sleep(self.patience.idling);
        tokio::pin!(until);
        while !self.grown {
            let response = tokio::select! {
                response = self.session.read_response() => response.map_err(|e| broken(e.into()))?,
                () = &mut wanted => break,
                () = &mut until => break,
            };
            let response = response.ok_or_else(|| broken(Error::ConnectionLost))?;
            self.note(response.parsed())?;
            if let Response::Done { tag: done, .. } = response.parsed()
                && *done == tag
            {
                return Err(Failure::passing("it does not wait although it said that it can"));
            }
        }
        let command = async { self.session.run_command_untagged("DONE").await.map_err(broken) };
        in_time(self.patience.answering, command).await?;
        in_time(self.patience.answering, self.answer(&tag, |_| {})).await?.map_err(refused)
    }

    /// Asks, and hands over all that comes until the answer is whole, which must be a yes.
    async fn ask(
        &mut self,
        command: &str,
        patience: Duration,
        take: impl FnMut(&Response<'_>),
    ) -> Result<(), Failure> {
        self.ask_for(command, patience, take).await?.map_err(refused)
    }

    /// The same; an error inside is what the server says against it.
    async fn ask_for(
        &mut self,
        command: &str,
        patience: Duration,
        take: impl FnMut(&Response<'_>),
    ) -> Result<Result<(), String>, Failure> {
        let asked = async {
            let tag = self.session.run_command(command).await.map_err(broken)?;
            self.answer(&tag, take).await
        };
        in_time(patience, asked).await
    }

    async fn answer(
        &mut self,
        asked: &async_imap::imap_proto::RequestId,
        mut take: impl FnMut(&Response<'_>),
    ) -> Result<Result<(), String>, Failure> {
        loop {
            let response = self.session.read_response().await.map_err(|e| broken(e.into()))?;
            let response = response.ok_or_else(|| broken(Error::ConnectionLost))?;
            self.note(response.parsed())?;
            match response.parsed() {
                Response::Done { tag, status, outcome } if tag == asked => {
                    return match status {
                        Status::Ok => Ok(Ok(())),
                        _ => Ok(Err(words(outcome.information.as_deref().unwrap_or_default()))),
                    };
                }
                other => take(other),
            }
        }
    }

    /// Notes what a server may say at any time.
    fn note(&mut self, response: &Response<'_>) -> Result<(), Failure> {
        match response {
            Response::MailboxData(MailboxDatum::Exists(_)) => self.grown = true,
            Response::Data { status: Status::Bye, outcome } => {
                let said = words(outcome.information.as_deref().unwrap_or_default());
                return Err(Failure::passing(format!("it hangs up: {said}")));
            }
            _ => {}
        }
        Ok(())
    }
}

fn refused(said: String) -> Failure {
    Failure::passing(format!("it refused: {said}"))
}

/// What is lost in between. What the library says of it holds pieces of letters, and is not told.
pub fn broken(error: Error) -> Failure {
    match error {
        Error::ConnectionLost => Failure::passing("the connection was ended"),
        Error::Io(e) if e.kind() == std::io::ErrorKind::InvalidData => {
            Failure::passing(words(&e.to_string()))
        }
        Error::Io(e) if e.raw_os_error().is_some() || e.kind() == std::io::ErrorKind::UnexpectedEof => {
            Failure::passing(format!("the connection was lost: {}", words(&e.kind().to_string())))
        }
        _ => Failure::passing("its answer is no IMAP"),
    }
}

async fn in_time<T>(time: Duration, what: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    timeout(time, what).await.unwrap_or_else(|_| Err(Failure::passing("nothing came in time")))
}

/// Words of a server, bounded, and such that no terminal is driven by them.
pub fn words(said: &str) -> String {
    let said: String = said.trim().chars().take(WORDS_MAX).collect();
    api::names::clean(&said).into_owned()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Numbers as a server reads them: `1:3,7`.
fn list(uids: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &uid in uids {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(uid) => *last = uid,
            _ => ranges.push((uid, uid)),
        }
    }
    let written = |&(first, last): &(u32, u32)| match first == last {
        true => first.to_string(),
        false => format!("{first}:{last}"),
    };
    ranges.iter().map(written).collect::<Vec<_>>().join(",")
}

fn read_date(text: &str) -> Option<Millis> {
    let format = format_description!(
        "[day padding:space]-[month repr:short]-[year] [hour]:[minute]:[second] [offset_hour sign:mandatory][offset_minute]"
    );
    let date = OffsetDateTime::parse(text, format).ok()?;
    Millis::try_from(date.unix_timestamp_nanos() / 1_000_000).ok()
}

#[cfg(test)]
mod tests;
