//! Through the command line and the sockets, with real git, real terminals and real processes.
// What a test unwraps is what it is about: a failure there is the test's own.
#![allow(clippy::unwrap_used)]

mod agents;
mod approvals;
mod audit;
mod bad_input;
mod clock;
mod completions;
mod crashing;
mod doors;
mod environment;
mod grants;
mod hooks;
mod house;
mod identities;
mod imap;
mod interrupted;
mod issuers;
mod killing;
mod mail;
mod manifest;
mod notify;
mod on_state;
mod passwords;
mod plain_user;
mod posted;
mod prism;
mod projects;
mod prying;
mod racing;
mod registry;
mod remotes;
mod rotation;
mod secrets;
mod sessions;
mod signals;
mod signing;
mod slots;
mod sources;
mod summaries;
mod tasks;
mod tokens;
mod vault;
mod waiting;
mod web;
mod worktrees;
