//! Before a connection is given to a keeper: the answer to the client, and the way to the keeper.

use super::{Frame, answer};
use crate::backend::Backend;
use crate::keeper::link::Link;
use crate::telling::told;
use api::sessions::AttachSession;
use zeroize::Zeroizing;

/// The line that answers an attach, and the keeper to attach to where it was found.
pub async fn prepare(backend: &Backend, id: u64, call: &AttachSession) -> (Frame, Option<Link>) {
    match backend.sessions.attach(&call.session).await {
        Ok((session, link)) => {
            let body = serde_json::to_vec(&session).unwrap_or_default();
            (answer(id, &Ok(Zeroizing::new(body))), Some(link))
        }
        Err(e) => (answer(id, &Err(told(&e))), None),
    }
}
