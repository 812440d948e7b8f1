//! Approvals: an agent asks and waits, the owner answers, and nobody else can.

use rustix::process::Signal;
use serde_json::{Value, json};
use tests::{Outcome, Process, World, text};

const VALUE: &str = "npm_value";
const GET: &str = "lanyard secrets get KEY";

/// A world where slot 1 is ada's, whose secret KEY asks.
fn world() -> World {
    let world = World::new();
    furnish(&world);
    world
}

fn furnish(world: &World) {
    world.project("work");
    world.seat(1, "ada", "KEY", VALUE);
    world.lanyard(&["secrets", "set", "KEY", VALUE, "--policy", "ask", "--identity", "ada"]).ok();
}

/// Waits until at least so many approvals are open, and gives them.
#[track_caller]
fn open(world: &World, count: usize) -> Vec<Value> {
    let mut door = world.listening();
    loop {
        let open = world.json(&["approvals", "list"]);
        let open = open.as_array().unwrap();
        if open.len() >= count {
            return open.clone();
        }
        door.event(|event| event["ApprovalChanged"].is_object());
    }
}

/// The id of the only approval that is open.
#[track_caller]
fn one(world: &World) -> String {
    let open = open(world, 1);
    assert_eq!(open.len(), 1, "{open:?}");
    text(&open[0], "id").to_string()
}

/// Waits until an approval is settled, and gives it.
#[track_caller]
fn settled(world: &World, id: &str) -> Value {
    let mut door = world.listening();
    loop {
        let all = world.json(&["approvals", "list", "--all"]);
        let approval = all.as_array().unwrap().iter().find(|one| text(one, "id") == id).unwrap().clone();
        if text(&approval, "state") != "open" {
            return approval;
        }
        door.event(|event| event["ApprovalChanged"].is_object());
    }
}

#[track_caller]
fn gives_nothing(outcome: &Outcome) {
    assert!(!format!("{}{}", outcome.stdout, outcome.stderr).contains(VALUE), "{outcome:?}");
}

#[test]
fn an_agent_waits_for_the_owners_yes_and_once_is_once() {
    let world = world();
    let script = format!("{GET} --reason 'publish 1.4.0' && {GET} --wait 1s");
    let agent = world.script(1, "one", &script);
    let asked = open(&world, 1).remove(0);
    assert_eq!(text(&asked, "action"), "read_secret");
    assert_eq!(text(&asked, "subject"), "KEY");
    assert_eq!(text(&asked, "identity"), "ada");
    assert_eq!(text(&asked, "worktree"), "one");
    assert_eq!(text(&asked, "session"), agent.session);
    assert_eq!(text(&asked, "reason"), "publish 1.4.0");
    assert_eq!(asked["slot"], 1);
    assert_eq!(asked["command"], json!(["lanyard", "secrets", "get", "KEY", "--reason", "publish 1.4.0"]));
    assert!(asked["details"].to_string().contains("sh -c"), "{asked}");
    assert_eq!(asked["until"].as_i64().unwrap() - asked["asked_at"].as_i64().unwrap(), 120_000);
    assert!(Process::of(asked["pid"].as_i64().unwrap() as i32).is_some());
    let shown = world.lanyard(&["approvals", "list"]).ok();
    assert!(shown.contains("publish 1.4.0") && shown.contains("ada"), "{shown}");

    let told = world.lanyard(&["approvals", "approve", text(&asked, "id")]).ok();
    assert!(told.contains("KEY"), "{told}");
    let outcome = agent.outcome();
    assert_eq!(outcome.stdout, format!("{VALUE}\n"));
    let told = outcome.fails(1);
    assert!(told.contains("no answer is a denial"), "{told}");
    let approval = settled(&world, text(&asked, "id"));
    assert_eq!((text(&approval, "state"), text(&approval, "answer")), ("approved", "once"));
    assert_eq!(world.json(&["grants", "list"]), json!([]));
}

#[test]
fn a_denial_reaches_the_agent_with_the_owners_word() {
    let world = world();
    let agent = world.script(1, "one", GET);
    let id = one(&world);
    world.lanyard(&["approvals", "deny", &id, "--because", "use the staging key"]).ok();
    let outcome = agent.outcome();
    gives_nothing(&outcome);
    let told = outcome.fails(1);
    assert!(told.contains("denied KEY: use the staging key"), "{told}");
    let approval = settled(&world, &id);
    assert_eq!((text(&approval, "state"), text(&approval, "because")), ("denied", "use the staging key"));
}

