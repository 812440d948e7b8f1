//! What twelve sessions that do nothing cost: memory, wake-ups, processor time.

use super::pty::wait_for;
use super::table::{Row, median};
use super::world::World;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::time::Duration;

const SESSIONS: u32 = 12;
/// How long they are watched, after they had this long to settle: the daemon's threads for work that
/// blocks end after ten idle seconds.
const WATCHED: Duration = Duration::from_secs(10);
const SETTLING: Duration = Duration::from_secs(13);
/// More lines than the scrollback holds, each as wide as the terminal.
const LINES: usize = 10_200;
const WIDTH: usize = 119;

/// Measures idle sessions with an empty scrollback, then with a full one.
pub fn measure(world: &World) -> Result<Vec<Row>> {
    let mut rows = idle(world)?;
    rows.extend(full(world)?);
    Ok(rows)
}

fn idle(world: &World) -> Result<Vec<Row>> {
    let keepers = start(world, "printf ready; read _")?;
    std::thread::sleep(SETTLING);
    let all: Vec<u32> = keepers.iter().copied().chain([world.daemon.pid()]).collect();
    let (sleeps_before, ticks_before) = (sleeps(&all)?, ticks(&all)?);
    std::thread::sleep(WATCHED);
    let woken = wake_ups(&sleeps_before, &sleeps(&all)?);
    let ticks = ticks(&all)?.saturating_sub(ticks_before);
    let daemon = Memory::of(world.daemon.pid())?;
    let keeper = Memory::median(&keepers)?;
    let what = |who: &str| format!("{who}, 12 idle sessions");
    Ok(vec![
        daemon.row(&what("memory of the daemon"), 40.0),
        keeper.row(&what("memory of a keeper"), 5.0),
        Row::new(
            &what("wake-ups in 10 s, all processes"),
            woken.to_string(),
            format!("{ticks} ticks of processor time"),
            "0",
            woken == 0,
        ),
    ])
}

fn full(world: &World) -> Result<Vec<Row>> {
    let file = world.path("lines");
    let text: String = "The quick brown fox jumps over the lazy dog; 0123456789. ".repeat(4);
    let lines: String =
        (0..LINES).map(|n| format!("\x1b[3{}m{}\x1b[0m\n", n % 8, &text[n % 50..][..WIDTH])).collect();
    fs::write(&file, lines)?;
    let keepers = start(world, &format!("cat {}; printf ready; read _", file.display()))?;
    std::thread::sleep(SETTLING);
    let what = |who: &str| format!("{who}, 12 sessions with full scrollback");
    let daemon = Memory::of(world.daemon.pid())?;
    Ok(vec![
        Memory::median(&keepers)?.row(&what("memory of a keeper"), 16.0),
        Row::plain(&what("memory of the daemon"), daemon.pss_text(), daemon.rss_text()),
    ])
}

/// Ends what runs, starts the script in every slot, waits until each has shown its `ready`, and returns
/// the processes of their keepers.
fn start(world: &World, script: &str) -> Result<Vec<u32>> {
    world.stop_all()?;
    let others = keepers(world)?;
    for slot in 1..=SESSIONS {
        let session = world.start(slot, script)?;
        wait_for(b"ready", &mut world.attach(&session)?)?;
    }
    let keepers: Vec<u32> = keepers(world)?.into_iter().filter(|pid| !others.contains(pid)).collect();
    anyhow::ensure!(keepers.len() == SESSIONS as usize, "{} keepers run, not 12", keepers.len());
    Ok(keepers)
}

/// The processes that run as `lanyardd keep` of our release program.
fn keepers(world: &World) -> Result<Vec<u32>> {
    // A keeper is started by the name that the kernel has of its program, whatever links led there.
    let program = fs::canonicalize(world.host.target.join("release/lanyardd"))?;
    let is_keeper = |pid: &u32| {
        let args = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut args = args.split(|byte| *byte == 0);
        args.next() == Some(program.as_os_str().as_encoded_bytes()) && args.next() == Some(b"keep")
    };
    let names = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Ok(names.filter(is_keeper).collect())
}

