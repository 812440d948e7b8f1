//! The daemon is killed in the middle of a change: what was begun stands in the audit all the same.

use serde_json::{Value, json};
use std::os::unix::net::UnixStream;
use tests::{Door, World, text};

/// Ada, who shares KEY with bob, and carol.
fn world() -> World {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "first");
    world.identity("bob");
    world.identity("carol");
    world.lanyard(&["secrets", "share", "KEY", "--with", "bob", "--identity", "ada"]).ok();
    world
}

fn records(world: &World, args: &[&str]) -> Vec<Value> {
    let listed = world.json(&[&["audit", "list", "--limit", "200"], args].concat());
    listed.as_array().unwrap().clone()
}

/// Starts a daemon that dies at a point, runs `lanyard` against it, and starts the next daemon.
fn die_at(world: &mut World, point: &str, args: &[&str]) {
    world.lanyard(&["daemon", "stop"]).ok();
    world.set("LANYARD_DIE_AT", point);
    let daemon = world.daemon();
    let process = daemon.process();
    world.lanyard(args).fails(3);
    process.wait_for_end();
    daemon.kill();
    world.unset("LANYARD_DIE_AT");
    world.lanyard(&["audit", "verify"]).ok();
}

/// The records of an action since a number, oldest first.
fn since(world: &World, action: &str, seq: i64) -> Vec<Value> {
    let mut all = records(world, &[]);
    all.retain(|record| record["action"] == action && record["seq"].as_i64().unwrap() > seq);
    all.reverse();
    all
}

fn head(world: &World) -> i64 {
    world.json(&["audit", "anchor"])["seq"].as_i64().unwrap()
}

#[test]
fn a_change_that_a_kill_cuts_short_is_recorded_by_the_next_daemon() {
    let mut world = world();
    let changes: [(&str, &[&str], &str); 6] = [
        ("secrets.set", &["secrets", "set", "NEW", "value-of-new", "--identity", "ada"], "NEW"),
        ("identities.create", &["identity", "create", "--name", "dave"], "dave"),
        ("slots.set", &["slot", "set", "2", "--identity", "bob"], "2"),
        ("issuers.add", &["issuers", "add", "i", "--kind", "command", "--set", "command=/bin/true"], "i"),
        (
            "passwords.create",
            &["passwords", "create", "--domain", "a.b", "--username", "x", "--generate"],
            "a.b",
        ),
        ("identities.delete", &["identity", "delete", "carol"], "carol"),
    ];
    for (action, args, subject) in changes {
        let before = head(&world);
        die_at(&mut world, "change.after", args);
        let left = since(&world, action, before);
        assert_eq!(left.len(), 1, "{action}: {left:?}");
        let left = &left[0];
        assert_eq!((text(left, "outcome"), text(left, "subject")), ("interrupted", subject), "{left}");
        assert_eq!((text(left, "who"), text(left, "door")), ("owner", "owner"));
        assert!(text(left, "detail").starts_with("the daemon ended before it was known"), "{left}");
        // The next daemon has told of it before it told of itself.
        let started = since(&world, "daemon.started", left["seq"].as_i64().unwrap());
        assert_eq!(started.len(), 1, "{action}");
        world.lanyard(&["daemon", "stop"]).ok();
        assert_eq!(since(&world, action, before).len(), 1, "{action}: once and no more");
    }
    assert_eq!(world.lanyard(&["secrets", "get", "NEW", "--identity", "ada"]).ok(), "value-of-new\n");
    assert!(!format!("{:?}", records(&world, &[])).contains("value-of-new"));
    let names = world.json(&["identity", "list"]);
    let names: Vec<&str> = names.as_array().unwrap().iter().map(|one| text(one, "name")).collect();
    assert_eq!(names, ["ada", "bob", "dave"], "the changes themselves were made");
}

