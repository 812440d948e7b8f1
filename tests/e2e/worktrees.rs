//! Worktrees: made with their branch outside the repository, and archived without a loss that nobody saw.

use serde_json::Value;
use std::path::{Path, PathBuf};
use tests::{World, text};

fn world() -> (World, PathBuf) {
    let world = World::new();
    let path = world.project("work");
    world.seat(1, "ada", "KEY", "value");
    (world, path)
}

fn finished(world: &World, branch: &str, script: &str) -> Value {
    let session = world.start(1, branch, &["sh", "-c", script]);
    let exit = world.ended(text(&session, "id"));
    assert_eq!(exit["exit"]["code"], 0, "{exit}");
    session
}

#[test]
fn a_new_branch_is_checked_out_outside_the_repository() {
    let (world, path) = world();
    let session = finished(&world, "feature/one", "git rev-parse --abbrev-ref HEAD >branch.txt");
    let place = Path::new(text(&session, "path"));
    assert!(place.starts_with(world.home().join("worktrees")), "{}", place.display());
    assert_eq!(std::fs::read_to_string(place.join("branch.txt")).unwrap(), "feature/one\n");
    let tree = &world.json(&["worktrees", "list"])[0];
    assert_eq!((text(tree, "name"), text(tree, "branch")), ("feature-one", "feature/one"));
    assert_eq!(text(tree, "base"), "main");
    assert_eq!(world.git(&path, &["status", "--porcelain"]), "");
}

#[test]
fn a_base_is_chosen_and_an_existing_branch_is_taken_as_it_is() {
    let (world, path) = world();
    world.git(&path, &["checkout", "--quiet", "-b", "old"]);
    world.git(&path, &["commit", "--quiet", "--allow-empty", "--message", "On old"]);
    world.git(&path, &["checkout", "--quiet", "main"]);
    let args =
        ["start", "--slot", "1", "--project", "work", "--branch", "new", "--base", "old", "--", "true"];
    let session = world.json(&args);
    world.ended(text(&session, "id"));
    assert_eq!(world.git(&path, &["rev-parse", "new"]), world.git(&path, &["rev-parse", "old"]));
    let session = finished(&world, "old", "git log -1 --format=%s >subject.txt");
    let subject = std::fs::read_to_string(Path::new(text(&session, "path")).join("subject.txt")).unwrap();
    assert_eq!(subject, "On old\n");
}

#[test]
fn a_branch_that_is_checked_out_elsewhere_is_refused_and_nothing_is_half_made() {
    let (world, path) = world();
    let told = world.lanyard(&["start", "--slot", "1", "--project", "work", "--branch", "main"]).fails(1);
    assert!(told.contains("main") && told.contains("checked out"), "{told}");
    world.lanyard(&["start", "--slot", "1", "--project", "work", "--branch", "x", "--base", "nope"]).fails(1);
    assert_eq!(world.json(&["worktrees", "list"]).as_array().unwrap().len(), 0);
    assert_eq!(world.json(&["sessions", "list", "--all"]).as_array().unwrap().len(), 0);
    assert_eq!(world.git(&path, &["worktree", "list"]).lines().count(), 1);
    assert_eq!(world.git(&path, &["branch", "--list", "x"]), "");
}

#[test]
fn names_that_are_no_branches_are_refused() {
    let (world, _) = world();
    for branch in ["", "a b", "../up", "a..b", "-f", "a~1", "a\tb", "x.lock", "@{", "a//b"] {
        let flag = format!("--branch={branch}");
        let told = world.lanyard(&["start", "--slot", "1", "--project", "work", &flag]).fails(1);
        assert!(told.contains("branch"), "{branch:?}: {told}");
    }
    assert_eq!(world.json(&["worktrees", "list"]).as_array().unwrap().len(), 0);
}

#[test]
fn a_branch_of_strange_but_valid_characters_is_no_command() {
    let (world, path) = world();
    for branch in ["a;touch$IFS-x", "$(touch-x)", "ünï/côdé", "quote'\"s", "#1,fix!", "refs/heads/deep"] {
        let session = finished(&world, branch, "git rev-parse --abbrev-ref HEAD >branch.txt");
        let place = Path::new(text(&session, "path"));
        assert!(place.starts_with(world.home().join("worktrees/work")), "{}", place.display());
        assert_eq!(place.parent(), Some(world.home().join("worktrees/work").as_path()));
        assert!(world.git(&path, &["branch", "--list", branch]).contains(branch), "{branch}");
    }
    assert_eq!(world.git(&path, &["status", "--porcelain"]), "");
}

