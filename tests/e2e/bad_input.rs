//! Bad input of every kind: a clear error with a hint, nothing lost, nothing half-made, the daemon alive.

use serde_json::json;
use std::path::PathBuf;
use std::process::Command;
use tests::{Door, Process, World, text};

const BAD_NAMES: &[&str] = &[
    "",
    ".",
    "..",
    "a/b",
    "../a",
    "/etc",
    "a b",
    " a",
    "a\nb",
    "a\tb",
    "a\u{1b}[2Jb",
    "-a",
    "a..b",
    "ä",
    "a\u{202e}b",
];

#[track_caller]
fn is_alive(world: &World, daemon: &Process) {
    assert!(daemon.runs(), "the daemon is gone");
    assert_eq!(world.daemon_process().pid(), daemon.pid());
}

/// An error shows names escaped, so that they cannot paint on the owner's terminal.
#[track_caller]
fn is_clear(told: &str) {
    assert!(!told.contains('\u{1b}') && !told.contains('\u{202e}'), "{told:?}");
    assert!(told.contains("hint"), "there is no hint: {told}");
}

#[test]
fn names_that_could_do_harm_are_refused_everywhere() {
    let world = World::new();
    let daemon = world.daemon_process();
    let path = world.repository("work").display().to_string();
    let long = "x".repeat(65);
    for name in BAD_NAMES.iter().copied().chain([long.as_str()]) {
        let flag = format!("--name={name}");
        is_clear(&world.lanyard(&["identity", "create", &flag]).fails(1));
        is_clear(&world.lanyard(&["project", "add", &path, &flag]).fails(1));
    }
    assert_eq!(world.json(&["identity", "list"]), json!([]));
    assert_eq!(world.json(&["project", "list"]), json!([]));
    is_alive(&world, &daemon);
}

#[test]
fn keys_that_are_no_variables_are_refused() {
    let world = World::new();
    world.identity("ada");
    for key in ["", "1A", "A-B", "A B", "A=B", "A/B", "A.B", "A\nB", "Ä", &"A".repeat(129)] {
        is_clear(&world.lanyard(&["secrets", "set", "--identity", "ada", "--", key, "value"]).fails(1));
    }
    assert_eq!(world.json(&["secrets", "list", "--identity", "ada"]), json!([]));
}

#[test]
fn a_value_that_no_environment_can_hold_is_refused() {
    let world = World::new();
    world.identity("ada");
    for (value, word) in [(&b"\xff\xfe"[..], "UTF-8"), (b"a\0b", "zero")] {
        let mut command = world.command(tests::program("lanyard"));
        command.args(["secrets", "set", "KEY", "-", "--identity", "ada"]);
        let told = tests::run(command, value, tests::DEADLINE).fails(1);
        assert!(told.contains(word), "{told}");
    }
    assert_eq!(world.json(&["secrets", "list", "--identity", "ada"]), json!([]));
}

#[test]
fn more_secrets_than_an_environment_can_hold_are_told_at_the_start() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    let large = "x".repeat(64 * 1024);
    for number in 0..40 {
        world
            .lanyard_with(&["secrets", "set", &format!("BIG_{number}"), "-", "--identity", "ada"], &large)
            .ok();
    }
    let start = ["start", "--slot", "1", "--project", "work", "--branch", "one", "--", "cat"];
    let told = world.lanyard(&start).fails(1);
    assert!(told.contains("too large"), "{told}");
    is_clear(&told);
    assert_eq!(world.json(&["worktrees", "list"]), json!([]));
    assert_eq!(world.json(&["sessions", "list", "--all"]), json!([]));
    // One of the largest alone is no matter.
    world.identity("bob");
    world.lanyard_with(&["secrets", "set", "BIG", "-", "--identity", "bob"], &large).ok();
    world.lanyard(&["slot", "set", "2", "--identity", "bob"]).ok();
    assert_eq!(world.as_agent(2, "two", "printf %s \"$BIG\" | wc -c").ok().trim(), large.len().to_string());
}

#[test]
fn hundreds_of_idle_connections_do_not_shut_the_owner_out_for_ever() {
    let world = World::new();
    let daemon = world.daemon_process();
    let idle: Vec<_> =
        (0..900).map_while(|_| std::os::unix::net::UnixStream::connect(world.owner_socket()).ok()).collect();
    assert!(idle.len() > 100, "only {} connections", idle.len());
    drop(idle);
    is_alive(&world, &daemon);
}

