//! Between a call and its answer: what is done is recorded first, and what cannot be recorded is not given out.

use super::{Body, answer};
use crate::audit::{By, Noted, noted};
use crate::backend::Backend;
use crate::caller::Caller;
use crate::telling::told;
use api::audit::Kind;
use api::sessions::ShowSession;
use api::{Error, Request};

/// Answers a call and records it, if it is one that is recorded.
pub async fn recorded(b: &Backend, caller: &Caller, request: Request) -> api::Result<Body> {
    let method = request.method();
    let refused = (!method.roles.contains(&caller.role())).then(|| {
        let message = format!("{} is not for an {}", method.name, caller.role().name());
        Error::refused(message).hint("ask the owner to do it")
    });
    // Whoever is refused by its role is recorded whatever it asked for.
    let noted = noted(&request).or_else(|| refused.is_some().then(|| Noted::new(Kind::Door, "")));
    let Some(noted) = noted else { return answer(b, caller, request).await.map_err(|e| told(&e)) };
    b.audit.admit(caller, noted.kind, method.name)?;
    let about = About::of(b, caller, &noted).await;
    let answered = match refused {
        Some(error) => Err(error),
        None => answer(b, caller, request).await.map_err(|e| told(&e)),
    };
    match record(b, caller, method.name, noted, about, &answered).await {
        Ok(()) => answered,
        Err(e) => Err(unrecorded(answered.err(), told(&e))),
    }
}

/// What a call names, found before it is answered: afterwards it may be gone.
#[derive(Default)]
struct About {
    identity_id: Option<String>,
    session: Option<api::sessions::Session>,
}

impl About {
    async fn of(b: &Backend, caller: &Caller, noted: &Noted) -> Self {
        // What an agent names besides its own is nothing to look up for it.
        if caller.is_agent() {
            return Self::default();
        }
        let mut about = Self::default();
        if let Some(named) = &noted.identity {
            about.identity_id = b.audit.identity_id(named).await.unwrap_or_default();
        }
        if let Some(session) = noted.session.clone() {
            about.session = b.sessions.show(ShowSession { session }).await.ok();
        }
        about
    }
}

async fn record(
    b: &Backend,
    caller: &Caller,
    action: &str,
    noted: Noted,
    about: About,
    answered: &api::Result<Body>,
) -> anyhow::Result<()> {
    let quick = noted.quick || answered.is_err();
    let mut fact = match answered {
        Ok(body) => noted.done(action, body),
        Err(error) => noted.failed(action, error),
    };
    // An answer names an identity by its name where it has no id.
    let told = match &fact.identity_id {
        Some(told) if about.identity_id.is_none() && !caller.is_agent() => b.audit.identity_id(told).await?,
        _ => None,
    };
    if !caller.is_agent() {
        fact.identity_id = about.identity_id.or(told).or(fact.identity_id);
    } else {
        fact.identity_id = None;
    }
    if let Some(session) = about.session {
        fact.identity_id.get_or_insert(session.identity_id);
        fact.slot.get_or_insert(session.slot);
        fact.session.get_or_insert(session.id);
    }
    match quick {
        true => b.audit.note(By::Caller(caller), fact).await,
        false => b.audit.record(By::Caller(caller), fact).await,
    }
}

/// The answer in place of one that could not be recorded.
fn unrecorded(failed: Option<Error>, why: Error) -> Error {
    let Some(error) = failed else {
        let message =
            format!("it could not be written into the audit, so it is not answered: {}", why.message);
        return Error::new(why.code, message)
            .hint("make room on the disk, then look at what has changed before you try again");
    };
    // Nothing was done and nothing leaves: the failure itself is worth more.
    error
}
