//! Sessions: terminals that are started, typed into, looked at, attached to, stopped and restarted.

use rustix::process::Signal;
use serde_json::{Value, json};
use tests::{Process, World, text};

fn world() -> World {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "GITHUB_TOKEN", "ghp_of_ada");
    world
}

#[test]
fn two_agents_each_see_their_own_token_and_nobody_elses() {
    let world = world();
    world.seat(2, "bob", "GITHUB_TOKEN", "ghp_of_bob");
    for (slot, branch) in [("1", "one"), ("2", "two")] {
        world.json(&["start", "--slot", slot, "--project", "work", "--branch", branch]);
        world.lanyard(&["sessions", "send", slot, "echo \"token: $GITHUB_TOKEN\""]).ok();
    }
    let one = world.wait_for_screen("1", "token: ghp");
    let two = world.wait_for_screen("2", "token: ghp");
    assert!(one.contains("token: ghp_of_ada") && !one.contains("ghp_of_bob"), "{one}");
    assert!(two.contains("token: ghp_of_bob") && !two.contains("ghp_of_ada"), "{two}");
    world.lanyard(&["sessions", "send", "1", "echo \"again: $(lanyard secrets get GITHUB_TOKEN)\""]).ok();
    assert!(world.wait_for_screen("1", "again: ghp").contains("again: ghp_of_ada"));
    for branch in ["one", "two"] {
        world.lanyard(&["worktrees", "archive", branch, "--force"]).ok();
    }
    assert_eq!(world.json(&["sessions", "list"]), json!([]));
}

#[test]
fn send_adds_a_newline_unless_it_is_told_not_to() {
    let world = world();
    let session =
        world.start(1, "one", &["sh", "-c", "read a; echo \"read: $a.\"; read b; echo \"then: $b.\""]);
    world.lanyard(&["sessions", "send", "1", "hel", "--raw"]).ok();
    world.lanyard(&["sessions", "send", "1", "lo"]).ok();
    world.wait_for_screen(text(&session, "id"), "read: hello.");
    world.lanyard(&["sessions", "send", "1", "-x ü"]).ok();
    world.wait_for_screen(text(&session, "id"), "then: -x ü.");
}

#[test]
fn a_session_is_named_by_its_slot_its_id_or_a_prefix() {
    let world = world();
    let session = world.start(1, "one", &["cat"]);
    let id = text(&session, "id");
    for name in ["1", id, &id[..id.len() - 2]] {
        assert_eq!(text(&world.json(&["sessions", "show", name]), "id"), id, "{name}");
    }
    assert_eq!(text(&world.json(&["sessions", "list"])[0], "id"), id);
    world.seat(2, "bob", "KEY", "value");
    world.start(2, "two", &["cat"]);
    // Ids begin with the time, so that two of one minute share their first characters.
    let told = world.lanyard(&["sessions", "show", &id[..6]]).fails(1);
    assert!(told.contains("more than one") || told.contains('2'), "{told}");
    world.lanyard(&["sessions", "show", "7"]).fails(1);
    world.lanyard(&["sessions", "show", "ffffffff"]).fails(1);
}

#[test]
fn an_end_is_told_with_its_state_and_exit() {
    let world = world();
    for (branch, script, state, exit) in [
        ("one", "exit 0", "done", json!({"code": 0})),
        ("two", "exit 3", "failed", json!({"code": 3})),
        ("three", "kill -9 $$", "failed", json!({"signal": 9})),
    ] {
        let session = world.start(1, branch, &["sh", "-c", script]);
        assert_eq!(world.terminal(text(&session, "id")).wait_for_exit(), exit);
        let ended = world.ended(text(&session, "id"));
        assert_eq!((text(&ended, "state"), &ended["exit"]), (state, &exit));
        assert!(ended["ended_at"].as_i64() >= ended["started_at"].as_i64());
    }
    assert_eq!(world.json(&["sessions", "list"]), json!([]));
    assert_eq!(world.json(&["sessions", "list", "--all"]).as_array().unwrap().len(), 3);
}

#[test]
fn stopping_ends_the_whole_tree_even_what_has_left_it() {
    let world = world();
    let pids = world.path("pids");
    // One child in a session of its own, orphaned by a double fork; one that ignores SIGHUP.
    let script = format!(
        "(setsid sh -c 'sleep 1000 & echo $! >>{0}; exec sleep 1000' & ) ; \
         sh -c 'trap \"\" HUP; echo $$ >>{0}; while :; do sleep 1000; done' & \
         while [ \"$(wc -l <{0})\" -lt 2 ]; do :; done; echo ready; wait; sleep 1000",
        pids.display()
    );
    std::fs::write(&pids, "").unwrap();
    let session = world.start(1, "one", &["sh", "-c", &script]);
    world.wait_for_screen(text(&session, "id"), "ready");
    let processes: Vec<Process> = std::fs::read_to_string(&pids)
        .unwrap()
        .lines()
        .map(|pid| Process::of(pid.parse().unwrap()).expect("it runs"))
        .collect();
    assert_eq!(processes.len(), 2);
    let stopped = world.json(&["sessions", "stop", text(&session, "id"), "--grace", "300"]);
    assert_eq!(text(&stopped, "state"), "stopped");
    processes.iter().for_each(Process::wait_for_end);
}

