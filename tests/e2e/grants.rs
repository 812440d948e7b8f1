//! Grants: standing answers, how far they reach, and how they end.

use serde_json::{Value, json};
use tests::{World, python, text};

const VALUE: &str = "npm_value\n";
const GET: &str = "lanyard secrets get KEY";
const GET_SOON: &str = "lanyard secrets get KEY --wait 1s";

/// A world where slots 1 and 2 are ada's, whose secret KEY asks.
fn world() -> World {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", VALUE.trim());
    world.lanyard(&["slot", "set", "2", "--identity", "ada"]).ok();
    world.lanyard(&["secrets", "set", "KEY", VALUE.trim(), "--policy", "ask", "--identity", "ada"]).ok();
    world
}

/// Answers the next question that is asked.
#[track_caller]
fn approve_for(world: &World, reach: &str) {
    let mut door = world.listening();
    let open = world.json(&["approvals", "list"]);
    let open = match open[0].is_object() {
        true => open[0].clone(),
        false => {
            door.event(|event| event["ApprovalChanged"].is_object())["ApprovalChanged"]["approval"].clone()
        }
    };
    world.lanyard(&["approvals", "approve", text(&open, "id"), "--for", reach]).ok();
}

/// Lets an agent of slot 1 read the secret in a worktree, and answers it like that.
#[track_caller]
fn granted(world: &World, branch: &str, reach: &str) {
    let agent = world.script(1, branch, GET);
    approve_for(world, reach);
    assert_eq!(agent.outcome().ok(), VALUE);
}

fn grants(world: &World) -> Vec<Value> {
    world.json(&["grants", "list"]).as_array().unwrap().clone()
}

#[test]
fn a_worktree_grant_covers_that_worktree_and_ends_when_it_is_archived() {
    let world = world();
    granted(&world, "one", "worktree");
    assert_eq!(world.as_agent(2, "one", GET_SOON).ok(), VALUE, "another session of the worktree");
    let told = world.as_agent(1, "two", GET_SOON).fails(1);
    assert!(told.contains("no answer is a denial"), "{told}");
    let grant = grants(&world).remove(0);
    assert_eq!((text(&grant, "extent"), text(&grant, "worktree")), ("worktree", "one"));
    assert_eq!(text(&grant, "subject"), "KEY");

    let mut door = world.listening();
    world.lanyard(&["worktrees", "archive", "one"]).ok();
    let told = door.event(|event| event["GrantChanged"].is_object());
    assert!(told["GrantChanged"]["grant"]["ended_at"].is_i64(), "{told}");
    assert_eq!(grants(&world).len(), 0);
    world.as_agent(1, "one", GET_SOON).fails(1);
}

#[test]
fn another_identity_in_the_same_worktree_is_not_covered() {
    let world = world();
    granted(&world, "one", "worktree");
    world.seat(3, "bob", "KEY", "bobs-own");
    world.lanyard(&["secrets", "set", "KEY", "bobs-own", "--policy", "ask", "--identity", "bob"]).ok();
    let outcome = world.as_agent(3, "one", GET_SOON);
    assert!(!outcome.stdout.contains("bobs-own"));
    outcome.fails(1);
}

#[test]
fn an_hour_holds_for_its_session_and_another_secret_is_asked_for() {
    let world = world();
    world.lanyard(&["secrets", "set", "OTHER", "other", "--policy", "ask", "--identity", "ada"]).ok();
    let script = format!("{GET}; {GET}; read _; lanyard secrets get OTHER --wait 1s");
    let agent = world.script(1, "one", &script);
    approve_for(&world, "hour");
    let grant = loop {
        if let Some(grant) = grants(&world).pop() {
            break grant;
        }
    };
    assert_eq!(grant["until"].as_i64().unwrap() - grant["made_at"].as_i64().unwrap(), 3_600_000);
    assert!(world.lanyard(&["grants", "list"]).ok().contains("slot 1"));
    world.lanyard(&["sessions", "send", &agent.session, ""]).ok();
    let outcome = agent.outcome();
    assert_eq!(outcome.stdout, VALUE.repeat(2));
    outcome.fails(1);
    assert_eq!(grants(&world).len(), 0, "an hour does not outlive its session");
}

#[test]
fn a_revoked_grant_asks_again() {
    let world = world();
    granted(&world, "one", "worktree");
    let id = text(&grants(&world)[0], "id").to_string();
    world.lanyard(&["grants", "revoke", &id]).ok();
    world.lanyard(&["grants", "revoke", &id]).fails(1);
    world.as_agent(1, "one", GET_SOON).fails(1);
}

#[test]
fn a_grant_outlives_the_daemon_that_gave_it() {
    let world = world();
    granted(&world, "one", "worktree");
    world.daemon_process().kill();
    assert_eq!(world.as_agent(1, "one", GET_SOON).ok(), VALUE);
    assert_eq!(grants(&world).len(), 1);
}

