//! How Lanyard itself is, where that stands in the way: no address, another version, a vault that is not open.

mod gate;

pub use gate::{VaultBar, VaultGate, gate_stands, provide_gate};

use crate::icons::{Icon, SQUARE_TERMINAL, UNPLUG};
use leptos::prelude::*;

/// A browser without a valid address.
#[component]
pub fn NoCode() -> impl IntoView {
    view! {
        <main class="gate" data-test="no-code">
            <div class="mark"><Icon of=SQUARE_TERMINAL/></div>
            <h1>"This page needs a new address"</h1>
            <p class="soft" style="margin-top:8px">
                "Each address opens the page once, and ends with the daemon. Run "<code>"lanyard web"</code>" for a new one. Your agents go on meanwhile."
            </p>
        </main>
    }
}

/// A daemon of another version than the page.
#[component]
pub fn OtherVersion(
    /// The daemon's.
    version: String,
) -> impl IntoView {
    view! {
        <main class="gate" data-test="other-version">
            <div class="mark"><Icon of=UNPLUG/></div>
            <h1>"Lanyard was updated"</h1>
            <p class="soft" style="margin-top:8px">
                {format!("This page is of version {}, the daemon of version {version}. ", api::VERSION)}
                "Close it and run "<code>"lanyard web"</code>" for a page of the same version."
            </p>
        </main>
    }
}
