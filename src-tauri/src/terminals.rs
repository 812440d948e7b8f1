//! The page's attached terminals: one connection each, raw chunks through a channel, and no faster than the page.

use crate::daemon::{self, Incoming, Sending};
use api::sessions::{AttachSession, Size};
use api::wire::{CHUNK_HEAD, CHUNK_MAX, Kind, Outgoing, chunk_head, read_chunk_head};
use api::{Call, Code, Error, Result};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tauri::State;
use tauri::ipc::{Channel, InvokeResponseBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Semaphore, mpsc};

/// How many bytes of output may be with the page before it says that it has taken them.
const IN_FLIGHT: usize = 4 * CHUNK_MAX;
/// How many chunks of the page may wait to be written.
const CHUNKS: usize = 64;

/// The terminals that are attached now.
pub struct Terminals {
    socket: PathBuf,
    open: Mutex<Numbered>,
}

#[derive(Default)]
struct Numbered {
    last: u32,
    attached: HashMap<u32, Attached>,
}

/// The page's ends of one terminal. Dropping it detaches.
#[derive(Clone)]
struct Attached {
    input: mpsc::Sender<(Kind, Vec<u8>)>,
    room: Arc<Semaphore>,
}

impl Terminals {
    /// No terminals yet; each will connect to `socket`.
    pub fn new(socket: PathBuf) -> Self {
        Self { socket, open: Mutex::default() }
    }

    /// Detaches all: the page that had them is gone.
    pub fn clear(&self) {
        self.open().attached.clear();
    }

    fn open(&self) -> MutexGuard<'_, Numbered> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, number: u32) -> Result<Attached> {
        let attached = self.open().attached.get(&number).cloned();
        attached.ok_or_else(|| Error::new(Code::NotFound, "this terminal is not attached any more"))
    }
}

/// Attaches to a session; its chunks go to `channel`, an empty one when the connection has ended.
#[tauri::command]
pub async fn attach(
    terminals: State<'_, Terminals>,
    session: String,
    size: Size,
    channel: Channel<InvokeResponseBody>,
) -> Result<u32> {
    let connected = daemon::connect(&terminals.socket).await?;
    let (mut incoming, mut sending) = connected
        .ok_or_else(|| Error::new(Code::Internal, "the daemon does not run; it is being started"))?;
    let call = AttachSession { session, size: Some(size.clamped()), scrollback: true };
    let params = serde_json::to_value(&call).map_err(|_| Error::internal())?;
    sending.ask(1, AttachSession::METHOD, &params).await?;
    match incoming.line().await? {
        Outgoing::Answer(answer) => answer.result.map(drop)?,
        _ => return Err(Error::internal()),
    }
    let (input, chunks) = mpsc::channel(CHUNKS);
    let room = Arc::new(Semaphore::new(IN_FLIGHT));
    let attached = Attached { input, room: room.clone() };
    tauri::async_runtime::spawn(async move {
        tokio::select! {
            _ended = read(incoming, &channel, &room) => {}
            _ended = write(sending, chunks) => {}
        }
        let _gone = channel.send(InvokeResponseBody::Raw(Vec::new()));
    });
    let mut open = terminals.open();
    open.last += 1;
    let number = open.last;
    open.attached.insert(number, attached);
    Ok(number)
}

/// The page has taken `bytes` of output: so many more may follow.
#[tauri::command]
pub fn attach_ack(terminals: State<'_, Terminals>, number: u32, bytes: usize) -> Result<()> {
    let room = terminals.get(number)?.room;
    room.add_permits(bytes.min(IN_FLIGHT.saturating_sub(room.available_permits())));
    Ok(())
}

/// Sends input or a new size to the terminal.
#[tauri::command]
pub async fn attach_write(
    terminals: State<'_, Terminals>,
    number: u32,
    kind: u8,
    bytes: Vec<u8>,
) -> Result<()> {
    let input = terminals.get(number)?.input;
    let kind = Kind::from_byte(kind).ok_or_else(|| Error::invalid("a chunk of an unknown kind"))?;
    for part in bytes.chunks(CHUNK_MAX) {
        let ended = |_| Error::new(Code::NotFound, "this terminal has ended");
        input.send((kind, part.to_vec())).await.map_err(ended)?;
    }
    Ok(())
}

/// Ends the connection of one terminal; its session goes on.
#[tauri::command]
pub fn detach(terminals: State<'_, Terminals>, number: u32) {
    terminals.open().attached.remove(&number);
}

async fn read(
    mut incoming: Incoming,
    channel: &Channel<InvokeResponseBody>,
    room: &Semaphore,
) -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
    loop {
        let mut head = [0; CHUNK_HEAD];
        incoming.0.read_exact(&mut head).await?;
        let (kind, len) = read_chunk_head(head)?;
        if matches!(kind, Kind::Output | Kind::Repaint) {
            room.acquire_many(u32::try_from(len)?).await?.forget();
        }
        let mut message = vec![kind.byte(); len + 1];
        incoming.0.read_exact(&mut message[1..]).await?;
        channel.send(InvokeResponseBody::Raw(message))?;
    }
}

async fn write(mut sending: Sending, mut chunks: mpsc::Receiver<(Kind, Vec<u8>)>) -> std::io::Result<()> {
    while let Some((kind, payload)) = chunks.recv().await {
        sending.0.write_all(&chunk_head(kind, payload.len())).await?;
        sending.0.write_all(&payload).await?;
    }
    Ok(())
}
