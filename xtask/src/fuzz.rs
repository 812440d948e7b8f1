//! `cargo xtask soak fuzz`: mails, codes and the mail server's conversations, made by chance, for a bounded time.

use crate::host::Host;
use crate::shell::{run, say};
use anyhow::Result;
use std::time::{SystemTime, UNIX_EPOCH};

/// How many seconds where nobody says.
pub const SECONDS: u32 = 300;

/// The targets of `backend/tests/fuzz.rs`.
const TARGETS: u32 = 3;

/// Runs for so long, each target for its part of it. An input that breaks a promise is kept in `target/fuzz`, and its seed is told.
pub fn fuzz(host: &Host, seconds: u32) -> Result<()> {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() % 1_000_000_007;
    let each = (seconds / TARGETS).max(1);
    say(format!(
        "{TARGETS} targets for {each} seconds each: mails, codes, conversations with the mail server"
    ));
    say(format!("the seed is {seed}; broken inputs are kept in {}", host.target.join("fuzz").display()));
    // One after the other: what is told of time and memory is of one target then.
    let options = ["--", "--nocapture", "--test-threads=1"];
    let mut cargo = host.cargo(&[&["test", "--package=backend", "--test=fuzz"][..], &options].concat());
    cargo.env("LANYARD_FUZZ_SECONDS", each.to_string());
    cargo.env("LANYARD_FUZZ_SEED", seed.to_string());
    run(&mut cargo)
}
