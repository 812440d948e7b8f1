//! A connection to a mail server: TLS, or in clear on this machine, and bounded in what it lets in.

use crate::http::tls;
use crate::inbox::RAW_MAX;
use rustls::pki_types::ServerName;
use std::fmt;
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The longest letter with some room around it.
const LETTER_MAX: usize = RAW_MAX + 1024 * 1024;
/// The longest answer without the letters in it, in bytes: the numbers of some hundred thousand letters.
const LINE_MAX: usize = 4 * 1024 * 1024;

/// A stream of bytes in both directions.
trait Duplex: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Duplex for T {}

/// The connection.
pub struct Link {
    stream: Box<dyn Duplex>,
    gauge: Gauge,
}

impl Link {
    /// A connection in clear.
    pub async fn plain(host: &str, port: u16) -> Result<Self> {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: Box::new(stream), gauge: Gauge::default() })
    }

    /// The same with TLS from here on. What was read before and not used is gone with its reader: somebody between
    /// us and the server could have put it there.
    pub async fn secured(self, host: &str) -> Result<Self> {
        let mut config = tls(false).map_err(Error::other)?;
        config.alpn_protocols = vec![b"imap".to_vec()];
        let name = ServerName::try_from(host.to_string()).map_err(Error::other)?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, self.stream).await?;
        Ok(Self { stream: Box::new(stream), gauge: Gauge::default() })
    }
}

#[cfg(test)]
impl Link {
    /// A connection to a test.
    pub fn to(test: tokio::io::DuplexStream) -> Self {
        Self { stream: Box::new(test), gauge: Gauge::default() }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link")
    }
}

impl AsyncRead for Link {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Poll::Ready(Ok(())) = read {
            self.gauge.pass(&buf.filled()[before..])?;
        }
        read
    }
}

impl AsyncWrite for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Measures answers as they come by. The reader behind it makes room for as much as a server announces, and looks
/// at a line again with each piece of it; so what is too large must end here.
#[derive(Default)]
struct Gauge {
    /// How much of an announced text is still to come.
    text_left: usize,
    /// The length of this answer's texts, and of the rest of it.
    texts: usize,
    line: usize,
    /// The number in the braces that may announce a text, and whether they were closed.
    announced: Option<usize>,
    closed: bool,
}

impl Gauge {
    fn pass(&mut self, mut bytes: &[u8]) -> Result<()> {
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.text_left > 0 {
                let passed = self.text_left.min(bytes.len());
                self.text_left -= passed;
                bytes = &bytes[passed..];
                continue;
            }
            bytes = rest;
            self.line += 1;
            match (byte, self.announced, self.closed) {
                (b'{', ..) => (self.announced, self.closed) = (Some(0), false),
                (b'0'..=b'9', Some(number), false) => {
                    let digit = usize::from(byte - b'0');
                    self.announced = Some(number.saturating_mul(10).saturating_add(digit));
                }
                (b'}', Some(_), false) => self.closed = true,
                (b'\r', Some(_), true) => {}
                (b'\n', Some(number), true) => {
                    (self.announced, self.closed) = (None, false);
                    self.text_left = number;
                    self.texts = self.texts.saturating_add(number);
                }
                (b'\n', ..) => *self = Self::default(),
                _ => (self.announced, self.closed) = (None, false),
            }
            if self.line > LINE_MAX || self.texts > LETTER_MAX {
                return Err(Error::new(ErrorKind::InvalidData, "it sends more than was asked for"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much of a text passes, in pieces of this length.
    fn passes(text: &[u8], piece: usize) -> bool {
        let mut gauge = Gauge::default();
        text.chunks(piece).all(|piece| gauge.pass(piece).is_ok())
    }

    #[test]
    fn a_letter_passes_and_an_announced_flood_does_not() {
        let letter = b"* 1 FETCH (UID 7 BODY[] {12}\r\n{999999999}\r)\r\n* 2 EXISTS\r\n";
        let bomb = format!("* 1 FETCH (BODY[] {{{}}}\r\n", LETTER_MAX + 1);
        let many = "* 1 FETCH (BODY[1] {30000000}\r\n".to_string()
            + &"x".repeat(30_000_000)
            + " BODY[2] {30000000}\r\n";
        for piece in [1, 2, 7, 4096] {
            assert!(passes(letter, piece));
            assert!(!passes(bomb.as_bytes(), piece));
        }
        assert!(!passes(many.as_bytes(), 65_536));
        assert!(!passes(b"{99999999999999999999999999999}\r\n", 3));
    }

    #[test]
    fn a_line_without_an_end_does_not_pass() {
        assert!(!passes(&vec![b'x'; LINE_MAX + 1], 65_536));
        // Many short ones do.
        assert!(passes(&b"* OK still here\r\n".repeat(LINE_MAX / 8), 65_536));
    }
}
