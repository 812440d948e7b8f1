//! `cargo xtask bench`: Lanyard beside its peers, as ratios measured in one run.

mod approvals;
mod audit;
mod bytes;
pub mod door;
mod hook;
mod inbox;
mod mail;
mod memory;
mod pty;
mod secrets;
mod signals;
mod start;
mod table;
mod world;

use crate::host::Host;
use crate::programs::programs;
use crate::setup::{Level, setup};
use crate::shell::say;
use anyhow::{Result, bail};
use table::Row;
use world::World;

/// Measures one thing in a world of its own.
type Measure = fn(&World) -> Result<Vec<Row>>;

/// Measures and prints the table: all, or only what has one of the words in its name. Nothing here is a test:
/// a goal that is missed is told, no more.
pub fn bench(host: &Host, words: &[&str]) -> Result<()> {
    let measures: [(&str, Measure); 10] = [
        ("reading a secret", secrets::measure),
        ("answering an approval", approvals::measure),
        ("hooks of an agent", hook::measure),
        ("starting a session", start::measure),
        ("the bytes of a terminal", bytes::measure),
        ("signals in a terminal", signals::measure),
        ("idle sessions", memory::measure),
        ("mail", mail::measure),
        ("a million records of the audit", audit::measure),
        ("a hundred thousand messages of the inbox", inbox::measure),
    ];
    let wanted = |what: &str| words.is_empty() || words.iter().any(|word| what.contains(word));
    if !measures.iter().any(|(what, _)| wanted(what)) {
        let known = measures.map(|(what, _)| what).join(", ");
        bail!("nothing that is measured has such a word in its name; known are: {known}");
    }
    setup(host, Level::Bench)?;
    say("building the release programs");
    programs(host, true, false)?;
    let mut rows: Vec<Row> = Vec::new();
    for (what, measure) in measures.into_iter().filter(|(what, _)| wanted(what)) {
        say(format!("measuring: {what}"));
        // Each in a world of its own, so that none measures what another left behind.
        let world = World::new(host)?;
        match measure(&world) {
            Ok(measured) => rows.extend(measured),
            Err(error) => rows.push(Row::failed(what, &error)),
        }
    }
    println!("{}", table::markdown(&rows));
    Ok(())
}
