//! What it costs to hear what programs print about themselves, and how soon a watcher knows of it.

use super::bytes::{lanyard, log_lines, script};
use super::door::Door;
use super::table::{Row, median, millis};
use super::world::World;
use crate::shell::read;
use anyhow::{Context, Result};
use api::Event;
use api::sessions::{SendText, State};
use api::status::Subscribe;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How often the flood is shown with and without it, in turns.
const RUNS: usize = 9;
const ROUNDS: usize = 30;
/// Signals that come faster than this wait for each other, which is not what is measured.
const PAUSE: Duration = Duration::from_millis(300);
const GOAL: Duration = Duration::from_millis(100);

/// Measures the look at the bytes alone, the whole way of a terminal with it and without it, and the delay.
pub fn measure(world: &World) -> Result<Vec<Row>> {
    let (plain, signals) = (world.path("flood"), world.path("signals"));
    std::fs::write(&plain, log_lines())?;
    std::fs::write(&signals, signal_lines())?;
    let without = World::with_settings(world.host, "signals = false\n")?;
    Ok(vec![
        scanned(world, "looking for signals in coloured log lines", &plain)?,
        scanned(world, "looking for signals in nothing but signals", &signals)?,
        whole_way(world, &without, &script(&plain))?,
        delay(world)?,
    ])
}

fn scanned(world: &World, what: &str, file: &Path) -> Result<Row> {
    let cargo = ["run", "--release", "--quiet", "--package=backend", "--example=scan", "--"];
    let told = read(world.host.cargo(&cargo).arg(file))?;
    let (with, without) = told.trim().split_once(' ').context("two figures")?;
    Ok(Row::plain(what, format!("{with} MB/s"), format!("{without} MB/s without hearing them")))
}

fn whole_way(world: &World, without: &World, script: &str) -> Result<Row> {
    let (mut hearing, mut ignoring) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        hearing.push(lanyard(world, script)?);
        ignoring.push(lanyard(without, script)?);
    }
    let (hearing, ignoring) = (median(&hearing), median(&ignoring));
    let times = hearing / ignoring;
    let beside = format!("{times:.2} × the same without hearing signals ({ignoring:.0} MB/s)");
    let met = times >= 0.95;
    Ok(Row::new("200 MB of output, signals heard", format!("{hearing:.0} MB/s"), beside, "≥ 0.95 ×", met))
}

/// One of each kind, over and over.
fn signal_lines() -> String {
    let mut lines = String::new();
    for number in 0..100_000 {
        lines += &format!(
            "\x1b]0;⠋ title {number}\x07\x1b]7501;state=working:app=codex\x1b\\\x1b]9;look {number}\x07\
             \x1b]133;D;{}\x07\x1b]9;4;1;{}\x07\x1b]99;i={number}:p=body;look\x1b\\text\r\n",
            number % 3,
            number % 101
        );
    }
    lines
}

/// From the moment before a program prints a signal to the event at a watcher.
fn delay(world: &World) -> Result<Row> {
    let script = "stty -echo; while read -r state; do date +%s%N >stamp; \
                  printf '\\033]7501;state=%s\\007' \"$state\"; done";
    let session = world.start(2, script)?;
    let (mut owner, mut watching) = (world.door()?, world.door()?);
    watching.call(&Subscribe {})?;
    let mut taken = Vec::new();
    for round in 0..ROUNDS {
        let (name, state) = [("done", State::Done), ("error", State::Failed)][round % 2];
        owner.call(&SendText { session: session.id.clone(), text: format!("{name}\n") })?;
        let heard = heard(&mut watching, &session.id, state)?;
        let printed: u128 = read_stamp(&session.path)?;
        taken.push(Duration::from_nanos(u64::try_from(heard.saturating_sub(printed))?));
        std::thread::sleep(PAUSE);
    }
    let slowest = taken.iter().max().copied().unwrap_or_default();
    let beside = format!("{ROUNDS} signals, the slowest {}", millis(slowest));
    let median = median(&taken);
    Ok(Row::new("signal printed to event at a watcher", millis(median), beside, "≤ 100 ms", slowest <= GOAL))
}

/// When the watcher hears of the state, in nanoseconds of the clock that `date` reads too.
fn heard(watching: &mut Door, id: &str, state: State) -> Result<u128> {
    loop {
        if let Event::SessionStateChanged { session, .. } = watching.event()?
            && session.id == id
            && session.state == state
        {
            return Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos());
        }
    }
}

fn read_stamp(folder: &str) -> Result<u128> {
    let stamp = std::fs::read_to_string(Path::new(folder).join("stamp"))?;
    stamp.trim().parse().context("reading when it was printed")
}
