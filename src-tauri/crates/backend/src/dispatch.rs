//! The one match from a call to its room. A forgotten call or a wrong reply does not compile.

mod recorded;

use crate::agents;
use crate::backend::Backend;
use crate::caller::Caller;
use crate::store::IdentityRow;
use crate::wiped;
pub use crate::wiped::Body;
use anyhow::{Result, bail};
use api::identities::{GetEnvironment, Variable};
use api::names::shown;
use api::status::Status;
use api::{Call, Done, Error, Request};
use std::ffi::OsStr;
use vault::Secret;

/// Answers a call, if the caller may send it.
pub async fn dispatch(backend: &Backend, caller: &Caller, request: Request) -> api::Result<Body> {
    recorded::recorded(backend, caller, request).await
}

/// Answers with the reply type that the table names, or does not compile.
fn reply<C: Call>(_: &C, reply: C::Reply) -> Result<Body> {
    wiped::json(&reply)
}

async fn answer(b: &Backend, caller: &Caller, request: Request) -> Result<Body> {
    use Request as R;
    match request {
        R::GetStatus(c) => reply(&c, status(b, caller).await?),
        R::UnlockVault(c) => reply(&c, b.safe.unlock(passphrase(&c)).await?),
        R::StopDaemon(c) => reply(&c, stop(b)),
        R::OpenWeb(c) => reply(&c, b.members.open_web()?),
        R::Subscribe(c) => reply(&c, Done {}),

        R::ListIdentities(c) => reply(&c, b.identities.list().await?),
        R::ShowIdentity(c) => reply(&c, b.identities.show(own(b, caller, &c.identity).await?).await?),
        R::CreateIdentity(c) => reply(&c.clone(), b.identities.create(c).await?),
        R::UpdateIdentity(c) => reply(&c.clone(), b.identities.update(c).await?),
        R::UseIdentity(c) => reply(&c.clone(), b.identities.choose(c).await?),
        R::DeleteIdentity(c) => reply(&c.clone(), b.identities.delete(c).await?),
        R::GetEnvironment(c) => reply(&c.clone(), environment(b, c).await?),

        R::ShowKey(c) => reply(&c, b.keys.show(&own(b, caller, &c.identity).await?).await?),
        R::SetKey(c) => reply(&c, b.keys.set(&own(b, caller, &c.identity).await?, c.policy).await?),
        R::RotateKey(c) => reply(&c, b.keys.rotate(&own(b, caller, &c.identity).await?).await?),

        R::ListSecrets(c) => reply(&c, b.secrets.list(&own(b, caller, &c.identity).await?).await?),
        R::SetSecret(c) => {
            reply(&c.clone(), b.secrets.set(caller, &own(b, caller, &c.identity).await?, c).await?)
        }
        R::ReadSecret(c) => reply(&c, b.secrets.read(caller, &own(b, caller, &c.identity).await?, &c).await?),
        R::DeleteSecret(c) => reply(&c, b.secrets.delete(&own(b, caller, &c.identity).await?, &c.key).await?),

        R::ListApprovals(c) => reply(&c.clone(), b.approvals.list(c).await?),
        R::AnswerApproval(c) => reply(&c.clone(), b.approvals.answer(c).await?),
        R::ListGrants(c) => reply(&c, b.grants.list().await?),
        R::RevokeGrant(c) => reply(&c.clone(), b.grants.revoke(c).await?),

        R::ListSlots(c) => reply(&c, b.slots.list().await?),
        R::SetSlot(c) => reply(&c.clone(), b.slots.set(c).await?),
        R::ClearSlot(c) => reply(&c.clone(), b.slots.clear(c).await?),
        R::OpenSlot(c) => reply(&c.clone(), b.slots.show(c).await?),

        R::ListProjects(c) => reply(&c, b.projects.list().await?),
        R::AddProject(c) => reply(&c.clone(), b.projects.add(c).await?),
        R::AllowEnv(c) => reply(&c.clone(), b.projects.allow(c).await?),
        R::RemoveProject(c) => reply(&c.clone(), b.projects.remove(c).await?),
        R::ListBranches(c) => reply(&c.clone(), b.projects.branches(c).await?),

        R::ListWorktrees(c) => reply(&c.clone(), b.worktrees.list(c).await?),
        R::InspectWorktree(c) => reply(&c, b.worktrees.inspect(&c.worktree).await?),
        R::ArchiveWorktree(c) => reply(&c.clone(), b.sessions.archive(c).await?),

        R::ListSessions(c) => reply(&c.clone(), b.sessions.list(c).await?),
        R::ShowSession(c) => reply(&c.clone(), b.sessions.show(c).await?),
        R::StartSession(c) => reply(&c.clone(), b.sessions.start(c).await?),
        R::SendText(c) => reply(&c.clone(), b.sessions.send(c).await?),
        R::ReadScreen(c) => reply(&c, b.sessions.screen(&c.session).await?),
        R::AttachSession(c) => reply(&c, b.sessions.attach(&c.session).await?.0),
        R::StopSession(c) => reply(&c.clone(), b.sessions.stop(c).await?),
        R::RestartSession(c) => reply(&c, b.sessions.restart(&c.session).await?),

        R::ListIssuers(c) => reply(&c, b.issuers.list().await?),
        R::AddIssuer(c) => reply(&c.clone(), b.issuers.add(c).await?),
        R::UpdateIssuer(c) => reply(&c.clone(), b.issuers.update(c).await?),
        R::RemoveIssuer(c) => reply(&c.clone(), b.issuers.remove(c).await?),
        R::ListAudit(c) => reply(&c.clone(), b.audit.list(c).await?),
        R::VerifyAudit(c) => reply(&c.clone(), b.audit.verify(c).await?),
        R::AnchorAudit(c) => reply(&c, b.audit.head().await?),
    }
}

fn passphrase(call: &api::status::UnlockVault) -> Secret {
    // EXPOSE: the passphrase goes into the type that is wiped.
    Secret::from(call.passphrase.expose().to_string())
}

fn stop(b: &Backend) -> Done {
    b.asked_to_end.cancel();
    Done {}
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
    let env = |name: &str| b.config.owner_env.get(OsStr::new(name));
    let (slot, session, identity) = match caller {
        Caller::Agent { slot, session, identity_id, .. } => {
            let own = b.identities.find(identity_id).await?;
            (Some(*slot), Some(session.clone()), Some(own.name))
        }
        Caller::Owner | Caller::Member { .. } => {
            let current = b.identities.list().await?.into_iter().find(|i| i.current);
            (None, None, current.map(|i| i.name))
        }
    };
    let shell = env("SHELL").and_then(|s| s.to_str());
    let path = env("PATH").map(|path| path.as_os_str());
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
        agents: if owner { agents::programs(path, shell) } else { Vec::new() },
    })
}
