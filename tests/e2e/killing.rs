//! What `kill -9` does: nothing to the sessions, and nothing to what was promised as stored.

use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use tests::{Process, World, text};

fn world() -> World {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    world
}

#[test]
fn a_daemon_killed_in_the_middle_of_output_comes_back_and_the_agent_never_notices() {
    let world = world();
    let pid = world.path("pid");
    let script = format!(
        "echo $$ >{}; read start; seq -f 'line %.0f.' 1 300000; read go; echo \"after: $go\"; cat",
        pid.display()
    );
    let session = world.start(1, "one", &["sh", "-c", &script]);
    let id = text(&session, "id");
    let mut attached = world.terminal(id);
    attached.type_in("start\n");
    attached.wait_for("line 1000.");
    world.daemon_process().kill();
    // The terminal belongs to the keeper, so that who is attached sees no break.
    attached.wait_for("line 300000.");
    let again = world.json(&["sessions", "show", id]);
    assert_eq!((text(&again, "id"), text(&again, "state")), (id, "working"));
    let agent = std::fs::read_to_string(&pid).unwrap();
    assert!(Process::of(agent.trim().parse().unwrap()).is_some(), "the agent's process is gone");
    let screen = world.wait_for_screen(id, "line 300000.");
    let lines: Vec<&str> = screen.lines().collect();
    let last: Vec<String> =
        (300_000 - lines.len() as u32 + 1..=300_000).map(|n| format!("line {n}.")).collect();
    assert_eq!(lines, last, "the screen has a gap");
    world.lanyard(&["sessions", "send", "1", "go on"]).ok();
    world.wait_for_screen(id, "after: go on");
    assert!(world.as_agent_still(id), "the agent lost its socket");
}

trait StillServed {
    fn as_agent_still(&self, session: &str) -> bool;
}

impl StillServed for World {
    /// Whether the adopted session's own socket is served again.
    fn as_agent_still(&self, session: &str) -> bool {
        let folder = self.home().join("run/s").join(&session[session.len() - 12..]);
        std::os::unix::net::UnixStream::connect(folder.join("agent.sock")).is_ok()
    }
}

#[test]
fn an_agent_reads_its_secrets_from_the_daemon_that_came_back() {
    let world = world();
    let out = world.path("out");
    let script = format!("read go; lanyard secrets get KEY >{} 2>&1; echo done; cat", out.display());
    let session = world.start(1, "one", &["sh", "-c", &script]);
    world.daemon_process().kill();
    world.lanyard(&["sessions", "send", "1", "go"]).ok();
    world.wait_for_screen(text(&session, "id"), "done");
    assert_eq!(std::fs::read_to_string(out).unwrap(), "value\n");
}

#[test]
fn a_session_that_ended_while_no_daemon_ran_is_told_as_it_ended() {
    let world = world();
    let session = world.start(1, "one", &["sh", "-c", "read go; echo bye; exit 5"]);
    let id = text(&session, "id");
    let mut attached = world.terminal(id);
    world.daemon_process().kill();
    attached.type_in("go\n");
    assert_eq!(attached.wait_for_exit(), json!({"code": 5}));
    let ended = world.ended(id);
    assert_eq!((text(&ended, "state"), &ended["exit"]), ("failed", &json!({"code": 5})));
    assert!(world.screen(id).contains("bye"));
}

#[test]
fn a_killed_keeper_is_told_as_lost() {
    let world = world();
    let pid = world.path("pid");
    let session =
        world.start(1, "one", &["sh", "-c", &format!("echo $$ >{}; echo ready; cat", pid.display())]);
    let id = text(&session, "id");
    world.wait_for_screen(id, "ready");
    let agent: i32 = std::fs::read_to_string(&pid).unwrap().trim().parse().unwrap();
    let mut door = world.listening();
    keeper_of(agent).kill();
    door.event(|event| event["SessionStateChanged"]["session"]["state"] == "failed");
    let ended = world.json(&["sessions", "show", id]);
    assert_eq!((text(&ended, "state"), text(&ended, "exit")), ("failed", "lost"));
    world.start(1, "two", &["cat"]);
}

fn keeper_of(agent: i32) -> Process {
    let stat = std::fs::read_to_string(format!("/proc/{agent}/stat")).unwrap();
    let parent = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1).unwrap();
    let keeper = Process::of(parent.parse().unwrap()).expect("the keeper runs");
    assert!(keeper.command_line().contains("keep"), "{}", keeper.command_line());
    keeper
}

#[test]
fn no_acknowledged_secret_is_lost_when_the_daemon_is_killed_while_it_writes() {
    let world = world();
    let (ending, mut acknowledged) = (AtomicBool::new(false), 0);
    std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            let mut kills = 0;
            while !ending.load(Ordering::SeqCst) {
                // It is killed as soon as it has come back, at whatever it is doing then.
                world.daemon_process().kill();
                kills += 1;
            }
            kills
        });
        for round in 1..=60 {
            let value = format!("value-{round}");
            if world.lanyard(&["secrets", "set", "COUNTER", &value, "--identity", "ada"]).status == Some(0) {
                acknowledged = round;
            }
        }
        ending.store(true, Ordering::SeqCst);
        assert!(killer.join().expect("the killer ends") > 2);
    });
    assert!(acknowledged > 0, "nothing was ever set");
    let kept = world.lanyard(&["secrets", "get", "COUNTER", "--identity", "ada"]).ok();
    let kept: u32 = kept.trim().trim_start_matches("value-").parse().unwrap();
    // A write whose answer was lost may be there as well.
    assert!(kept >= acknowledged, "{acknowledged} was acknowledged, {kept} is kept");
    assert_eq!(world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).ok(), "value\n");
}

