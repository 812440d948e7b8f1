//! One client that brings mail: its bytes, in bounded time and room.

use super::intake::Intake;
use super::pace::Pace;
use super::seats::Seat;
use super::session::{Ask, Kept, Letter, Recipient, Session};
use crate::sources::post::Post;
use crate::store::IdentityRow;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How long a client may take to read an answer.
const READING: Duration = Duration::from_secs(20);
/// How long it may go on when the server ends, or its seat is another's; and how long what a client still sends is
/// read, since a connection that closes before would take our last words with it.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How much is read at once.
const BUFFER: usize = 32 * 1024;
/// The longest word of a client in the lines that we add to its mail, in characters.
const WORD_MAX: usize = 255;

/// A client's connection.
pub struct Connection {
    pub seat: Seat,
    /// Cancelled when the server ends.
    pub stop: CancellationToken,
    pub post: Arc<Post>,
    pub intake: Intake,
    pub domain: String,
    pub tls: Option<TlsAcceptor>,
    pub client: IpAddr,
    /// How long a client may take to get on.
    pub patience: Duration,
}

/// Why a conversation paused.
enum Pause {
    StartTls,
    End,
}

/// Says that nobody has time, as far as the connection takes it.
pub fn turn_away(stream: &TcpStream) {
    // Whoever does not read it finds the connection closed, which says the same.
    let _unread = stream.try_write(b"421 4.3.2 Too many clients, try again\r\n");
}

impl Connection {
    /// Serves the client to the end of the conversation.
    pub async fn serve(self, stream: TcpStream) {
        let (stop, out) = (self.stop.clone(), self.seat.out());
        let last_words = async {
            tokio::select! {
                () = stop.cancelled() => {}
                () = out.cancelled() => {}
            }
            sleep(LAST_WORDS).await;
        };
        tokio::select! {
            () = self.serve_to_its_end(stream) => {}
            () = last_words => {}
        }
    }

    async fn serve_to_its_end(mut self, mut stream: TcpStream) {
        // A client that breaks off has no more to say, and none to be told.
        let _broken = stream.set_nodelay(true);
        let mut session = Session::new(&self.domain, self.tls.is_some());
        let mut pace = Pace::new(self.patience, Instant::now());
        if let Ok(Pause::StartTls) = self.converse(&mut stream, &mut session, &mut pace).await
            && let Some(tls) = self.tls.clone()
            && let Some(Ok(Ok(mut stream))) =
                self.stop.run_until_cancelled(timeout(self.patience, tls.accept(stream))).await
        {
            session.secured();
            self.seat.gets_on();
            let _broken = self.converse(&mut stream, &mut session, &mut pace).await;
        }
    }

    async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        session: &mut Session<IdentityRow>,
        pace: &mut Pace,
    ) -> io::Result<Pause> {
        let mut buffer = vec![0; BUFFER];
        let mut is_step = false;
        loop {
            match session.go_on() {
                Some(Ask::Recipient(address)) => session.recipient(self.recipient(&address).await),
                Some(Ask::Keep(letter)) => {
                    self.seat.is_busy();
                    session.kept(self.keep(letter, session).await);
                    self.seat.holds(0);
                    self.flush(stream, session).await?;
                    pace.has_brought(Instant::now());
                    self.seat.gets_on();
                }
                Some(Ask::StartTls) => {
                    self.flush(stream, session).await?;
                    return Ok(Pause::StartTls);
                }
                Some(Ask::End) => {
                    self.flush(stream, session).await?;
                    timeout(READING, stream.shutdown()).await??;
                    self.read_away(stream, &mut buffer).await;
                    return Ok(Pause::End);
                }
                None => {
                    if self.flush(stream, session).await? || is_step {
                        pace.gets_on(Instant::now());
                        self.seat.gets_on();
                    }
                    match self.hear(stream, session, pace, &mut buffer).await? {
                        Some(heard) => is_step = heard,
                        None => return Ok(Pause::End),
                    }
                }
            }
        }
    }

    /// Reads what a client still sends, so that it hears our last words. Where somebody waits for the end that is
    /// what has come already: of an idle client, nothing.
    async fn read_away<S: AsyncRead + Unpin>(&self, stream: &mut S, buffer: &mut [u8]) {
        let all = async { while stream.read(buffer).await.is_ok_and(|count| count > 0) {} };
        let out = self.seat.out();
        tokio::select! {
            biased;
            () = all => {}
            () = out.cancelled() => {}
            () = self.stop.cancelled() => {}
            () = sleep(LAST_WORDS) => {}
        }
    }

    /// Hears what comes next, and whether that was a step of a mail; none if it is the end of the connection.
    async fn hear<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        session: &mut Session<IdentityRow>,
        pace: &mut Pace,
        buffer: &mut [u8],
    ) -> io::Result<Option<bool>> {
        let (out, mut is_step) = (self.seat.out(), false);
        let until = pace.until(session.is_reading_mail(), Instant::now());
        tokio::select! {
            read = timeout_at(until, stream.read(buffer)) => match read {
                Ok(read) => {
                    let count = read?;
                    if count == 0 {
                        return Ok(None);
                    }
                    is_step = session.is_reading_mail() && pace.sends(count);
                    session.hear(&buffer[..count]);
                }
                Err(_) => session.end("That took too long"),
            },
            () = out.cancelled() => session.end("Somebody else was waiting"),
            () = self.stop.cancelled() => session.end("The server ends"),
        }
        if !self.seat.holds(session.held()) {
            session.end("Too many large mails at once, try again");
        }
        Ok(Some(is_step))
    }

    /// Sends what there is to say; whether there was something.
    async fn flush<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        session: &mut Session<IdentityRow>,
    ) -> io::Result<bool> {
        let replies = session.replies();
        if replies.is_empty() {
            return Ok(false);
        }
        let written = async {
            stream.write_all(replies.as_bytes()).await?;
            stream.flush().await
        };
        timeout(READING, written).await??;
        Ok(true)
    }

    async fn recipient(&self, address: &str) -> Recipient<IdentityRow> {
        match self.post.owner_of(address).await {
            Ok(Some(identity)) => Recipient::Known(identity),
            Ok(None) => Recipient::Unknown,
            Err(_) => Recipient::Later,
        }
    }

    async fn keep(&self, mut letter: Letter<IdentityRow>, session: &Session<IdentityRow>) -> Kept {
        // Several addresses of one identity are one.
        letter.recipients.sort_by(|one, other| one.id.cmp(&other.id));
        letter.recipients.dedup_by(|one, other| one.id == other.id);
        let by = if session.is_secure() { "ESMTPS" } else { "ESMTP" };
        let date = OffsetDateTime::now_utc().format(&Rfc2822).unwrap_or_default();
        let (sender, client) = (plain(&letter.sender), plain(&letter.client));
        let mut text = format!(
            "Return-Path: <{sender}>\r\nReceived: from {client} ([{}])\r\n\tby {} with {by}; {date}\r\n",
            self.client, self.domain
        )
        .into_bytes();
        text.append(&mut letter.text);
        letter.text = text;
        self.intake.keep(letter).await
    }
}

/// A client's word as it may stand in a line of a mail.
fn plain(word: &str) -> String {
    let kept = word.chars().filter(|c| c.is_ascii_graphic() && !"<>()\\\"".contains(*c));
    kept.take(WORD_MAX).collect()
}
