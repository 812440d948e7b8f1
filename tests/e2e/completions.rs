//! What a person types first: help, versions, completions, and the exit codes of wrong usage.

use tests::{World, text};

#[test]
fn completions_are_printed_for_three_shells_and_need_no_daemon() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = world.lanyard(&["completions", shell]).ok();
        for word in ["lanyard", "secrets", "sessions", "worktrees"] {
            assert!(script.contains(word), "{shell} lacks {word}");
        }
    }
    world.lanyard(&["completions", "nonsense"]).fails(2);
    assert!(!world.home().exists(), "a daemon was started for nothing");
}

#[test]
fn the_scripts_are_understood_by_their_shells() {
    let world = World::new();
    for (shell, flag) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        if !tests::present(shell) {
            continue;
        }
        let file = world.path(shell);
        std::fs::write(&file, world.lanyard(&["completions", shell]).ok()).unwrap();
        let mut command = world.command(shell);
        command.arg(flag).arg(&file);
        tests::run(command, b"", tests::DEADLINE).ok();
    }
}

#[test]
fn wrong_usage_is_told_apart_from_refusal() {
    let world = World::new();
    for args in [
        &["nonsense"][..],
        &[],
        &["slot", "set", "x"],
        &["secrets", "set"],
        &["start"],
        &["sessions", "stop"],
    ] {
        world.lanyard(args).fails(2);
    }
    assert!(!world.home().exists(), "a daemon was started for nothing");
    world.lanyard(&["identity", "show", "nobody"]).fails(1);
}

#[test]
fn help_names_every_command_of_the_promise() {
    let world = World::new();
    let help = world.lanyard(&["--help"]).ok();
    for word in [
        "status",
        "identity",
        "secrets",
        "email",
        "sms",
        "inbox",
        "slot",
        "project",
        "start",
        "sessions",
        "worktrees",
        "watch",
        "web",
        "run",
    ] {
        assert!(help.contains(word), "{word} is missing: {help}");
    }
    let version = world.lanyard(&["--version"]).ok();
    assert!(version.contains(api::VERSION), "{version}");
}

#[test]
fn errors_are_json_where_json_was_asked_for() {
    let world = World::new();
    let told = world.lanyard(&["identity", "show", "nobody", "--json"]).fails(1);
    let told: serde_json::Value = serde_json::from_str(&told).expect("the error is JSON");
    assert_eq!(text(&told["error"], "code"), "not_found");
    assert!(text(&told["error"], "message").contains("nobody"));
}

#[test]
fn every_list_prints_ids_that_other_commands_take() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    let session = world.start(1, "one", &["cat"]);
    let first = |args: &[&str]| text(&world.json(args)[0], "id").to_string();
    world.lanyard(&["identity", "show", &first(&["identity", "list"])]).ok();
    world.lanyard(&["project", "branches", &first(&["project", "list"])]).ok();
    assert_eq!(first(&["sessions", "list"]), text(&session, "id"));
    world.lanyard(&["sessions", "show", &first(&["sessions", "list"])]).ok();
    world.lanyard(&["worktrees", "archive", &first(&["worktrees", "list"]), "--force"]).ok();
}

#[test]
fn a_daemon_that_cannot_start_is_exit_code_three() {
    let world = World::new();
    std::fs::write(world.home(), "a file is in the way").unwrap();
    let told = world.lanyard(&["status"]).fails(3);
    assert!(told.contains("lanyard"), "{told}");
}
