//! The mail server on this machine: whoever runs here can send mail to an identity.

mod body;
mod connection;
mod intake;
mod pace;
pub mod seats;
pub mod session;
mod tls;

use super::post::Post;
use super::source::{Failure, Never};
use crate::config::mail::MailSettings;
use connection::Connection;
use intake::Intake;
use seats::Seats;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long it rests when the system gives it no connection, for want of descriptors perhaps.
const REST: Duration = Duration::from_millis(200);

/// The server, listening.
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    domain: String,
    patience: Duration,
}

impl Door {
    /// Listens as the settings say; at the port that it had before, where a free one is wanted and that one is.
    pub async fn open(
        settings: &MailSettings,
        domain: &str,
        port_before: Option<u16>,
    ) -> Result<Self, Failure> {
        let tls = tls::acceptor(settings).map_err(Failure::lasting)?;
        let port = settings.smtp_port;
        let listening = match port_before.filter(|_| port == 0) {
            Some(before) => match TcpListener::bind((settings.smtp_address, before)).await {
                Err(e) if e.kind() == io::ErrorKind::AddrInUse => {
                    TcpListener::bind((settings.smtp_address, 0)).await
                }
                bound => bound,
            },
            None => TcpListener::bind((settings.smtp_address, port)).await,
        };
        let listening = listening.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = listening.map_err(|e| {
            Failure::passing(format!("it cannot listen at {}:{port}: {e}", settings.smtp_address))
        })?;
        // An hour is longer than any client needs.
        let patience = Duration::from_secs(settings.smtp_patience.clamp(1, 3600));
        Ok(Self { listener, address, tls, domain: domain.to_string(), patience })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves whoever comes. Ends by being dropped, and all conversations with it.
    pub async fn serve(self, post: Arc<Post>, stop: &CancellationToken, tasks: &TaskTracker) -> Never {
        let seats = Seats::default();
        let intake = Intake::begin(post.clone(), tasks);
        loop {
            let (stream, client) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(e) => {
                    tracing::warn!("a client that brings mail could not be let in: {e}");
                    tokio::time::sleep(REST).await;
                    continue;
                }
            };
            let Some(seat) = seats.take() else {
                connection::turn_away(&stream);
                continue;
            };
            let connection = Connection {
                seat,
                stop: stop.clone(),
                post: post.clone(),
                intake: intake.clone(),
                domain: self.domain.clone(),
                tls: self.tls.clone(),
                client: client.ip(),
                patience: self.patience,
            };
            tasks.spawn(connection.serve(stream));
        }
    }
}
