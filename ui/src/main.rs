//! The face of Lanyard: one Leptos page, the same bundle in the desktop window and in a browser.
//!
//! # Hooks for tests
//!
//! The main controls carry `data-test="…"`; `N` is a slot's number, `KEY` a secret's key, `NAME` a name:
//!
//! - the frame: `place-slots place-identities place-projects place-settings open-palette open-keys palette
//!   palette-input dialog problem notice undo spoken link-bar no-code wall desk-N`
//! - a first start: `first first-name first-create first-path first-add first-start`
//! - the wall: `badge-N open-N state-N start-N stop-N beside-N add-slot`, and `confirm cancel` for each question
//! - the desk: `terminal` (its element has a function `lanyardText()`: all lines, scrollback included, and
//!   `data-session`, `data-link` = `up` or `down`), `ended restart split close-desk toggle-panel find-input
//!   tab-identity tab-vault tab-session tab-worktree`
//! - starting: `start-identity start-project start-branch start-base start-agent start-command start-go`
//! - identities: `new-identity identity-NAME (opens its vault) edit-NAME delete-NAME identity-name identity-email
//!   identity-phone identity-author identity-author-email create-identity save-identity slot-identity
//!   slot-agent hue-N clear-slot`
//! - the vault: `add-secret secret-key secret-value secret-policy secret-notes save-secret secret-KEY
//!   reveal-KEY value-KEY copy-KEY edit-KEY remove-KEY`
//! - projects and worktrees: `add-project project-path project-name save-project project-NAME
//!   remove-project-NAME allow-NAME allow-save worktree-NAME archive-NAME`
//! - the vault's own states: `vault-new vault-locked vault-broken passphrase passphrase-again unlock
//!   look-without`
//! - settings: `settings-search theme-light theme-dark theme-system font-size key-source`

mod app;
mod attempt;
mod clipboard;
mod dialog;
mod face;
mod field;
mod frame;
mod icons;
mod identities;
mod keys;
mod link;
mod notices;
mod palette;
mod place;
mod prefs;
mod projects;
mod secrets;
mod sessions;
mod settings;
mod slots;
mod status;
mod words;
mod worktrees;

fn main() {
    leptos::mount::mount_to_body(app::App);
}
