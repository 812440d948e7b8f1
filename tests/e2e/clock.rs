//! The machine's clock is set while the daemon runs: no token is killed or brought back by that, and what has to
//! be replaced or revoked still is.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tests::{Counterpart, WallClock, World, text};

const DAY: i64 = 24 * 3600;

/// A world whose clock can be set, with an identity in slot 1, a project, and an issuer whose tokens live an hour.
fn world() -> (World, WallClock, Counterpart) {
    let mut world = World::new();
    let clock = world.wall_clock();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    let issuer = world.issuer("mint", "auto");
    issuer.behave("life", "3600");
    (world, clock, issuer)
}

fn request(world: &World, more: &[&str]) -> Value {
    world.json(&[&["tokens", "request", "mint", "--identity", "ada"], more].concat())
}

fn value(world: &World, token: &Value) -> String {
    world.lanyard(&["tokens", "show", text(token, "id"), "--value"]).ok().trim().to_string()
}

/// Waits until a token is in this state.
#[track_caller]
fn wait_for_state(world: &World, token: &Value, wanted: &str) -> Value {
    let mut door = world.listening();
    loop {
        let now = world.json(&["tokens", "show", text(token, "id")]);
        if text(&now, "state") == wanted {
            return now;
        }
        door.event(|event| event["TokenChanged"]["token"] == token["id"]);
    }
}

#[test]
fn a_day_forwards_ends_no_token_for_good() {
    let (world, clock, issuer) = world();
    let (bounded, open) = (request(&world, &["--ttl", "1h"]), request(&world, &[]));
    let (bounded_value, open_value) = (value(&world, &bounded), value(&world, &open));
    clock.set(DAY);
    // Nobody can say whether the machine slept for a day: neither is handed out, and neither is written off.
    let told = world.lanyard(&["tokens", "show", text(&bounded, "id"), "--value"]).fails(1);
    assert!(told.contains("time is over"), "{told}");
    assert_ne!(value(&world, &open), open_value, "it is replaced before it is used");
    wait_for_state(&world, &open, "revoked");
    assert_eq!(text(&world.json(&["tokens", "show", text(&bounded, "id")]), "state"), "active");
    // What is asked for now can be used now.
    let new = request(&world, &["--ttl", "1h"]);
    assert!(issuer.live().contains(&value(&world, &new)));
    clock.set(0);
    assert_eq!(value(&world, &bounded), bounded_value, "it was alive all the time");
    assert!(issuer.live().contains(&bounded_value));
    for token in [&bounded, &new, &open] {
        world.lanyard(&["tokens", "revoke", text(token, "id")]).ok();
    }
    assert_eq!(issuer.live(), BTreeSet::new());
}

#[test]
fn a_day_backwards_revives_no_token() {
    let (world, clock, issuer) = world();
    let short = request(&world, &["--ttl", "2s"]);
    let open = request(&world, &[]);
    let open_value = value(&world, &open);
    let read = |token: &Value| world.lanyard(&["tokens", "show", text(token, "id"), "--value"]);
    let mut door = world.door();
    // Its two seconds are over when it is no longer given out: nothing tells that but the clock.
    while read(&short).status == Some(0) {
        door.ask("status", json!({}));
    }
    for ahead in [-DAY, -2 * DAY, 0] {
        clock.set(ahead);
        assert!(read(&short).fails(1).contains("time is over"), "{ahead}");
    }
    clock.set(-DAY);
    // Of the other the clock says nothing any more: it is replaced, and what is new counts from now.
    let new_value = value(&world, &open);
    assert_ne!(new_value, open_value);
    wait_for_state(&world, &open, "revoked");
    assert_eq!(value(&world, &open), new_value, "it is replaced once");
    assert!(issuer.live().contains(&new_value));
}

#[test]
fn a_running_sessions_token_is_replaced_after_a_day_backwards() {
    let (world, clock, issuer) = world();
    issuer.behave("life", "3");
    let session = world.start(1, "one", &["sh", "-c", "lanyard tokens request mint && exec cat"]);
    world.wait_for_screen(text(&session, "id"), "active");
    let first = world.json(&["tokens", "list"])[0].clone();
    issuer.behave("life", "3600");
    clock.set(-DAY);
    let old = wait_for_state(&world, &first, "revoked");
    let new = world.json(&["tokens", "show", text(&old, "replaced_by")]);
    assert_eq!((text(&new, "state"), issuer.live().len()), ("active", 1));
}

#[test]
fn a_revocation_goes_on_whichever_way_the_clock_is_set() {
    for ahead in [DAY, -DAY] {
        let (world, clock, issuer) = world();
        let token = request(&world, &[]);
        issuer.behave("revoke", "rest 600");
        let mut door = world.listening();
        let pending = door.ask("tokens.revoke", json!({ "token": token["id"], "wait_ms": 0 }));
        assert_eq!(pending["Ok"]["state"], "revoking", "{pending}");
        while world.json(&["tokens", "show", text(&token, "id")])["attempts"] == 0 {
            door.event(|event| event["TokenChanged"]["token"] == token["id"]);
        }
        clock.set(ahead);
        issuer.behave("revoke", "");
        // The rest of ten minutes is over by the one clock, and a day long by the other; any work on a token has
        // the daemon look at all of them.
        request(&world, &[]);
        wait_for_state(&world, &token, "revoked");
        assert_eq!(issuer.live().len(), 1, "{ahead}");
    }
}

#[test]
fn an_hour_that_was_granted_is_an_hour_whatever_the_clock_says() {
    let (world, clock, _issuer) = world();
    world.lanyard(&["secrets", "set", "KEY", "value", "--policy", "ask", "--identity", "ada"]).ok();
    // Each time it is told to, it reads the secret, and says whether it got it without a question.
    let script = "lanyard secrets get KEY >/dev/null && echo got-1; n=1; while read -r _; do n=$((n+1)); \
                  lanyard secrets get KEY --wait 1s >/dev/null 2>&1 && echo got-$n || echo none-$n; done";
    let mut door = world.listening();
    let session = world.start(1, "one", &["sh", "-c", script]);
    let session = text(&session, "id");
    let asked = door.event(|event| event["ApprovalChanged"]["approval"]["state"] == "open");
    let id = text(&asked["ApprovalChanged"]["approval"], "id");
    world.lanyard(&["approvals", "approve", id, "--for", "hour"]).ok();
    world.wait_for_screen(session, "got-1");
    let again = |wanted: &str| {
        world.lanyard(&["sessions", "send", session, "again"]).ok();
        world.wait_for_screen(session, wanted);
    };
    clock.set(DAY);
    again("got-2");
    clock.set(-DAY);
    again("got-3");
    // Two hours later the clock stands where it stood when the hour was given.
    world.lanyard(&["daemon", "stop"]).ok();
    clock.set(0);
    let _daemon = world.daemon_later(Duration::from_secs(7200));
    again("none-4");
    assert_eq!(world.json(&["grants", "list"]), json!([]));
}
