//! Who asks over HTTP: the session that its key is for, if one of that session's own processes holds the connection.

use super::refusal::Refusal;
use crate::audit::{By, Fact, REFUSED};
use crate::backend::Backend;
use crate::caller::{Asker, Caller};
use crate::dispatch::dispatch;
use crate::serve::remote;
use crate::store::SessionRow;
use anyhow::Context;
use api::audit::{Door, Kind};
use api::identities::ShowIdentity;
use api::{Call, Error, ravi};
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use peer::Peer;
use std::net::SocketAddr;
use tokio_util::sync::DropGuard;
use url::form_urlencoded;

/// A program of a session.
pub struct Client {
    backend: Backend,
    caller: Caller,
    /// A call that waits for the owner hears from this that its client is gone.
    _leaving: Option<DropGuard>,
}

impl FromRequestParts<Backend> for Client {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, backend: &Backend) -> Result<Self, Refusal> {
        let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let key = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let Some(session) = backend.sessions.by_key(key).await? else {
            let why = "no key of a session that runs, or none at all";
            remote::refused(&backend.audit, Kind::Door, "door.refused", why).await;
            return Err(Refusal::unauthenticated());
        };
        let theirs = parts.extensions.get::<ConnectInfo<remote::Theirs>>().map(|info| info.0.0);
        let Some(peer) = holder(backend, &session, theirs).await? else {
            carried_off(backend, &session).await;
            return Err(Refusal::forbidden("this key is for the processes of its session alone"));
        };
        let caller = Caller::Agent {
            session: session.id,
            slot: u32::try_from(session.slot).unwrap_or(0),
            identity_id: session.identity_id.clone(),
            worktree_id: session.worktree_id,
            asker: Asker::new(peer),
        };
        let client = Self { backend: backend.clone(), _leaving: caller.leaving(), caller };
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let named = form_urlencoded::parse(query).find(|(name, _)| name == "identity");
        if named.is_some_and(|(_, wanted)| wanted != session.identity_id.as_str()) {
            return Err(Refusal::forbidden("this key is for one identity alone, and that is another"));
        }
        Ok(client)
    }
}

impl Client {
    /// Sends a row of the table as the session's agent. It goes on, and is recorded, when the client is gone.
    pub async fn ask<C: Call>(&self, call: C) -> Result<C::Reply, Refusal> {
        let (backend, caller, request) = (self.backend.clone(), self.caller.clone(), call.into());
        let answered = async move { dispatch(&backend, &caller, request).await };
        let answered = self.backend.tasks.spawn(answered).await.unwrap_or_else(|_| Err(Error::internal()));
        Ok(serde_json::from_slice(&answered?).context("reading an answer of our own")?)
    }

    /// The identity that the key is for.
    pub async fn me(&self) -> Result<ravi::Identity, Refusal> {
        Ok(self.ask(ShowIdentity { identity: None }).await?.into())
    }

    /// The web door's address.
    pub fn address(&self) -> &str {
        self.backend.members.address().unwrap_or_default()
    }
}

/// The session's process that holds the other end of the connection.
async fn holder(
    backend: &Backend,
    session: &SessionRow,
    theirs: Option<SocketAddr>,
) -> anyhow::Result<Option<Peer>> {
    let ours = backend.members.address()?.strip_prefix("http://").and_then(|address| address.parse().ok());
    let keeper = session.keeper_pid.and_then(|pid| u32::try_from(pid).ok());
    let (Some(ours), Some(theirs), Some(keeper)) = (ours, theirs, keeper) else { return Ok(None) };
    let found = tokio::task::spawn_blocking(move || peer::holder(keeper, theirs, ours)).await?;
    // Whoever cannot be told for certain is nobody.
    Ok(found.unwrap_or_default())
}

async fn carried_off(backend: &Backend, session: &SessionRow) {
    let fact = Fact {
        outcome: REFUSED.into(),
        detail: "the key of a session, from a process that is not of it".into(),
        identity_id: Some(session.identity_id.clone()),
        slot: u32::try_from(session.slot).ok(),
        session: Some(session.id.clone()),
        ..Fact::done(Kind::Door, "door.refused", Door::Web.name())
    };
    if let Err(e) = backend.audit.note(By::Stranger(Door::Web), fact).await {
        tracing::error!("recording a refusal at the web door: {e:#}");
    }
}
