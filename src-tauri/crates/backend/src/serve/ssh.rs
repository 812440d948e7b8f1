//! A session's SSH agent: it lists the identity's public key and signs with it. Nothing can be put in, taken
//! out or locked, and what it does not know it answers with a failure.

use crate::backend::Backend;
use crate::caller::Caller;
use crate::telling::told;
use anyhow::{Result, ensure};
use ssh_encoding::{Decode, Encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::UnixStream;

/// The longest message, as OpenSSH's own agent has it.
const MESSAGE_MAX: u32 = 256 * 1024;

// The numbers of the protocol's messages (draft-ietf-sshm-ssh-agent).
const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// Serves one connection until its end. Who is not of the session gets no word.
pub async fn serve(backend: Backend, mut stream: UnixStream, caller: api::Result<Caller>) {
    let Ok(caller) = caller else { return };
    let ending = backend.ending.clone();
    let served = ending.run_until_cancelled(converse(&backend, &mut stream, &caller)).await;
    if let Some(Err(e)) = served {
        tracing::debug!("a connection to an SSH agent ended: {e:#}");
    }
}

async fn converse(backend: &Backend, stream: &mut UnixStream, caller: &Caller) -> Result<()> {
    while let Some(request) = read(stream).await? {
        let answered = tokio::select! {
            answered = answer(backend, caller, &request) => answered,
            // Nobody is asked to approve what nobody waits for any more.
            () = gone(stream) => return Ok(()),
        };
        let answer = answered.unwrap_or_else(|e| {
            let error = told(&e);
            tracing::warn!(target: "audit", caller = ?caller, "refused at an SSH agent: {}", error.message);
            vec![FAILURE]
        });
        let mut frame = Vec::with_capacity(4 + answer.len());
        answer.encode(&mut frame)?;
        stream.write_all(&frame).await?;
    }
    Ok(())
}

/// The next message, or none at the end.
async fn read(stream: &mut UnixStream) -> Result<Option<Vec<u8>>> {
    let length = match stream.read_u32().await {
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        length => length?,
    };
    ensure!(length <= MESSAGE_MAX, "a message beyond the limit");
    let mut message = Vec::new();
    // What was announced is not believed before it has come.
    stream.take(length.into()).read_to_end(&mut message).await?;
    ensure!(message.len() == length as usize, "a message that was cut off");
    Ok(Some(message))
}

async fn answer(backend: &Backend, caller: &Caller, request: &[u8]) -> Result<Vec<u8>> {
    let mut rest = request;
    match u8::decode(&mut rest) {
        Ok(REQUEST_IDENTITIES) => {
            let (key, comment) = backend.keys.offered(caller).await?;
            let mut answer = vec![IDENTITIES_ANSWER];
            1u32.encode(&mut answer)?;
            key.encode(&mut answer)?;
            comment.encode(&mut answer)?;
            Ok(answer)
        }
        Ok(SIGN_REQUEST) => {
            let (key, data) = (Vec::<u8>::decode(&mut rest)?, Vec::<u8>::decode(&mut rest)?);
            let mut answer = vec![SIGN_RESPONSE];
            backend.keys.sign(caller, &key, &data).await?.encode(&mut answer)?;
            Ok(answer)
        }
        // Extensions and everything that would change the agent; OpenSSH asks for some and goes on without.
        _ => Ok(vec![FAILURE]),
    }
}

/// Waits until the client has closed its end; for ever if it sends more instead.
async fn gone(stream: &UnixStream) {
    match stream.ready(Interest::READABLE).await {
        Ok(ready) if !ready.is_read_closed() => std::future::pending().await,
        _ => {}
    }
}
