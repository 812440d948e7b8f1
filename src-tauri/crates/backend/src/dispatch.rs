//! The one match from a call to its room. A forgotten call or a wrong reply does not compile.

mod linking;
mod recorded;

use crate::backend::Backend;
use crate::caller::Caller;
use crate::secrets::Scope;
use crate::store::IdentityRow;
use crate::wiped;
pub use crate::wiped::Body;
use anyhow::{Result, bail};
use api::approvals::Action;
use api::identities::{DeleteIdentity, GetEnvironment, Variable};
use api::inbox::{ListMessages, Message, Messages, SendMessage};
use api::issuers::{AddIssuer, Issuer, RemoveIssuer};
use api::keys::Key;
use api::names::shown;
use api::notify::{MuteSlot, NotifySettings};
use api::status::Status;
use api::tokens::{ListTokens, Token};
use api::{Call, Done, Error, Request};
use std::time::Duration;
use vault::Secret;

/// Answers a call, if the caller may send it.
pub async fn dispatch(backend: &Backend, caller: &Caller, request: Request) -> api::Result<Body> {
    recorded::recorded(backend, caller, request).await
}

/// Answers with the reply type that the table names, or does not compile.
fn reply<C: Call>(_: &C, reply: C::Reply) -> Result<Body> {
    wiped::json(&reply)
}

/// Makes the match: each line names a call and what its room answers.
macro_rules! answers {
    ($b:ident, $caller:ident: $($call:ident($c:ident) => $answer:expr;)+) => {
        async fn answer($b: &Backend, $caller: &Caller, request: Request) -> Result<Body> {
            match request {
                $(Request::$call($c) => {
                    let asked = $c.clone();
                    reply(&asked, $answer.await?)
                })+
            }
        }
    };
}

