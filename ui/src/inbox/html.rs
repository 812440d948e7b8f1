//! A mail's HTML in a frame that runs no scripts, loads nothing, and opens its links in the owner's browser.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./letter.js")]
extern "C" {
    #[wasm_bindgen(js_name = letterPage)]
    fn letter_page(html: &str) -> String;
}

/// What the frame may do: open what is clicked in a window of its own, which is then no part of the frame.
const SANDBOX: &str = "allow-popups allow-popups-to-escape-sandbox";

/// The frame.
#[component]
pub fn HtmlFrame(
    /// The HTML, as the daemon has cleaned it.
    html: String,
) -> impl IntoView {
    view! {
        <iframe class="letter-html" data-test="html" title="The message as its sender laid it out" sandbox=SANDBOX
            referrerpolicy="no-referrer" srcdoc=letter_page(&html)></iframe>
    }
}
