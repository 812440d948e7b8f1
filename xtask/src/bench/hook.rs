//! `lanyard hook` in an agent's terminal, as an agent calls it at every step.

use super::table::{Row, median, millis, ratio};
use super::world::World;
use anyhow::{Context, Result, bail};
use api::Event;
use api::status::Subscribe;
use std::path::Path;
use std::time::Duration;

/// How many hooks and empty programs run in turns, and how many in each turn.
const TURNS: u32 = 20;
const EACH: u32 = 10;
/// What Claude Code gives to a hook before it runs a command.
const PAYLOAD: &str = r#"{"session_id":"0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee","transcript_path":"/home/a/.claude/projects/-work/0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee.jsonl","cwd":"/work","permission_mode":"default","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"cargo test --workspace","description":"Run the tests"},"tool_use_id":"toolu_01"}"#;

/// A session times its own hooks.
pub fn measure(world: &World) -> Result<Vec<Row>> {
    std::fs::write(world.path("payload"), PAYLOAD).context("writing the payload")?;
    let mut watching = world.door()?;
    watching.call(&Subscribe {})?;
    let session = world.start(1, &script(&world.path("payload")))?;
    loop {
        match watching.event()? {
            Event::SessionStateChanged { session, .. } if !session.is_running() => break,
            _ => {}
        }
    }
    let times = std::fs::read_to_string(Path::new(&session.path).join("times"))?;
    let (mut ours, mut least) = (Vec::new(), Vec::new());
    for line in times.lines() {
        let (hook, empty) = line.split_once(' ').context("a line of two numbers")?;
        let each = |nanos: &str| Ok::<_, anyhow::Error>(Duration::from_nanos(nanos.parse()?) / EACH);
        ours.push(each(hook)?);
        least.push(each(empty)?);
    }
    if ours.len() < TURNS as usize {
        bail!("a hook did not end well");
    }
    let (ours, least) = (median(&ours), median(&least));
    let times = ratio(ours, least);
    let beside = format!("{times:.1} × `/bin/true` there ({})", millis(least));
    Ok(vec![Row::plain("`lanyard hook`, by an agent", millis(ours), beside)])
}

/// Writes how long hooks and empty programs took, a pair of numbers a line, in nanoseconds.
fn script(payload: &Path) -> String {
    let loop_of = |what: &str| format!("i=0; while [ $i -lt {EACH} ]; do {what} || exit 1; i=$((i+1)); done");
    let payload = payload.display();
    format!(
        "set -e; n=0; while [ $n -lt {TURNS} ]; do a=$(date +%s%N); {}; b=$(date +%s%N); {}; c=$(date +%s%N); \
         echo $((b-a)) $((c-b)) >>times; n=$((n+1)); done",
        loop_of(&format!("lanyard hook claude <'{payload}'")),
        loop_of(&format!("/bin/true <'{payload}'")),
    )
}
