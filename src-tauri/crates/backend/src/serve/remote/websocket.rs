//! `/socket`: the frames of the owner's socket, one per text message.

use super::{caller, needs_socket, no_token};
use crate::backend::Backend;
use crate::caller::Caller;
use crate::serve::{Frame, answer, answered, event, hello, read};
use anyhow::{Context, Result};
use api::wire::REQUEST_MAX;
use api::{Request, SecretText};
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a browser may take for its first message, and to take one message in.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How many lines may wait for a browser.
const WAITING: usize = 64;

#[derive(Deserialize)]
struct First {
    token: SecretText,
}

/// Opens the WebSocket.
pub async fn open(State(backend): State<Backend>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(REQUEST_MAX).on_upgrade(|socket| async move {
        let ending = backend.ending.clone();
        if let Some(Err(e)) = ending.run_until_cancelled(serve(backend, socket)).await {
            tracing::debug!("a WebSocket ended: {e:#}");
        }
    })
}

async fn serve(backend: Backend, mut socket: WebSocket) -> Result<()> {
    let first: Option<First> = first_message(&mut socket).await?;
    // EXPOSE: the token is hashed and compared.
    let caller = match first {
        Some(first) => caller(&backend, first.token.expose()).await,
        None => None,
    };
    let Some(caller) = caller else {
        return send(&mut socket, answer(0, &Err(no_token()))).await;
    };
    send(&mut socket, hello()).await?;
    let (lines, mut waiting) = mpsc::channel::<Frame>(WAITING);
    let mut events = None;
    loop {
        tokio::select! {
            Some(line) = waiting.recv() => send(&mut socket, line).await?,
            Some(happened) = next_event(&mut events) => send(&mut socket, event(&happened)).await?,
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    let (id, request) = read(text.as_bytes());
                    if matches!(request, Ok(Request::Subscribe(_))) && events.is_none() {
                        events = Some(backend.bus.subscribe());
                    }
                    spawn(&backend, &caller, lines.clone(), id, request);
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                Some(Ok(_)) => {}
            },
        }
    }
}

async fn next_event(events: &mut Option<crate::bus::Subscription>) -> Option<api::Event> {
    match events {
        Some(events) => events.next().await,
        None => std::future::pending().await,
    }
}

fn spawn(
    backend: &Backend,
    caller: &Caller,
    lines: mpsc::Sender<Frame>,
    id: u64,
    request: api::Result<Request>,
) {
    let (backend, caller) = (backend.clone(), caller.clone());
    backend.tasks.clone().spawn(async move {
        let line = match request {
            Err(error) => answer(id, &Err(error)),
            Ok(Request::AttachSession(_)) => answer(id, &Err(needs_socket())),
            Ok(request) => answered(&backend, &caller, id, request).await,
        };
        lines.send(line).await.ok();
    });
}

/// Reads the first message, which says who comes; anything else than that is nobody.
pub async fn first_message<T: serde::de::DeserializeOwned>(socket: &mut WebSocket) -> Result<Option<T>> {
    let message =
        tokio::time::timeout(PATIENCE, socket.recv()).await.context("waiting for the first message")?;
    match message {
        Some(Ok(Message::Text(text))) => Ok(serde_json::from_str(&text).ok()),
        _ => Ok(None),
    }
}

/// Sends a line as one text message.
pub async fn send(socket: &mut WebSocket, line: Frame) -> Result<()> {
    let text = String::from_utf8(line.to_vec()).context("a line is UTF-8")?;
    let sent = socket.send(Message::Text(text.trim_end().to_string().into()));
    tokio::time::timeout(PATIENCE, sent).await.context("the browser does not read")?.context("sending")
}