answers! { b, caller:
    GetStatus(c)       => status(b, caller);
    UnlockVault(c)     => b.safe.unlock(passphrase(&c));
    StopDaemon(c)      => stop(b);
    OpenWeb(c)         => async { b.members.open_web() };
    Subscribe(c)       => async { anyhow::Ok(Done {}) };

    ListIdentities(c)  => b.identities.list();
    ShowIdentity(c)    => b.identities.show(own(b, caller, &c.identity).await?);
    CreateIdentity(c)  => linking::create(b, c);
    UpdateIdentity(c)  => b.identities.update(c);
    UseIdentity(c)     => b.identities.choose(c);
    LinkIdentity(c)    => linking::link(b, c);
    UnlinkIdentity(c)  => linking::unlink(b, c);
    DeleteIdentity(c)  => delete_identity(b, c);
    GetEnvironment(c)  => environment(b, c);

    ShowKey(c)         => b.keys.show(&own(b, caller, &c.identity).await?);
    SetKey(c)          => b.keys.set(&own(b, caller, &c.identity).await?, c.policy);
    RotateKey(c)       => rotate_key(b, own(b, caller, &c.identity).await?);
    GetCredential(c)   => b.credentials.get(caller, &scope(b, caller, &None, &None).await?, c);

    ListSecrets(c)     => b.secrets.list(caller, &own(b, caller, &c.identity).await?);
    SetSecret(c)       => b.secrets.set(caller, &scope(b, caller, &c.identity, &c.worktree).await?, c);
    ReadSecret(c)      => b.secrets.read(caller, &scope(b, caller, &c.identity, &c.worktree).await?, &c);
    DeleteSecret(c)    => b.secrets.delete(caller, &scope(b, caller, &c.identity, &c.worktree).await?, &c.key);
    RotateSecret(c)    => b.secrets.rotate(caller, &scope(b, caller, &c.identity, &c.worktree).await?, c);
    ListVersions(c)    => b.secrets.versions(caller, &scope(b, caller, &c.identity, &c.worktree).await?, &c.key);
    ShareSecret(c)     => b.secrets.share(&scope(b, caller, &c.identity, &None).await?, &c.key, all(b, &c.with).await?);
    UnshareSecret(c)   => b.secrets.unshare(&scope(b, caller, &c.identity, &None).await?, &c.key, all(b, &c.with).await?);

    ListApprovals(c)   => b.approvals.list(c);
    AnswerApproval(c)  => b.approvals.answer(caller, c);
    AskQuestion(c)     => b.approvals.question(caller, own(b, caller, &None).await?, c);

    ListGrants(c)      => b.grants.list();
    RevokeGrant(c)     => b.grants.revoke(c);

    ListPasswords(c)   => b.passwords.list(&own(b, caller, &c.identity).await?);
    CreatePassword(c)  => b.passwords.create(caller, &own(b, caller, &c.identity).await?, c);
    ReadPassword(c)    => b.passwords.read(caller, &own(b, caller, &c.identity).await?, c);
    UpdatePassword(c)  => b.passwords.update(caller, &own(b, caller, &c.identity).await?, c);
    DeletePassword(c)  => b.passwords.delete(caller, &own(b, caller, &c.identity).await?, c);
    ReadCode(c)        => b.passwords.code(caller, &own(b, caller, &c.identity).await?, c);
    GeneratePassword(c) => b.passwords.generate(&c);

    ListMessages(c)    => list_messages(b, caller, c);
    ReadMessage(c)     => b.inbox.read(caller, c);
    MarkMessage(c)     => b.inbox.mark(caller, c);
    ReadAttachment(c)  => b.inbox.attachment(caller, c);
    WaitForMessage(c)  => b.inbox.wait(caller, own(b, caller, &c.identity).await?, c);
    SendMessage(c)     => send_message(b, caller, c);
    DeleteMessage(c)   => b.inbox.delete(c);
    GetInbox(c)        => b.inbox.settings(&b.identities.find(&c.identity).await?);
    SetInbox(c)        => b.inbox.set(&b.identities.find(&c.identity).await?, c);

    ListSlots(c)       => b.slots.list();
    SetSlot(c)         => b.slots.set(c);
    ClearSlot(c)       => b.slots.clear(c);
    OpenSlot(c)        => b.slots.show(c);

    ListProjects(c)    => b.projects.list();
    AddProject(c)      => b.projects.add(c);
    AllowEnv(c)        => b.projects.allow(c);
    RemoveProject(c)   => b.projects.remove(c);
    ListBranches(c)    => b.projects.branches(c);

    ListWorktrees(c)   => b.worktrees.list(c);
    InspectWorktree(c) => b.worktrees.inspect(&c.worktree);
    ArchiveWorktree(c) => b.sessions.archive(c);

    ListSessions(c)    => b.sessions.list(c);
    ShowSession(c)     => b.sessions.show(c);
    SummarizeSession(c) => b.sessions.summary(&c.session);
    StartSession(c)    => b.sessions.start(c);
    SendText(c)        => b.sessions.send(c);
    ReadScreen(c)      => b.sessions.screen(&c.session);
    AttachSession(c)   => async { anyhow::Ok(b.sessions.attach(&c.session).await?.0) };
    StopSession(c)     => b.sessions.stop(c);
    RestartSession(c)  => b.sessions.restart(&c.session);
    HearHook(c)        => b.sessions.hook(caller, c);

    ListTasks(c)       => b.line.list(c);
    ShowTask(c)        => b.line.show(c);
    AddTask(c)         => b.line.add(c);
    CancelTask(c)      => b.line.cancel(c);
    MoveTask(c)        => b.line.shift(c);

    RequestToken(c)    => b.tokens.request(caller, own(b, caller, &c.identity).await?, c);
    ListTokens(c)      => tokens(b, caller, c);
    ShowToken(c)       => b.tokens.show(caller, &c.token);
    ReadToken(c)       => b.tokens.read(caller, &c.token);
    RevokeToken(c)     => b.tokens.revoke(caller, c);
    RefreshToken(c)    => b.tokens.refresh(caller, &c.token);
    ForgetToken(c)     => b.tokens.forget(caller, c);

    ListIssuers(c)     => b.issuers.list();
    AddIssuer(c)       => add_issuer(b, c);
    BeginApp(c)        => b.manifests.begin(c, b.members.address()?);
    UpdateIssuer(c)    => b.issuers.update(c);
    RemoveIssuer(c)    => remove_issuer(b, c);

    GetNotify(c)       => b.notify.settings();
    SetNotify(c)       => b.notify.set(c);
    MuteSlot(c)        => mute(b, c);
    UnmuteSlot(c)      => b.notify.unmute(c.slot);
    AddRoute(c)        => b.notify.add(c);
    UpdateRoute(c)     => b.notify.update(c);
    RemoveRoute(c)     => b.notify.remove(&c.route);
    TestNotify(c)      => b.notify.test(c);
    ListDeliveries(c)  => b.notify.log(c);

    ListSources(c)     => b.sources.list();
    AddSource(c)       => linking::add_source(b, c);
    UpdateSource(c)    => b.sources.update(c);
    SyncSource(c)      => b.sources.sync(&c.source);
    RemoveSource(c)    => linking::remove_source(b, c);

    ListAudit(c)       => b.audit.list(c);
    VerifyAudit(c)     => b.audit.verify(c);
    AnchorAudit(c)     => b.audit.head();
}

