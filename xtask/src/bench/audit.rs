//! The audit with a thousand records and with a million: a page of it, and going through the whole chain.

use super::door::Door;
use super::table::{Row, median, millis, ratio};
use super::world::World;
use crate::shell::{run, say};
use anyhow::{Context, Result, bail};
use api::audit::{Kind, ListAudit, VerifyAudit};
use std::time::{Duration, Instant};

const FEW: i64 = 1000;
const MANY: i64 = 1_000_000;
const PAGES: usize = 100;
/// How many records a page has: no filter finds fewer among the few.
const PAGE: u32 = 20;
/// A million records verify in seconds.
const GOAL: Duration = Duration::from_secs(10);

/// Fills the audit by the library that the daemon is made of, while the daemon runs.
pub fn measure(world: &World) -> Result<Vec<Row>> {
    let mut door = world.door()?;
    fill(world, &mut door, FEW)?;
    let few = pages(&mut door)?;
    fill(world, &mut door, MANY)?;
    let many = pages(&mut door)?;
    let mut rows = Vec::new();
    for ((filter, few), (_, many)) in few.into_iter().zip(many) {
        let times = ratio(many, few);
        let what = format!("a page of 1,000,000 audit records, {filter}");
        let beside = format!("{times:.2} × the same of 1,000 ({})", millis(few));
        rows.push(Row::new(&what, millis(many), beside, "≤ 2 ×", times <= 2.0));
    }
    rows.push(verify(&mut door)?);
    Ok(rows)
}

fn fill(world: &World, door: &mut Door, until: i64) -> Result<()> {
    let there = door.call(&ListAudit { limit: Some(1), ..Default::default() })?;
    let there = there.first().map_or(0, |newest| newest.seq);
    say(format!("filling the audit with {until} records"));
    let cargo = ["run", "--release", "--quiet", "--package=backend", "--example=fill_audit", "--"];
    let mut fill = world.host.cargo(&cargo);
    run(fill.arg(world.path("home/lanyard.db")).arg((until - there).to_string()))
}

/// How long one page takes without a filter and with each of them.
fn pages(door: &mut Door) -> Result<Vec<(&'static str, Duration)>> {
    let newest = door.call(&ListAudit { limit: Some(1), ..Default::default() })?;
    let newest = newest.first().context("the audit is empty")?;
    let filters = [
        ("all", ListAudit::default()),
        ("of an identity", ListAudit { identity: Some("identity-2".into()), ..Default::default() }),
        ("of a slot", ListAudit { slot: Some(7), ..Default::default() }),
        ("of a kind", ListAudit { kind: Some(Kind::Token), ..Default::default() }),
        ("since a minute", ListAudit { since: Some(newest.at - 60_000), ..Default::default() }),
        ("of the middle", ListAudit { before: Some(newest.seq / 2), ..Default::default() }),
    ];
    let mut measured = Vec::new();
    for (name, call) in filters {
        // The same number of records in both, or the smaller audit would answer with less.
        let call = ListAudit { limit: Some(PAGE), ..call };
        let mut taken = Vec::new();
        for _ in 0..PAGES {
            let begin = Instant::now();
            let page = door.call(&call)?;
            taken.push(begin.elapsed());
            if page.len() != PAGE as usize {
                bail!("a page {name} has {} records", page.len());
            }
        }
        measured.push((name, median(&taken)));
    }
    Ok(measured)
}

fn verify(door: &mut Door) -> Result<Row> {
    let begin = Instant::now();
    let verified = door.call(&VerifyAudit::default())?;
    let took = begin.elapsed();
    if verified.records < MANY || verified.broken.is_some() {
        bail!("the audit of the bench does not verify: {:?}", verified.broken);
    }
    let rate = verified.records as f64 / took.as_secs_f64();
    let measured = format!("{rate:.0} records/s");
    let beside = format!("{} records in {:.2} s", verified.records, took.as_secs_f64());
    Ok(Row::new("`lanyard audit verify`", measured, beside, "1,000,000 ≤ 10 s", took <= GOAL))
}