#[test]
fn a_session_grant_outlives_the_daemon_but_not_the_session() {
    let world = world();
    let agent = world.script(1, "one", &format!("{GET}; read _; {GET_SOON}"));
    approve_for(&world, "session");
    world.daemon_process().kill();
    world.lanyard(&["sessions", "send", &agent.session, ""]).ok();
    let id = agent.session.clone();
    assert_eq!(agent.outcome().ok(), VALUE.repeat(2));
    assert_eq!(grants(&world).len(), 0);
    let again = world.json(&["sessions", "restart", &id]);
    approve_for(&world, "once");
    world.lanyard(&["sessions", "stop", text(&again, "id")]).ok();
}

#[test]
fn grants_end_with_what_they_are_about() {
    let world = world();
    granted(&world, "one", "worktree");
    world.lanyard(&["secrets", "delete", "KEY", "--identity", "ada"]).ok();
    assert_eq!(grants(&world).len(), 0);
    world.lanyard(&["secrets", "set", "KEY", VALUE.trim(), "--policy", "ask", "--identity", "ada"]).ok();
    world.as_agent(1, "one", GET_SOON).fails(1);
    granted(&world, "one", "worktree");
    let told = told_of(&world, &["identity", "delete", "ada", "--force"]);
    assert_eq!((text(&told, "subject"), text(&told, "identity")), ("KEY", "ada"));
    assert_eq!(grants(&world).len(), 0);
    let last = ended(&world).remove(0);
    assert_eq!(text(&last, "detail"), "the secret for the worktree: its identity was deleted");
    assert_eq!((text(&last, "who"), text(&last, "identity")), ("daemon", "ada"));
}

#[test]
fn what_was_granted_of_an_issuers_tokens_ends_when_the_issuer_is_removed() {
    let world = world();
    let _counterpart = world.issuer("mint", "ask");
    let agent = world.script(1, "one", "lanyard tokens request mint --permission contents=read --json");
    approve_for(&world, "worktree");
    let token = agent.outcome().json();
    assert_eq!(text(&grants(&world)[0], "subject"), "mint; permissions: contents=read");
    world.lanyard(&["tokens", "revoke", text(&token, "id")]).ok();
    let told = told_of(&world, &["issuers", "remove", "mint"]);
    assert!(told["ended_at"].is_i64(), "{told}");
    assert_eq!(grants(&world).len(), 0);
    let last = ended(&world).remove(0);
    assert_eq!(text(&last, "detail"), "a token for the worktree: its issuer is no more");
}

/// Gives an hour in a session that goes on, then sets how many milliseconds of it are left while no daemon runs.
fn hour_with(world: &World, left: i64) -> bool {
    let Some(python) = python() else { return false };
    let _agent = world.script(1, "one", &format!("{GET}; read _"));
    approve_for(world, "hour");
    assert_eq!(grants(world).len(), 1);
    world.lanyard(&["daemon", "stop"]).ok();
    let script = "import sqlite3, sys, time\n\
                  now = int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000)\n\
                  with sqlite3.connect(sys.argv[1]) as db:\n    \
                  assert db.execute('UPDATE grants SET boot_until = ?', (now + int(sys.argv[2]),)).rowcount == 1";
    let mut command = world.command(python);
    command.args(["-c", script, &world.home().join("lanyard.db").display().to_string(), &left.to_string()]);
    tests::run(command, b"", tests::DEADLINE).ok();
    true
}

/// Waits until a grant has ended, and gives the records of that, the newest first.
#[track_caller]
fn ended(world: &World) -> Vec<Value> {
    let mut door = world.listening();
    loop {
        let mut records = world.json(&["audit", "list", "--kind", "grant"]).as_array().unwrap().clone();
        records.retain(|record| record["action"] == "grants.ended");
        if !records.is_empty() {
            return records;
        }
        door.event(|event| event["GrantChanged"].is_object());
    }
}

/// The next grant of which everyone is told while `lanyard` does something.
#[track_caller]
fn told_of(world: &World, args: &[&str]) -> Value {
    let mut door = world.listening();
    world.lanyard(args).ok();
    door.event(|event| event["GrantChanged"].is_object())["GrantChanged"]["grant"].clone()
}

#[test]
fn an_hour_that_was_over_while_no_daemon_ran_is_ended_once_by_the_next() {
    let world = world();
    if !hour_with(&world, -1) {
        return;
    }
    let records = ended(&world);
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(text(&records[0], "detail"), "the secret for the hour: its hour is over");
    assert_eq!((text(&records[0], "subject"), &records[0]["slot"]), ("KEY", &json!(1)));
    assert_eq!(grants(&world).len(), 0);
    world.lanyard(&["daemon", "stop"]).ok();
    assert_eq!(ended(&world).len(), 1, "the next daemon tells nothing anew");
}

#[test]
fn an_hour_is_ended_and_told_at_the_moment_it_is_over() {
    let world = world();
    if !hour_with(&world, 4_000) {
        return;
    }
    let mut door = world.listening();
    let told = match grants(&world).is_empty() {
        // The daemon took its time to start.
        true => json!(null),
        false => door.event(|event| event["GrantChanged"].is_object()),
    };
    assert!(told.is_null() || told["GrantChanged"]["grant"]["ended_at"].is_i64(), "{told}");
    assert_eq!(ended(&world).len(), 1);
    assert_eq!(grants(&world).len(), 0);
}
