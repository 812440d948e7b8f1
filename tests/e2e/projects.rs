//! Projects: git repositories, added by their path.

use tests::{World, text};

#[test]
fn a_repository_is_added_by_any_folder_in_it() {
    let world = World::new();
    let path = world.repository("work");
    std::fs::create_dir_all(path.join("deep/er")).unwrap();
    let project = world.json(&["project", "add", path.join("deep/er").to_str().unwrap()]);
    assert_eq!(text(&project, "name"), "work");
    assert_eq!(text(&project, "default_branch"), "main");
    assert_eq!(std::fs::canonicalize(text(&project, "path")).unwrap(), std::fs::canonicalize(&path).unwrap());
    let list = world.json(&["project", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["id"], project["id"]);
}

#[test]
fn the_same_repository_is_added_once() {
    let world = World::new();
    let path = world.project("work");
    world.lanyard(&["project", "add", path.to_str().unwrap(), "--name", "again"]).fails(1);
    assert_eq!(world.json(&["project", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_path_that_is_no_repository_is_refused_with_a_hint() {
    let world = World::new();
    std::fs::create_dir(world.path("plain")).unwrap();
    std::fs::write(world.path("file"), "").unwrap();
    for name in ["plain", "file", "missing"] {
        let told = world.lanyard(&["project", "add", world.path(name).to_str().unwrap()]).fails(1);
        assert!(told.contains(name), "{told}");
    }
    assert_eq!(world.json(&["project", "list"]).as_array().unwrap().len(), 0);
}

#[test]
fn a_removed_project_leaves_its_repository_as_it_is() {
    let world = World::new();
    let path = world.project("work");
    world.lanyard(&["project", "remove", "work"]).ok();
    assert_eq!(world.json(&["project", "list"]).as_array().unwrap().len(), 0);
    assert_eq!(world.git(&path, &["status", "--porcelain"]), "");
}

#[test]
fn an_empty_repository_can_be_added_and_says_what_it_lacks_at_the_start() {
    let world = World::new();
    let path = world.path("work");
    std::fs::create_dir(&path).unwrap();
    world.git(&path, &["init", "--quiet"]);
    world.lanyard(&["project", "add", path.to_str().unwrap()]).ok();
    world.seat(1, "ada", "KEY", "value");
    let told = world.lanyard(&["start", "--slot", "1", "--project", "work", "--branch", "one"]).fails(1);
    assert!(told.contains("commit"), "{told}");
    assert_eq!(world.json(&["worktrees", "list"]).as_array().unwrap().len(), 0);
}
