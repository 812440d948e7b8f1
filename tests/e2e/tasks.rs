//! The line of tasks: more of them than slots wait in order, and each is started once.

use serde_json::{Value, json};
use std::fs;
use tests::{Door, World, text};

fn world() -> World {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    world
}

/// Puts a command in line that appends its branch to a file and then waits for a word.
fn add(world: &World, branch: &str, more: &[&str]) -> Value {
    let script = format!("echo {branch} >>{}; read go", world.path("ran").display());
    let mut args = vec!["tasks", "add", "--json", "--project", "work", "--branch", branch];
    args.extend_from_slice(more);
    args.extend(["--", "sh", "-c", &script]);
    world.lanyard(&args).json()
}

fn ran(world: &World) -> Vec<String> {
    let ran = fs::read_to_string(world.path("ran")).unwrap_or_default();
    ran.lines().map(String::from).collect()
}

/// Waits until a task fits, and gives it.
fn wait_for(world: &World, task: &Value, fits: impl Fn(&Value) -> bool) -> Value {
    let mut door = world.listening();
    let mut asking = world.door();
    loop {
        let now = asking.ask("tasks.show", json!({ "task": task["id"] }))["Ok"].take();
        if fits(&now) {
            return now;
        }
        door.event(|event| event["TaskChanged"]["task"] == task["id"]);
    }
}

fn wait_for_state(world: &World, task: &Value, state: &str) -> Value {
    wait_for(world, task, |task| task["state"] == state)
}

#[test]
fn more_tasks_than_slots_start_in_order_as_slots_become_free() {
    let world = world();
    let first = add(&world, "one", &[]);
    assert_eq!(text(&first, "state"), "started", "a slot is free: {first}");
    let second = add(&world, "two", &[]);
    let third = add(&world, "three", &["--slot", "1"]);
    assert_eq!((text(&second, "state"), &second["place"]), ("queued", &json!(1)));
    assert_eq!((text(&third, "reason"), &third["place"]), ("slot 1 is busy", &json!(2)));
    let line = world.json(&["tasks", "list"]);
    let branches: Vec<&str> = line.as_array().unwrap().iter().map(|task| text(task, "branch")).collect();
    assert_eq!(branches, ["two", "three"]);

    world.lanyard(&["sessions", "send", "1", "go"]).ok();
    let second = wait_for_state(&world, &second, "started");
    assert_eq!(world.ended(text(&first, "session"))["state"], "done");
    world.lanyard(&["sessions", "stop", text(&second, "session")]).ok();
    let third = wait_for_state(&world, &third, "started");
    world.wait_for_screen(text(&third, "session"), "");
    world.lanyard(&["sessions", "send", "1", "go"]).ok();
    world.ended(text(&third, "session"));
    assert_eq!(ran(&world), ["one", "two", "three"]);
    assert_eq!(world.json(&["tasks", "list"]), json!([]));
    let all = world.json(&["tasks", "list", "--all"]);
    assert_eq!(all.as_array().unwrap().len(), 3, "{all}");
}

#[test]
fn a_task_is_moved_shown_and_taken_out_of_the_line() {
    let world = world();
    world.start(1, "busy", &["cat"]);
    let tasks: Vec<Value> = ["one", "two", "three"].map(|branch| add(&world, branch, &[])).into();
    let id = |at: usize| text(&tasks[at], "id");
    let moved = world.json(&["tasks", "move", id(2), "--to", "1"]);
    assert_eq!(moved["place"], 1);
    let cancelled = world.json(&["tasks", "cancel", id(0)]);
    assert_eq!((text(&cancelled, "state"), &cancelled["place"]), ("cancelled", &Value::Null));
    let line = world.json(&["tasks", "list"]);
    let branches: Vec<&str> = line.as_array().unwrap().iter().map(|task| text(task, "branch")).collect();
    assert_eq!(branches, ["three", "two"]);
    assert!(world.lanyard(&["tasks", "cancel", id(0)]).fails(1).contains("cancelled"));
    assert!(world.lanyard(&["tasks", "move", id(0), "--to", "1"]).fails(1).contains("cancelled"));
    world.lanyard(&["tasks", "move", id(1), "--to", "0"]).fails(1);
    world.lanyard(&["sessions", "stop", "1"]).ok();
    wait_for_state(&world, &tasks[2], "started");
    let shown = world.lanyard(&["tasks", "show", id(1)]).ok();
    assert!(shown.contains("every slot with an identity is busy"), "{shown}");
}