#[test]
fn no_answer_in_time_is_a_denial_and_the_answer_comes_too_late() {
    let world = world();
    let outcome = world.as_agent(1, "one", &format!("{GET} --wait 1s"));
    gives_nothing(&outcome);
    let told = outcome.fails(1);
    assert!(told.contains("within 1 s"), "{told}");
    let all = world.json(&["approvals", "list", "--all"]);
    assert_eq!(text(&all[0], "state"), "expired");
    let told = world.lanyard(&["approvals", "approve", text(&all[0], "id")]).fails(1);
    assert!(told.contains("has run out"), "{told}");
    assert_eq!(world.json(&["approvals", "list"]), json!([]));
}

#[test]
fn a_second_answer_changes_nothing() {
    let world = world();
    let agent = world.script(1, "one", GET);
    let id = one(&world);
    world.lanyard(&["approvals", "deny", &id]).ok();
    for again in [&["approvals", "approve", &id, "--for", "worktree"][..], &["approvals", "deny", &id]] {
        let told = world.lanyard(again).fails(1);
        assert!(told.contains("denied already"), "{told}");
    }
    agent.outcome().fails(1);
    assert_eq!(world.json(&["grants", "list"]), json!([]));
    world.lanyard(&["approvals", "approve", "0199ffff"]).fails(1);
}

#[test]
fn no_agent_can_answer_or_see_what_is_asked() {
    let world = World::new();
    // Even where the owner's socket is in sight.
    std::fs::create_dir(world.home()).unwrap();
    std::fs::write(world.home().join("settings.toml"), "hide = false\n").unwrap();
    furnish(&world);
    world.lanyard(&["slot", "set", "2", "--identity", "ada"]).ok();
    let agent = world.script(1, "one", GET);
    let id = one(&world);
    let home = world.home().display().to_string();
    let tries = format!(
        "lanyard approvals list && echo reached; lanyard approvals approve {id} && echo reached
         lanyard grants list && echo reached; unset LANYARD_SOCKET; export LANYARD_HOME={home}
         lanyard approvals approve {id} && echo reached; true"
    );
    let outcome = world.as_agent(2, "two", &tries);
    assert!(!outcome.stdout.contains("reached"), "{outcome:?}");
    assert!(outcome.stderr.contains("approvals.answer is not for an agent"), "{outcome:?}");
    assert!(outcome.stderr.contains("this is the owner's socket"), "{outcome:?}");
    assert_eq!(one(&world), id, "it is still open");
    world.lanyard(&["approvals", "approve", &id]).ok();
    assert_eq!(agent.outcome().ok(), format!("{VALUE}\n"));
}

#[test]
fn a_question_is_withdrawn_when_the_process_that_asked_is_killed() {
    let world = world();
    let agent = world.script(1, "one", GET);
    let asked = open(&world, 1).remove(0);
    let id = text(&asked, "id");
    Process::of(asked["pid"].as_i64().unwrap() as i32).unwrap().signal(Signal::KILL);
    let approval = settled(&world, id);
    assert_eq!(text(&approval, "state"), "withdrawn");
    let told = world.lanyard(&["approvals", "approve", id, "--for", "session"]).fails(1);
    assert!(told.contains("withdrawn"), "{told}");
    let outcome = agent.outcome();
    gives_nothing(&outcome);
    assert_eq!(world.json(&["grants", "list"]), json!([]));
}

#[test]
fn a_question_is_withdrawn_when_its_session_is_stopped() {
    let world = world();
    let agent = world.script(1, "one", GET);
    let id = one(&world);
    world.lanyard(&["sessions", "stop", &agent.session]).ok();
    assert_eq!(text(&settled(&world, &id), "state"), "withdrawn");
}

#[test]
fn a_process_that_is_stopped_while_a_child_holds_its_connection_is_gone_all_the_same() {
    let world = world();
    // The child keeps the socket open and would read the answer; the process that asked has ended.
    let script = r#"exec python3 -c '
import os, socket
s = socket.socket(socket.AF_UNIX); s.connect(os.environ["LANYARD_SOCKET"])
s.sendall(b"{\"id\":1,\"method\":\"secrets.read\",\"params\":{\"key\":\"KEY\"}}\n")
if os.fork(): os.read(0, 1); os._exit(0)
while (got := s.recv(65536)): os.write(1, got)
'"#;
    let agent = world.script(1, "one", script);
    let id = one(&world);
    world.lanyard(&["sessions", "send", &agent.session, ""]).ok();
    assert_eq!(text(&settled(&world, &id), "state"), "withdrawn");
    let outcome = agent.outcome();
    gives_nothing(&outcome);
}

