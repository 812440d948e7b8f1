//! What protects a session's processes from each other and a keeper from them.

use super::control::Guard;
use landlock::{CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use std::io;

/// Makes this process unreadable for others: no core dump, no tracing, no `/proc/PID/mem`. For the keeper
/// and the daemon, before they hold a secret.
pub fn harden() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?)
}

/// Puts the calling thread, and all that it will start, into a Landlock domain of its own that forbids
/// nothing but to signal processes outside. What counts is the domain as such: the kernel lets nobody in
/// it trace, or read the memory or environment of, a process outside. Also sets `no_new_privs`.
pub(super) fn confine() -> Guard {
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .scope(Scope::Signal)
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self);
    match status {
        Ok(status) if status.ruleset == RulesetStatus::FullyEnforced && status.no_new_privs => Guard::Held,
        _ => Guard::Missing,
    }
}
