//! The door of notifications: a click on Approve once or Deny is an answer of the owner's to that one approval.

use crate::backend::Backend;
use crate::caller::Caller;
use crate::dispatch::dispatch;
use crate::notify::Answered;
use api::approvals::AnswerApproval;
use tokio::sync::mpsc;

/// Passes on what is answered, until the daemon ends.
pub async fn serve(backend: Backend, mut answers: mpsc::Receiver<Answered>) {
    let ending = backend.ending.clone();
    while let Some(Some(answered)) = ending.run_until_cancelled(answers.recv()).await {
        let Answered { approval, answer } = answered;
        let call = AnswerApproval { approval, answer };
        // It may have been answered elsewhere meanwhile, or run out; the notification is gone in any case.
        if let Err(e) = dispatch(&backend, &Caller::Notification, call.into()).await {
            tracing::info!("a click on a notification came too late: {e}");
        }
    }
}
