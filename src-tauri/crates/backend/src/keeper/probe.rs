//! `lanyardd keep --probe`: tries on itself what protects a session, and prints what holds on this machine.

use super::control::Guard;
use super::guard::confine;
use super::hiding::Hiding;
use api::status::Walls;
use std::process::ExitCode;

/// Puts this process behind the walls of a session. It must have one thread only.
pub fn run() -> ExitCode {
    // Nothing has to be covered: that a namespace of one's own can be had is what is asked.
    let hiding = Hiding { covered: vec!["/nonexistent".into()], ..Hiding::default() };
    let hidden = hiding.apply().is_ok();
    let walls = Walls { guarded: confine() == Guard::Held, hidden };
    println!("{}", serde_json::to_string(&walls).unwrap_or_default());
    ExitCode::SUCCESS
}