/// A process's memory in bytes: what is its own with its share of what it shares, and all that it sees.
#[derive(Clone, Copy)]
struct Memory {
    pss: u64,
    rss: u64,
}

impl Memory {
    fn of(pid: u32) -> Result<Self> {
        let rss = field(&proc(pid, "status")?, "VmRSS:")? * 1024;
        // Lanyard's processes hide this file from all but root; what they share counts in full then.
        let share = proc(pid, "smaps_rollup").and_then(|text| field(&text, "Pss:"));
        Ok(Self { pss: share.map_or(rss, |pss| pss * 1024), rss })
    }

    fn median(pids: &[u32]) -> Result<Self> {
        let all: Result<Vec<Self>> = pids.iter().map(|pid| Self::of(*pid)).collect();
        let all = all?;
        let middle = |of: fn(&Self) -> u64| median(&all.iter().map(of).collect::<Vec<_>>());
        Ok(Self { pss: middle(|memory| memory.pss), rss: middle(|memory| memory.rss) })
    }

    fn row(self, what: &str, goal: f64) -> Row {
        let met = megabytes(self.pss) <= goal;
        Row::new(what, self.pss_text(), self.rss_text(), &format!("≤ {goal:.0} MB"), met)
    }

    fn pss_text(self) -> String {
        format!("{:.1} MB", megabytes(self.pss))
    }

    fn rss_text(self) -> String {
        format!("{:.1} MB with all that it shares (RSS)", megabytes(self.rss))
    }
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// How often each thread of the processes went to sleep of its own will, each time to be woken again.
fn sleeps(pids: &[u32]) -> Result<BTreeMap<OsString, u64>> {
    let mut sleeps = BTreeMap::new();
    for pid in pids {
        for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
            let thread = thread?;
            let status = fs::read_to_string(thread.path().join("status"))?;
            sleeps.insert(thread.file_name(), field(&status, "voluntary_ctxt_switches:")?);
        }
    }
    Ok(sleeps)
}

/// How often threads were woken between two looks. One that is gone was woken to end.
fn wake_ups(before: &BTreeMap<OsString, u64>, after: &BTreeMap<OsString, u64>) -> u64 {
    let gone = before.keys().filter(|thread| !after.contains_key(*thread)).count() as u64;
    let more = after.iter().map(|(thread, count)| count.saturating_sub(*before.get(thread).unwrap_or(&0)));
    gone + more.sum::<u64>()
}

/// The processor time of the processes, in ticks of a hundredth of a second.
fn ticks(pids: &[u32]) -> Result<u64> {
    let mut sum = 0;
    for pid in pids {
        let stat = proc(*pid, "stat")?;
        let (_, after) = stat.rsplit_once(") ").context("reading a process's times")?;
        // The user's and the kernel's time: the 14th and 15th field, of which two stand before the bracket.
        for ticks in after.split(' ').skip(11).take(2) {
            sum += ticks.parse::<u64>()?;
        }
    }
    Ok(sum)
}

fn proc(pid: u32, file: &str) -> Result<String> {
    fs::read_to_string(format!("/proc/{pid}/{file}"))
        .with_context(|| format!("reading {file} of process {pid}"))
}

fn field(text: &str, name: &str) -> Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number =
        line.and_then(|rest| rest.split_whitespace().next()).with_context(|| format!("no {name}"))?;
    Ok(number.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_ended_was_woken_once() {
        let look =
            |threads: &[(&str, u64)]| threads.iter().map(|(name, count)| (name.into(), *count)).collect();
        let before = look(&[("1", 5), ("2", 70)]);
        let after = look(&[("1", 8), ("3", 2)]);
        assert_eq!(wake_ups(&before, &after), 3 + 2 + 1);
    }

    #[test]
    fn a_field_is_read_by_its_whole_name() {
        let text = "nonvoluntary_ctxt_switches:\t9\nvoluntary_ctxt_switches:\t7\nPss:      12 kB\n";
        assert_eq!(field(text, "voluntary_ctxt_switches:").unwrap(), 7);
        assert_eq!(field(text, "Pss:").unwrap(), 12);
    }
}
