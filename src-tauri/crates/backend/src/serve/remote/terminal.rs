//! `/attach`: one terminal over a WebSocket, relayed between the browser and the session's keeper.

use super::websocket::{PATIENCE, first_message, send};
use super::{caller, no_token};
use crate::backend::Backend;
use crate::serve::{answer, handover};
use anyhow::{Context, Result};
use api::SecretText;
use api::sessions::{AttachSession, Size};
use api::wire::{CHUNK_HEAD, CHUNK_MAX, Kind, chunk_head, read_chunk_head};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::sync::mpsc;

/// How many chunks may wait between the keeper and the browser.
const WAITING: usize = 8;

#[derive(Deserialize)]
struct First {
    token: SecretText,
    session: String,
    #[serde(default)]
    size: Option<Size>,
    #[serde(default)]
    scrollback: bool,
}

/// Opens the WebSocket.
pub async fn open(State(backend): State<Backend>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(CHUNK_MAX + 1).on_upgrade(|socket| async move {
        let ending = backend.ending.clone();
        if let Some(Err(e)) = ending.run_until_cancelled(serve(backend, socket)).await {
            tracing::debug!("a terminal's WebSocket ended: {e:#}");
        }
    })
}

async fn serve(backend: Backend, mut socket: WebSocket) -> Result<()> {
    let first: Option<First> = first_message(&mut socket).await?;
    // EXPOSE: the token is hashed and compared.
    let caller = match &first {
        Some(first) => caller(&backend, first.token.expose()).await,
        None => None,
    };
    let (Some(first), Some(caller)) = (first, caller) else {
        return send(&mut socket, answer(0, &Err(no_token()))).await;
    };
    let call = AttachSession { session: first.session, size: first.size, scrollback: first.scrollback };
    let (line, keeper) = handover::prepare(&backend, &caller, 0, &call).await;
    send(&mut socket, line).await?;
    let Some(keeper) = keeper else { return Ok(()) };
    let (ours, keepers) = UnixStream::pair().context("making a pair of sockets")?;
    keeper.attach(&keepers, call.size, call.scrollback).await?;
    drop(keepers);
    relay(socket, ours).await
}

async fn relay(mut socket: WebSocket, keeper: UnixStream) -> Result<()> {
    let (read, mut write) = keeper.into_split();
    let (chunks, mut waiting) = mpsc::channel(WAITING);
    let reading = tokio::spawn(read_chunks(read, chunks));
    loop {
        tokio::select! {
            chunk = waiting.recv() => {
                let Some(chunk) = chunk else { break };
                let sent = socket.send(Message::Binary(chunk));
                tokio::time::timeout(PATIENCE, sent).await.context("the browser does not read")??;
            }
            message = socket.recv() => match message {
                Some(Ok(Message::Binary(chunk))) => {
                    let Some((kind, payload)) = chunk.split_first() else { break };
                    let kind = Kind::from_byte(*kind).context("a chunk of an unknown kind")?;
                    write.write_all(&chunk_head(kind, payload.len())).await?;
                    write.write_all(payload).await?;
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    reading.abort();
    Ok(())
}

/// Reads the keeper's chunks; each becomes one message: the kind, then the payload.
async fn read_chunks(read: OwnedReadHalf, chunks: mpsc::Sender<Bytes>) -> Result<()> {
    let mut read = BufReader::with_capacity(64 * 1024, read);
    loop {
        let mut head = [0; CHUNK_HEAD];
        read.read_exact(&mut head).await?;
        let (kind, len) = read_chunk_head(head)?;
        let mut message = vec![0; 1 + len];
        message[0] = kind.byte();
        read.read_exact(&mut message[1..]).await?;
        chunks.send(message.into()).await?;
    }
}
