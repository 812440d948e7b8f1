//! `lanyard wait` and `lanyard watch`: for scripts.

use serde_json::Value;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tests::{DEADLINE, Outcome, World, program, text, wait_for_end};

fn world() -> World {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    world
}

/// A `lanyard wait` that runs, and has told its interest to the daemon.
struct Waiter(Child);

impl Waiter {
    fn new(world: &World, args: &[&str]) -> Self {
        let mut command = world.command(program("lanyard"));
        command.arg("wait").args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().expect("lanyard starts"))
    }

    fn outcome(self) -> Outcome {
        assert!(wait_for_end(&self.0, DEADLINE), "it still waits");
        let output = self.0.wait_with_output().expect("it is our child");
        let text = |bytes| String::from_utf8(bytes).expect("it is text");
        Outcome { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

#[test]
fn the_exit_status_says_how_a_session_ended() {
    let world = world();
    for (branch, script, status, state) in
        [("one", "read go; exit 0", 0, "done"), ("two", "read go; exit 3", 1, "failed")]
    {
        let session = world.start(1, branch, &["sh", "-c", script]);
        let waiter = Waiter::new(&world, &["1", "--until", "done,failed"]);
        world.lanyard(&["sessions", "send", "1", "go"]).ok();
        let outcome = waiter.outcome();
        assert_eq!((outcome.status, outcome.stdout.trim()), (Some(status), state), "{}", outcome.stderr);
        let again = world.lanyard(&["wait", text(&session, "id")]);
        assert_eq!((again.status, again.stdout.trim()), (Some(status), state), "it holds already");
    }
    let session = world.start(1, "three", &["cat"]);
    let waiter = Waiter::new(&world, &[text(&session, "id"), "--until", "waiting", "--json"]);
    world.lanyard(&["sessions", "stop", "1"]).ok();
    let outcome = waiter.outcome();
    let told: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((outcome.status, text(&told, "state"), &told["id"]), (Some(5), "stopped", &session["id"]));
    let session = world.start(1, "four", &["true"]);
    assert_eq!(world.lanyard(&["wait", text(&session, "id"), "--until", "waiting"]).status, Some(6));
}

#[test]
fn a_wait_ends_with_its_time() {
    let world = world();
    world.start(1, "one", &["cat"]);
    let begun = Instant::now();
    let told = world.lanyard(&["wait", "1", "--timeout", "1s"]).fails(124);
    assert!(begun.elapsed() >= Duration::from_secs(1) && told.contains("1 s"), "{told}");
    world.lanyard(&["wait", "1", "--until", "starting,idle", "--timeout", "0s"]).fails(124);
}

#[test]
fn unknown_sessions_and_states_are_wrong_usage() {
    let world = world();
    for args in [&["7"][..], &["ffffffff"], &["1", "--until", "finished"], &["1", "--until", ""]] {
        world.lanyard(&[&["wait"], args].concat()).fails(2);
    }
}

#[test]
fn a_wait_outlives_the_daemon_and_hears_of_what_came_meanwhile() {
    let world = world();
    let session = world.start(1, "one", &["sh", "-c", "read go; exit 7"]);
    let waiter = Waiter::new(&world, &["1", "--until", "done,failed", "--timeout", "30s"]);
    let mut attached = world.terminal(text(&session, "id"));
    world.daemon_process().kill();
    attached.type_in("go\n");
    attached.wait_for_exit();
    let outcome = waiter.outcome();
    assert_eq!((outcome.status, outcome.stdout.trim()), (Some(1), "failed"), "{}", outcome.stderr);
}

#[test]
fn a_wait_follows_one_session_and_not_the_next_of_its_slot() {
    let world = world();
    let session = world.start(1, "one", &["cat"]);
    let waiter = Waiter::new(&world, &[text(&session, "id"), "--until", "done"]);
    world.lanyard(&["sessions", "restart", "1"]).ok();
    assert_eq!(waiter.outcome().status, Some(5));
}

#[test]
fn what_happens_is_watched_as_json_lines_with_and_without_asking_for_json() {
    let world = world();
    for args in [&["watch"][..], &["watch", "--json"]] {
        let mut command = world.command(program("lanyard"));
        let mut watching = command.args(args).stdout(Stdio::piped()).spawn().expect("lanyard starts");
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(watching.stdout.take().unwrap()));
        // Whether it listens yet is not known: slots change until it has heard of one.
        let (heard, listens) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let line = lines.next().expect("it goes on").expect("it is text");
                heard.send(line).expect("somebody waits");
            });
            let line = loop {
                world.lanyard(&["slot", "set", "2", "--hue", "3"]).ok();
                if let Ok(line) = listens.recv_timeout(Duration::from_millis(50)) {
                    break line;
                }
            };
            let event: Value = serde_json::from_str(&line).expect("it is JSON");
            assert!(event.is_object(), "{line}");
        });
        watching.kill().unwrap();
        watching.wait().unwrap();
    }
}

#[test]
fn a_question_of_the_agent_ends_the_wait_with_a_status_of_its_own() {
    let world = world();
    let ask = "read go; printf '\\033]7501;state=blocked:kind=permission:app=x\\033\\\\'; exec sleep 1000";
    world.start(1, "one", &["sh", "-c", ask]);
    let waiter = Waiter::new(&world, &["1"]);
    world.lanyard(&["sessions", "send", "1", "go"]).ok();
    let outcome = waiter.outcome();
    assert_eq!((outcome.status, outcome.stdout.trim()), (Some(4), "waiting (permission)"));
}
