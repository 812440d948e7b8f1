//! Copying a secret: the clipboard is cleared a minute later, and the page says so both times.

use crate::face::Face;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::time::Duration;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./clipboard.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn copy(text: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn clear() -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = clearAtNextPress)]
    async fn clear_at_next_press() -> Result<JsValue, JsValue>;
}

const CLEARED_AFTER: Duration = Duration::from_secs(60);

/// Copies what is no secret, and stays on the clipboard.
pub async fn copy_open(face: Face, name: &str, text: &str) -> api::Result<()> {
    write(text).await?;
    face.notices.tell(format!("{name} is copied."));
    Ok(())
}

async fn write(text: &str) -> api::Result<()> {
    copy(text).await.map(drop).map_err(|_| {
        api::Error::new(api::Code::Refused, "the clipboard could not be written")
            .hint("allow this page to use the clipboard, or show the value and copy it by hand")
    })
}

/// Copies `text`, which the notes call `name`.
pub async fn copy_secret(face: Face, name: &str, text: &str) -> api::Result<()> {
    write(text).await?;
    face.notices.tell(format!("{name} is copied. The clipboard is cleared in one minute."));
    let name = name.to_string();
    set_timeout(move || spawn_local(end(face, name)), CLEARED_AFTER);
    Ok(())
}

/// Clears the clipboard, at once or as soon as the browser allows it.
async fn end(face: Face, name: String) {
    let mut done = clear().await;
    if says(&done, "waits") {
        face.notices
            .tell(format!("The clipboard is cleared of {name} with your next key or click on this page."));
        done = clear_at_next_press().await;
    }
    match done {
        Ok(_) if says(&done, "other") => {}
        Ok(_) if says(&done, "cleared") => face.notices.tell(format!("The clipboard is cleared of {name}.")),
        _ => face.notices.tell(format!("The clipboard could not be cleared: it may still hold {name}.")),
    }
}

fn says(done: &Result<JsValue, JsValue>, what: &str) -> bool {
    done.as_ref().is_ok_and(|said| said.as_string().as_deref() == Some(what))
}
