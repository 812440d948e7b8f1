//! From the owner's answer to the end of the command that waited for it.

use super::table::{Row, median, millis};
use super::world::{IDENTITY, World};
use anyhow::{Context, Result, bail};
use api::approvals::{Answer, AnswerApproval, State};
use api::secrets::{Policy, SetSecret};
use api::status::Subscribe;
use api::{Event, SecretText};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::time::{Duration, Instant};

const RUNS: usize = 60;
const KEY: &str = "ASKED";
const DEADLINE: Timespec = Timespec { tv_sec: 30, tv_nsec: 0 };

/// An agent asks over and over; each time the owner says yes, and the asking command ends.
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
    let session = world.start(1, &format!("while lanyard secrets get {KEY} >/dev/null; do :; done"))?;
    let mut taken = Vec::new();
    while taken.len() < RUNS {
        let Event::ApprovalChanged { approval } = watching.event()? else { continue };
        if approval.state != State::Open {
            continue;
        }
        let pid =
            i32::try_from(approval.pid).ok().and_then(Pid::from_raw).context("an asker without a number")?;
        let asker = pidfd_open(pid, PidfdFlags::empty()).context("finding the process that asks")?;
        let begin = Instant::now();
        owner.call(&AnswerApproval { approval: approval.id, answer: Answer::Once })?;
        if poll(&mut [PollFd::new(&asker, PollFlags::IN)], Some(&DEADLINE))? == 0 {
            bail!("the command that asked does not end");
        }
        taken.push(begin.elapsed());
    }
    world.stop(&session)?;
    let slowest = taken.iter().max().copied().unwrap_or(Duration::ZERO);
    let beside = format!("{RUNS} answers, the slowest {}", millis(slowest));
    Ok(vec![Row::plain("approval click to unblocked agent", millis(median(&taken)), beside)])
}