#[test]
fn what_a_command_leaves_behind_ends_with_it() {
    let world = world();
    let pid = world.path("pid");
    let script = format!("setsid sleep 1000 & echo $! >{}", pid.display());
    let session = world.start(1, "one", &["sh", "-c", &script]);
    assert_eq!(world.terminal(text(&session, "id")).wait_for_exit(), json!({"code": 0}));
    let pid = std::fs::read_to_string(&pid).unwrap();
    if let Some(process) = Process::of(pid.trim().parse().unwrap()) {
        process.wait_for_end();
    }
}

#[test]
fn restarting_runs_the_same_command_in_the_same_place() {
    let world = world();
    let first = world.start(1, "one", &["sh", "-c", "echo run >>runs; echo ready; cat"]);
    let id = text(&first, "id");
    world.wait_for_screen("1", "ready");
    world.lanyard(&["sessions", "stop", id]).ok();
    let second = world.json(&["sessions", "restart", id]);
    assert_ne!(second["id"], first["id"]);
    assert_eq!(second["path"], first["path"]);
    assert_eq!(second["command"], first["command"]);
    world.wait_for_screen("1", "ready");
    let runs = std::path::Path::new(text(&second, "path")).join("runs");
    assert_eq!(std::fs::read_to_string(runs).unwrap(), "run\nrun\n");
}

#[test]
fn two_clients_see_the_same_and_the_size_follows_the_one_that_types() {
    let world = world();
    let script =
        "trap 'stty size' WINCH; echo ready; while :; do read x && echo \"got $x: $(stty size)\"; done";
    let session = world.start(1, "one", &["sh", "-c", script]);
    let id = text(&session, "id");
    let (mut one, mut two) = (world.terminal(id), world.terminal(id));
    one.wait_for("ready");
    one.resize(30, 100);
    one.type_in("a\n");
    one.wait_for("got a: 30 100");
    two.wait_for("got a: 30 100");
    two.resize(20, 60);
    two.type_in("b\n");
    two.wait_for("got b: 20 60");
    one.wait_for("got b: 20 60");
}

#[test]
fn who_attaches_late_gets_the_screen_of_a_full_screen_program() {
    let world = world();
    // The other screen, a title, colours, a scroll region, and a cursor in the middle of nowhere.
    let script = "printf 'before\\n\\033[?1049h\\033[2J\\033]2;My title\\007\\033[5;10H\\033[31mRED\\033[0m\
        \\033[10;3Hlast\\033[12;7H'; sleep 1000";
    let session = world.start(1, "one", &["sh", "-c", script]);
    let id = text(&session, "id");
    world.wait_for_screen(id, "last");
    let screen = world.json(&["sessions", "screen", id]);
    assert_eq!(screen["lines"][4], "         RED");
    assert_eq!(screen["lines"][9], "  last");
    assert_eq!(screen["cursor"], json!([11, 6]));
    assert_eq!(screen["title"], "My title");
    assert!(!screen["lines"].to_string().contains("before"), "{screen}");
    let mut late = world.terminal(id);
    late.wait_for("RED");
    late.wait_for("last");
    let painted = String::from_utf8_lossy(&late.bytes).into_owned();
    assert!(painted.contains("\u{1b}[?1049h"), "{painted:?}");
    assert!(painted.contains("My title"), "{painted:?}");
}

#[test]
fn ten_thousand_lines_of_scrollback_are_kept() {
    let world = world();
    let session = world.start(1, "one", &["sh", "-c", "seq -f 'line %.0f.' 1 12000; cat"]);
    let id = text(&session, "id");
    world.wait_for_screen(id, "line 12000.");
    let screen = world.json(&["sessions", "screen", id]);
    assert_eq!(screen["scrollback"], 10_000);
    let mut late = world.terminal(id);
    late.wait_for("line 12000.");
    let painted = String::from_utf8_lossy(&late.bytes).into_owned();
    let shown = |line: u32| painted.contains(&format!("line {line}."));
    assert!(shown(2500) && shown(7000) && !shown(1500), "{} bytes", painted.len());
}

