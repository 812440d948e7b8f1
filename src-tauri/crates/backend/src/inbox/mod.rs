//! The inbox: mail and text messages of each identity.

pub mod finding;
pub mod mail;
