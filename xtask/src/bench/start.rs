//! From the request for a session to the first byte that its shell writes, beside a bare PTY.

use super::pty::{Bare, Shows, wait_for};
use super::table::{Row, median, millis};
use super::world::{World, start_call};
use anyhow::Result;
use portable_pty::CommandBuilder;
use std::time::{Duration, Instant};

const RUNS: usize = 25;
const SCRIPT: &str = "printf ready; read _";
const GOAL: Duration = Duration::from_millis(15);

/// Measures both in turns.
pub fn measure(world: &World) -> Result<Vec<Row>> {
    // The first start makes the worktree, which is git's work and none of a terminal's.
    lanyard(world)?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(lanyard(world)?);
        bare.push(in_bare_pty()?);
    }
    let (ours, bare) = (median(&ours), median(&bare));
    let more = ours.saturating_sub(bare);
    let beside = format!("{} more than the same shell in a bare PTY ({})", millis(more), millis(bare));
    Ok(vec![Row::new("session start to first byte", millis(ours), beside, "≤ 15 ms more", more <= GOAL)])
}

fn lanyard(world: &World) -> Result<Duration> {
    let (mut starter, viewer) = (world.door()?, world.door()?);
    let begin = Instant::now();
    let session = starter.call(&start_call(1, SCRIPT))?;
    wait_for(b"ready", &mut viewer.attach(&session.id)?)?;
    let took = begin.elapsed();
    world.stop(&session)?;
    Ok(took)
}

fn in_bare_pty() -> Result<Duration> {
    let mut command = CommandBuilder::new("/bin/sh");
    command.args(["-c", SCRIPT]);
    let begin = Instant::now();
    let mut bare = Bare::start(command)?;
    bare.read()?;
    Ok(begin.elapsed())
}
