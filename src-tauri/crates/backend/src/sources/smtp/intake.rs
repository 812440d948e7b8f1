//! What clients have brought goes to the disk together: those who come while a transaction is written share the next.

use super::session::{Kept, Letter};
use crate::inbox::Content;
use crate::sources::post::Post;
use crate::sources::source::Brought;
use crate::store::IdentityRow;
use api::Code;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

/// How many mails, and how many bytes of them, share a transaction.
const TOGETHER: usize = 64;
const TOGETHER_BYTES: usize = 8 * 1024 * 1024;

/// The way to the disk. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    sender: mpsc::Sender<Waiting>,
}

struct Waiting {
    letter: Letter<IdentityRow>,
    answer: oneshot::Sender<Kept>,
}

impl Intake {
    /// Begins. It ends when nobody brings anything any more.
    pub fn begin(post: Arc<Post>, tasks: &TaskTracker) -> Self {
        let (sender, mut receiver) = mpsc::channel::<Waiting>(TOGETHER);
        tasks.spawn(async move {
            while let Some(first) = receiver.recv().await {
                let mut size = first.letter.size();
                let mut together = vec![first];
                while together.len() < TOGETHER && size < TOGETHER_BYTES {
                    let Ok(next) = receiver.try_recv() else { break };
                    size += next.letter.size();
                    together.push(next);
                }
                keep(&post, together).await;
            }
        });
        Self { sender }
    }

    /// Keeps a mail, and says what came of it when it is on the disk.
    pub async fn keep(&self, letter: Letter<IdentityRow>) -> Kept {
        let (answer, answered) = oneshot::channel();
        let later = || Kept::Later("It cannot be kept now".into());
        match self.sender.send(Waiting { letter, answer }).await {
            Ok(()) => answered.await.unwrap_or_else(|_| later()),
            Err(_) => later(),
        }
    }
}

impl Letter<IdentityRow> {
    fn size(&self) -> usize {
        self.text.len() * self.recipients.len()
    }
}

async fn keep(post: &Post, together: Vec<Waiting>) {
    let (at, mut brought, mut answers) = (post.now(), Vec::new(), Vec::new());
    for Waiting { letter, answer } in together {
        answers.push((answer, letter.recipients.len()));
        let Letter { recipients, text, .. } = letter;
        for identity in recipients {
            brought.push(Brought { identity, key: None, at, content: Content::Mail(text.clone()) });
        }
    }
    let mut received = post.receive(brought).await.into_iter();
    for (answer, count) in answers {
        let of_it: Vec<_> = received.by_ref().take(count).collect();
        // One whose identity has just gone does not take it from the others.
        let wrong = of_it.iter().filter_map(|one| one.as_ref().err()).find(|e| e.code != Code::NotFound);
        let kept = match wrong {
            None if of_it.iter().any(Result::is_ok) => Kept::Yes,
            None => Kept::Never("Nobody here has that address any more".into()),
            Some(error) if error.code == Code::TooLarge => Kept::Never(error.message.clone()),
            Some(error) => Kept::Later(error.message.clone()),
        };
        // A client that has gone meanwhile has its mail kept all the same.
        let _gone = answer.send(kept);
    }
}
