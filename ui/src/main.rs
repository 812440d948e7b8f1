//! The face of Lanyard: one Leptos page, the same bundle in the desktop window and in a browser.
//!
//! # Hooks for tests
//!
//! The main controls carry `data-test="…"`; `N` is a slot's number, `KEY` a secret's key, `NAME` a name:
//!
//! - the frame: `place-slots place-identities place-projects place-tokens
//!   place-ledger place-settings open-palette open-keys palette
//!   palette-input dialog problem notice undo spoken link-bar no-code wall desk-N`
//! - a first start: `first first-name first-create first-path first-add first-start`
//! - the wall: `needs-you all-slots nobody badge-N open-N state-N says-N start-N stop-N beside-N add-slot`, and `confirm cancel` for each question
//! - questions: `question-count questions question question-open question-command approve approve-for for-session
//!   for-worktree for-hour deny deny-word deny-go question-outcome`
//! - tokens: `tokens request-token token-list token token-life token-trouble revoke-token refresh-token forget-token token-issuer
//!   token-identity token-worktree token-repositories token-permissions token-minutes request-go grants grant
//!   revoke-grant add-issuer issuer-NAME edit-issuer-NAME remove-issuer-NAME issuer-name issuer-kind issuer-url
//!   issuer-settings issuer-secret issuer-policy save-issuer set-up-app app-name app-organization app-url app-begin
//!   app-open app-address archive-revokes archived archive-token close-archived`
//! - passwords: `add-login login-DOMAIN login-domain login-username login-password login-generate login-totp login-policy
//!   save-login edit-login-DOMAIN remove-login-DOMAIN show-code-DOMAIN code-DOMAIN copy-code-DOMAIN`
//! - the audit: `ledger records record newer verify verified ledger-identity ledger-slot
//!   ledger-worktree ledger-kind ledger-text ledger-since ledger-until ledger-all`
//! - the desk: `terminal` (its element has a function `lanyardText()`: all lines, scrollback included, and
//!   `data-session`, `data-link` = `up` or `down`), `ended restart split close-desk toggle-panel find-input
//!   tab-identity tab-inbox tab-vault tab-tokens tab-activity tab-session tab-worktree`
//! - starting: `start-identity start-project start-branch start-base start-agent start-command start-task start-when-done
//!   start-go`; the line: `new-task line task task-sooner task-later task-cancel`; what it came to: `summary work`
//! - identities: `new-identity identity-NAME (opens its vault) edit-NAME delete-NAME identity-name identity-email
//!   identity-provider identity-number identity-phone identity-author identity-author-email create-identity save-identity slot-identity
//!   slot-agent hue-N clear-slot key public-key key-policy`
//! - the vault: `add-secret secret-key secret-value secret-policy secret-notes save-secret secret-KEY
//!   reveal-KEY value-KEY copy-KEY edit-KEY remove-KEY secret-because versions-KEY version-list-KEY share-KEY shares-KEY
//!   unshare-KEY-NAME stale-N
//!   restart-stale-N`
//! - inboxes: `place-inbox unread-all unread-N fresh inbox inbox-search inbox-identity inbox-medium inbox-all
//!   inbox-unread letters letter newer-messages no-messages reader message subject text as-text as-html html
//!   found-code found-link copy-found open-link hand-over hand-question thread-line reply reply-all mark delete-message
//!   delete-question file save-file back compose compose-form send-from send-mail send-text send-to send-cc send-bcc
//!   send-subject send-body send put-away discard sending keeping keep-days sending-policy read-question`
//! - sources: `sources source-NAME source-state add-source sync-NAME edit-source-NAME remove-source-NAME source-name
//!   source-kind source-url source-settings source-secret source-identity save-source`
//! - projects and worktrees: `add-project project-path project-name save-project project-NAME
//!   remove-project-NAME allow-NAME allow-save worktree-NAME archive-NAME`
//! - the vault's own states: `vault-new vault-locked vault-broken passphrase passphrase-again unlock
//!   look-without`; a page that broke: `stopped load-again`
//! - notifications: `notify notify-EVENT notify-desktop notify-quiet notify-sound notify-save notify-test tested mute-slot
//!   muted-N routes add-route route-NAME test-NAME edit-route-NAME remove-route-NAME route-name route-kind route-url
//!   route-settings route-secret route-EVENT route-minutes save-route`
//! - settings: `settings-search theme-light theme-dark theme-system font-size key-source`

mod app;
mod approvals;
mod attempt;
mod audit;
mod clipboard;
mod dialog;
mod face;
mod field;
mod frame;
mod grants;
mod icons;
mod identities;
mod inbox;
mod keys;
mod link;
mod notices;
mod notify;
mod palette;
mod passwords;
mod place;
mod prefs;
mod projects;
mod secrets;
mod sessions;
mod settings;
mod setup;
mod slots;
mod sources;
mod status;
mod tasks;
mod tokens;
mod words;
mod worktrees;

fn main() {
    // Where it happened and no more: a panic's words may hold what they were about.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        leptos::logging::error!("Lanyard's page broke at {place}");
    }));
    leptos::mount::mount_to_body(app::App);
}
