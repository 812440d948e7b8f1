//! The audit: who did what is written before it is answered, and whoever edits it is found out.

use serde_json::{Value, json};
use std::process::Stdio;
use tests::{Outcome, World, python, text};

const VALUE: &str = "ghp_value_of_ada";

fn world() -> World {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "GITHUB_TOKEN", VALUE);
    world
}

#[track_caller]
fn records(world: &World, args: &[&str]) -> Vec<Value> {
    let listed = world.json(&[&["audit", "list"], args].concat());
    listed.as_array().expect("a list").clone()
}

/// The newest record of an action.
#[track_caller]
fn newest(world: &World, action: &str) -> Value {
    let all = records(world, &["--limit", "1000"]);
    all.into_iter().find(|record| record["action"] == action).unwrap_or_else(|| panic!("no {action}"))
}

/// Ends the daemon and runs a statement on the database, as somebody would who wants to hide something.
fn tamper(world: &World, sql: &str) -> bool {
    let Some(python) = python() else { return false };
    world.lanyard(&["daemon", "stop"]).ok();
    let script =
        "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as db: db.executescript(sys.argv[2])";
    let mut command = world.command(python);
    command.args(["-c", script, &world.home().join("lanyard.db").display().to_string(), sql]);
    tests::run(command, b"", tests::DEADLINE).ok();
    true
}

fn verify(world: &World, args: &[&str]) -> Outcome {
    world.lanyard(&[&["audit", "verify"], args].concat())
}

#[test]
fn what_owner_and_agent_do_is_told_with_who_where_and_what_came_of_it() {
    let world = world();
    world.lanyard(&["secrets", "get", "GITHUB_TOKEN", "--identity", "ada"]).ok();
    let read = newest(&world, "secrets.read");
    assert_eq!((text(&read, "who"), text(&read, "door"), text(&read, "kind")), ("owner", "owner", "secret"));
    assert_eq!((text(&read, "subject"), text(&read, "identity")), ("GITHUB_TOKEN", "ada"));
    assert_eq!((text(&read, "outcome"), &read["session"]), ("done", &Value::Null));
    world.lanyard(&["identity", "create", "--name", "bob"]).ok();
    let created = newest(&world, "identities.create");
    assert_eq!((text(&created, "identity"), text(&created, "subject")), ("bob", "bob"));
    assert!(created["identity_id"].is_string(), "{created}");

    let tries = "lanyard secrets get GITHUB_TOKEN; lanyard secrets get NONE; \
                 lanyard secrets get GITHUB_TOKEN --identity bob; lanyard slot list; lanyard audit list";
    let said = world.as_agent(1, "one", tries);
    assert_ne!(said.status, Some(0), "an agent reads the audit");
    let session = world.json(&["sessions", "show", "1"]);
    let of_slot = records(&world, &["--slot", "1"]);
    let agents: Vec<&Value> = of_slot.iter().filter(|record| record["who"] == "agent").collect();
    let told: Vec<_> =
        agents.iter().map(|r| (text(r, "action"), text(r, "subject"), text(r, "outcome"))).collect();
    assert_eq!(
        told,
        [
            ("audit.list", "", "refused"),
            ("slots.list", "", "refused"),
            ("secrets.read", "GITHUB_TOKEN", "refused"),
            ("secrets.read", "NONE", "not_found"),
            ("secrets.read", "GITHUB_TOKEN", "done"),
        ]
    );
    for record in &agents {
        assert_eq!((text(record, "identity"), text(record, "door")), ("ada", "session"));
        assert_eq!((&record["session"], &record["worktree_id"]), (&session["id"], &session["worktree_id"]));
        assert_eq!(text(record, "worktree"), "one");
    }
    assert!(of_slot.iter().any(|r| r["action"] == "secrets.injected" && r["subject"] == "GITHUB_TOKEN"));
    assert!(of_slot.iter().any(|r| r["action"] == "sessions.start" && r["who"] == "owner"), "{of_slot:?}");
    let whole = world.lanyard(&["audit", "list", "--limit", "1000", "--json"]).ok();
    assert!(!whole.contains(VALUE), "a value stands in the audit");
    verify(&world, &[]).ok();
}

