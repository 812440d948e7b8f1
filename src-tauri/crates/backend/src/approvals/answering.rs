//! The owner's side: one answer to one question, written before the agent hears it.

use super::asking::words;
use super::row::seen;
use super::{Approvals, fact};
use crate::audit::By;
use crate::caller::Caller;
use crate::grants::reaches;
use crate::store::{self, ApprovalRow, GrantRow};
use anyhow::{Result, bail};
use api::Error;
use api::SecretText;
use api::approvals::{ANSWER_MAX, Action, Answer, AnswerApproval, Approval, State};
use api::grants::Extent;

impl Approvals {
    /// Answers an approval. A second answer is an error, and so is one that nobody waits for any more.
    pub async fn answer(&self, caller: &Caller, call: AnswerApproval) -> Result<Approval> {
        let wanted = call.approval.to_ascii_lowercase();
        let rows = match store::is_prefix(&wanted) {
            true => self.store.approvals_by_prefix(&wanted).await?,
            false => Vec::new(),
        };
        let row = store::find("approval", &wanted, rows)?;
        let answer = checked(call.answer)?;
        fits(&row, &answer)?;
        if row.state == State::Open && !self.is_waited_for(&row.id) {
            self.settle(&row, State::Withdrawn, "the process that asked is gone").await?;
            bail!(self.too_late(&row.id).await?);
        }
        let grant = extent(&answer).map(|extent| self.grants.fresh(&row, extent));
        let by = By::Caller(caller);
        let Some(grant) = grant else {
            return match self.give(row.clone(), &answer, None).await? {
                Some(answered) => Ok(answered),
                None => bail!(self.too_late(&row.id).await?),
            };
        };
        let intent = self.grants.intend(&grant, by).await?;
        let answered = self.give(row.clone(), &answer, Some(&grant)).await?;
        self.grants.settle(intent, &grant, by, answered.is_some()).await?;
        let Some(answered) = answered else { bail!(self.too_late(&row.id).await?) };
        self.give_others(by, &grant, &answer).await?;
        Ok(answered)
    }

    /// Writes an answer and lets the call that waits for it hear it; none if it was settled before.
    async fn give(
        &self,
        row: ApprovalRow,
        answer: &Answer,
        grant: Option<&GrantRow>,
    ) -> Result<Option<Approval>> {
        let (state, because) = match answer {
            Answer::Deny { because } => (State::Denied, because.clone()),
            _ => (State::Approved, None),
        };
        let row = ApprovalRow {
            state,
            because,
            answer: Some(serde_json::to_string(&kept(answer))?),
            answered_at: Some(self.clock.now()),
            ..row
        };
        if !self.store.settle_approval(&row, grant).await? {
            return Ok(None);
        }
        if let Some(waiting) = self.lock().remove(&row.id) {
            // A call that has just ended does not hear it, and is given nothing.
            waiting.answered.send(answer.clone()).ok();
        }
        Ok(Some(self.tell(row)))
    }

    /// The same question may have been asked several times before it was answered for good.
    async fn give_others(&self, by: By<'_>, grant: &GrantRow, answer: &Answer) -> Result<()> {
        let same = |row: &ApprovalRow| {
            row.identity_id == grant.identity_id
                && row.action == grant.action
                && row.subject == grant.subject
                && reaches(grant, &row.session, &row.worktree_id)
                && self.is_waited_for(&row.id)
        };
        for row in self.store.open_approvals().await?.into_iter().filter(same) {
            let answered = fact("approvals.answered", &row);
            let intent = self.audit.intend(by, std::slice::from_ref(&answered)).await?;
            let is_given = self.give(row, answer, None).await?.is_some();
            let facts = if is_given { vec![answered] } else { Vec::new() };
            self.audit.settle(Some(intent), by, facts, false).await?;
        }
        Ok(())
    }

    fn is_waited_for(&self, id: &str) -> bool {
        self.lock().get(id).is_some_and(|waiting| waiting.asker.is_there())
    }

    async fn too_late(&self, id: &str) -> Result<Error> {
        let row = self.store.approval(id).await?.ok_or_else(|| Error::not_found("approval", id))?;
        let how = match row.state {
            State::Open => "is about to end",
            State::Approved => "was approved already",
            State::Denied => "was denied already",
            State::Expired => "has run out",
            State::Withdrawn => "was withdrawn",
        };
        let because = seen(row).because.map(|because| format!(": {because}")).unwrap_or_default();
        Ok(Error::conflict(format!("that question {how}{because}"))
            .hint("`lanyard approvals list` shows what is open"))
    }
}

/// The answer with its word bounded; an empty word is none.
fn checked(answer: Answer) -> Result<Answer> {
    Ok(match answer {
        Answer::Deny { because: Some(because) } => {
            Answer::Deny { because: Some(words("word", &because)?).filter(|word| !word.is_empty()) }
        }
        other => other,
    })
}

/// A question is answered in words, and all else without: a mere yes answers no question.
fn fits(row: &ApprovalRow, answer: &Answer) -> Result<()> {
    let id = row.id.get(..13).unwrap_or(&row.id);
    match (row.action, answer) {
        (_, Answer::Deny { .. }) => Ok(()),
        (Action::Ask, Answer::Words { text }) => {
            // EXPOSE: whether there is anything in it, and how much, is looked at here alone.
            let text = text.expose();
            match !text.trim().is_empty() && text.chars().count() <= ANSWER_MAX {
                true => Ok(()),
                false => bail!(Error::invalid(format!("an answer has 1 to {ANSWER_MAX} characters"))),
            }
        }
        (Action::Ask, _) => bail!(
            Error::invalid("a question is answered in words")
                .hint(format!("say `lanyard approvals answer {id} TEXT`, or deny it"))
        ),
        (_, Answer::Words { .. }) => bail!(
            Error::invalid("that is no question: it is approved or denied")
                .hint(format!("say `lanyard approvals approve {id}`, or deny it"))
        ),
        _ => Ok(()),
    }
}

/// The answer as it is kept and told of: words are for the agent alone.
fn kept(answer: &Answer) -> Answer {
    match answer {
        Answer::Words { .. } => Answer::Words { text: SecretText::new(String::new()) },
        other => other.clone(),
    }
}

/// How far the grant reaches that an answer gives, if it gives one.
fn extent(answer: &Answer) -> Option<Extent> {
    match answer {
        Answer::Once | Answer::Words { .. } | Answer::Deny { .. } => None,
        Answer::Session => Some(Extent::Session),
        Answer::Worktree => Some(Extent::Worktree),
        Answer::Hour => Some(Extent::Hour),
    }
}
