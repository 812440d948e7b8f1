//! From the owner's answer to the end of the command that waited for it, and a read that a standing answer allows.

use super::door::Door;
use super::table::{Row, median, millis, ratio};
use super::world::{IDENTITY, World};
use anyhow::{Context, Result, bail};
use api::approvals::{Answer, AnswerApproval, State};
use api::secrets::{Policy, SetSecret};
use api::status::Subscribe;
use api::{Event, SecretText};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::path::Path;
use std::time::{Duration, Instant};

const RUNS: usize = 60;
const KEY: &str = "ASKED";
const DEADLINE: Timespec = Timespec { tv_sec: 30, tv_nsec: 0 };

/// How many reads and empty programs the agent then runs in turns.
const READS: u32 = 200;
const TURNS: u32 = 10;

/// An agent asks over and over, and each time the owner says yes and the asking command ends. The last answer
/// is for the whole session: from then on the agent reads without a question, and times itself.
pub fn measure(world: &World) -> Result<Vec<Row>> {
    let (mut owner, mut watching) = (world.door()?, world.door()?);
    owner.call(&SetSecret {
        identity: Some(IDENTITY.into()),
        key: KEY.into(),
        value: Some(SecretText::new("npm_0123456789abcdefghijklmnopqrstuvwxyz".into())),
        policy: Some(Policy::Ask),
        ..Default::default()
    })?;
    watching.call(&Subscribe {})?;
    let session = world.start(1, &script())?;
    let mut taken = Vec::new();
    while taken.len() < RUNS {
        taken.push(answer(&mut owner, &mut watching, Answer::Once)?);
    }
    answer(&mut owner, &mut watching, Answer::Session)?;
    ended(&mut watching)?;
    let times = std::fs::read_to_string(Path::new(&session.path).join("times"))?;
    let slowest = taken.iter().max().copied().unwrap_or(Duration::ZERO);
    let beside = format!("{RUNS} answers, the slowest {}", millis(slowest));
    let click = Row::plain("approval click to unblocked agent", millis(median(&taken)), beside);
    Ok(vec![click, granted(&times)?])
}

/// Asks for every answer, and then writes how long reads and empty programs took, a pair of numbers a line, in
/// nanoseconds.
fn script() -> String {
    let each = READS / TURNS;
    let loop_of =
        |what: &str| format!("i=0; while [ $i -lt {each} ]; do {what} >/dev/null; i=$((i+1)); done");
    let read = format!("lanyard secrets get {KEY}");
    format!(
        "n=0; while [ $n -le {RUNS} ]; do {read} >/dev/null; n=$((n+1)); done; n=0; while [ $n -lt {TURNS} ]; do \
         a=$(date +%s%N); {}; b=$(date +%s%N); {}; c=$(date +%s%N); echo $((b-a)) $((c-b)) >>times; n=$((n+1)); done",
        loop_of(&read),
        loop_of("/bin/true"),
    )
}

/// Answers the next question, and tells how long the command that asked lived on.
fn answer(owner: &mut Door, watching: &mut Door, answer: Answer) -> Result<Duration> {
    let approval = loop {
        match watching.event()? {
            Event::ApprovalChanged { approval } if approval.state == State::Open => break approval,
            _ => {}
        }
    };
    let pid =
        i32::try_from(approval.pid).ok().and_then(Pid::from_raw).context("an asker without a number")?;
    let asker = pidfd_open(pid, PidfdFlags::empty()).context("finding the process that asks")?;
    let begin = Instant::now();
    owner.call(&AnswerApproval { approval: approval.id, answer })?;
    if poll(&mut [PollFd::new(&asker, PollFlags::IN)], Some(&DEADLINE))? == 0 {
        bail!("the command that asked does not end");
    }
    Ok(begin.elapsed())
}

fn ended(watching: &mut Door) -> Result<()> {
    loop {
        match watching.event()? {
            Event::SessionStateChanged { session, .. } if !session.is_running() => return Ok(()),
            _ => {}
        }
    }
}

/// The row of the reads that the agent has timed.
fn granted(times: &str) -> Result<Row> {
    let (mut ours, mut least) = (Vec::new(), Vec::new());
    for line in times.lines() {
        let (read, empty) = line.split_once(' ').context("a line of two numbers")?;
        let each =
            |nanos: &str| Ok::<_, anyhow::Error>(Duration::from_nanos(nanos.parse()?) / (READS / TURNS));
        ours.push(each(read)?);
        least.push(each(empty)?);
    }
    let (ours, least) = (median(&ours), median(&least));
    let times = ratio(ours, least);
    let beside = format!("{times:.1} × `/bin/true` there ({})", millis(least));
    Ok(Row::new(
        "the same by an agent, of a secret that asks and is granted",
        millis(ours),
        beside,
        "≤ 3 ×",
        times <= 3.0,
    ))
}