#[test]
fn unknown_names_are_told_with_what_was_asked_for() {
    let world = World::new();
    world.identity("ada");
    for args in [
        &["identity", "show", "nobody"][..],
        &["identity", "delete", "nobody"],
        &["secrets", "get", "NOTHING", "--identity", "ada"],
        &["secrets", "get", "KEY", "--identity", "nobody"],
        &["slot", "set", "1", "--identity", "nobody"],
        &["project", "remove", "nobody"],
        &["worktrees", "archive", "nobody"],
        &["sessions", "show", "nobody"],
        &["sessions", "stop", "99"],
        &["start", "--slot", "1", "--project", "nobody", "--branch", "one"],
    ] {
        let told = world.lanyard(args).fails(1);
        assert!(told.lines().count() <= 4, "{told}");
    }
}

#[test]
fn a_broken_frame_is_answered_and_the_connection_goes_on() {
    let world = World::new();
    let daemon = world.daemon_process();
    let mut door = world.door();
    for broken in ["{nonsense\n", "\n", "[]\n", "null\n", "{\"id\":\"x\"}\n", "\u{0}\u{1}\n", "{\"id\":1}\n"]
    {
        door.send(broken.as_bytes()).unwrap();
        let answer = door.line().unwrap();
        assert_eq!(text(&answer["answer"]["result"]["Err"], "code"), "invalid", "{broken:?}: {answer}");
    }
    door.send(b"\xff\xfe\n").unwrap();
    assert!(door.line().unwrap()["answer"]["result"]["Err"].is_object());
    assert!(door.ask("status", json!({}))["Ok"].is_object());
    is_alive(&world, &daemon);
}

#[test]
fn an_oversized_frame_is_told_and_the_connection_closed() {
    let world = World::new();
    let daemon = world.daemon_process();
    let mut door = world.door();
    // The daemon may close while we still send; what it said before that is what counts.
    let mut part = vec![b'x'; 64 * 1024];
    part[0] = b'{';
    for _ in 0..64 {
        if door.send(&part).is_err() {
            break;
        }
    }
    let answer = door.line().expect("it is told");
    assert_eq!(text(&answer["answer"]["result"]["Err"], "code"), "too_large", "{answer}");
    assert!(door.is_closed());
    is_alive(&world, &daemon);
    let deep = format!(
        "{{\"id\":1,\"method\":\"status\",\"params\":{}{}}}\n",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let mut door = world.door();
    door.send(deep.as_bytes()).unwrap();
    assert!(door.line().unwrap()["answer"]["result"]["Err"].is_object());
    is_alive(&world, &daemon);
}

#[test]
fn half_a_frame_and_a_sudden_end_harm_nobody() {
    let world = World::new();
    let daemon = world.daemon_process();
    for _ in 0..50 {
        let mut door = world.door();
        door.send(b"{\"id\":1,\"method\":\"slots.list\"").unwrap();
    }
    let (door, _) = Door::open(&world.owner_socket()).unwrap();
    drop(door);
    is_alive(&world, &daemon);
}

#[test]
fn a_client_that_stops_reading_holds_up_nobody() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    let daemon = world.daemon_process();
    // One that asks without end and never reads an answer.
    let mut deaf = world.door();
    let question = b"{\"id\":1,\"method\":\"slots.list\",\"params\":{}}\n".repeat(100);
    for _ in 0..3 {
        deaf.send(&question).unwrap();
    }
    // One that is told of every event and never looks.
    let unheard = world.listening();
    // One that is attached and never looks, while the session floods the terminal.
    let session = world.start(1, "one", &["sh", "-c", "seq -f 'line %.0f.' 1 1000000; echo the-end; cat"]);
    let id = text(&session, "id");
    let stuck = world.terminal(id);
    let mut reading = world.terminal(id);
    reading.wait_for("the-end");
    for round in 0..50 {
        world.lanyard(&["slot", "set", "2", "--hue", &(round % 12).to_string()]).ok();
    }
    assert!(world.screen(id).contains("the-end"));
    is_alive(&world, &daemon);
    drop((deaf, unheard, stuck));
}

