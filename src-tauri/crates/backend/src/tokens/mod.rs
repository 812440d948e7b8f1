//! The room of tokens: credentials that are issued for a while, and taken back.

pub mod issuer;
pub mod issuers;
