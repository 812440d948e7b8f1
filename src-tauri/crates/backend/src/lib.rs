//! The work of Lanyard: its rooms, its doors, and what `lanyardd` is made of.

pub mod agents;
pub mod backend;
pub mod bus;
pub mod caller;
pub mod clock;
pub mod config;
pub mod dispatch;
pub mod environment;
pub mod git;
pub mod hidden;
pub mod identities;
pub mod keeper;
pub mod members;
pub mod notify;
pub mod projects;
pub mod safe;
pub mod secrets;
pub mod serve;
pub mod sessions;
pub mod slots;
pub mod store;
pub mod telling;
pub mod tokens;
pub mod wiped;
pub mod worktrees;