#[test]
fn chunks_that_make_no_sense_end_that_client_alone() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    let session = world.start(1, "one", &["cat"]);
    let id = text(&session, "id");
    for bytes in [&b"?\0\0\0\0"[..], b"i\xff\xff\xff\xff", b"s\0\0\0\x01x", b"o\0\0\0\x01x", b"x\0\0\0\x02{}"]
    {
        let mut door = world.door();
        let attached = door.ask("sessions.attach", json!({ "session": id }));
        assert!(attached["Ok"].is_object(), "{attached}");
        door.send(bytes).unwrap();
    }
    let mut good = world.terminal(id);
    good.resize(0, 0);
    good.resize(65535, 65535);
    good.resize(24, 80);
    good.type_in("still fine\n");
    good.wait_for_screen("still fine");
}

#[test]
fn a_socket_path_that_is_too_long_is_told_with_a_way_out() {
    let mut world = World::new();
    let long = world.path(&"d".repeat(120));
    world.set("LANYARD_HOME", long.display().to_string());
    let told = world.lanyard(&["status"]).fails(3);
    assert!(told.contains("long") && told.contains("LANYARD_HOME"), "{told}");
    let outcome = world.daemon_that_ends();
    assert_ne!(outcome.status, Some(0));
    assert!(outcome.stderr.contains("LANYARD_HOME"), "{}", outcome.stderr);
    assert!(!long.exists(), "something was half-made");
}

#[test]
fn settings_that_make_no_sense_are_named_with_their_file() {
    let world = World::new();
    std::fs::create_dir(world.home()).unwrap();
    std::fs::write(world.home().join("settings.toml"), "email_domian = \"x\"\n").unwrap();
    let told = world.lanyard(&["status"]).fails(3);
    assert!(told.contains("settings.toml") && told.contains("email_domian"), "{told}");
}

/// A small disk of its own, taken away at the end.
pub struct Disk(PathBuf);

impl Disk {
    pub fn mount(place: PathBuf, size: &str) -> Option<Self> {
        std::fs::create_dir_all(&place).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size},mode=700"), "tmpfs"])
            .arg(&place)
            .output();
        match mount {
            Ok(output) if output.status.success() => Some(Self(place)),
            _ => {
                eprintln!("not run: a small disk can be mounted by root alone");
                None
            }
        }
    }

    /// Takes so many bytes of it.
    pub fn fill_with(&self, bytes: usize) {
        std::fs::write(self.0.join("taken"), vec![0; bytes]).unwrap();
    }

    fn fill(&self) {
        let mut file = std::fs::File::create(self.0.join("filling")).unwrap();
        // Ever smaller pieces, until not a byte fits.
        for size in [1024 * 1024, 4096, 1] {
            while std::io::Write::write_all(&mut file, &vec![0; size]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filling")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() {
    let world = World::new();
    let Some(disk) = Disk::mount(world.home(), "6m") else { return };
    world.project("work");
    world.seat(1, "ada", "KEY", "before");
    let daemon = world.daemon_process();
    disk.fill();
    let large = "x".repeat(60_000);
    let told = world.lanyard_with(&["secrets", "set", "KEY", "-", "--identity", "ada"], &large).fails(1);
    assert!(told.contains("space") || told.contains("full"), "{told}");
    let told = world.lanyard(&["start", "--slot", "1", "--project", "work", "--branch", "one"]).fails(1);
    assert!(!told.contains("Ok"), "{told}");
    // What cannot be written into the audit is not given out; as long as it fits into what is there, it is.
    let get = || world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]);
    for read in (0..20).map(|_| get()) {
        match read.status {
            Some(0) => assert_eq!(read.stdout, "before\n"),
            _ => assert!(read.stdout.is_empty() && read.clone().fails(1).contains("audit"), "{read:?}"),
        }
    }
    is_alive(&world, &daemon);
    disk.free();
    assert_eq!(get().ok(), "before\n");
    world.lanyard(&["audit", "verify"]).ok();
    assert_eq!(world.json(&["worktrees", "list"]), json!([]));
    assert_eq!(world.json(&["sessions", "list", "--all"]), json!([]));
    world.lanyard_with(&["secrets", "set", "KEY", "-", "--identity", "ada"], &large).ok();
    world.start(1, "one", &["cat"]);
    is_alive(&world, &daemon);
}