#[test]
fn what_an_archive_and_a_deletion_take_away_is_told_by_name() {
    let world = world();
    let _counterpart = world.issuer("mint", "auto");
    world.as_agent(1, "one", "true").ok();
    world.lanyard(&["secrets", "set", "SCOPED", "value", "--identity", "ada", "--worktree", "one"]).ok();
    let token = world.json(&["tokens", "request", "mint", "--identity", "ada", "--worktree", "one"]);
    let named = format!("mint {}", text(&token, "id"));
    world.lanyard(&["worktrees", "archive", "one"]).ok();
    for (action, subject) in
        [("secrets.removed", "SCOPED"), ("tokens.request", &named), ("tokens.revoked", &named)]
    {
        let record = newest(&world, action);
        let said = (text(&record, "subject"), text(&record, "identity"), text(&record, "worktree"));
        assert_eq!(said, (subject, "ada", "one"), "{record}");
    }
    assert_eq!(text(&newest(&world, "worktrees.archive"), "worktree"), "one");
    world.lanyard(&["identity", "delete", "ada", "--force"]).ok();
    let of_ada = records(&world, &["--identity", "ada"]);
    let last = (text(&of_ada[0], "action"), text(&of_ada[0], "identity"));
    assert_eq!(last, ("identities.delete", "ada"), "it is found by its name, and has it");
    assert!(of_ada.iter().any(|record| record["action"] == "identities.create"), "{of_ada:?}");
    world.identity("ada");
    assert_eq!(records(&world, &["--identity", "ada"]).len(), 1, "another of that name is another");
}

#[test]
fn lists_are_filtered_and_go_on_page_by_page() {
    let world = world();
    for n in 0..5 {
        world.lanyard(&["secrets", "set", &format!("KEY{n}"), "value", "--identity", "ada"]).ok();
    }
    let subjects = |args: &[&str]| -> Vec<String> {
        records(&world, args).iter().map(|record| text(record, "subject").to_string()).collect()
    };
    assert_eq!(subjects(&["--kind", "secret", "--limit", "2"]), ["KEY4", "KEY3"]);
    let last = records(&world, &["--kind", "secret", "--limit", "2"])[1]["seq"].to_string();
    assert_eq!(subjects(&["--kind", "secret", "--limit", "2", "--before", &last]), ["KEY2", "KEY1"]);
    assert_eq!(subjects(&["--kind", "slot", "--identity", "ada"]), ["1"]);
    assert_eq!(subjects(&["--identity", "nobody"]), [""; 0]);
    assert_eq!(subjects(&["--since", "2999-01-01"]), [""; 0]);
    assert_eq!(subjects(&["--since", "1h", "--kind", "project"]).len(), 1);
    assert_eq!(subjects(&["--until", "1h"]), [""; 0]);
    let shown = world.lanyard(&["audit", "list", "--limit", "3"]).ok();
    assert!(shown.contains("secrets.set") && shown.contains("--before"), "{shown}");
    for wrong in [["--kind", "nonsense"], ["--since", "yesterday"], ["--slot", "x"], ["--limit", "0"]] {
        world.lanyard(&[&["audit", "list"][..], &wrong].concat()).fails(2);
    }
}

#[test]
fn whoever_edits_the_database_is_found_out() {
    for (sql, words) in [
        ("UPDATE audit SET subject = 'OTHER' WHERE seq = 4", "record 4 was altered"),
        ("DELETE FROM audit WHERE seq = 4", "record 4 is missing"),
        (
            "UPDATE audit SET seq = -1 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 5; \
             UPDATE audit SET seq = 5 WHERE seq = -1",
            "record 3 is not in its place: record 5 stands there",
        ),
    ] {
        let world = world();
        assert!(verify(&world, &[]).ok().contains("verify"));
        if !tamper(&world, sql) {
            return;
        }
        let told = verify(&world, &[]).fails(1);
        assert!(told.contains(words), "{told}");
        let outcome = verify(&world, &["--json"]);
        let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert!(report["broken"]["words"].as_str().unwrap().contains(words), "{report}");
        assert!(!records(&world, &[]).is_empty(), "an altered audit is still listed");
    }
}

