//! Before a connection is given to a keeper: the answer to the client, and the way to the keeper.

use super::{Frame, answer};
use crate::audit::{By, Fact};
use crate::backend::Backend;
use crate::caller::Caller;
use crate::keeper::link::Knock;
use crate::telling::told;
use anyhow::Result;
use api::audit::Kind;
use api::sessions::{AttachSession, Session};
use zeroize::Zeroizing;

/// The line that answers an attach, and the keeper to attach to where it answered. Whoever attaches can
/// read and type, so it is recorded first.
pub async fn prepare(
    backend: &Backend,
    caller: &Caller,
    id: u64,
    call: &AttachSession,
) -> (Frame, Option<Knock>) {
    match attach(backend, caller, call).await {
        Ok((session, keeper)) => {
            let body = serde_json::to_vec(&session).unwrap_or_default();
            (answer(id, &Ok(Zeroizing::new(body))), Some(keeper))
        }
        Err(e) => (answer(id, &Err(told(&e))), None),
    }
}

async fn attach(backend: &Backend, caller: &Caller, call: &AttachSession) -> Result<(Session, Knock)> {
    let (session, keeper) = backend.sessions.attach(&call.session).await?;
    let fact = Fact {
        identity_id: Some(session.identity_id.clone()),
        session: Some(session.id.clone()),
        slot: Some(session.slot),
        ..Fact::done(Kind::Session, "sessions.attach", &call.session)
    };
    backend.audit.note(By::Caller(caller), fact).await?;
    Ok((session, keeper))
}
