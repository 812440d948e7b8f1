//! The doors: private files, a version first, requests side by side, and rows that are refused by role.

use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tests::{Door, World, text};

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

fn everything_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| {
            let path = entry.path();
            let below =
                if path.is_dir() && !path.is_symlink() { everything_below(&path) } else { Vec::new() };
            std::iter::once(path).chain(below)
        })
        .collect()
}

#[test]
fn all_that_lanyard_keeps_is_for_the_owner_alone() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    world.start(1, "one", &["cat"]);
    let home = world.home();
    assert_eq!(mode(&home), 0o700);
    let kept =
        everything_below(&home).into_iter().filter(|path| !path.starts_with(home.join("worktrees/work")));
    for path in kept.filter(|path| !path.is_symlink()) {
        let open = mode(&path) & 0o077;
        assert_eq!(open, 0, "{} is open to others: {:o}", path.display(), mode(&path));
    }
    assert_eq!(mode(&home.join("worktrees")), 0o700);
}

#[test]
fn everything_lies_below_lanyard_home_and_the_owners_dotfiles_stay_untouched() {
    let world = World::new();
    let owner = PathBuf::from(&world.environment()["HOME"]);
    let before: Vec<_> =
        everything_below(&owner).into_iter().map(|path| (std::fs::read(&path).ok(), path)).collect();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    world
        .as_agent(
            1,
            "one",
            "git config --global user.name changed; echo x >~/.netrc; npm config set x y; true",
        )
        .ok();
    let after: Vec<_> =
        everything_below(&owner).into_iter().map(|path| (std::fs::read(&path).ok(), path)).collect();
    assert_eq!(before, after);
    for name in ["lanyard.db", "lanyard.log", "run/owner.sock", "worktrees", "homes"] {
        assert!(world.home().join(name).exists(), "{name}");
    }
    assert_eq!(std::fs::read_dir(world.path("x")).unwrap().count(), 0);
}

#[test]
fn without_lanyard_home_the_xdg_folders_hold() {
    let mut world = World::new();
    world.unset("LANYARD_HOME");
    let owner = PathBuf::from(&world.environment()["HOME"]);
    let status = world.json(&["status"]);
    assert_eq!(PathBuf::from(text(&status, "data")), owner.join(".local/share/lanyard"));
    assert!(world.path("x/lanyard/owner.sock").exists());
    assert!(owner.join(".local/state/lanyard/lanyard.log").exists());
    assert!(owner.join(".local/share/lanyard/lanyard.db").exists());
}

#[test]
fn the_daemon_says_its_version_first_and_what_the_owner_is() {
    let world = World::new();
    let mut door = world.door();
    let status = door.ask("status", json!({}));
    assert_eq!(text(&status["Ok"], "role"), "owner");
    assert_eq!(text(&status["Ok"], "version"), api::VERSION);
}

#[test]
fn an_unknown_method_and_a_wrong_parameter_are_told_without_the_value() {
    let world = World::new();
    let mut door = world.door();
    let answer = door.ask("no.such", json!({}));
    assert_eq!(text(&answer["Err"], "code"), "invalid");
    let answer = door.ask("secrets.set", json!({"key": "A", "value": ["ghp_in_a_list"]}));
    assert_eq!(text(&answer["Err"], "code"), "invalid");
    let answer = door.ask("secrets.set", json!({"key": "A", "valeu": "ghp_in_a_list"}));
    assert_eq!(text(&answer["Err"], "code"), "invalid");
    assert!(!answer.to_string().contains("ghp_in_a_list"));
    assert!(!world.log().contains("ghp_in_a_list"));
    assert!(door.ask("status", json!({}))["Ok"].is_object());
}

#[test]
fn requests_of_one_connection_are_answered_each_by_its_id() {
    let world = World::new();
    let mut door = world.door();
    let lines: String =
        (100..300).map(|id| format!("{{\"id\":{id},\"method\":\"slots.list\",\"params\":{{}}}}\n")).collect();
    door.send(lines.as_bytes()).unwrap();
    let mut answered: Vec<u64> =
        (100..300).map(|_| door.line().unwrap()["answer"]["id"].as_u64().unwrap()).collect();
    answered.sort_unstable();
    assert_eq!(answered, Vec::from_iter(100..300));
}

#[test]
fn a_sessions_socket_is_gone_when_the_session_is() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    let session = world.start(1, "one", &["cat"]);
    let id = text(&session, "id");
    let socket = world.home().join("run/s").join(&id[id.len() - 12..]).join("agent.sock");
    assert!(socket.exists());
    world.lanyard(&["sessions", "stop", id]).ok();
    let answers = Door::open(&socket).is_ok_and(|(_, hello)| hello["hello"].is_object());
    assert!(!answers, "the socket of a session that ended is still served");
}

#[test]
fn a_person_outside_of_the_session_is_not_its_agent() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "hidden-value");
    let session = world.start(1, "one", &["cat"]);
    let id = text(&session, "id");
    let socket = world.home().join("run/s").join(&id[id.len() - 12..]).join("agent.sock");
    let mut command = world.command(tests::program("lanyard"));
    command.env("LANYARD_SOCKET", &socket).args(["secrets", "get", "KEY"]);
    let outcome = tests::run(command, b"", tests::DEADLINE);
    assert!(!outcome.stdout.contains("hidden-value"));
    outcome.fails(1);
}
