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
}

const CLEARED_AFTER: Duration = Duration::from_secs(60);

/// Copies `text`, which the notes call `name`.
pub async fn copy_secret(face: Face, name: &str, text: &str) -> api::Result<()> {
    copy(text).await.map_err(|_| {
        api::Error::new(api::Code::Refused, "the clipboard could not be written")
            .hint("allow this page to use the clipboard, or reveal the value and copy it by hand")
    })?;
    face.notices.tell(format!("{name} is copied. The clipboard is cleared in one minute."));
    let name = name.to_string();
    let end = move || {
        spawn_local(async move {
            let said = match clear().await.map(|cleared| cleared.is_truthy()) {
                Ok(true) => format!("The clipboard is cleared of {name}."),
                Ok(false) => return,
                Err(_) => format!("The clipboard could not be cleared: it may still hold {name}."),
            };
            face.notices.tell(said);
        });
    };
    set_timeout(end, CLEARED_AFTER);
    Ok(())
}