#[test]
fn a_tail_that_was_cut_is_missed_by_an_anchor_in_a_file_and_in_a_git_note() {
    let world = world();
    let (file, repository) = (world.path("anchors").display().to_string(), world.path("work"));
    let repository = repository.display().to_string();
    world.lanyard(&["audit", "anchor", "--file", &file]).ok();
    world.lanyard(&["secrets", "set", "KEY", "value", "--identity", "ada"]).ok();
    world.lanyard(&["audit", "anchor", "--file", &file]).ok();
    world.lanyard(&["audit", "anchor", "--note", &repository]).ok();
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 2);
    assert!(verify(&world, &["--anchor", &file]).ok().contains("2 of 2"));
    assert!(verify(&world, &["--anchor", &file, "--note", &repository]).ok().contains("is there"));
    let seq = newest(&world, "secrets.set")["seq"].as_i64().unwrap();
    if !tamper(&world, &format!("DELETE FROM audit WHERE seq >= {seq}")) {
        return;
    }
    // The daemon that has started since writes on where the chain was cut.
    verify(&world, &[]).ok();
    let told = verify(&world, &["--anchor", &file]).fails(1);
    assert!(told.contains(&format!("record {seq} is not the one that was anchored")), "{told}");
    verify(&world, &["--note", &repository]).fails(1);
    std::fs::write(&file, "no anchors here\n").unwrap();
    verify(&world, &["--anchor", &file]).fails(1);
}

#[test]
fn an_export_holds_every_record_and_harms_no_spreadsheet() {
    let world = world();
    world.lanyard(&["secrets", "get", "=1+1", "--identity", "ada"]).fails(1);
    for n in 0..3 {
        world.lanyard(&["secrets", "set", &format!("KEY{n}"), "value", "--identity", "ada"]).ok();
    }
    let lines = world.lanyard(&["audit", "export"]).ok();
    let seqs: Vec<i64> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=seqs.len() as i64).collect::<Vec<_>>());
    let out = world.path("audit.csv").display().to_string();
    let said = world.lanyard(&["audit", "export", "--format", "csv", "--out", &out]).ok();
    assert!(said.contains("records to"), "{said}");
    let csv = std::fs::read_to_string(&out).unwrap();
    assert_eq!(csv.lines().count(), seqs.len() + 1);
    assert!(csv.contains("\"'=1+1\"") && !csv.contains(",=1+1"), "{csv}");
    let some = world.lanyard(&["audit", "export", "--kind", "secret"]).ok();
    assert_eq!(some.lines().count(), 5, "{some}");
}

