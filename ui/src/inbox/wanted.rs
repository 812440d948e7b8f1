//! What an agent wants to send, for the owner who is asked: it stands in no question, and is fetched where it is read.

use super::text;
use crate::attempt::{Attempt, Problem};
use crate::face::face;
use crate::words;
use api::inbox::{MessageBody, ReadMessage};
use leptos::prelude::*;

/// Its subject and its words; all of it is shown by a press in the inbox.
#[component]
pub fn WantedMessage(
    /// Its id.
    id: String,
) -> impl IntoView {
    let face = face();
    let (reading, body) = (Attempt::new(), RwSignal::new(None::<MessageBody>));
    reading.run(face.call(ReadMessage { message: id.clone(), peek: true }), move |read| {
        // The question may have been answered meanwhile.
        let _ = body.try_set(Some(read));
    });
    let show = move |_| {
        // Its details would lie over what is to be read.
        face.questions.chosen.set(None);
        face.inboxes.read(face, id.clone());
    };
    view! {
        <div class="stack tight" data-test="question-message">
            {move || body.get().map(|MessageBody { message, text: words, html, files, .. }| {
                let subject = text::line(&message.subject);
                let more = [
                    (!files.is_empty()).then(|| words::count(u32::try_from(files.len()).unwrap_or(u32::MAX), "file")),
                    html.map(|_| "a layout of its own".to_string()),
                ];
                let more = more.into_iter().flatten().collect::<Vec<_>>().join(" and ");
                view! {
                    {(!subject.is_empty()).then(|| view! { <p><b><bdi>{subject}</bdi></b></p> })}
                    <div class="words" dir="auto" tabindex="0">{text::plain(words.trim_end())}</div>
                    {(!more.is_empty()).then(|| view! { <p class="soft">{format!("With {more}.")}</p> })}
                }
            })}
            <Problem of=reading/>
            <div><button class="link" data-test="read-question" on:click=show>"Show it in the inbox"</button></div>
        </div>
    }
}
