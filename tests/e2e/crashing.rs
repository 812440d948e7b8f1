//! The daemon is killed at every point of a token's life: nothing is left alive at the issuer that Lanyard does
//! not know of, and what nobody waits for any more is revoked.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;
use tests::{Counterpart, DEADLINE, Door, World, text};

/// How many worlds are killed at once: they wait most of the time.
const AT_ONCE: usize = 4;

/// Every point that stands in the sources, whether it is the daemon's or the call's own process'.
fn points(of_the_call: bool) -> Vec<String> {
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/crates/backend/src/tokens");
    let mut points = BTreeSet::new();
    for entry in fs::read_dir(room).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let source = fs::read_to_string(entry.path()).unwrap();
        let is_call = entry.file_name() == "minting.rs";
        for part in source.split("failpoints.at(\"").skip(1).filter(|_| is_call == of_the_call) {
            points.insert(part.split('"').next().unwrap().to_string());
        }
    }
    points.into_iter().collect()
}

/// Asks; none once the daemon is dead.
fn ask(door: &mut Door, method: &str, params: Value) -> Option<Value> {
    let mut asked = || -> io::Result<Value> {
        door.send(format!("{}\n", json!({ "id": 1, "method": method, "params": params })).as_bytes())?;
        loop {
            let mut line = door.line()?;
            if !line["answer"].is_null() {
                return Ok(line["answer"]["result"].take());
            }
        }
    };
    asked().ok()
}

/// A whole life: issued, read, replaced, revoked; and one whose answer is cut short. Ends early with the daemon.
fn live_through(door: &mut Door, issuer: &Counterpart) -> Option<()> {
    let request = json!({ "issuer": "mint", "identity": "ada" });
    let token = ask(door, "tokens.request", request.clone())?;
    if let Some(id) = token["Ok"]["id"].as_str() {
        ask(door, "tokens.read", json!({ "token": id }))?;
        let new = ask(door, "tokens.refresh", json!({ "token": id }))?;
        if let Some(id) = new["Ok"]["id"].as_str() {
            ask(door, "tokens.revoke", json!({ "token": id }))?;
        }
    }
    issuer.behave("issue", "half");
    ask(door, "tokens.request", request)?;
    settle(door)
}

/// Waits until every token that may be alive is active; none once the daemon is dead.
fn settle(door: &mut Door) -> Option<()> {
    let until = Instant::now() + DEADLINE;
    loop {
        let tokens = ask(door, "tokens.list", json!({}))?;
        let unsettled = tokens["Ok"].as_array().expect("a list").iter().any(|t| t["state"] != "active");
        if !unsettled {
            return Some(());
        }
        assert!(Instant::now() < until, "it does not settle: {tokens}");
    }
}

fn die_at(point: &str, is_daemon: bool) {
    let mut world = World::new();
    world.identity("ada");
    let issuer = world.issuer("mint", "auto");
    world.lanyard(&["daemon", "stop"]).ok();
    world.set("LANYARD_DIE_AT", point);
    let daemon = world.daemon();
    let process = daemon.process();
    let mut door = Door::open(&world.owner_socket()).expect("the daemon answers").0;
    let lived = live_through(&mut door, &issuer);
    if is_daemon {
        assert!(lived.is_none(), "nothing came to {point}");
        process.wait_for_end();
    }
    daemon.kill();
    world.unset("LANYARD_DIE_AT");
    issuer.behave("issue", "");
    let _daemon = world.daemon();
    let mut door = Door::open(&world.owner_socket()).expect("the daemon answers").0;
    settle(&mut door).unwrap_or_else(|| panic!("{point}: the next daemon dies"));
    let known: BTreeSet<String> = ask(&mut door, "tokens.list", json!({})).unwrap()["Ok"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| ask(&mut door, "tokens.read", json!({ "token": token["id"] })).unwrap())
        .map(|read| text(&read["Ok"], "value").to_string())
        .collect();
    assert_eq!(issuer.live(), known, "{point}: what is alive at the issuer, and what Lanyard knows");
    let left = fs::read_dir(world.home().join("mints")).unwrap().count();
    assert_eq!(left, 0, "{point}: calls that nobody has finished");
}

fn die_at_all(points: Vec<String>, is_daemon: bool) {
    let points = Mutex::new(points.into_iter());
    let next = || points.lock().unwrap_or_else(|e| e.into_inner()).next();
    let work = || {
        while let Some(point) = next() {
            die_at(&point, is_daemon);
        }
    };
    std::thread::scope(|scope| {
        let each: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        each.into_iter().for_each(|one| one.join().expect("every point holds"));
    });
}

#[test]
fn a_daemon_killed_at_any_point_leaves_no_token_alive_that_it_does_not_know() {
    let points = points(false);
    assert!(points.len() >= 18, "{points:?}");
    die_at_all(points, true);
}

#[test]
fn a_call_killed_at_any_point_leaves_no_token_alive_that_nobody_knows() {
    let points = points(true);
    assert_eq!(points.len(), 3, "{points:?}");
    die_at_all(points, false);
}