#[test]
fn a_slot_and_a_worktree_hold_one_session_at_a_time() {
    let world = world();
    world.seat(2, "bob", "KEY", "value");
    world.start(1, "one", &["cat"]);
    let start = |slot: &str, branch: &str| {
        world.lanyard(&["start", "--slot", slot, "--project", "work", "--branch", branch, "--", "cat"])
    };
    start("1", "other").fails(1);
    start("2", "one").fails(1);
    start("3", "three").fails(1);
    assert_eq!(world.json(&["sessions", "list"]).as_array().unwrap().len(), 1);
    assert_eq!(world.json(&["worktrees", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_command_that_does_not_exist_leaves_nothing_half_made() {
    let world = world();
    let missing =
        ["start", "--slot", "1", "--project", "work", "--branch", "one", "--", "no-such-command-xyz"];
    let told = world.lanyard(&missing).fails(1);
    assert!(told.contains("no-such-command-xyz"), "{told}");
    let file = world.path("plain-file");
    std::fs::write(&file, "no program").unwrap();
    world
        .lanyard(&[
            "start",
            "--slot",
            "1",
            "--project",
            "work",
            "--branch",
            "one",
            "--",
            file.to_str().unwrap(),
        ])
        .fails(1);
    assert_eq!(world.json(&["sessions", "list", "--all"]), json!([]));
    assert_eq!(world.json(&["worktrees", "list"]), json!([]));
    assert_eq!(world.git(&world.path("work"), &["branch", "--list", "one"]), "");
    world.start(1, "one", &["cat"]);
}

#[test]
fn twelve_sessions_run_side_by_side() {
    let world = world();
    for slot in 1..=12 {
        let name = format!("agent-{slot}");
        world.seat(slot, &name, "GITHUB_TOKEN", &format!("token-{slot}."));
        world.start(slot, &name, &["sh", "-c", "read go; echo \"mine: $GITHUB_TOKEN\"; cat"]);
    }
    for slot in 1..=12 {
        world.lanyard(&["sessions", "send", &slot.to_string(), "go"]).ok();
        let screen = world.wait_for_screen(&slot.to_string(), "mine: ");
        assert!(screen.contains(&format!("mine: token-{slot}.")), "{screen}");
    }
    assert_eq!(world.json(&["status"])["running"], 12);
}

#[test]
fn watching_tells_what_happens_as_json_lines() {
    let world = world();
    let mut door = world.listening();
    let session = world.start(1, "one", &["sh", "-c", "read go"]);
    let id = session["id"].clone();
    let state = |state: &'static str| {
        let id = id.clone();
        move |event: &Value| {
            let told = &event["SessionStateChanged"]["session"];
            told["id"] == id && told["state"] == state
        }
    };
    door.event(state("working"));
    world.lanyard(&["sessions", "send", "1", ""]).ok();
    door.event(state("done"));
    world.lanyard(&["secrets", "set", "KEY", "hidden-value", "--identity", "ada"]).ok();
    let told = door.event(|event| !event["SecretChanged"].is_null());
    assert_eq!(told["SecretChanged"]["key"], "KEY");
    assert!(!told.to_string().contains("hidden-value"));
}

#[test]
fn watch_prints_events_as_lines_until_it_is_interrupted() {
    let world = world();
    world.lanyard(&["status"]).ok();
    let mut watch = world.command(tests::program("lanyard"));
    let mut watch = watch.arg("watch").stdout(std::process::Stdio::piped()).spawn().unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(watch.stdout.take().unwrap()));
    let (send, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        lines.map_while(Result::ok).for_each(|line| send.send(line).unwrap_or_default())
    });
    // It may not have subscribed yet: something happens until it tells of it. Other things are told as well.
    let first = (0..1000).find_map(|round| {
        world.lanyard(&["slot", "set", "3", "--hue", &(round % 12).to_string()]).ok();
        let line = told.recv_timeout(std::time::Duration::from_millis(50)).ok();
        line.filter(|line| line.contains("SlotChanged"))
    });
    let first: Value = serde_json::from_str(&first.expect("an event is told")).unwrap();
    assert_eq!(first, json!({ "SlotChanged": { "slot": 3 } }));
    let process = Process::of(watch.id() as i32).expect("it goes on");
    process.signal(Signal::INT);
    watch.wait().unwrap();
}

#[test]
fn a_stopped_session_can_be_interrupted_by_a_person_as_well() {
    let world = world();
    let session = world.start(1, "one", &["sh", "-c", "echo ready; exec sleep 1000"]);
    let mut terminal = world.terminal(text(&session, "id"));
    terminal.wait_for("ready");
    terminal.type_in("\u{3}");
    assert_eq!(terminal.wait_for_exit(), json!({"signal": Signal::INT.as_raw()}));
}
