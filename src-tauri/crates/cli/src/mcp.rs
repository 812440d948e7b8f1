//! `lanyard mcp`: the tools of a slot, for its agent, by the Model Context Protocol on standard input and output.

use crate::failure::{Failure, Result};
use crate::hand::Hand;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Becomes the program that speaks the protocol, which this one is too small for.
pub fn run(hand: &mut Hand) -> Result<()> {
    let program = hand.place().daemon()?;
    let error = Command::new(&program).arg("mcp").exec();
    Err(Failure::system(&format!("running {}", program.display()), error))
}
