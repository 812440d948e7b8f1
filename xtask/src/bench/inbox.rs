//! The inbox with a thousand messages and with a hundred thousand: a page of it, and looking for words.

use super::door::Door;
use super::table::{Row, median, millis, ratio};
use super::world::{IDENTITY, World};
use crate::shell::{run, say};
use anyhow::{Context, Result, bail};
use api::inbox::{ListMessages, MarkMessage};
use std::time::{Duration, Instant};

const FEW: u32 = 1000;
const MANY: u32 = 100_000;
const PAGES: usize = 100;
/// How many messages a page has: no filter finds fewer among the few.
const PAGE: u32 = 20;

/// Fills the inbox by the library that the daemon is made of, while the daemon runs.
pub fn measure(world: &World) -> Result<Vec<Row>> {
    let mut door = world.door()?;
    fill(world, FEW)?;
    read_most(&mut door)?;
    let few = pages(&mut door)?;
    let begin = Instant::now();
    fill(world, MANY - FEW)?;
    say(format!("that took {:.0} s", begin.elapsed().as_secs_f64()));
    let many = pages(&mut door)?;
    let mut rows = Vec::new();
    for ((filter, few), (_, many)) in few.into_iter().zip(many) {
        let times = ratio(many, few);
        let what = format!("a page of 100,000 messages, {filter}");
        let beside = format!("{times:.2} × the same of 1,000 ({})", millis(few));
        rows.push(Row::new(&what, millis(many), beside, "≤ 2 ×", times <= 2.0));
    }
    Ok(rows)
}

fn fill(world: &World, count: u32) -> Result<()> {
    say(format!("filling the inbox with {count} messages"));
    let cargo = ["run", "--release", "--quiet", "--package=backend", "--example=fill_inbox", "--"];
    let mut fill = world.host.cargo(&cargo);
    fill.arg(world.path("home/lanyard.db"))
        .arg(world.path("passphrase"))
        .args([IDENTITY, &count.to_string()]);
    run(&mut fill)
}

/// Reads all but a page of the few, so that unread ones are rare among them as well.
fn read_most(door: &mut Door) -> Result<()> {
    let mut before = None;
    loop {
        let page = door.call(&ListMessages { before, limit: Some(200), ..Default::default() })?;
        for message in page.messages.iter().filter(|message| message.number > i64::from(PAGE)) {
            door.call(&MarkMessage { message: message.number.to_string(), unread: false })?;
        }
        let Some(next) = page.next else { return Ok(()) };
        before = Some(next);
    }
}

/// How long one page takes without a filter, with each of them, and with words to look for.
fn pages(door: &mut Door) -> Result<Vec<(&'static str, Duration)>> {
    let newest = door.call(&ListMessages { limit: Some(1), ..Default::default() })?;
    let newest = newest.messages.first().context("the inbox is empty")?.number;
    let search = |words: &str| ListMessages { search: Some(words.into()), ..Default::default() };
    let filters = [
        ("all", ListMessages::default()),
        ("of an identity", ListMessages { identity: Some(IDENTITY.into()), ..Default::default() }),
        ("of the middle", ListMessages { before: Some(newest / 2), ..Default::default() }),
        ("unread ones", ListMessages { unread: true, ..Default::default() }),
        ("with a common word", search("order for")),
        ("with a rare word", search("zeppelin for")),
        ("with two words", search("kakaka order for")),
        ("with the beginning of a word", search("your orde")),
        ("with the beginning of a longer word", search("your zeppel")),
    ];
    let mut measured = Vec::new();
    for (name, call) in filters {
        // The same number of messages in both, or the smaller inbox would answer with less.
        let call = ListMessages { limit: Some(PAGE), ..call };
        let mut taken = Vec::new();
        for _ in 0..PAGES {
            let begin = Instant::now();
            let page = door.call(&call)?;
            taken.push(begin.elapsed());
            if page.messages.len() != PAGE as usize {
                bail!("a page {name} has {} messages", page.messages.len());
            }
        }
        measured.push((name, median(&taken)));
    }
    Ok(measured)
}
