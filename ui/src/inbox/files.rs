//! The files of a message: what they are called, how large they are, and saving them.

use super::text;
use crate::attempt::{Attempt, Problem};
use crate::face::{Face, face};
use crate::icons::{ARROW_DOWN_TO_LINE, Icon, PAPERCLIP};
use api::inbox::{Attachment, ReadAttachment};
use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./save.js")]
extern "C" {
    fn save(name: &str, parts: &Array);
    fn bytes(base64: &str) -> Uint8Array;
}

/// All files of a message.
#[component]
pub fn Files(
    /// The message's id.
    message: String,
    /// Its files.
    files: Vec<Attachment>,
) -> impl IntoView {
    let message = StoredValue::new(message);
    let one = move |file: Attachment| view! { <FileLine message=message.get_value() file/> };
    (!files.is_empty()).then(|| {
        view! {
            <ul class="lines files" aria-label="Files">{files.into_iter().map(one).collect::<Vec<_>>()}</ul>
        }
    })
}

/// A name as it is shown and saved: without anything that hides its true ending, and never a hidden file.
fn safe_name(name: &str) -> String {
    let name: String =
        text::line(name).chars().map(|c| if "/\\:*?\"<>|".contains(c) { '_' } else { c }).collect();
    let name = name.trim_start_matches(['.', ' ']);
    if name.is_empty() { "file".into() } else { name.into() }
}

#[component]
fn FileLine(message: String, file: Attachment) -> impl IntoView {
    let face = face();
    let (saving, done) = (Attempt::new(), RwSignal::new(0_u64));
    let (name, size, index) = (safe_name(&file.name), file.size, file.index);
    let kind = text::line(&file.content_type);
    let about = match &file.missing {
        Some(why) => format!("Missing: {}", text::line(why)),
        None => format!("{} · {kind}", text::size(size)),
    };
    let is_missing = file.missing.is_some();
    let to_save = name.clone();
    let press = move |_| {
        let (message, name) = (message.clone(), to_save.clone());
        done.set(0);
        saving.run(fetch(face, message, index, done), move |parts| {
            save(&name, &parts);
            face.notices.tell(format!("{name} goes to your downloads."));
        });
    };
    let verb = move || match (saving.busy.get(), done.get()) {
        (true, got) if size > 0 => format!("{} %", got.min(size) * 100 / size),
        _ => "Save".to_string(),
    };
    view! {
        <li data-test="file">
            <Icon of=PAPERCLIP/>
            <div class="grow"><p class="cut"><bdi>{name.clone()}</bdi></p><p class="soft small cut">{about}</p><Problem of=saving/></div>
            <button class="button" data-test="save-file" aria-label=format!("Save {name}") disabled=move || is_missing || saving.busy.get() on:click=press><Icon of=ARROW_DOWN_TO_LINE/>{verb}</button>
        </li>
    }
}

/// Fetches a file part by part.
async fn fetch(face: Face, message: String, index: u32, done: RwSignal<u64>) -> api::Result<Array> {
    let (parts, mut offset) = (Array::new(), Some(0));
    while let Some(from) = offset {
        let part = face.call(ReadAttachment { message: message.clone(), index, offset: from }).await?;
        // EXPOSE: the owner saves the file.
        parts.push(&bytes(part.base64.expose()));
        offset = part.next.filter(|next| *next > from);
        let _ = done.try_set(offset.unwrap_or(from));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_leads_nowhere_and_hides_nothing() {
        assert_eq!(safe_name("../../.bashrc"), "_.._.bashrc");
        assert_eq!(safe_name("bill\u{202e}fdp.exe"), "billfdp.exe");
        assert_eq!([".profile", "…", ""].map(safe_name), ["profile", "…", "file"]);
    }
}
