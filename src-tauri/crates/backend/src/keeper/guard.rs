//! What protects a session's processes from each other and a keeper from them.

use super::control::Guard;
use landlock::{CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getuid, set_dumpable_behavior, setrlimit};
use rustix::thread::{CapabilitySet, capabilities, remove_capability_from_bounding_set, set_capabilities};
use std::io;

/// Makes this process unreadable for others: no core dump, no tracing, no `/proc/PID/mem`. For the keeper
/// and the daemon, before they hold a secret.
pub fn harden() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?)
}

/// Keeps this process small: one heap for all threads, and large pieces of memory go back to the system as
/// soon as they are free.
pub(super) fn stay_small() {
    #[cfg(target_env = "gnu")]
    // SAFETY: the calls set parameters of the allocator, before there is a second thread.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 * 1024);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 128 * 1024);
    }
}

/// Gives back memory that is free, and the program's own code that is not needed while nothing happens. The
/// code is in the file, from which the kernel takes it again at once.
pub(super) fn rest() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            /// Where the linker has put the program's beginning and the end of its code.
            static __executable_start: u8;
            static etext: u8;
        }
        // SAFETY: `sysconf` and `malloc_trim` have no conditions. From the program's beginning to the last whole
        // page of its code, all is mapped from its file and was never written to: dropping it changes nothing.
        unsafe {
            libc::malloc_trim(0);
            let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(4096);
            let start = (&raw const __executable_start).cast_mut();
            let len = ((&raw const etext).addr() - start.addr()) / page * page;
            libc::madvise(start.cast(), len, libc::MADV_DONTNEED);
        }
    }
}

/// Puts the calling thread, and all that it will start, into a Landlock domain of its own that forbids
/// nothing but to signal processes outside. What counts is the domain as such: the kernel lets nobody in
/// it trace, or read the memory or environment of, a process outside. Also sets `no_new_privs`.
pub(super) fn confine() -> Guard {
    if give_up_capabilities().is_err() {
        return Guard::Missing;
    }
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

/// Gives up what lets root look round Landlock (a process with CAP_PERFMON reads every environment) or take
/// the covers off what is hidden. An ordinary user has none of it.
fn give_up_capabilities() -> rustix::io::Result<()> {
    let given_up = CapabilitySet::PERFMON
        | CapabilitySet::SYS_PTRACE
        | CapabilitySet::SYS_ADMIN
        | CapabilitySet::SYS_MODULE
        | CapabilitySet::SYS_RAWIO
        | CapabilitySet::DAC_READ_SEARCH
        | CapabilitySet::BPF;
    let mut sets = capabilities(None)?;
    let held = sets.permitted & given_up;
    if getuid().is_root() {
        // Else a program that root starts would get them back.
        for capability in held {
            remove_capability_from_bounding_set(capability)?;
        }
    }
    sets.effective -= given_up;
    sets.permitted -= given_up;
    sets.inheritable -= given_up;
    set_capabilities(None, sets)
}
