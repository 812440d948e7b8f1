//! The words of Lanyard: what can be asked, by whom, what is answered, and how it looks on the wire.
//!
//! This crate does no I/O and builds for `wasm32-unknown-unknown`: the daemon, the command line, the
//! window and the page all share it. Times are integer milliseconds since 1970-01-01 UTC, ids are
//! UUID v7 text. Where a field names an identity, project, worktree or session, the name, the id or a
//! unique prefix of the id will do.

pub mod approvals;
pub mod audit;
pub mod calls;
pub mod credentials;
pub mod dates;
pub mod error;
pub mod events;
pub mod grants;
pub mod identities;
pub mod inbox;
pub mod issuers;
pub mod keys;
pub mod names;
pub mod notify;
pub mod passwords;
pub mod projects;
pub mod ravi;
pub mod roles;
pub mod secret_text;
pub mod secrets;
pub mod sessions;
pub mod slots;
pub mod sources;
pub mod status;
pub mod summaries;
pub mod tasks;
pub mod tokens;
pub mod wire;
pub mod worktrees;

pub use calls::{Call, METHODS, Method, Request};
pub use error::{Code, Error, Result};
pub use events::Event;
pub use roles::Role;
pub use secret_text::SecretText;

/// The version of the product and of its wire. Client and daemon must agree on it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Milliseconds since 1970-01-01 UTC.
pub type Millis = i64;

/// The reply of a call that has nothing to say but that it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Done {}