#[test]
fn what_was_not_begun_is_told_as_unknown_and_what_was_recorded_is_told_once() {
    let mut world = world();
    let set = ["secrets", "set", "KEY", "second", "--identity", "ada"];
    let before = head(&world);
    die_at(&mut world, "change.before", &set);
    let left = since(&world, "secrets.set", before);
    let of = |name: &str| left.iter().filter(|record| text(record, "identity") == name).count();
    assert_eq!(
        (left.len(), of("ada"), of("bob")),
        (2, 1, 1),
        "it stands in each sharer's timeline: {left:?}"
    );
    assert!(left.iter().all(|record| record["outcome"] == "interrupted"), "{left:?}");
    assert_eq!(world.lanyard(&["secrets", "get", "KEY", "--identity", "bob"]).ok(), "first\n");

    let before = head(&world);
    die_at(&mut world, "record.after", &set);
    let told = since(&world, "secrets.set", before);
    assert!(told.len() == 2 && told.iter().all(|record| record["outcome"] == "done"), "{told:?}");
    assert_eq!(world.lanyard(&["secrets", "get", "KEY", "--identity", "bob"]).ok(), "second\n");
}

#[test]
fn a_session_that_was_started_as_the_daemon_was_killed_stands_in_the_audit() {
    let mut world = world();
    let before = head(&world);
    die_at(
        &mut world,
        "change.after",
        &["start", "--slot", "1", "--project", "work", "--branch", "one", "--", "cat"],
    );
    let left = since(&world, "sessions.start", before);
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!((text(&left[0], "outcome"), text(&left[0], "subject")), ("interrupted", "work one"));
    let running = world.json(&["sessions", "list"]);
    assert_eq!(running[0]["branch"], "one", "it runs, and the next daemon has adopted it: {running}");
}

#[test]
fn a_grant_that_ended_as_the_daemon_was_killed_stands_in_the_audit() {
    let mut world = world();
    world.lanyard(&["secrets", "set", "ASKED", "value", "--policy", "ask", "--identity", "ada"]).ok();
    let agent = world.script(1, "one", "lanyard secrets get ASKED");
    let mut door = world.listening();
    let open = world.json(&["approvals", "list"]);
    let asked = match open[0].is_object() {
        true => open[0].clone(),
        false => {
            door.event(|event| event["ApprovalChanged"].is_object())["ApprovalChanged"]["approval"].clone()
        }
    };
    world.lanyard(&["approvals", "approve", text(&asked, "id"), "--for", "worktree"]).ok();
    agent.outcome().ok();
    let grant = world.json(&["grants", "list"])[0].clone();
    let before = head(&world);
    die_at(&mut world, "grant.ended", &["grants", "revoke", text(&grant, "id")]);
    assert_eq!(world.json(&["grants", "list"]), json!([]));
    for action in ["grants.ended", "grants.revoke"] {
        let left = since(&world, action, before);
        assert_eq!(left.len(), 1, "{action}: {left:?}");
        assert_eq!(text(&left[0], "outcome"), "interrupted", "{action}");
    }
    let ended = since(&world, "grants.ended", before).remove(0);
    assert_eq!((text(&ended, "subject"), text(&ended, "identity")), ("ASKED", "ada"));
}

#[test]
fn a_read_that_a_kill_cuts_short_is_not_recorded_since_its_value_never_left() {
    let mut world = world();
    let before = head(&world);
    world.lanyard(&["daemon", "stop"]).ok();
    world.set("LANYARD_DIE_AT", "change.after");
    let daemon = world.daemon();
    let mut door = Door::open(&world.owner_socket()).unwrap().0;
    let read = json!({ "id": 1, "method": "secrets.read", "params": { "key": "KEY", "identity": "ada" } });
    door.send(format!("{read}\n").as_bytes()).unwrap();
    assert!(door.is_closed());
    daemon.kill();
    world.unset("LANYARD_DIE_AT");
    assert!(UnixStream::connect(world.owner_socket()).is_err());
    assert!(since(&world, "secrets.read", before).is_empty(), "its value never left");
    world.lanyard(&["audit", "verify"]).ok();
}
