//! A token is asked for: looked at, written down, approved, and issued.

use super::issuers::policy;
use super::life::millis;
use super::{Hold, Tokens};
use crate::approvals::Wanted;
use crate::caller::Caller;
use crate::store::{self, IdentityRow, IssuerRow, TokenRow};
use anyhow::{Result, bail};
use api::approvals::{Action, WORDS_MAX};
use api::names::{clean, shown};
use api::secrets::Policy;
use api::tokens::{REPOSITORIES_MAX, RequestToken, State, Token};
use api::{Error, Millis};
use std::time::Duration;

/// The longest name of a repository or a permission, in bytes.
const WORD_MAX: usize = 200;
/// The most permissions of one token.
const PERMISSIONS_MAX: usize = 100;
/// How much of its id a token's name at the issuer carries.
const NAME_ID: usize = 12;

/// Whom and what a token is for.
struct Place {
    worktree: Option<(String, String)>,
    session: Option<(String, i64)>,
}

impl Tokens {
    /// Asks an issuer for a token: the owner's at once, an agent's if the issuer's policy or the owner allows it.
    pub async fn request(&self, caller: &Caller, identity: IdentityRow, call: RequestToken) -> Result<Token> {
        let issuer = self.issuers.find(&call.issuer).await?;
        let agent = caller.is_agent();
        if agent && policy(&issuer) == Policy::Deny {
            bail!(denied(&issuer));
        }
        check(&call)?;
        let limits = self.issuers.opened(&issuer)?.limits();
        let ttl = call.ttl.map(Duration::from_secs);
        limits.check(ttl, &call.repositories).map_err(|failure| failure.told(&issuer.name))?;
        self.account(&issuer, &identity.id, &identity.name).await?;
        let place = self.place(caller, call.worktree.as_deref()).await?;
        let row = new_row(&identity, &issuer, &call, place, limits.undoable, self.clocks.now().wall)?;
        // From here on the row is in our hands: should this call be dropped, the loop finds the row and ends it.
        let Some(hold) = self.hold(&row.id) else { bail!(Error::internal()) };
        self.failpoints.at("request.before");
        self.store.insert_token(&row).await?;
        self.failpoints.at("request.after");
        self.tell(&row.id);
        if agent && policy(&issuer) == Policy::Ask {
            self.ask(caller, identity, &issuer, call, &row.id).await?;
        }
        self.issued_apart(row, hold).await
    }

    /// Asks the owner, who may change the issuer's policy meanwhile.
    async fn ask(
        &self,
        caller: &Caller,
        identity: IdentityRow,
        issuer: &IssuerRow,
        call: RequestToken,
        id: &str,
    ) -> Result<()> {
        let wanted = wanted(identity, issuer, call);
        let permitted = self.approvals.permit_unless(caller, wanted, self.unwanted(id)).await;
        let now = self.store.issuer(&issuer.id).await?;
        let permitted = permitted.and_then(|_| match now {
            Some(now) if policy(&now) != Policy::Deny => Ok(()),
            _ => bail!(denied(issuer)),
        });
        if let Err(error) = permitted {
            let told = error.downcast_ref::<Error>().map_or("it could not be asked for", |e| &e.message);
            self.store.fail_token(id, told).await?;
            self.tell(id);
            return Err(error);
        }
        Ok(())
    }

    /// Ends once a token is no longer asked for: its owner, or the end of its worktree, has revoked it.
    async fn unwanted(&self, id: &str) -> &'static str {
        let mut changes = self.live.changes.subscribe();
        let asked_for = |row: &TokenRow| row.state == State::Requested.name();
        // A store that does not answer says nothing about the token: the question stays.
        while self.store.token(id).await.is_ok_and(|row| row.as_ref().is_none_or(asked_for)) {
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
        "the token was revoked before it was issued"
    }

    /// Issues a token in a task of its own: whoever asked may go away, what was begun is brought to its end.
    pub(super) async fn issued_apart(&self, row: TokenRow, hold: Hold) -> Result<Token> {
        let room = self.clone();
        self.tasks.spawn(async move { room.issue(row, &hold).await }).await?
    }

    async fn place(&self, caller: &Caller, wanted: Option<&str>) -> Result<Place> {
        let Caller::Agent { session, .. } = caller else {
            let worktree = match wanted {
                Some(wanted) => Some(self.worktrees.find(wanted).await?),
                None => None,
            };
            return Ok(Place { worktree: worktree.map(|row| (row.id, row.name)), session: None });
        };
        let own = self.seat(session).await?;
        if wanted.is_some_and(|wanted| {
            ![&own.worktree, &own.worktree_id, &own.branch].contains(&&wanted.to_string())
        }) {
            // Whether there is another worktree of that name is not told either.
            bail!(
                Error::refused("an agent can ask for tokens of its own worktree alone")
                    .hint("leave --worktree out: this session has one worktree")
            );
        }
        Ok(Place { worktree: Some((own.worktree_id, own.worktree)), session: Some((own.id, own.slot)) })
    }
}

