//! `[[on_state]]`: the owner's commands, run when a session changes its state.

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tests::{DEADLINE, Process, World, run, text};

/// A world with these rules in its settings, each a script and what else the rule says; and what the scripts
/// write to `$HOME/../heard`, line by line.
fn world(rules: &[(&str, &str)]) -> (World, Receiver<String>) {
    let world = World::new();
    fs::create_dir_all(world.home()).unwrap();
    let mut settings = String::new();
    for (number, (script, rule)) in rules.iter().enumerate() {
        let path = world.path(&format!("script{number}"));
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        settings += &format!("[[on_state]]\ncommand = [\"{}\", \"as it stands\"]\n{rule}\n", path.display());
    }
    fs::write(world.home().join("settings.toml"), settings).unwrap();
    let pipe = world.path("heard");
    let mut make = world.command("mkfifo");
    make.arg(&pipe);
    run(make, b"", DEADLINE).ok();
    // It is held open for writing as well, so that it never ends.
    let reader = fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let (heard, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            if heard.send(line).is_err() {
                return;
            }
        }
    });
    world.project("work");
    world.seat(1, "ada", "KEY", "value-of-ada");
    (world, lines)
}

#[track_caller]
fn next(lines: &Receiver<String>) -> String {
    lines.recv_timeout(DEADLINE).expect("a script says something")
}

/// Asks the daemon until its log holds a text: a log tells nobody that it has grown.
#[track_caller]
fn wait_for_log(world: &World, text: &str) -> String {
    let until = Instant::now() + DEADLINE;
    loop {
        let log = world.log();
        if log.contains(text) {
            return log;
        }
        assert!(Instant::now() < until, "the log does not say {text:?}: {log}");
        world.lanyard(&["status"]).ok();
    }
}

#[test]
fn a_command_gets_the_event_on_its_standard_input_and_nothing_of_it_elsewhere() {
    let say = "exec >\"$HOME/../heard\"; cat; echo \"$0 $*\"; env; echo .";
    let (world, lines) = world(&[(say, "states = [\"failed\"]")]);
    let session = world.start(1, "one", &["sh", "-c", "echo 'last words'; exit 3"]);
    let event: Value = serde_json::from_str(&next(&lines)).expect("the event is JSON");
    let told = &event["SessionStateChanged"]["session"];
    assert_eq!(
        (&told["id"], text(told, "state"), text(told, "reason")),
        (&session["id"], "failed", "exit status 3")
    );
    assert!(event["SessionStateChanged"]["at"].is_i64());
    assert!(next(&lines).ends_with("script0 as it stands"));
    let mut env = Vec::new();
    loop {
        match next(&lines).as_str() {
            "." => break,
            line => env.push(line.to_string()),
        }
    }
    let names: Vec<&str> = env.iter().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    assert!(["PATH", "HOME", "LANYARD_HOME"].iter().all(|name| names.contains(name)), "{names:?}");
    let env = env.join("\n");
    assert!(!env.contains("value-of-ada") && !env.contains("owners-variable-token"), "{env}");
    assert!(!env.contains("LANYARD_PASSPHRASE_FILE") && !env.contains(text(&session, "id")), "{env}");
}

#[test]
fn a_command_runs_outside_every_session_and_may_ask_as_the_owner() {
    let say = format!(
        "exec >\"$HOME/../heard\"; {} status --json | grep -o '\"role\":\"[a-z]*\"'",
        tests::program("lanyard").display()
    );
    let (world, lines) = world(&[(&say, "states = [\"done\"]")]);
    world.start(1, "one", &["true"]);
    assert_eq!(next(&lines), "\"role\":\"owner\"");
}

#[test]
fn a_command_is_run_for_its_states_slots_and_projects_once_for_each_change() {
    let say = "read event; echo \"$event\" | grep -o '\"branch\":\"[a-z]*\"' >\"$HOME/../heard\"";
    let rule = "states = [\"done\", \"stopped\"]\nslots = [1]\nprojects = [\"work\"]";
    let (world, lines) = world(&[(say, rule)]);
    world.seat(2, "bob", "KEY", "value");
    let other = world.start(2, "other", &["true"]);
    world.ended(text(&other, "id"));
    for branch in ["one", "two"] {
        world.start(1, branch, &["cat"]);
        world.lanyard(&["sessions", "stop", "1"]).ok();
        assert_eq!(next(&lines), format!("\"branch\":\"{branch}\""));
    }
    assert!(lines.try_recv().is_err(), "it was run more often");
}

#[test]
fn a_command_that_takes_too_long_is_killed_with_all_that_it_has_started() {
    let hang = "sleep 1000 & echo $$ $! >\"$HOME/../heard\"; wait";
    let (world, lines) = world(&[(hang, "states = [\"done\"]\ntimeout = 1")]);
    world.start(1, "one", &["true"]);
    let pids = next(&lines);
    for pid in pids.split(' ') {
        if let Some(process) = Process::of(pid.parse().unwrap()) {
            process.wait_for_end();
        }
    }
    wait_for_log(&world, "did not end within 1 s and was killed");
}

#[test]
fn failures_are_logged_once_and_output_is_cut_and_made_harmless() {
    let fail = "echo end >\"$HOME/../heard\"; echo no luck >&2; exit 4";
    let chatty = "printf 'red \\033[31m\\nsecond line'; head -c 100000 /dev/zero | tr '\\0' x";
    let (world, lines) = world(&[
        (fail, "states = [\"done\"]"),
        (chatty, "states = [\"failed\"]"),
        ("true", "states = [\"idle\"]"),
    ]);
    for branch in ["one", "two", "three"] {
        world.start(1, branch, &["true"]);
        assert_eq!(next(&lines), "end");
    }
    world.start(1, "four", &["false"]);
    let log = wait_for_log(&world, "red ");
    assert_eq!(log.matches("no luck").count(), 1, "{log}");
    let line = log.lines().find(|line| line.contains("red ")).unwrap();
    assert!(line.contains("\\u{1b}[31m\\nsecond line") && line.len() < 6000, "{}", line.len());
}

#[test]
fn a_session_that_ended_while_no_daemon_ran_is_told_by_the_next_and_others_are_not_told_again() {
    let say = "read event; echo \"$event\" | grep -o '\"state\":\"[a-z]*\"' >\"$HOME/../heard\"";
    let (world, lines) = world(&[(say, "states = [\"working\", \"idle\", \"done\", \"failed\"]")]);
    let session = world.start(1, "one", &["sh", "-c", "read go; exit 5"]);
    assert_eq!(next(&lines), "\"state\":\"working\"");
    let mut attached = world.terminal(text(&session, "id"));
    world.daemon_process().kill();
    attached.type_in("go\n");
    attached.wait_for_exit();
    world.lanyard(&["status"]).ok();
    assert_eq!(next(&lines), "\"state\":\"failed\"");
    assert!(lines.recv_timeout(Duration::from_millis(200)).is_err(), "it was told more often");
}

#[test]
fn settings_that_could_never_run_are_named_at_the_start() {
    let world = World::new();
    fs::create_dir_all(world.home()).unwrap();
    let settings = world.home().join("settings.toml");
    for (rule, word) in [
        ("states = [\"done\"]\ncommand = []", "no command"),
        ("states = [\"finished\"]\ncommand = [\"say\"]", "finished"),
        ("states = [\"done\"]\ncommand = [\"say\"]\ntimeout = 90000", "timeout"),
    ] {
        fs::write(&settings, format!("[[on_state]]\n{rule}\n")).unwrap();
        let told = world.daemon_that_ends().fails(1);
        assert!(told.contains(word), "{told}");
    }
}
