//! Between a call and its answer: what is changed is written down before and after, and what cannot be recorded
//! is not given out.

use super::{Body, answer};
use crate::audit::{By, Fact, Intent, Noted, noted};
use crate::backend::Backend;
use crate::caller::Caller;
use crate::telling::told;
use api::audit::Kind;
use api::sessions::{Session, ShowSession};
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
    let Some(noted) = noted else {
        let _turn = b.audit.turn(caller).await;
        return answer(b, caller, request).await.map_err(|e| told(&e));
    };
    b.audit.admit(caller, noted.kind, method.name)?;
    let about = About::of(b, caller, &noted).await;
    let intent = match refused.is_some() || noted.passing {
        true => None,
        false => intend(b, caller, method.name, &noted, &about).await?,
    };
    b.config.failpoints.at("change.before");
    let answered = match refused {
        Some(error) => Err(error),
        None => answer(b, caller, request).await.map_err(|e| told(&e)),
    };
    b.config.failpoints.at("change.after");
    let recorded = record(b, caller, method.name, noted, about, &answered, intent).await;
    b.config.failpoints.at("record.after");
    match recorded {
        Ok(()) => answered,
        Err(e) => Err(unrecorded(answered.err(), told(&e))),
    }
}

/// What a call names, found before it is answered: afterwards it may be gone.
#[derive(Default)]
struct About {
    identity_id: Option<String>,
    /// The other identities in whose timelines it stands as well.
    others: Vec<String>,
    session: Option<Session>,
}

impl About {
    async fn of(b: &Backend, caller: &Caller, noted: &Noted) -> Self {
        // What an agent names besides its own is nothing to look up for it.
        if caller.is_agent() {
            return Self::default();
        }
        let identity_id = match &noted.identity {
            Some(named) => b.audit.identity_id(named).await.unwrap_or_default(),
            None if noted.own => b.audit.current_identity_id().await.unwrap_or_default(),
            None => None,
        };
        let mut about = Self { identity_id, ..Self::default() };
        if let (Some(with), Some(own)) = (&noted.shared, &about.identity_id) {
            about.others = b.audit.sharers(own, &noted.subject).await.unwrap_or_default();
            for named in with {
                about.others.extend(b.audit.identity_id(named).await.unwrap_or_default());
            }
            about.others.retain(|other| other != own);
            about.others.sort();
            about.others.dedup();
        }
        if let Some(session) = noted.session.clone() {
            about.session = b.sessions.show(ShowSession { session }).await.ok();
        }
        about
    }

    /// A fact with what is known, once for each identity that it is about.
    fn each(&self, mut fact: Fact) -> Vec<Fact> {
        if let Some(session) = &self.session {
            fact.identity_id.get_or_insert_with(|| session.identity_id.clone());
            fact.slot.get_or_insert(session.slot);
            fact.session.get_or_insert_with(|| session.id.clone());
        }
        let of = |other: &String| Fact { identity_id: Some(other.clone()), ..fact.clone() };
        let others: Vec<Fact> = self.others.iter().map(of).collect();
        std::iter::once(fact).chain(others).collect()
    }
}

/// Writes down what is about to be changed. What cannot be written down is not done, but for a few calls.
async fn intend(
    b: &Backend,
    caller: &Caller,
    action: &str,
    noted: &Noted,
    about: &About,
) -> api::Result<Option<Intent>> {
    let fact = Fact { identity_id: about.identity_id.clone(), ..noted.clone().begun(action) };
    match b.audit.intend(By::Caller(caller), &about.each(fact)).await.map_err(|e| told(&e)) {
        Ok(intent) => Ok(Some(intent)),
        Err(_) if noted.always => Ok(None),
        Err(why) => {
            let message =
                format!("it could not be written into the audit, so it was not done: {}", why.message);
            Err(Error::new(why.code, message).hint("make room on the disk, then try again"))
        }
    }
}

async fn record(
    b: &Backend,
    caller: &Caller,
    action: &str,
    noted: Noted,
    about: About,
    answered: &api::Result<Body>,
    intent: Option<Intent>,
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
        fact.identity_id = about.identity_id.clone().or(told).or(fact.identity_id);
    } else {
        fact.identity_id = None;
    }
    b.audit.settle(intent, By::Caller(caller), about.each(fact), !quick).await
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
