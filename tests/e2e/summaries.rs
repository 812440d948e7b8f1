//! What a session came to: told while it runs, kept when it has ended, also when its worktree is gone.

use serde_json::{Value, json};
use tests::{World, text};

fn world() -> World {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "GITHUB_TOKEN", "ghp_of_ada");
    world
}

const WORK: &str = "echo one >a.txt && echo two >>a.txt && git add a.txt && git commit -qm 'Add a' && \
                    sed -i 1d a.txt && echo b >'b c.txt' && git add . && git commit -qm 'Change a' && \
                    echo more >>a.txt && mkdir new && echo x >new/x && ";

fn summary(world: &World, session: &str) -> Value {
    world.json(&["sessions", "show", session])
}

#[test]
fn commits_changed_lines_and_what_is_not_committed_are_told_against_the_base() {
    let world = world();
    let session = world.start(1, "one", &["sh", "-c", &format!("{WORK} echo ready; read go; exit 3")]);
    let id = text(&session, "id");
    world.wait_for_screen(id, "ready");
    let running = summary(&world, id)["work"].take();
    assert_eq!(text(&running, "base"), "main");
    assert_eq!(
        (&running["commit_count"], &running["added"], &running["deleted"]),
        (&json!(2), &json!(2), &json!(0))
    );
    let subjects: Vec<&str> = running["commits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c.as_str().unwrap().split_once(' ').unwrap().1)
        .collect();
    assert_eq!(subjects, ["Change a", "Add a"]);
    let expected = json!([
        { "path": "a.txt", "added": 1, "deleted": 0 }, { "path": "b c.txt", "added": 1, "deleted": 0 },
    ]);
    assert_eq!(running["files"], expected);
    assert_eq!(
        (&running["uncommitted"], &running["uncommitted_count"]),
        (&json!(["a.txt", "new/"]), &json!(2))
    );

    world.lanyard(&["sessions", "send", "1", "go"]).ok();
    world.ended(id);
    let ended = summary(&world, id);
    assert_eq!((&ended["work"], text(&ended, "state")), (&running, "failed"));
    assert_eq!(text(&ended, "reason"), "exit status 3");
    assert!(ended["lasted_ms"].as_i64() >= Some(0));
    world.lanyard(&["worktrees", "archive", "one", "--force"]).ok();
    assert_eq!(summary(&world, id), ended, "it outlives the worktree");
    let told = world.lanyard(&["sessions", "show", id]).ok();
    for part in [
        "2 commits since main: 2 files, +2 −0",
        "Change a",
        "2 files: a.txt, new/",
        "GITHUB_TOKEN (injected)",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_session_that_changed_nothing_says_so() {
    let world = world();
    let session = world.start(1, "one", &["true"]);
    world.ended(text(&session, "id"));
    let told = summary(&world, text(&session, "id"));
    let work = &told["work"];
    assert_eq!(
        (&work["commit_count"], &work["commits"], &work["uncommitted"]),
        (&json!(0), &json!([]), &json!([]))
    );
    let told = world.lanyard(&["sessions", "show", text(&session, "id")]).ok();
    assert!(told.contains("none since main") && !told.contains("uncommitted"), "{told}");
}

#[test]
fn work_on_the_default_branch_is_compared_with_what_was_pushed() {
    let world = world();
    let repository = world.path("work");
    // Without a remote there is nothing to compare the default branch with.
    world.git(&repository, &["switch", "--quiet", "--create", "aside"]);
    let session = world.start(1, "main", &["sh", "-c", "git commit --allow-empty -qm Second; echo x >new"]);
    world.ended(text(&session, "id"));
    let work = summary(&world, text(&session, "id"))["work"].take();
    assert_eq!(
        (text(&work, "base"), &work["commit_count"]),
        ("aside", &json!(1)),
        "the main checkout's branch"
    );
    assert_eq!(work["uncommitted"], json!(["new"]));
    let bare = world.path("bare");
    world.git(&repository, &["clone", "--quiet", "--bare", ".", &bare.display().to_string()]);
    world.git(&repository, &["remote", "add", "origin", &bare.display().to_string()]);
    world.git(&repository, &["fetch", "--quiet", "origin"]);
    world.git(&repository, &["remote", "set-head", "origin", "main"]);
    let session = world.start(1, "main", &["sh", "-c", "git commit --allow-empty -qm Third"]);
    world.ended(text(&session, "id"));
    let work = summary(&world, text(&session, "id"))["work"].take();
    assert_eq!((text(&work, "base"), &work["commit_count"]), ("origin/main", &json!(1)), "{work}");
}

#[test]
fn a_repository_cannot_have_its_own_programs_run_by_a_look_at_it() {
    let world = world();
    // It is set last: a session's own git may run what it likes.
    let trap = format!(
        "echo '*.txt diff=trap' >.gitattributes; git add .; git commit -qm One; \
         echo x >a.txt; git add .; git commit -qm Two; echo y >>a.txt; \
         for key in diff.trap.command diff.trap.textconv diff.external core.pager core.fsmonitor; do \
         git config $key 'touch {}'; done; git config log.showSignature true",
        world.path("sprung").display()
    );
    let session = world.start(1, "one", &["sh", "-c", &trap]);
    world.ended(text(&session, "id"));
    let work = summary(&world, text(&session, "id"))["work"].take();
    assert_eq!(work["commit_count"], 2, "{work}");
    assert!(!world.path("sprung").exists(), "the summary ran a program of the repository's");
}

#[test]
fn credentials_that_were_used_and_approvals_that_were_needed_are_named() {
    let world = world();
    for (key, policy) in [("NPM_TOKEN", "ask"), ("PLAIN", "auto")] {
        world.lanyard_with(&["secrets", "set", key, "-", "--identity", "ada", "--policy", policy], "v").ok();
    }
    let mut door = world.listening();
    let script = "lanyard secrets get PLAIN; lanyard secrets get PLAIN; lanyard secrets get NOTHING; \
                  lanyard secrets get NPM_TOKEN; lanyard secrets get NPM_TOKEN";
    let script = world.script(1, "one", script);
    let id = script.session.clone();
    for answer in ["deny", "approve"] {
        let asked = door.event(|event| event["ApprovalChanged"]["approval"]["state"] == "open");
        world.lanyard(&["approvals", answer, text(&asked["ApprovalChanged"]["approval"], "id")]).ok();
    }
    script.outcome();
    let told = summary(&world, &id);
    let used = json!([
        { "what": "injected", "name": "GITHUB_TOKEN", "times": 1 },
        { "what": "injected", "name": "PLAIN", "times": 1 },
        { "what": "secret", "name": "PLAIN", "times": 2 },
        { "what": "secret", "name": "NPM_TOKEN", "times": 1 },
    ]);
    assert_eq!(told["used"], used);
    let asked = json!([
        { "action": "read_secret", "subject": "NPM_TOKEN", "approved": 1, "denied": 1, "unanswered": 0 },
    ]);
    assert_eq!(told["asked"], asked);
    assert_eq!(told["usage"], Value::Null, "nothing is said where nothing is reported");
    let another = world.start(1, "two", &["cat"]);
    assert_eq!(summary(&world, text(&another, "id"))["asked"], json!([]), "that is another session's");
}

#[test]
fn a_session_that_ended_without_a_daemon_is_summarized_by_the_next() {
    let world = world();
    // Without a daemon nobody signs.
    let session = world.start(
        1,
        "one",
        &["sh", "-c", "read go; git -c commit.gpgsign=false commit --allow-empty -qm Late"],
    );
    let id = text(&session, "id");
    let mut attached = world.terminal(id);
    world.daemon_process().kill();
    attached.type_in("go\n");
    attached.wait_for_exit();
    world.ended(id);
    assert_eq!(summary(&world, id)["work"]["commit_count"], 1);
}

#[test]
fn what_claude_writes_down_of_its_tokens_is_told_for_this_session_alone() {
    let mut world = World::new();
    let claude = "folder=$CLAUDE_CONFIG_DIR/projects/any; mkdir -p \"$folder\"; while [ \"$1\" != --session-id ]; do \
                  shift; done; line() { echo '{\"timestamp\":\"'$1'\",\"message\":{\"id\":\"'$2'\",\"usage\":\
                  {\"input_tokens\":3,\"output_tokens\":5,\"cache_read_input_tokens\":70}}}'; }; { \
                  line 2020-01-01T00:00:00Z before; line $(date -u +%Y-%m-%dT%H:%M:%S.999Z) one; \
                  line $(date -u +%Y-%m-%dT%H:%M:%S.999Z) two; } >\"$folder/$2.jsonl\"";
    let programs = world.path("programs");
    std::fs::create_dir(&programs).unwrap();
    let script = programs.join("claude");
    std::fs::write(&script, format!("#!/bin/sh\n{claude}\n")).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", programs.display(), world.environment()["PATH"]);
    world.set("PATH", path);
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    let args = ["start", "--slot", "1", "--project", "work", "--branch", "one", "--agent", "claude"];
    let session = world.json(&args);
    let ended = world.ended(text(&session, "id"));
    assert_eq!(text(&ended, "state"), "done", "{ended}");
    let usage = summary(&world, text(&session, "id"))["usage"].take();
    assert_eq!(usage, json!({ "input": 6, "output": 10, "cached": 140, "cost_micros": null }));
}