#[test]
fn a_repository_with_a_strange_path_works_like_any_other() {
    let world = World::new();
    let path = world.repository("my repo (ü) $HOME 'x'");
    let told = world.lanyard(&["project", "add", path.to_str().unwrap()]);
    // Its folder's name is no name for a project, so one is asked for.
    if told.status != Some(0) {
        assert!(told.stderr.contains("--name"), "{}", told.stderr);
        world.lanyard(&["project", "add", path.to_str().unwrap(), "--name", "work"]).ok();
    }
    world.seat(1, "ada", "KEY", "value");
    let project = text(&world.json(&["project", "list"])[0], "name").to_string();
    let start = ["start", "--slot", "1", "--project", &project, "--branch", "one", "--", "git", "status"];
    let session = world.json(&start);
    assert_eq!(world.ended(text(&session, "id"))["exit"]["code"], 0);
    world.lanyard(&["worktrees", "archive", "one"]).ok();
}

#[test]
fn archiving_names_uncommitted_changes_and_asks_first() {
    let (world, path) = world();
    let session = finished(&world, "one", "echo changed >>README.md; echo new >new-file.txt");
    let told = world.lanyard(&["worktrees", "archive", "one"]).fails(1);
    assert!(told.contains("README.md") && told.contains("new-file.txt"), "{told}");
    assert!(told.contains("--force"), "{told}");
    assert!(Path::new(text(&session, "path")).join("new-file.txt").exists());
    world.lanyard(&["worktrees", "archive", "one", "--force"]).ok();
    assert!(!Path::new(text(&session, "path")).exists());
    assert!(world.git(&path, &["branch", "--list", "one"]).contains("one"));
    assert_eq!(world.json(&["worktrees", "list"]).as_array().unwrap().len(), 0);
    assert_eq!(world.git(&path, &["worktree", "list"]).lines().count(), 1);
}

#[test]
fn archiving_names_commits_that_are_nowhere_else() {
    let (world, path) = world();
    finished(&world, "one", "git commit --quiet --allow-empty --message 'Only here'");
    let told = world.lanyard(&["worktrees", "archive", "one"]).fails(1);
    assert!(told.contains("Only here"), "{told}");
    world.lanyard(&["worktrees", "archive", "work/one", "--force"]).ok();
    assert_eq!(world.git(&path, &["log", "-1", "--format=%s", "one"]), "Only here\n");
}

#[test]
fn pushed_commits_are_no_loss() {
    let (world, path) = world();
    world.git(world.path("").as_path(), &["init", "--quiet", "--bare", "remote.git"]);
    let remote = world.path("remote.git").display().to_string();
    world.git(&path, &["remote", "add", "origin", &remote]);
    world.git(&path, &["push", "--quiet", "origin", "main"]);
    finished(
        &world,
        "one",
        "git commit --quiet --allow-empty --message Pushed && git push --quiet origin one",
    );
    world.lanyard(&["worktrees", "archive", "one"]).ok();
}

#[test]
fn archiving_stops_what_runs_there_only_when_forced() {
    let (world, _) = world();
    let session = world.start(1, "one", &["cat"]);
    let told = world.lanyard(&["worktrees", "archive", "one"]).fails(1);
    assert!(told.contains("slot 1"), "{told}");
    world.lanyard(&["worktrees", "archive", "one", "--force"]).ok();
    let ended = world.json(&["sessions", "show", text(&session, "id")]);
    assert_eq!(text(&ended, "state"), "stopped");
    assert!(!Path::new(text(&session, "path")).exists());
}

#[test]
fn an_archived_branch_can_be_taken_up_again() {
    let (world, _) = world();
    finished(&world, "one", "true");
    world.lanyard(&["worktrees", "archive", "one"]).ok();
    finished(&world, "one", "test -f README.md");
    assert_eq!(world.json(&["worktrees", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn commits_carry_the_identity_as_author_and_committer() {
    let (world, path) = world();
    world.lanyard(&["identity", "update", "ada", "--author-name", "Ada L"]).ok();
    finished(&world, "one", "git commit --quiet --allow-empty --message Mine");
    let who = world.git(&path, &["log", "-1", "--format=%an <%ae> %cn <%ce>", "one"]);
    assert_eq!(who, "Ada L <ada@lanyard.localhost> Ada L <ada@lanyard.localhost>\n");
}