#[test]
fn a_task_that_cannot_start_says_why_and_holds_nobody_up() {
    let world = world();
    let repository = world.path("work");
    world.start(1, "busy", &["cat"]);
    world.git(
        &repository,
        &["worktree", "add", &world.path("elsewhere").display().to_string(), "-b", "taken"],
    );
    let taken = add(&world, "taken", &[]);
    let lost = add(&world, "lost", &["--base", "no-such-branch"]);
    let good = add(&world, "good", &[]);
    world.lanyard(&["sessions", "stop", "1"]).ok();
    let taken = wait_for_state(&world, &taken, "failed");
    assert!(text(&taken, "reason").contains("checked out"), "{taken}");
    let lost = wait_for_state(&world, &lost, "failed");
    assert!(text(&lost, "reason").contains("no-such-branch"), "{lost}");
    wait_for_state(&world, &good, "started");
    let audit = world.json(&["audit", "list", "--kind", "task"]);
    let actions: Vec<&str> = audit.as_array().unwrap().iter().map(|record| text(record, "action")).collect();
    for action in ["tasks.add", "tasks.failed", "tasks.started"] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
}

#[test]
fn a_task_waits_for_its_own_slot_identity_and_branch_and_others_go_ahead() {
    let world = world();
    world.seat(2, "bob", "KEY", "value");
    world.start(1, "busy", &["cat"]);
    let of_ada = add(&world, "one", &["--identity", "ada"]);
    let same_branch = add(&world, "busy", &[]);
    let empty_slot = add(&world, "two", &["--slot", "5"]);
    let any = add(&world, "three", &[]);
    assert_eq!(text(&of_ada, "reason"), "no slot of ada is free");
    assert_eq!(text(&same_branch, "reason"), "slot 1 works on that branch");
    assert_eq!(text(&empty_slot, "reason"), "slot 5 has no identity");
    let session = world.json(&["sessions", "show", text(&any, "session")]);
    assert_eq!((&session["slot"], text(&session, "identity")), (&json!(2), "bob"));
    world.lanyard(&["slot", "set", "5", "--identity", "bob"]).ok();
    let started = wait_for_state(&world, &empty_slot, "started");
    assert_eq!(world.json(&["sessions", "show", text(&started, "session")])["slot"], 5);
}

#[test]
fn start_waits_in_line_where_it_is_asked_to() {
    let world = world();
    let work = ["--project", "work", "--branch"];
    let started = world.json(&[&["start", "--slot", "any"], &work[..], &["one", "--", "cat"]].concat());
    assert_eq!(text(&started, "state"), "started");
    let queued =
        world.json(&[&["start", "--slot", "1", "--queue"], &work[..], &["two", "--", "cat"]].concat());
    assert_eq!((text(&queued, "state"), text(&queued, "reason")), ("queued", "slot 1 is busy"));
    world.lanyard(&[&["start", "--slot", "1"], &work[..], &["three", "--", "cat"]].concat()).fails(1);
    world.lanyard(&[&["start"], &work[..], &["three"]].concat()).fails(2);
    world.lanyard(&[&["start", "--queue", "--attach"], &work[..], &["three"]].concat()).fails(2);
    world
        .lanyard(&[&["start", "--slot", "1", "--when-done", "stop"], &work[..], &["four"]].concat())
        .fails(2);
}

#[test]
fn what_a_task_names_must_be_there() {
    let world = world();
    let refused = |args: &[&str]| world.lanyard(&[&["tasks", "add"], args].concat()).fails(1);
    let on = ["--project", "work", "--branch"];
    refused(&["--project", "nowhere", "--branch", "one"]);
    refused(&[&on[..], &["a b"]].concat());
    refused(&[&on[..], &["one", "--slot", "77"]].concat());
    refused(&[&on[..], &["one", "--identity", "nobody"]].concat());
    refused(&[&on[..], &["one", "--agent", "cluade"]].concat());
    refused(&[&on[..], &["one", "--prompt", " "]].concat());
    let long = world.lanyard_with(
        &[&["tasks", "add"], &on[..], &["one", "--prompt-file", "-"]].concat(),
        &"x".repeat(200 * 1024),
    );
    assert!(long.fails(1).contains("120 KiB"));
    assert_eq!(world.json(&["tasks", "list", "--all"]), json!([]));
}

