//! The relay: one connection to the daemon that carries all calls of the page, and the events back.

use crate::daemon::{self, Incoming, Sending};
use crate::events;
use api::wire::Outgoing;
use api::{Call, Code, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;
use tauri::{AppHandle, State};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep};

/// How many calls may wait to be sent.
const CALLS: usize = 64;
/// The waits before another try to reach the daemon: the first, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// How the connection to the daemon is, as the page is told.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Link {
    /// Whether calls can be answered.
    pub up: bool,
    /// What is the matter, and what to do about it.
    pub message: String,
    /// Whether the first try since the last connection is not over yet.
    pub trying: bool,
}

/// A call on its way to the daemon.
struct Ask {
    method: String,
    params: serde_json::Value,
    reply: oneshot::Sender<Result<Box<RawValue>>>,
}

/// The page's way to the daemon.
pub struct Relay {
    link: watch::Sender<Link>,
    asks: mpsc::Sender<Ask>,
}

impl Relay {
    /// Connects, and goes on connecting for as long as the window lives.
    pub fn start(app: &AppHandle, socket: PathBuf) -> Self {
        let (asks, waiting) = mpsc::channel(CALLS);
        let trying = Link { up: false, message: "Connecting to the daemon…".into(), trying: true };
        let link = watch::Sender::new(trying);
        tauri::async_runtime::spawn(keep_connected(app.clone(), socket, waiting, link.clone()));
        Self { link, asks }
    }

    /// Sends a call of ours.
    pub async fn ask<C: Call>(&self, call: &C) -> Result<C::Reply> {
        let params = serde_json::to_value(call).map_err(|_| Error::internal())?;
        let reply = self.ask_raw(C::METHOD.into(), params).await?;
        serde_json::from_str(reply.get()).map_err(|_| Error::internal())
    }

    async fn ask_raw(&self, method: String, params: serde_json::Value) -> Result<Box<RawValue>> {
        let gone = || Error::new(Code::Internal, "the daemon went away before it answered");
        let mut link = self.link.subscribe();
        let now = link.wait_for(|link| !link.trying).await.map_err(|_| gone())?.clone();
        if !now.up {
            return Err(Error::new(Code::Internal, now.message));
        }
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask { method, params, reply }).await.map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

/// A request of the page.
#[derive(Deserialize)]
pub struct Request {
    id: u64,
    method: String,
    #[serde(default)]
    params: serde_json::Value,
}

/// The answer to the page.
#[derive(Serialize)]
pub struct Answer {
    id: u64,
    result: Result<Box<RawValue>>,
}

/// Carries one call of the page to the daemon and the answer back.
#[tauri::command]
pub async fn call(relay: State<'_, Relay>, request: Request) -> std::result::Result<Answer, ()> {
    let params = if request.params.is_null() { serde_json::json!({}) } else { request.params };
    Ok(Answer { id: request.id, result: relay.ask_raw(request.method, params).await })
}

/// How the connection to the daemon is now.
#[tauri::command]
pub fn link(relay: State<'_, Relay>) -> Link {
    relay.link.borrow().clone()
}

async fn keep_connected(
    app: AppHandle,
    socket: PathBuf,
    mut asks: mpsc::Receiver<Ask>,
    link: watch::Sender<Link>,
) {
    let mut wait = WAITS.0;
    loop {
        let since = Instant::now();
        let (error, trying) = match daemon::reach(&app, &socket).await {
            Ok(connection) => (carry(&app, connection, &mut asks, &link).await, true),
            Err(error) => (error, false),
        };
        // What was asked too late is answered by dropping it.
        while asks.try_recv().is_ok() {}
        events::linked(&app, &link, Link { up: false, message: error.to_string(), trying });
        wait = if since.elapsed() > WAITS.1 { WAITS.0 } else { WAITS.1.min(wait * 2) };
        sleep(wait).await;
    }
}

/// The calls that wait for their answers, by the ids that the relay gave them.
type Open = Mutex<HashMap<u64, oneshot::Sender<Result<Box<RawValue>>>>>;

/// Carries calls and events until the connection ends; returns why it did.
async fn carry(
    app: &AppHandle,
    (incoming, sending): (Incoming, Sending),
    asks: &mut mpsc::Receiver<Ask>,
    link: &watch::Sender<Link>,
) -> Error {
    let open = Open::default();
    let ended = tokio::select! {
        ended = hear(app, incoming, &open, link) => ended,
        ended = send(sending, asks, &open) => ended,
    };
    ended.err().unwrap_or_else(Error::internal)
}

async fn hear(
    app: &AppHandle,
    mut incoming: Incoming,
    open: &Open,
    link: &watch::Sender<Link>,
) -> Result<()> {
    loop {
        match incoming.line().await? {
            // Only now can the page list things and miss no change after it.
            Outgoing::Answer(answer) if answer.id == 0 => {
                answer.result?;
                events::linked(app, link, Link { up: true, ..Link::default() });
            }
            Outgoing::Answer(answer) => {
                let waiting = open.lock().ok().and_then(|mut open| open.remove(&answer.id));
                if let Some(reply) = waiting {
                    let _gone = reply.send(answer.result);
                }
            }
            Outgoing::Event(event) => events::told(app, &event),
            Outgoing::Hello(_) => {}
        }
    }
}

async fn send(mut sending: Sending, asks: &mut mpsc::Receiver<Ask>, open: &Open) -> Result<()> {
    sending.ask(0, api::status::Subscribe::METHOD, &serde_json::json!({})).await?;
    let mut id = 0;
    while let Some(ask) = asks.recv().await {
        id += 1;
        if let Ok(mut open) = open.lock() {
            open.insert(id, ask.reply);
        }
        sending.ask(id, &ask.method, &ask.params).await?;
    }
    Ok(())
}