#[test]
fn refused_peers_and_wrong_codes_are_recorded_and_cannot_fill_the_disk() {
    let world = world();
    let web = world.json(&["web"]);
    let address = text(&web, "url").split("/#").next().unwrap().to_string();
    let client = tests::client().build().unwrap();
    for _ in 0..1200 {
        let post = client.post(format!("{address}/session")).body(r#"{"code":"a-guess"}"#);
        assert_eq!(post.send().unwrap().status(), 403);
    }
    let wrong = records(&world, &["--kind", "member", "--limit", "3000"]);
    let refused = wrong.iter().filter(|record| record["outcome"] == "refused").count();
    assert!((1000..1150).contains(&refused), "{refused} of 1200 guesses");
    assert_eq!((text(&wrong[0], "who"), text(&wrong[0], "door")), ("stranger", "web"));
    assert!(!format!("{wrong:?}").contains("a-guess"));
}

#[test]
fn an_agent_that_reads_without_end_is_slowed_down_and_counted() {
    let world = world();
    let Some(python) = python() else { return };
    let script = world.path("flood.py");
    std::fs::write(
        &script,
        r#"
import json, os, socket
s = socket.socket(socket.AF_UNIX)
s.connect(os.environ["LANYARD_SOCKET"])
f = s.makefile("rw")
f.readline()
got = refused = 0
for n in range(1500):
    f.write(json.dumps({"id": n, "method": "secrets.read", "params": {"key": "GITHUB_TOKEN"}}) + "\n")
    f.flush()
    if "ghp_value" in f.readline():
        got += 1
    else:
        refused += 1
print(got, refused)
"#,
    )
    .unwrap();
    let said = world.as_agent(1, "one", &format!("{} {}", python.display(), script.display())).ok();
    let numbers: Vec<usize> = said.split_whitespace().map(|number| number.parse().unwrap()).collect();
    assert!((1000..1200).contains(&numbers[0]) && numbers[0] + numbers[1] == 1500, "{said}");
    // At its end the daemon writes down what it only counted.
    world.lanyard(&["daemon", "stop"]).ok();
    let all = records(&world, &["--slot", "1", "--kind", "secret", "--limit", "3000"]);
    let reads = all.iter().filter(|r| r["action"] == "secrets.read" && r["outcome"] == "done").count();
    assert_eq!(reads, numbers[0], "a value left without a record");
    let counted = newest(&world, "secrets.read");
    assert!(text(&counted, "detail").starts_with(&format!("{} more", numbers[1])), "{counted}");
}

#[test]
fn a_kill_in_the_middle_of_records_leaves_a_chain_that_verifies() {
    let world = world();
    let reads = ["secrets", "get", "GITHUB_TOKEN", "--identity", "ada"];
    let mut got = 0;
    for round in 0..6 {
        let daemon = world.daemon_process();
        let mut readers: Vec<_> = (0..4)
            .map(|_| {
                let mut command = world.command(tests::program("lanyard"));
                let command = command.args(reads).stdin(Stdio::null()).stdout(Stdio::piped());
                command.stderr(Stdio::null()).spawn().unwrap()
            })
            .collect();
        for _ in 0..round {
            got += usize::from(world.lanyard(&reads).status == Some(0));
        }
        daemon.kill();
        for reader in readers.drain(..) {
            let output = reader.wait_with_output().unwrap();
            got += usize::from(String::from_utf8_lossy(&output.stdout).contains(VALUE));
        }
        verify(&world, &[]).ok();
    }
    let all = records(&world, &["--kind", "secret", "--limit", "3000"]);
    let read = all.iter().filter(|r| r["action"] == "secrets.read" && r["outcome"] == "done").count();
    assert!(read >= got, "{got} values were given out, {read} reads are recorded");
}

#[test]
fn what_cannot_be_recorded_is_not_given_out() {
    let world = world();
    let Some(python) = python() else { return };
    let get = ["secrets", "get", "GITHUB_TOKEN", "--identity", "ada"];
    world.lanyard(&get).ok();
    // Somebody holds the database for writing: reading is still possible, recording is not.
    let script = "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
                  db.execute('BEGIN IMMEDIATE')\nprint('held', flush=True)\nsys.stdin.readline()";
    let mut command = world.command(python);
    command.args(["-c", script, &world.home().join("lanyard.db").display().to_string()]);
    let mut holder = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut held = [0; 5];
    std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut held).unwrap();
    let outcome = world.lanyard(&get);
    assert!(!outcome.stdout.contains(VALUE), "a value left without a record");
    outcome.fails(1);
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert_eq!(world.lanyard(&get).ok(), format!("{VALUE}\n"));
    verify(&world, &[]).ok();
}

#[test]
fn status_names_the_newest_record_and_the_walls() {
    let world = world();
    let status = world.json(&["status"]);
    let head = world.json(&["audit", "anchor"]);
    assert_eq!(status["audit"], head);
    assert!(status["walls"]["guarded"].is_boolean() && status["walls"]["hidden"].is_boolean(), "{status}");
    let shown = world.lanyard(&["status"]).ok();
    assert!(shown.contains("walls") && shown.contains("records, the newest of hash"), "{shown}");
    let agents = world.as_agent(1, "one", "lanyard status --json").json();
    assert_eq!((&agents["audit"], &agents["walls"]), (&json!(null), &json!(null)));
}
