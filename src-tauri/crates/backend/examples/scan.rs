//! `scan FILE`: how fast the keeper's look at a terminal's output is, in MB/s: when it hears what programs say
//! of themselves, and when it does not.

use anyhow::{Context, Result};
use backend::keeper::queries::Queries;
use std::time::Instant;

/// How much the keeper looks at at once.
const PIECE: usize = 64 * 1024;
const RUNS: usize = 15;

fn main() -> Result<()> {
    let path = std::env::args_os().nth(1).context("usage: scan FILE")?;
    let bytes = std::fs::read(path).context("reading FILE")?;
    let (mut hearing, mut ignoring) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        hearing.push(speed(&bytes, true));
        ignoring.push(speed(&bytes, false));
    }
    println!("{:.0} {:.0}", best(&hearing), best(&ignoring));
    Ok(())
}

fn speed(bytes: &[u8], listens: bool) -> f64 {
    let mut queries = Queries::new(listens);
    let begin = Instant::now();
    let passed: usize = bytes.chunks(PIECE).map(|piece| queries.pass(piece).len()).sum();
    std::hint::black_box(passed);
    bytes.len() as f64 / 1e6 / begin.elapsed().as_secs_f64()
}

fn best(speeds: &[f64]) -> f64 {
    speeds.iter().copied().fold(0.0, f64::max)
}
