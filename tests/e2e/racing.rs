//! Many who want the same at once: one gets it, the others are told, and what is kept is whole.

use serde_json::json;
use tests::{Outcome, World};

/// Runs these commands all at once and gives how each ended.
fn at_once(world: &World, commands: &[Vec<String>]) -> Vec<Outcome> {
    std::thread::scope(|scope| {
        let run = |args: &'_ Vec<String>| world.lanyard(&args.iter().map(String::as_str).collect::<Vec<_>>());
        let running: Vec<_> = commands.iter().map(|args| scope.spawn(move || run(args))).collect();
        running.into_iter().map(|one| one.join().expect("it ends")).collect()
    })
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_string).collect()
}

fn succeeded(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| outcome.status == Some(0)).count()
}

#[test]
fn one_of_many_gets_a_name() {
    let world = World::new();
    let outcomes = at_once(&world, &vec![words("identity create --name ada"); 8]);
    assert_eq!(succeeded(&outcomes), 1, "{outcomes:?}");
    assert_eq!(world.json(&["identity", "list"]).as_array().unwrap().len(), 1);
    outcomes.into_iter().filter(|outcome| outcome.status != Some(0)).for_each(|outcome| {
        let told = outcome.fails(1);
        assert!(told.contains("taken") || told.contains("already"), "{told}");
    });
    let homes = std::fs::read_dir(world.home().join("homes")).unwrap();
    assert_eq!(homes.count(), 1, "a home was left behind");
}

#[test]
fn one_of_many_gets_a_slot_and_nothing_of_the_others_is_left() {
    let world = World::new();
    let path = world.project("work");
    world.seat(1, "ada", "KEY", "value");
    let start = |branch: u32| words(&format!("start --slot 1 --project work --branch b{branch} -- cat"));
    let outcomes = at_once(&world, &(0..6).map(start).collect::<Vec<_>>());
    assert_eq!(succeeded(&outcomes), 1, "{outcomes:?}");
    assert_eq!(world.json(&["sessions", "list", "--all"]).as_array().unwrap().len(), 1);
    assert_eq!(world.json(&["worktrees", "list"]).as_array().unwrap().len(), 1);
    assert_eq!(world.git(&path, &["worktree", "list"]).lines().count(), 2);
    assert_eq!(world.git(&path, &["branch", "--list", "b*"]).lines().count(), 1);
}

#[test]
fn one_of_many_gets_a_branch() {
    let world = World::new();
    world.project("work");
    for slot in 1..=4 {
        world.seat(slot, &format!("agent-{slot}"), "KEY", "value");
    }
    let start = |slot: u32| words(&format!("start --slot {slot} --project work --branch one -- cat"));
    let outcomes = at_once(&world, &(1..=4).map(start).collect::<Vec<_>>());
    assert_eq!(succeeded(&outcomes), 1, "{outcomes:?}");
    assert_eq!(world.json(&["worktrees", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_secret_that_many_set_at_once_is_one_of_their_values() {
    let world = World::new();
    world.identity("ada");
    let set = |value: u32| words(&format!("secrets set KEY value-{value} --identity ada"));
    let outcomes = at_once(&world, &(0..12).map(set).collect::<Vec<_>>());
    assert_eq!(succeeded(&outcomes), 12, "{outcomes:?}");
    let kept = world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).ok();
    assert!((0..12).any(|value| kept == format!("value-{value}\n")), "{kept}");
    assert_eq!(world.json(&["secrets", "list", "--identity", "ada"]).as_array().unwrap().len(), 1);
}

#[test]
fn stopping_and_archiving_at_once_end_in_order() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    world.start(1, "one", &["cat"]);
    let all = [
        "sessions stop 1",
        "worktrees archive one --force",
        "sessions stop 1",
        "worktrees archive one --force",
    ];
    let outcomes = at_once(&world, &all.map(words));
    assert!(succeeded(&outcomes) >= 2, "{outcomes:?}");
    assert!(outcomes.iter().all(|outcome| !outcome.stderr.contains("broke inside")), "{outcomes:?}");
    assert_eq!(world.json(&["sessions", "list"]), json!([]));
    assert_eq!(world.json(&["worktrees", "list"]), json!([]));
}

#[test]
fn a_secret_that_many_set_at_once_is_the_same_for_all_that_share_it() {
    let world = World::new();
    world.seat(1, "ada", "KEY", "first");
    world.seat(2, "bob", "OTHER", "value");
    world.lanyard(&["secrets", "share", "KEY", "--with", "bob", "--identity", "ada"]).ok();
    let set =
        |n: u32| words(&format!("secrets set KEY value-{n} --identity {}", ["ada", "bob"][n as usize % 2]));
    let outcomes = at_once(&world, &(0..10).map(set).collect::<Vec<_>>());
    assert_eq!(succeeded(&outcomes), 10, "{outcomes:?}");
    let get = |identity: &str| world.lanyard(&["secrets", "get", "KEY", "--identity", identity]).ok();
    assert_eq!(get("ada"), get("bob"));
    for identity in ["ada", "bob"] {
        let versions = world.json(&["secrets", "versions", "KEY", "--identity", identity]);
        assert_eq!(versions.as_array().unwrap().len(), 11, "{versions}");
        assert_eq!(versions[0]["version"], json!(11));
    }
}