#[test]
fn a_question_is_withdrawn_when_its_connection_is_closed() {
    let world = world();
    let script = r#"exec python3 -c '
import os, socket
s = socket.socket(socket.AF_UNIX); s.connect(os.environ["LANYARD_SOCKET"])
s.sendall(b"{\"id\":1,\"method\":\"secrets.read\",\"params\":{\"key\":\"KEY\"}}\n")
os.read(0, 1); s.close(); os.read(0, 1)
'"#;
    let agent = world.script(1, "one", script);
    let id = one(&world);
    world.lanyard(&["sessions", "send", &agent.session, ""]).ok();
    assert_eq!(text(&settled(&world, &id), "state"), "withdrawn");
    let running = world.json(&["sessions", "show", &agent.session]);
    assert_eq!(text(&running, "state"), "working", "the process itself goes on");
}

#[test]
fn a_daemon_that_is_stopped_waits_for_no_answer_and_the_next_one_is_asked() {
    let world = world();
    let agent = world.script(1, "one", GET);
    let id = one(&world);
    world.lanyard(&["daemon", "stop"]).ok();
    let approval = settled(&world, &id);
    assert_eq!(text(&approval, "state"), "withdrawn");
    assert_eq!(text(&approval, "because"), "the daemon was stopped", "it was settled at its end");
    world.lanyard(&["approvals", "deny", &one(&world)]).ok();
    gives_nothing(&agent.outcome());
}

#[test]
fn ten_questions_at_once_are_each_answered_on_their_own() {
    let world = world();
    let ask = format!("for n in 0 1 2 3 4 5 6 7 8 9; do {GET} --reason \"try $n\" & done; wait");
    let agent = world.script(1, "one", &ask);
    let asked = open(&world, 10);
    assert_eq!(asked.len(), 10);
    for (at, approval) in asked.iter().enumerate() {
        let answer = if at % 2 == 0 { "approve" } else { "deny" };
        world.lanyard(&["approvals", answer, text(approval, "id")]).ok();
    }
    let outcome = agent.outcome();
    assert_eq!(outcome.stdout, format!("{VALUE}\n").repeat(5));
    assert_eq!(outcome.stderr.matches("the owner denied KEY").count(), 5);
}

#[test]
fn an_answer_for_the_session_answers_the_same_question_of_that_session_only() {
    let world = world();
    world.lanyard(&["slot", "set", "2", "--identity", "ada"]).ok();
    let agent = world.script(1, "one", &format!("{GET} & {GET} & {GET} & wait; {GET}"));
    open(&world, 3);
    let other = world.script(2, "two", GET);
    let asked = open(&world, 4);
    let (theirs, ours): (Vec<_>, Vec<_>) = asked.iter().partition(|a| text(a, "session") == other.session);
    world.lanyard(&["approvals", "approve", text(ours[0], "id"), "--for", "session"]).ok();
    assert_eq!(agent.outcome().ok(), format!("{VALUE}\n").repeat(4));
    assert_eq!(one(&world), text(theirs[0], "id"), "the other session still waits");
    world.lanyard(&["approvals", "deny", text(theirs[0], "id")]).ok();
    gives_nothing(&other.outcome());
    assert_eq!(world.json(&["grants", "list"]), json!([]), "it ended with its session");
}

#[test]
fn a_session_cannot_flood_the_owner_with_questions() {
    let world = world();
    let ask = format!("for n in $(seq 25); do {GET} & done; wait");
    let agent = world.script(1, "one", &ask);
    let asked = open(&world, 20);
    assert_eq!(asked.len(), 20);
    for approval in &asked {
        world.lanyard(&["approvals", "deny", text(approval, "id")]).ok();
    }
    let outcome = agent.outcome();
    gives_nothing(&outcome);
    assert_eq!(outcome.stderr.matches("20 questions of this session").count(), 5, "{outcome:?}");
}

#[test]
fn what_an_agent_says_cannot_drive_the_owners_terminal() {
    let world = world();
    let agent =
        world.script(1, "one", &format!("{GET} --reason \"$(printf 'a\\033[2J\\nb\\342\\200\\256c')\""));
    let asked = open(&world, 1).remove(0);
    assert_eq!(text(&asked, "reason"), r"a\u{1b}[2J\nb\u{202e}c");
    assert_eq!(asked["command"][5], r"a\u{1b}[2J\nb\u{202e}c");
    let shown = world.lanyard(&["approvals", "list"]).ok();
    assert!(!shown.contains('\x1b') && !shown.contains('\u{202e}'), "{shown:?}");
    world.lanyard(&["approvals", "deny", text(&asked, "id")]).ok();
    agent.outcome().fails(1);
    let told = world.as_agent(1, "two", &format!("{GET} --reason \"$(printf %501s x)\"")).fails(1);
    assert!(told.contains("500 characters"), "{told}");
}