#[test]
fn a_daemon_killed_at_a_start_leaves_a_whole_session_or_none() {
    let world = world();
    for round in 0..8 {
        let branch = format!("b{round}");
        let start = ["start", "--slot", "1", "--project", "work", "--branch", &branch, "--", "cat"];
        killed_during(&world, &start, round);
        let live = world.json(&["sessions", "list"]);
        for session in live.as_array().unwrap() {
            world.lanyard(&["sessions", "send", text(session, "id"), "echoed"]).ok();
            world.wait_for_screen(text(session, "id"), "echoed");
            world.lanyard(&["sessions", "stop", text(session, "id")]).ok();
        }
        // The slot and the branch can be used, whatever became of the first try.
        let again = world.start(1, &branch, &["true"]);
        world.ended(text(&again, "id"));
    }
}

/// Starts a command of the owner's and kills the daemon some time into it.
fn killed_during(world: &World, args: &[&str], work: usize) {
    let daemon = world.daemon_process();
    let mut command = world.command(tests::program("lanyard"));
    let command = command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = command.spawn().unwrap();
    // Work of growing length lies between the start and the kill.
    for _ in 0..work {
        world.json(&["slot", "list"]);
    }
    daemon.kill();
    running.wait().unwrap();
}

#[test]
fn an_archive_that_a_kill_cut_short_can_be_finished() {
    let world = world();
    let path = world.path("work");
    for round in 0..6 {
        let branch = format!("b{round}");
        let session = world.start(1, &branch, &["true"]);
        world.ended(text(&session, "id"));
        killed_during(&world, &["worktrees", "archive", &branch], round);
        let left = world.json(&["worktrees", "list"]);
        if !left.as_array().unwrap().is_empty() {
            world.lanyard(&["worktrees", "archive", &branch]).ok();
        }
        assert_eq!(world.json(&["worktrees", "list"]), json!([]));
        assert_eq!(world.git(&path, &["worktree", "list"]).lines().count(), 1);
        assert!(world.git(&path, &["branch", "--list", &branch]).contains(&branch));
    }
}

#[test]
fn an_identity_is_deleted_whole_or_not_at_all() {
    let world = world();
    for round in 0..6 {
        let name = format!("eve-{round}");
        world.identity(&name);
        world.lanyard(&["secrets", "set", "KEY", "of-eve", "--identity", &name]).ok();
        killed_during(&world, &["identity", "delete", &name, "--force"], round);
        let there = world.lanyard(&["identity", "show", &name]).status == Some(0);
        let read = world.lanyard(&["secrets", "get", "KEY", "--identity", &name]);
        assert_eq!(read.status == Some(0), there, "{read:?}");
        if there {
            world.lanyard(&["identity", "delete", &name, "--force"]).ok();
        }
    }
}

#[test]
fn a_daemon_that_is_asked_to_end_leaves_its_sessions_running() {
    let world = world();
    world.lanyard(&["daemon", "stop"]).ok();
    let daemon = world.daemon();
    let session = world.start(1, "one", &["cat"]);
    daemon.end();
    world.lanyard(&["sessions", "send", "1", "still here"]).ok();
    world.wait_for_screen(text(&session, "id"), "still here");
    world.lanyard(&["daemon", "stop"]).ok();
    assert_eq!(world.json(&["sessions", "list"])[0]["id"], session["id"]);
}

#[test]
fn a_second_daemon_says_that_one_runs_and_harms_nothing() {
    let world = world();
    let first = world.daemon_process();
    let outcome = world.daemon_that_ends();
    assert_ne!(outcome.status, Some(0));
    assert!(outcome.stderr.contains("run"), "{}", outcome.stderr);
    assert_eq!(world.daemon_process().pid(), first.pid());
}

#[test]
fn many_who_find_no_daemon_start_one() {
    let world = World::new();
    let pids: Vec<Value> = std::thread::scope(|scope| {
        let each: Vec<_> = (0..6).map(|_| scope.spawn(|| world.json(&["status"])["pid"].clone())).collect();
        each.into_iter().map(|one| one.join().expect("it answers")).collect()
    });
    assert!(pids.iter().all(|pid| *pid == pids[0]), "{pids:?}");
}

#[test]
fn an_attached_client_that_is_killed_changes_nothing() {
    let world = world();
    let session = world.start(1, "one", &["cat"]);
    let mut attach = world.command(tests::program("lanyard"));
    attach.args(["sessions", "attach", "1"]);
    let mut attach =
        attach.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    attach.stdin.as_mut().unwrap().write_all(b"typed here\n").unwrap();
    world.wait_for_screen(text(&session, "id"), "typed here");
    attach.kill().unwrap();
    attach.wait().unwrap();
    world.lanyard(&["sessions", "send", "1", "and there"]).ok();
    world.wait_for_screen(text(&session, "id"), "and there");
}