#[test]
fn a_long_prompt_is_cut_in_the_list_and_whole_when_it_is_shown() {
    let world = world();
    world.start(1, "busy", &["cat"]);
    let prompt = "ä".repeat(30_000);
    fs::write(world.path("prompt"), format!("{prompt}\n")).unwrap();
    let file = world.path("prompt").display().to_string();
    let task = world.json(&["tasks", "add", "--project", "work", "--branch", "one", "--prompt-file", &file]);
    assert_eq!(text(&task, "prompt"), prompt);
    let line = world.json(&["tasks", "list"]);
    assert_eq!(text(&line[0], "prompt"), "ä".repeat(200));
    assert_eq!(text(&world.json(&["tasks", "show", text(&task, "id")]), "prompt"), prompt);
}

#[test]
fn an_agent_can_neither_see_nor_change_the_line() {
    let world = world();
    let script = "for call in 'list' 'show 0199' 'cancel 0199' 'move 0199 --to 1' \
                  'add --project work --branch evil'; do lanyard tasks $call; echo \"$?\"; done";
    let outcome = world.as_agent(1, "one", script);
    assert_eq!(outcome.stdout.lines().collect::<Vec<_>>(), ["1"; 5], "{}", outcome.stderr);
    assert_eq!(world.json(&["tasks", "list", "--all"]), json!([]));
}

/// The daemon dies at a point of a start; the next one has started the task once in the end.
fn dies_at(point: &str) {
    let mut world = world();
    world.lanyard(&["daemon", "stop"]).ok();
    world.set("LANYARD_DIE_AT", point);
    let daemon = world.daemon();
    let process = daemon.process();
    let script = format!("echo ran >>{}; exec cat", world.path("ran").display());
    let params = json!({ "project": "work", "branch": "one", "command": ["sh", "-c", script] });
    let mut door = Door::open(&world.owner_socket()).expect("the daemon answers").0;
    let question = json!({ "id": 1, "method": "tasks.add", "params": params });
    door.send(format!("{question}\n").as_bytes()).unwrap();
    process.wait_for_end();
    daemon.kill();
    world.unset("LANYARD_DIE_AT");
    let _daemon = world.daemon();
    let all = world.json(&["tasks", "list", "--all"]);
    assert_eq!(all.as_array().unwrap().len(), 1, "{point}: {all}");
    let task = wait_for_state(&world, &all[0], "started");
    let live = world.json(&["sessions", "list"]);
    assert_eq!((live.as_array().unwrap().len(), &live[0]["id"]), (1, &task["session"]), "{point}: {live}");
    // What is typed comes back once the script has come so far.
    world.lanyard(&["sessions", "send", "1", "here"]).ok();
    world.wait_for_screen(text(&task, "session"), "here\nhere");
    assert_eq!(ran(&world), ["ran"], "{point}");
    world.lanyard(&["sessions", "stop", "1"]).ok();
    assert_eq!(world.json(&["tasks", "list"]), json!([]), "{point}: nothing is started again");
}

#[test]
fn a_daemon_killed_at_any_point_of_a_start_has_started_a_task_once_in_the_end() {
    for point in ["task.intended", "session.written", "session.launched", "task.started", "task.settled"] {
        dies_at(point);
    }
}

#[test]
fn a_line_outlives_its_daemon() {
    let world = world();
    let session = world.start(1, "busy", &["cat"]);
    let task = add(&world, "one", &["--when-done", "stop"]);
    world.daemon_process().kill();
    world.lanyard(&["sessions", "stop", text(&session, "id")]).ok();
    let started = wait_for_state(&world, &task, "started");
    assert_eq!(text(&started, "when_done"), "stop");
}

#[test]
fn a_finished_turn_gives_the_slot_to_the_next_task_where_the_task_says_so() {
    let world = world();
    // The terminal says what a program's own status is: a turn that is over, and a process that goes on.
    let script = "printf '\\033]7501;state=done:app=x\\033\\\\'; exec sleep 1000";
    let add = |branch: &str, when_done: &str| {
        let args = ["tasks", "add", "--project", "work", "--branch", branch, "--when-done", when_done, "--"];
        world.json(&[&args[..], &["sh", "-c", script]].concat())
    };
    let first = add("one", "stop");
    let ended = world.ended(text(&first, "session"));
    assert_eq!(text(&ended, "state"), "done", "how the turn ended stays: {ended}");
    let second = add("two", "keep");
    let session = text(&wait_for_state(&world, &second, "started"), "session").to_string();
    world.lanyard(&["wait", &session, "--until", "done", "--timeout", "30s"]).ok();
    let third = add("three", "keep");
    assert_eq!(text(&third, "state"), "queued", "its slot is taken as long as the session runs");
    assert!(world.json(&["sessions", "show", &session])["ended_at"].is_null());
}