#[test]
fn a_wait_has_its_bounds() {
    let world = world();
    for wait in ["0s", "61m"] {
        let told = world.as_agent(1, &format!("wait-{wait}"), &format!("{GET} --wait {wait}")).fails(1);
        assert!(told.contains("one second to one hour"), "{told}");
    }
    world.as_agent(1, "soon", &format!("{GET} --wait soon")).fails(2);
    assert_eq!(world.json(&["approvals", "list", "--all"]), json!([]));
}

#[test]
fn the_owner_is_not_asked_and_the_environment_does_not_tell() {
    let world = world();
    assert_eq!(world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).ok(), format!("{VALUE}\n"));
    let outcome = world.as_agent(1, "one", "env");
    gives_nothing(&outcome);
    assert_eq!(world.json(&["approvals", "list", "--all"]), json!([]));
}

#[test]
fn what_changed_while_an_agent_waited_counts() {
    let world = world();
    let agent = world.script(1, "one", GET);
    let id = one(&world);
    world.lanyard(&["secrets", "set", "KEY", VALUE, "--policy", "deny", "--identity", "ada"]).ok();
    world.lanyard(&["approvals", "approve", &id]).ok();
    let outcome = agent.outcome();
    gives_nothing(&outcome);
    assert!(outcome.fails(1).contains("keeps KEY from agents"));
}

#[test]
fn a_question_to_a_killed_daemon_is_withdrawn_and_put_to_the_next_one() {
    let world = world();
    let agent = world.script(1, "one", &format!("{GET} --reason why"));
    let asked = open(&world, 1).remove(0);
    let id = text(&asked, "id");
    world.daemon_process().kill();
    let approval = settled(&world, id);
    assert_eq!(text(&approval, "state"), "withdrawn");
    assert_eq!(text(&approval, "because"), "the daemon was started anew");
    let again = open(&world, 1).remove(0);
    assert_ne!(text(&again, "id"), id);
    assert_eq!((&again["pid"], &again["reason"]), (&asked["pid"], &asked["reason"]));
    assert!(again["details"].to_string().contains("asked again"), "{again}");
    assert!(world.lanyard(&["approvals", "list"]).ok().contains("asked again"));
    let until = |approval: &Value| approval["until"].as_i64().unwrap();
    assert!((until(&again) - until(&asked)).abs() < 20_000, "its time goes on: {asked} {again}");
    world.lanyard(&["approvals", "approve", id]).fails(1);
    world.lanyard(&["approvals", "approve", text(&again, "id")]).ok();
    let outcome = agent.outcome();
    assert!(outcome.stderr.contains("the next one is asked again"), "{outcome:?}");
    assert_eq!(outcome.ok(), format!("{VALUE}\n"));
}

#[test]
fn a_question_whose_daemon_does_not_come_back_in_time_fails() {
    let world = world();
    let agent = world.script(1, "one", &format!("{GET} --wait 3s"));
    let asked = open(&world, 1).remove(0);
    world.daemon_process().kill();
    if let Some(process) = Process::of(asked["pid"].as_i64().unwrap() as i32) {
        process.wait_for_end();
    }
    let outcome = agent.outcome();
    gives_nothing(&outcome);
    outcome.fails(3);
    assert_eq!(world.json(&["approvals", "list"]), json!([]));
}

#[test]
fn the_audit_tells_who_asked_who_answered_and_what_was_used() {
    let world = world();
    let agent = world.script(1, "one", &format!("{GET} --reason why; {GET}"));
    let id = one(&world);
    world.lanyard(&["approvals", "approve", &id, "--for", "session"]).ok();
    agent.outcome();
    let records = world.door().ask("audit.list", json!({ "slot": 1 }));
    let records = records["Ok"].as_array().unwrap();
    let of = |action: &str| {
        let found = records.iter().find(|record| text(record, "action") == action);
        found.unwrap_or_else(|| panic!("no {action} in {records:?}"))
    };
    assert_eq!(text(of("approvals.asked"), "who"), "agent");
    assert_eq!(text(of("approvals.asked"), "detail"), "the secret: why");
    for action in ["approvals.asked", "grants.given", "grants.used", "grants.ended"] {
        assert_eq!(text(of(action), "subject"), "KEY", "{action}");
    }
    assert_eq!(text(of("grants.ended"), "detail"), "the secret for the session: its session has ended");
    assert_eq!(text(of("approvals.answer"), "who"), "owner");
    assert_eq!(text(of("grants.given"), "who"), "owner");
    assert_eq!(text(of("grants.used"), "who"), "agent");
    assert_eq!(text(of("grants.ended"), "who"), "daemon");
    assert!(!format!("{records:?}").contains(VALUE));
}
