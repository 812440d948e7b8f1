//! The other messages of a thread, each one line: those before the open one above it, those after it below.

use super::text;
use super::view::Reading;
use crate::face::face;
use crate::words;
use api::inbox::{ListMessages, Message};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// How many messages of a thread are shown.
const SHOWN: u32 = 50;

/// The messages of a thread, oldest first, as they are now.
pub fn thread_of(message: Memo<Option<Message>>) -> RwSignal<Vec<Message>> {
    let face = face();
    let all = RwSignal::new(Vec::new());
    let thread =
        Memo::new(move |_| message.with(|m| m.as_ref().map(|m| (m.thread.clone(), m.identity.clone()))));
    Effect::new(move |_| {
        face.inboxes.changed.track();
        let Some((thread, identity)) = thread.get() else { return };
        let call = ListMessages {
            identity: Some(identity),
            thread: Some(thread),
            limit: Some(SHOWN),
            ..ListMessages::default()
        };
        spawn_local(async move {
            // Without an answer the thread is what it was; the open message says what is wrong.
            if let Ok(mut page) = face.call(call).await {
                page.messages.reverse();
                let _ = all.try_set(page.messages);
            }
        });
    });
    all
}

/// Those of a thread that came before a message, or those that came after it.
#[component]
pub fn ThreadPart(
    /// The whole thread.
    all: RwSignal<Vec<Message>>,
    /// The number of the open message.
    number: i64,
    /// Whether those before it.
    before: bool,
    /// What a click opens.
    reading: Reading,
) -> impl IntoView {
    let part = Memo::new(move |_| {
        let fits =
            |message: &&Message| if before { message.number < number } else { message.number > number };
        all.with(|all| all.iter().filter(fits).cloned().collect::<Vec<_>>())
    });
    move || {
        (!part.with(Vec::is_empty)).then(|| view! {
            <ul class="lines thread" aria-label=if before { "Before it" } else { "After it" }>
                <For each=move || part.get() key=|m| (m.id.clone(), m.unread) children=move |message| view! { <ThreadLine message reading/> }/>
            </ul>
        })
    }
}

#[component]
fn ThreadLine(message: Message, reading: Reading) -> impl IntoView {
    let face = face();
    let (id, at) = (message.id.clone(), message.at);
    view! {
        <li data-test="thread-line">
            <button class="opener grow" class:unread=message.unread on:click=move |_| reading.open(id.clone())>
                <bdi class="cut who">{text::other_side(&message)}</bdi>
                <bdi class="cut grow soft">{text::line(&message.preview)}</bdi>
                <span class="soft small">{move || words::ago(face.now.get() - at)}</span>
            </button>
        </li>
    }
}