fn denied(issuer: &IssuerRow) -> Error {
    Error::refused(format!("the owner keeps the issuer {} from agents", shown(&issuer.name)))
        .hint("its policy is deny; go on without it, or ask the owner")
}

fn new_row(
    identity: &IdentityRow,
    issuer: &IssuerRow,
    call: &RequestToken,
    place: Place,
    undoable: bool,
    now: Millis,
) -> Result<TokenRow> {
    let id = store::new_id();
    let (worktree_id, worktree) = place.worktree.unzip();
    let (session, slot) = place.session.unzip();
    Ok(TokenRow {
        name: name(&identity.name, &id),
        issuer_id: issuer.id.clone(),
        issuer: issuer.name.clone(),
        kind: issuer.kind.clone(),
        identity_id: identity.id.clone(),
        identity: identity.name.clone(),
        worktree_id,
        worktree,
        session,
        slot,
        state: State::Requested.name().into(),
        repositories: serde_json::to_string(&call.repositories)?,
        permissions: serde_json::to_string(&call.permissions)?,
        ttl_ms: call.ttl.map(|ttl| millis(Duration::from_secs(ttl))),
        reason: call.reason.clone().filter(|reason| !reason.is_empty()),
        undoable,
        requested_at: now,
        id,
        ..TokenRow::default()
    })
}

/// What a token is called at its issuer. The random end of the id tells those of one moment apart.
pub(super) fn name(identity: &str, id: &str) -> String {
    let plain: String = id.chars().filter(|c| *c != '-').collect();
    format!("lanyard-{identity}-{}", &plain[plain.len().saturating_sub(NAME_ID)..])
}

/// The question for the owner. The subject names the scope as well: what is granted for a session or an hour
/// holds for the same issuer with the same scope, and for nothing wider.
fn wanted(identity: IdentityRow, issuer: &IssuerRow, call: RequestToken) -> Wanted {
    let repositories = call.repositories.join(", ");
    let permissions: Vec<String> =
        call.permissions.iter().map(|(name, level)| format!("{name}={level}")).collect();
    let permissions = permissions.join(", ");
    let life = call.ttl.map(|ttl| format!("{ttl} s")).unwrap_or_default();
    let details: Vec<(String, String)> =
        [("repositories", repositories), ("permissions", permissions), ("life", life)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_string(), value))
            .collect();
    let scope = details.iter().map(|(name, value)| format!("; {name}: {value}")).collect::<String>();
    Wanted {
        action: Action::RequestToken,
        subject: format!("{}{scope}", issuer.name),
        identity,
        reason: call.reason,
        wait: call.wait_ms.map(Duration::from_millis),
        details,
    }
}

fn check(call: &RequestToken) -> Result<()> {
    let bad = |word: &String| word.is_empty() || word.len() > WORD_MAX || clean(word) != *word;
    if call.repositories.len() > REPOSITORIES_MAX || call.permissions.len() > PERMISSIONS_MAX {
        bail!(Error::invalid(format!(
            "a token is limited to at most {REPOSITORIES_MAX} repositories and {PERMISSIONS_MAX} permissions"
        )));
    }
    let mut words = call.repositories.iter().chain(call.permissions.keys()).chain(call.permissions.values());
    if let Some(word) = words.find(|word| bad(word)) {
        bail!(Error::invalid(format!("{} is no name of a repository or permission", shown(word))));
    }
    if call.reason.as_ref().is_some_and(|reason| reason.chars().count() > WORDS_MAX) {
        bail!(Error::invalid(format!("a reason has at most {WORDS_MAX} characters")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_the_issuer_tell_tokens_of_one_moment_apart() {
        let (a, b) = (name("ada", &store::new_id()), name("ada", &store::new_id()));
        assert!(a.starts_with("lanyard-ada-") && a != b, "{a} {b}");
        assert_eq!(a.len(), "lanyard-ada-".len() + NAME_ID);
    }

    #[test]
    fn what_no_issuer_could_mean_is_refused() {
        let call =
            |repository: &str| RequestToken { repositories: vec![repository.into()], ..Default::default() };
        for bad in ["", "a\nb", "\u{202e}x", &"x".repeat(201)] {
            assert!(check(&call(bad)).is_err(), "{bad:?}");
        }
        assert!(check(&call("acme/shop")).is_ok());
        let many = vec!["a".to_string(); REPOSITORIES_MAX + 1];
        assert!(check(&RequestToken { repositories: many, ..Default::default() }).is_err());
    }
}
