//! What the room of sources stands on.

use super::Ground;
use crate::inbox::Inbox;
use crate::passwords::Passwords;
use crate::secrets::Secrets;
use crate::sources::{Parts, Sources};
use crate::tokens::Tokens;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

impl Ground {
    pub(super) fn sources(
        &self,
        inbox: &Inbox,
        tokens: &Tokens,
        secrets: &Secrets,
        passwords: &Passwords,
        (tasks, ending): (&TaskTracker, &CancellationToken),
    ) -> Sources {
        Sources::new(Parts {
            store: self.store.clone(),
            bus: self.bus.clone(),
            clock: self.clock,
            safe: self.safe.clone(),
            inbox: inbox.clone(),
            tokens: tokens.clone(),
            failpoints: self.config.failpoints.clone(),
            secrets: secrets.clone(),
            passwords: passwords.clone(),
            audit: self.audit.clone(),
            members: self.members.clone(),
            mail: self.config.settings.inbox.clone(),
            domain: self.config.settings.email_domain.clone(),
            tasks: tasks.clone(),
            ending: ending.clone(),
        })
    }
}