fn passphrase(call: &api::status::UnlockVault) -> Secret {
    // EXPOSE: the passphrase goes into the type that is wiped.
    Secret::from(call.passphrase.expose().to_string())
}

async fn stop(b: &Backend) -> Result<Done> {
    b.asked_to_end.cancel();
    Ok(Done {})
}

/// The identity that a call is about: an agent's own and no other, else the named or the current one.
async fn own(b: &Backend, caller: &Caller, wanted: &Option<String>) -> Result<IdentityRow> {
    let wanted = wanted.as_deref();
    let Caller::Agent { identity_id, .. } = caller else {
        return b.identities.find_or_current(wanted).await;
    };
    let own = b.identities.find(identity_id).await?;
    match wanted.is_none_or(|wanted| wanted == own.name || wanted == own.id) {
        true => Ok(own),
        false => {
            // Whether the other identity exists is not told either.
            let other = shown(wanted.unwrap_or_default());
            bail!(
                Error::refused(format!("an agent of {} cannot act as {other}", own.name))
                    .hint("leave --identity out: this session has one identity")
            )
        }
    }
}

/// Where a secret belongs that a call is about.
async fn scope(
    b: &Backend,
    caller: &Caller,
    identity: &Option<String>,
    worktree: &Option<String>,
) -> Result<Scope> {
    let identity = own(b, caller, identity).await?;
    if caller.is_agent() && worktree.is_some() {
        bail!(
            Error::refused("only the owner names a worktree")
                .hint("leave --worktree out: an agent gets what is meant for its own")
        );
    }
    let worktree = match worktree {
        Some(wanted) => Some(b.worktrees.find(wanted).await?),
        None => None,
    };
    Ok(Scope { identity, worktree })
}

/// All identities that are named.
async fn all(b: &Backend, wanted: &[String]) -> Result<Vec<IdentityRow>> {
    let mut found: Vec<IdentityRow> = Vec::new();
    for wanted in wanted {
        let identity = b.identities.find(wanted).await?;
        if found.iter().all(|other| other.id != identity.id) {
            found.push(identity);
        }
    }
    Ok(found)
}

async fn tokens(b: &Backend, caller: &Caller, call: ListTokens) -> Result<Vec<Token>> {
    let identity = match &call.identity {
        Some(_) => Some(own(b, caller, &call.identity).await?),
        None => None,
    };
    b.tokens.list(caller, identity.as_ref(), call).await
}

/// The owner sees the messages of all where no identity is named.
async fn list_messages(b: &Backend, caller: &Caller, call: ListMessages) -> Result<Messages> {
    let identity = match caller.is_agent() || call.identity.is_some() {
        true => Some(own(b, caller, &call.identity).await?),
        false => None,
    };
    b.inbox.list(identity.as_ref(), call).await
}

