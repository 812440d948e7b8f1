//! `lanyard hook`: what a session's own programs say of it, and what they cannot; tasks, and going on after a restart.

use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use tests::{World, text};

/// An agent of the owner's own: it shows its arguments, and then does what is typed.
const SETTINGS: &str = r#"[agents.mine]
command = ["sh", "-c", "echo \"started $*.\"; while read -r line; do eval \"$line\"; done", "mine"]
prompt = ["--task={prompt}"]
resume = ["sh", "-c", "echo \"resumed $1.\"; exec cat", "mine", "{conversation}"]
env = { MINE_IS = "so", HOME = "/nowhere" }
"#;

fn world() -> World {
    let world = World::new();
    std::fs::create_dir_all(world.home()).unwrap();
    std::fs::write(world.home().join("settings.toml"), SETTINGS).unwrap();
    world.project("work");
    for (slot, name) in [(1, "ada"), (2, "bob")] {
        world.seat(slot, name, "KEY", "value");
    }
    world
}

fn start(world: &World, slot: &str, prompt: &str) -> Value {
    let place = ["start", "--slot", slot, "--project", "work", "--branch", slot, "--agent", "mine"];
    world.json(&[&place[..], &["--prompt", prompt]].concat())
}

/// Has the agent of a slot run a line, and waits until it has.
fn run(world: &World, slot: &str, line: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    // The line itself, which the terminal shows as well, has a quotation mark there.
    world.lanyard(&["sessions", "send", slot, &format!("{line}; echo ran\"\"{now}.")]).ok();
    world.wait_for_screen(slot, &format!("ran{now}."))
}

fn shown(world: &World, slot: &str) -> Value {
    world.json(&["sessions", "show", slot])
}

#[test]
fn a_program_tells_what_it_does_and_goes_on_with_its_own_conversation() {
    let world = world();
    let first = start(&world, "1", "mend it");
    world.wait_for_screen("1", "started --task=mend it.");
    assert_eq!(text(&first, "prompt"), "mend it");
    let waiting = r#"{"state":"waiting","kind":"plan","text":"Shall \u001b[31mI?","conversation":"c-42"}"#;
    run(&world, "1", &format!("lanyard hook mine '{waiting}'"));
    let session = shown(&world, "1");
    assert_eq!((text(&session, "state"), text(&session, "waiting")), ("waiting", "plan"));
    assert_eq!(text(&session, "conversation"), "c-42");
    assert_eq!((text(&session, "wants"), &session["from_terminal"]), ("Shall [31mI?", &json!(false)));
    run(
        &world,
        "1",
        "printf '{\"state\":\"done\",\"text\":\"Mended, %s.\"}' \"$MINE_IS\" | lanyard hook mine",
    );
    let session = shown(&world, "1");
    assert_eq!((text(&session, "state"), text(&session, "message")), ("done", "Mended, so."));
    run(&world, "1", "lanyard hook mine working");
    assert_eq!(text(&shown(&world, "1"), "state"), "working");
    assert!(run(&world, "1", "echo home $HOME").contains("home /"), "a setting took the home away");
    assert!(!world.screen("1").contains("home /nowhere"));
    world.lanyard(&["sessions", "restart", "1"]).ok();
    world.wait_for_screen("1", "resumed c-42.");
}

#[test]
fn a_hook_never_fails_the_agent_and_says_nothing() {
    let world = world();
    start(&world, "1", "x");
    world.wait_for_screen("1", "started");
    let quiet = |how: &str| {
        let screen = run(&world, "1", &format!("out=$({how} 2>&1); echo \"status $?, said <$out>\" | cat"));
        assert!(screen.contains("status 0, said <>"), "{how}: {screen}");
        run(&world, "1", "clear");
    };
    for how in [
        "lanyard hook nobody working",
        "echo no json | lanyard hook mine",
        "lanyard hook claude </dev/null",
        "lanyard hook mine '{\"state\":7}'",
        "env -u LANYARD_SOCKET lanyard hook mine done",
        "LANYARD_SOCKET=/nowhere lanyard hook mine done",
    ] {
        quiet(how);
    }
    assert_ne!(text(&shown(&world, "1"), "state"), "done");
    assert!(!world.log().contains("no json"), "{}", world.log());
}

#[test]
fn a_hook_speaks_for_its_own_session_alone() {
    let world = world();
    start(&world, "1", "x");
    let other = start(&world, "2", "x");
    for slot in ["1", "2"] {
        world.wait_for_screen(slot, "started");
    }
    run(&world, "2", "lanyard hook mine '{\"state\":\"working\",\"conversation\":\"of-bob\"}'");
    let id = text(&other, "id");
    let socket = world.home().join("run/s").join(&id[id.len() - 12..]).join("agent.sock");
    assert!(socket.exists(), "{}", socket.display());
    run(&world, "1", &format!("LANYARD_SOCKET='{}' lanyard hook mine failed", socket.display()));
    run(&world, "1", "lanyard hook mine '{\"state\":\"idle\",\"conversation\":\"of-bob\"}'");
    let (mine, theirs) = (shown(&world, "1"), shown(&world, "2"));
    assert_eq!((text(&mine, "state"), text(&theirs, "state")), ("idle", "working"));
    assert!(mine["conversation"].is_null(), "it took another slot's conversation: {mine}");
    // The owner's door has no session that it could speak for.
    let refused = world.door().ask("sessions.hook", json!({ "agent": "mine", "event": "done" }));
    assert_eq!(refused["Err"]["code"], "refused", "{refused}");
}

#[test]
fn what_a_hook_says_while_no_daemon_is_there_is_heard_by_the_next() {
    let world = world();
    start(&world, "1", "x");
    let mut terminal = world.terminal("1");
    terminal.wait_for("started");
    world.daemon_process().kill();
    // The terminal is the keeper's, and `lanyard` would start a daemon.
    for (n, state) in ["working", "done", "failed"].iter().enumerate() {
        terminal.type_in(&format!("lanyard hook mine {state}; echo told\"\"{n}.\n"));
        terminal.wait_for(&format!("told{n}."));
    }
    let mut door = world.listening();
    if text(&shown(&world, "1"), "state") != "failed" {
        door.event(|event| event["SessionStateChanged"]["session"]["state"] == "failed");
    }
    run(&world, "1", "lanyard hook mine idle; lanyard hook mine working");
    assert_eq!(text(&shown(&world, "1"), "state"), "working");
}

#[test]
fn a_task_comes_from_a_file_and_only_to_who_takes_one() {
    let world = world();
    let place = ["start", "--slot", "1", "--project", "work", "--branch", "1"];
    let start = |more: &[&str], input: &str| world.lanyard_with(&[&place[..], more].concat(), input);
    start(&["--agent", "shell", "--prompt", "x"], "").fails(1);
    start(&["--agent", "mine", "--prompt", " "], "").fails(1);
    start(&["--prompt", "x", "--", "cat"], "").fails(2);
    let told = start(&["--agent", "mine", "--prompt-file", "-"], &"x".repeat(121 * 1024)).fails(1);
    assert!(told.contains("120 KiB"), "{told}");
    assert_eq!(world.json(&["sessions", "list", "--all"]), json!([]));
    start(&["--agent", "mine", "--prompt-file", "-"], "from a file\n").ok();
    world.wait_for_screen("1", "started --task=from a file");
}
