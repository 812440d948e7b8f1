//! The room of summaries: what a session came to. It is kept when the session has ended, because its worktree
//! may be archived and its approvals forgotten.

mod spent;
mod work;

use crate::agents::Agents;
use crate::clock::Clock;
use crate::git::Git;
use crate::store::{AskedRow, DeedRow, SessionRow, Store};
use anyhow::Result;
use api::approvals::State;
use api::summaries::{Asked, Credential, Usage, Used, Work};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The room.
#[derive(Clone)]
pub struct Summaries {
    store: Store,
    clock: Clock,
    git: Git,
    homes: PathBuf,
    agents: Agents,
}

/// What was found out about a session beside its own row.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Findings {
    /// What changed in its worktree; none where git could not tell.
    pub work: Option<Work>,
    /// The credentials that it used.
    pub used: Vec<Used>,
    /// What it asked the owner for.
    pub asked: Vec<Asked>,
    /// What its agent reports to have used up.
    pub usage: Option<Usage>,
}

impl Summaries {
    /// Opens the room; the identities' homes are below `homes`.
    pub fn new(store: Store, clock: Clock, git: Git, homes: PathBuf, agents: Agents) -> Self {
        Self { store, clock, git, homes, agents }
    }

    /// What a session came to: as it was kept, or as it is now.
    pub async fn of(&self, row: &SessionRow) -> Result<Findings> {
        match row.ended_at {
            Some(_) => self.keep(row).await,
            None => self.find(row).await,
        }
    }

    /// Keeps what a session came to that has ended. A second time changes nothing.
    pub async fn keep(&self, row: &SessionRow) -> Result<Findings> {
        if let Some(kept) = self.store.summary(&row.id).await? {
            return Ok(serde_json::from_str(&kept)?);
        }
        let findings = self.find(row).await?;
        let kept = serde_json::to_string(&findings)?;
        // Where it cannot be kept, on a full disk for example, it is still told.
        if let Err(e) = self.store.insert_summary(&row.id, &kept, self.clock.now()).await {
            tracing::error!("keeping the summary of session {}: {e:#}", row.id);
        }
        Ok(findings)
    }

    /// Keeps what those came to that ended in a worktree, as long as that is there.
    pub async fn keep_of_worktree(&self, worktree_id: &str) -> Result<()> {
        for row in self.store.unsummarized().await?.iter().filter(|row| row.worktree_id == worktree_id) {
            self.keep(row).await?;
        }
        Ok(())
    }

    async fn find(&self, row: &SessionRow) -> Result<Findings> {
        let work = match self.work(row).await {
            Ok(work) => work,
            Err(e) => {
                tracing::warn!("git on the worktree of session {}: {e:#}", row.id);
                None
            }
        };
        let used = self.used(self.store.deeds(row).await?).await?;
        let usage = self.usage(row).await;
        Ok(Findings { work, used, asked: asked(self.store.asked(&row.id).await?), usage })
    }

    /// What its agent reports to have used up.
    async fn usage(&self, row: &SessionRow) -> Option<Usage> {
        let home = self.homes.join(&row.identity_id);
        let transcript =
            self.agents.find(&row.agent).ok()?.transcript(&home, row.conversation.as_deref()?)?;
        spent::usage(&home, transcript, row).await
    }

    /// The credentials among what a session did.
    async fn used(&self, deeds: Vec<DeedRow>) -> Result<Vec<Used>> {
        let mut used: Vec<Used> = Vec::new();
        for deed in deeds {
            let Some(what) = credential(&deed.action) else { continue };
            let name = match what {
                Credential::Token => self.issuer(deed.subject).await?,
                _ => deed.subject,
            };
            let times = u32::try_from(deed.times).unwrap_or(u32::MAX);
            match used.iter_mut().find(|other| other.what == what && other.name == name) {
                Some(other) => other.times = other.times.saturating_add(times),
                None => used.push(Used { what, name, times }),
            }
        }
        Ok(used)
    }

    /// The name of the issuer that a token is from, if it is a token that `subject` names.
    async fn issuer(&self, subject: String) -> Result<String> {
        Ok(self.store.token(&subject).await?.map_or(subject, |token| token.issuer))
    }
}

/// What an action of the audit gives a session.
fn credential(action: &str) -> Option<Credential> {
    Some(match action {
        "secrets.injected" => Credential::Injected,
        "secrets.read" => Credential::Secret,
        "tokens.request" | "tokens.read" | "tokens.refresh" => Credential::Token,
        "git.credential" => Credential::Git,
        "passwords.read" => Credential::Password,
        "passwords.code" => Credential::Code,
        "keys.sign" => Credential::Key,
        _ => return None,
    })
}

/// One line for each thing that was asked for, however it was answered.
fn asked(rows: Vec<AskedRow>) -> Vec<Asked> {
    let mut all: Vec<Asked> = Vec::new();
    for AskedRow { action, subject, state, times } in rows {
        let at = all.iter().position(|one| one.action == action && one.subject == subject);
        let at = at.unwrap_or_else(|| {
            all.push(Asked { action, subject, approved: 0, denied: 0, unanswered: 0 });
            all.len() - 1
        });
        let count = match state {
            State::Approved => &mut all[at].approved,
            State::Denied => &mut all[at].denied,
            State::Open | State::Expired | State::Withdrawn => &mut all[at].unanswered,
        };
        *count = count.saturating_add(u32::try_from(times).unwrap_or(u32::MAX));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::approvals::Action;

    #[test]
    fn answers_to_the_same_question_are_counted_together() {
        let row = |subject: &str, state, times| AskedRow {
            action: Action::ReadSecret,
            subject: subject.into(),
            state,
            times,
        };
        let all = asked(vec![
            row("A", State::Denied, 2),
            row("B", State::Open, 1),
            row("A", State::Approved, 1),
            row("B", State::Expired, 3),
        ]);
        let told: Vec<_> =
            all.iter().map(|one| (one.subject.as_str(), one.approved, one.denied, one.unanswered)).collect();
        assert_eq!(told, [("A", 1, 2, 0), ("B", 0, 0, 4)]);
    }
}