/// What was handed out to an identity is taken back before its key is destroyed. Issuers that do not answer in
/// time are told later: a token's own key outlives its identity.
async fn delete_identity(b: &Backend, call: DeleteIdentity) -> Result<Done> {
    let row = b.identities.check_delete(&call).await?;
    if !call.force {
        b.tokens.check_end_of_identity(&row.id).await?;
    }
    // Nothing new is asked for in the meantime.
    b.identities.unlink(&row).await?;
    b.tokens.end_of_identity(&row.id, Duration::from_secs(5)).await?;
    b.grants.end_of_identity(&row.id).await?;
    b.inbox.end_of_identity(&row.id).await?;
    let done = b.identities.delete(call).await?;
    // A request that came between the two is condemned as well.
    b.tokens.end_of_identity(&row.id, Duration::ZERO).await?;
    Ok(done)
}

/// What was granted of the old key's signatures is not granted of the new one's.
async fn rotate_key(b: &Backend, identity: IdentityRow) -> Result<Key> {
    let old = b.keys.show(&identity).await?;
    let new = b.keys.rotate(&identity).await?;
    b.grants.end_of_subject(&identity.id, Action::Sign, &old.fingerprint).await?;
    Ok(new)
}

/// What was granted of another issuer of this name is not granted of this one.
async fn add_issuer(b: &Backend, call: AddIssuer) -> Result<Issuer> {
    let name = call.name.clone();
    let issuer = b.issuers.add(call).await?;
    b.grants.end_of_issuer(&name).await?;
    Ok(issuer)
}

/// What nobody could send is not written.
async fn send_message(b: &Backend, caller: &Caller, c: SendMessage) -> Result<Message> {
    let identity = own(b, caller, &c.identity).await?;
    let recipients = b.inbox.recipients(caller, &identity, &c).await?;
    b.sources.check_sender(&identity, c.medium, &recipients).await?;
    b.inbox.send(caller, &identity, c).await
}

async fn remove_issuer(b: &Backend, call: RemoveIssuer) -> Result<Done> {
    let row = b.issuers.find(&call.issuer).await?;
    let done = b.issuers.remove(call).await?;
    b.grants.end_of_issuer(&row.name).await?;
    Ok(done)
}

/// A slot that is not there would be muted for nothing.
async fn mute(b: &Backend, call: MuteSlot) -> Result<NotifySettings> {
    b.slots.find(call.slot).await?;
    b.notify.mute(call).await
}

async fn environment(b: &Backend, call: GetEnvironment) -> Result<Vec<Variable>> {
    let identity = b.identities.find(&call.identity).await?;
    let project = match &call.project {
        Some(wanted) => Some(b.projects.find(wanted).await?),
        None => None,
    };
    let env = b.sessions.command_environment(&identity, project.as_ref()).await?;
    Ok(env.into_iter().map(|(name, value)| Variable { name, value }).collect())
}

async fn status(b: &Backend, caller: &Caller) -> Result<Status> {
    let owner = !caller.is_agent();
    let (slot, session, identity) = match caller {
        Caller::Agent { slot, session, identity_id, .. } => {
            let own = b.identities.find(identity_id).await?;
            (Some(*slot), Some(session.clone()), Some(own.name))
        }
        Caller::Owner | Caller::Notification | Caller::Source | Caller::Member { .. } => {
            let current = b.identities.list().await?.into_iter().find(|i| i.current);
            (None, None, current.map(|i| i.name))
        }
    };
    Ok(Status {
        version: api::VERSION.into(),
        role: caller.role(),
        pid: owner.then(std::process::id),
        data: owner.then(|| b.config.data.to_string_lossy().into_owned()),
        vault: b.safe.state(),
        identity,
        slot,
        session,
        slots: u32::try_from(b.slots.list().await?.len())?,
        running: u32::try_from(b.sessions.list(Default::default()).await?.len())?,
        audit: if owner { Some(b.audit.head().await?) } else { None },
        walls: if owner { Some(b.walls.found().await?) } else { None },
        smtp: b.sources.smtp(),
        agents: if owner { b.agents.programs() } else { Vec::new() },
    })
}
