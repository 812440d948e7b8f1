//! Who is connected to the web door: so many at once. Where all seats are taken, the one who has been silent for longest
//! goes, so that nobody can keep others out by sitting there.

use crate::sources::smtp::seats::{Seat, Seats};
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::WaitForCancellationFutureOwned;

/// The door with its seats.
pub struct Crowd {
    listener: TcpListener,
    seats: Seats,
}

/// A client's connection, as long as it has its seat.
pub struct Seated {
    stream: TcpStream,
    seat: Seat,
    out: Pin<Box<WaitForCancellationFutureOwned>>,
}

/// The address of whoever is connected.
#[derive(Clone, Copy)]
pub struct Theirs(pub SocketAddr);

impl Crowd {
    /// The door that listens there.
    pub fn new(listener: TcpListener) -> Self {
        Self { listener, seats: Seats::default() }
    }
}

impl Listener for Crowd {
    type Io = Seated;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Seated, SocketAddr) {
        loop {
            let (stream, theirs) = Listener::accept(&mut self.listener).await;
            if let Some(seat) = self.seats.take() {
                let out = Box::pin(seat.out().cancelled_owned());
                return (Seated { stream, seat, out }, theirs);
            }
        }
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, Crowd>> for Theirs {
    fn connect_info(stream: IncomingStream<'_, Crowd>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl Seated {
    /// Whether somebody else has the seat now; wakes whoever asks when that comes.
    fn is_out(&mut self, cx: &mut Context<'_>) -> Result<()> {
        match self.out.as_mut().poll(cx) {
            Poll::Ready(()) => Err(Error::new(ErrorKind::ConnectionAborted, "somebody else was waiting")),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Seated {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        self.is_out(cx)?;
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        self.seat.gets_on();
        Poll::Ready(read)
    }
}

impl AsyncWrite for Seated {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        self.is_out(cx)?;
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes));
        self.seat.gets_on();
        Poll::Ready(written)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
