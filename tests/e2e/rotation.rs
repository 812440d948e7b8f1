//! Rotation, sharing, secrets for one worktree alone, and sessions that still hold old values.

use crate::vault::query;
use serde_json::{Value, json};
use tests::{World, text};

/// Ada in slot 1 and bob in slot 2; ada's KEY is shared with bob.
fn shared() -> World {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "first");
    world.seat(2, "bob", "OTHER", "bobs-own");
    world.lanyard(&["secrets", "share", "KEY", "--with", "bob", "--identity", "ada"]).ok();
    world
}

fn get(world: &World, identity: &str) -> String {
    world.lanyard(&["secrets", "get", "KEY", "--identity", identity]).ok()
}

fn listed(world: &World, identity: &str) -> Value {
    let all = world.json(&["secrets", "list", "--identity", identity]);
    all.as_array().unwrap().iter().find(|secret| secret["key"] == "KEY").cloned().unwrap()
}

/// What a badge says of a credential: whether the session there holds an old value.
fn stale(world: &World, slot: usize, key: &str) -> Value {
    let badges = world.json(&["slot", "list"]);
    let held = badges[slot - 1]["credentials"].as_array().unwrap().iter().find(|c| c["key"] == key);
    held.unwrap_or_else(|| panic!("no {key} in {badges}"))["stale"].clone()
}

#[test]
fn a_new_value_reaches_every_identity_that_shares_the_secret() {
    let world = shared();
    assert_eq!(get(&world, "bob"), "first\n");
    let told = world.lanyard_with(&["secrets", "rotate", "KEY", "-", "--identity", "ada"], "second").ok();
    assert!(told.contains("version 2") && told.contains("shared with bob"), "{told}");
    assert_eq!([get(&world, "ada"), get(&world, "bob")], ["second\n", "second\n"]);
    // Whoever of them is given it: all have it.
    world.lanyard(&["secrets", "set", "KEY", "third", "--identity", "bob"]).ok();
    assert_eq!([get(&world, "ada"), get(&world, "bob")], ["third\n", "third\n"]);
    let (ada, bob) = (listed(&world, "ada"), listed(&world, "bob"));
    assert_eq!([&ada["version"], &bob["version"]], [&json!(3), &json!(3)]);
    assert_eq!([&ada["shared_with"], &bob["shared_with"]], [&json!(["bob"]), &json!(["ada"])]);
    assert_ne!(ada["uuid"], bob["uuid"]);
    // Policy and notes are each identity's own.
    world.lanyard(&["secrets", "set", "KEY", "--policy", "deny", "--notes", "n", "--identity", "bob"]).ok();
    assert_eq!([&listed(&world, "ada")["policy"], &listed(&world, "bob")["policy"]], ["auto", "deny"]);
    assert_eq!(world.as_agent(1, "one", "printf '%s ' $KEY; lanyard secrets get KEY").ok(), "third third\n");
}

#[test]
fn a_change_of_a_shared_secret_stands_in_the_timeline_of_each_who_shares_it() {
    let world = shared();
    world.identity("carol");
    world.identity("dave");
    let ada = ["--identity", "ada"];
    let run = |args: &[&str]| world.lanyard(&[args, &ada].concat()).ok();
    run(&["secrets", "rotate", "KEY", "second", "--because", "leaked"]);
    run(&["secrets", "share", "KEY", "--with", "carol"]);
    run(&["secrets", "set", "KEY", "third"]);
    run(&["secrets", "set", "KEY", "--policy", "ask"]);
    run(&["secrets", "unshare", "KEY", "--with", "carol"]);
    run(&["secrets", "rotate", "KEY", "fourth"]);
    let told = |identity: &str| -> Vec<String> {
        let listed = world.json(&["audit", "list", "--kind", "secret", "--identity", identity]);
        let actions = listed.as_array().unwrap().iter().rev();
        let actions = actions.filter(|record| record["subject"] == "KEY" && record["outcome"] == "done");
        actions.map(|record| text(record, "action").strip_prefix("secrets.").unwrap().to_string()).collect()
    };
    assert_eq!(told("ada"), ["set", "share", "rotate", "share", "set", "set", "unshare", "rotate"]);
    assert_eq!(told("bob"), ["share", "rotate", "share", "set", "unshare", "rotate"]);
    assert_eq!(told("carol"), ["share", "set", "unshare"]);
    assert_eq!(told("dave"), [""; 0]);
    let of_bob = world.json(&["audit", "list", "--kind", "secret", "--identity", "bob"]);
    assert_eq!(text(&of_bob[0], "identity"), "bob");
}

#[test]
fn versions_say_who_when_and_why_and_hold_no_value() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "OWNERS", "value-one");
    let because = "it stood in a log";
    world
        .lanyard(&["secrets", "rotate", "OWNERS", "value-two", "--because", because, "--identity", "ada"])
        .ok();
    world
        .as_agent(1, "one", "lanyard secrets set MINE value-three && lanyard secrets set MINE value-four")
        .ok();
    let versions = world.json(&["secrets", "versions", "OWNERS", "--identity", "ada"]);
    assert_eq!([&versions[0]["version"], &versions[1]["version"]], [&json!(2), &json!(1)]);
    assert_eq!([text(&versions[0], "by"), text(&versions[0], "because")], ["owner", because]);
    assert!(versions[0]["set_at"].as_i64() >= versions[1]["set_at"].as_i64(), "{versions}");
    let agents = world.json(&["secrets", "versions", "MINE", "--identity", "ada"]);
    assert_eq!(
        [&agents[0]["by"], &agents[0]["slot"], &agents[0]["version"]],
        [&json!("agent"), &json!(1), &json!(2)]
    );
    let said = world.lanyard(&["secrets", "versions", "OWNERS", "--identity", "ada"]).ok();
    assert!(said.contains(because) && !said.contains("value-"), "{said}");
    assert!(!versions.to_string().contains("value-"), "{versions}");
}

#[test]
fn an_old_value_is_destroyed_for_all_that_shared_it() {
    let world = shared();
    let sql = "SELECT sealed FROM secrets WHERE key = 'KEY'";
    let Some(before) = query(&world, sql) else { return };
    world.lanyard(&["secrets", "rotate", "KEY", "second", "--identity", "bob"]).ok();
    let after = query(&world, sql).unwrap();
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
    };
    let holds = |sealed: &str| {
        let files = std::fs::read_dir(world.home()).unwrap().flatten().filter(|f| f.path().is_file());
        let (mut files, sealed) = (files, bytes(sealed));
        files.any(|f| std::fs::read(f.path()).unwrap().windows(sealed.len()).any(|part| part == sealed))
    };
    assert_eq!(before.split(';').count(), 2);
    assert!(after.split(';').all(holds), "the look into the files finds nothing");
    assert!(!before.split(';').any(holds), "an old value is still on the disk");
}

#[test]
fn what_cannot_be_shared_is_refused_with_a_reason() {
    let world = shared();
    world.lanyard(&["secrets", "set", "OTHER", "adas-own", "--identity", "ada"]).ok();
    for (args, word) in [
        (&["secrets", "share", "OTHER", "--with", "bob"][..], "of its own"),
        (&["secrets", "share", "KEY", "--with", "ada"], "itself"),
        (&["secrets", "share", "KEY", "--with", "nobody"], "nobody"),
        (&["secrets", "share", "NOTHING", "--with", "bob"], "NOTHING"),
        (&["secrets", "unshare", "OTHER", "--with", "bob"], "does not share"),
        (&["secrets", "rotate", "NOTHING", "value"], "NOTHING"),
        (&["secrets", "rotate", "KEY", ""], "empty"),
        (&["secrets", "versions", "NOTHING"], "NOTHING"),
        (&["secrets", "rotate", "KEY", "value", "--worktree", "nowhere"], "nowhere"),
    ] {
        let told = world.lanyard(&[args, &["--identity", "ada"]].concat()).fails(1);
        assert!(told.contains(word), "{args:?}: {told}");
    }
    let long = "x".repeat(501);
    world.lanyard(&["secrets", "rotate", "KEY", "value", "--because", &long, "--identity", "ada"]).fails(1);
    world.lanyard(&["secrets", "share", "KEY", "--identity", "ada"]).fails(2);
    // To share it once more changes nothing.
    world.lanyard(&["secrets", "share", "KEY", "--with", "bob", "bob", "--identity", "ada"]).ok();
    assert_eq!([get(&world, "ada"), get(&world, "bob")], ["first\n", "first\n"]);
    assert_eq!(world.lanyard(&["secrets", "get", "OTHER", "--identity", "bob"]).ok(), "bobs-own\n");
}

#[test]
fn an_agent_neither_shares_nor_rotates_nor_changes_what_others_share() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "first");
    world.seat(2, "bob", "OTHER", "value");
    world.as_agent(1, "one", "lanyard secrets set MINE agents").ok();
    for (number, command) in [
        "share MINE --with bob",
        "rotate MINE new",
        "versions MINE",
        "get MINE --worktree one",
        "set MINE new --worktree one",
    ]
    .iter()
    .enumerate()
    {
        let told = world.as_agent(1, &format!("b{number}"), &format!("lanyard secrets {command}")).fails(1);
        assert!(told.contains("owner"), "{command}: {told}");
    }
    world.lanyard(&["secrets", "share", "MINE", "--with", "bob", "--identity", "ada"]).ok();
    let told = world.as_agent(1, "two", "lanyard secrets set MINE forged").fails(1);
    assert!(told.contains("share"), "{told}");
    let seen = world.as_agent(1, "three", "lanyard secrets list --json").ok();
    assert!(seen.contains("MINE") && !seen.contains("bob"), "{seen}");
    // Once it holds it alone, it may.
    world.lanyard(&["secrets", "unshare", "MINE", "--with", "bob", "--identity", "ada"]).ok();
    world.as_agent(1, "four", "lanyard secrets set MINE changed").ok();
    assert_eq!(world.lanyard(&["secrets", "get", "MINE", "--identity", "ada"]).ok(), "changed\n");
    world.lanyard(&["secrets", "get", "MINE", "--identity", "bob"]).fails(1);
}

#[test]
fn deleting_one_of_those_who_share_destroys_only_its_copy() {
    let world = shared();
    world.identity("eve");
    world.lanyard(&["secrets", "share", "KEY", "--with", "eve", "--identity", "bob"]).ok();
    assert_eq!(listed(&world, "ada")["shared_with"].as_array().unwrap().len(), 2);
    world.lanyard(&["identity", "delete", "ada", "--force"]).ok();
    assert_eq!([get(&world, "bob"), get(&world, "eve")], ["first\n", "first\n"]);
    world.lanyard(&["secrets", "delete", "KEY", "--identity", "bob"]).ok();
    world.lanyard(&["secrets", "get", "KEY", "--identity", "bob"]).fails(1);
    world.lanyard(&["secrets", "rotate", "KEY", "second", "--identity", "eve"]).ok();
    assert_eq!(get(&world, "eve"), "second\n");
    assert_eq!(listed(&world, "eve")["shared_with"], json!([]));
}

#[test]
fn a_rotation_names_the_sessions_that_hold_the_old_value_until_they_are_restarted() {
    let world = shared();
    let script = "echo \"has $KEY\"; cat";
    let one = world.start(1, "one", &["sh", "-c", script]);
    let two = world.start(2, "two", &["sh", "-c", script]);
    world.wait_for_screen(text(&one, "id"), "has first");
    assert_eq!(stale(&world, 1, "KEY"), false);
    let told = world.lanyard(&["secrets", "rotate", "KEY", "second", "--identity", "ada"]).ok();
    for slot in [1, 2] {
        assert!(told.contains(&format!("lanyard sessions restart {slot}")), "{told}");
    }
    let held = listed(&world, "ada")["stale"].clone();
    assert_eq!([&held[0]["slot"], &held[1]["slot"], &held[0]["version"]], [&json!(1), &json!(2), &json!(1)]);
    assert_eq!(held[1]["session"], two["id"]);
    assert_eq!(
        [stale(&world, 1, "KEY"), stale(&world, 2, "KEY"), stale(&world, 2, "OTHER")],
        [true, true, false]
    );
    assert_eq!(world.json(&["sessions", "show", "1"])["stale"], json!(["KEY"]));
    assert!(world.lanyard(&["sessions", "show", "1"]).ok().contains("KEY"));

    let again = world.json(&["sessions", "restart", "1"]);
    world.wait_for_screen(text(&again, "id"), "has second");
    assert_eq!([stale(&world, 1, "KEY"), stale(&world, 2, "KEY")], [false, true]);
    assert_eq!(world.json(&["sessions", "show", "1"])["stale"], json!([]));
    world.lanyard(&["sessions", "stop", "2"]).ok();
    assert_eq!(listed(&world, "ada")["stale"], json!([]), "a session that has ended holds nothing");
    // A value that is deleted is still in the environment.
    world.lanyard(&["secrets", "delete", "KEY", "--identity", "ada"]).ok();
    assert_eq!(world.json(&["sessions", "show", "1"])["stale"], json!(["KEY"]));
}

#[test]
fn a_secret_for_one_worktree_is_had_there_alone_and_wins_there() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "for-all");
    let look = "echo \"$KEY ${ONLY-none} $(lanyard secrets get KEY) $(lanyard secrets get ONLY 2>/dev/null)\"; \
        lanyard secrets list --json";
    world.as_agent(1, "there", "true").ok();
    let set = |key: &str, value: &str| {
        world
            .lanyard_with(&["secrets", "set", key, "-", "--worktree", "there", "--identity", "ada"], value)
            .ok()
    };
    set("KEY", "for-there");
    let told = set("ONLY", "only-there");
    assert!(told.contains("for there alone"), "{told}");
    let said = world.as_agent(1, "there", look).ok();
    assert!(said.starts_with("for-there only-there for-there only-there\n"), "{said}");
    let said = world.as_agent(1, "elsewhere", look).ok();
    assert!(said.starts_with("for-all none for-all \n"), "{said}");
    assert!(!said.contains("ONLY"), "{said}");

    let told = world.as_agent(1, "there", "lanyard secrets set ONLY forged").fails(1);
    assert!(told.contains("owner"), "{told}");
    let get = |args: &[&str]| world.lanyard(&[&["secrets", "get"], args, &["--identity", "ada"]].concat());
    assert_eq!(get(&["KEY"]).ok(), "for-all\n");
    assert_eq!(get(&["KEY", "--worktree", "there"]).ok(), "for-there\n");
    get(&["ONLY"]).fails(1);
    world.lanyard(&["secrets", "rotate", "ONLY", "new", "--worktree", "there", "--identity", "ada"]).ok();
    assert_eq!(get(&["ONLY", "--worktree", "work/there"]).ok(), "new\n");
    world.lanyard(&["secrets", "delete", "KEY", "--worktree", "there", "--identity", "ada"]).ok();
    assert_eq!(get(&["KEY"]).ok(), "for-all\n");
    let said = world.as_agent(1, "there", look).ok();
    assert!(said.starts_with("for-all new for-all new\n"), "{said}");
    let unknown = ["secrets", "set", "KEY", "x", "--worktree", "nowhere", "--identity", "ada"];
    assert!(world.lanyard(&unknown).fails(1).contains("nowhere"));
}

#[test]
fn a_worktrees_own_secret_makes_the_one_for_all_stale_where_that_is_held() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "for-all");
    world.start(1, "there", &["cat"]);
    let set = ["secrets", "set", "KEY", "for-there", "--worktree", "there", "--identity", "ada"];
    let told = world.lanyard(&set).ok();
    assert!(told.contains("lanyard sessions restart 1"), "{told}");
    assert_eq!(stale(&world, 1, "KEY"), true);
    world.lanyard(&["sessions", "restart", "1"]).ok();
    assert_eq!(stale(&world, 1, "KEY"), false);
    world.lanyard(&["secrets", "rotate", "KEY", "new-for-all", "--identity", "ada"]).ok();
    assert_eq!(stale(&world, 1, "KEY"), false, "it holds another secret");
}

#[test]
fn a_sealed_value_opens_in_no_other_worktree() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "for-all");
    world.as_agent(1, "there", "true").ok();
    world.lanyard(&["secrets", "set", "KEY", "for-there", "--worktree", "there", "--identity", "ada"]).ok();
    // Whoever can write the database lets all worktrees have what is for one.
    let swap = "UPDATE secrets SET sealed = (SELECT o.sealed FROM secrets o WHERE o.worktree_id IS NOT NULL)";
    if query(&world, swap).is_none() {
        return;
    }
    let get =
        |args: &[&str]| world.lanyard(&[&["secrets", "get", "KEY", "--identity", "ada"], args].concat());
    let told = get(&[]).fails(1);
    assert!(told.contains("does not open"), "{told}");
    assert_eq!(get(&["--worktree", "there"]).ok(), "for-there\n");
}

#[test]
fn what_was_granted_of_a_secret_is_not_granted_of_the_worktrees_own_one() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "for-all");
    world.lanyard(&["secrets", "set", "KEY", "--policy", "ask", "--identity", "ada"]).ok();
    let mut door = world.listening();
    let session = world.start(1, "there", &["sh", "-c", "echo \"got $(lanyard secrets get KEY)\"; cat"]);
    let open = |door: &mut tests::Door| {
        let open = door.event(|event| event["ApprovalChanged"]["approval"]["state"] == "open");
        text(&open["ApprovalChanged"]["approval"], "id").to_string()
    };
    world.lanyard(&["approvals", "approve", &open(&mut door), "--for", "worktree"]).ok();
    world.wait_for_screen(text(&session, "id"), "got for-all");
    world.lanyard(&["sessions", "stop", "1"]).ok();
    let set =
        ["secrets", "set", "KEY", "for-there", "--worktree", "there", "--policy", "ask", "--identity", "ada"];
    world.lanyard(&set).ok();
    let session = world.json(&["sessions", "restart", "1"]);
    world.lanyard(&["approvals", "approve", &open(&mut door)]).ok();
    world.wait_for_screen(text(&session, "id"), "got for-there");
}

#[test]
fn a_daemon_that_is_killed_while_it_rotates_leaves_one_value_for_all() {
    let world = shared();
    for round in 0..6 {
        let (value, daemon) = (format!("value-{round}"), world.daemon_process());
        std::thread::scope(|scope| {
            // Whether it is killed before, while or after it writes is left to chance.
            let rotating =
                scope.spawn(|| world.lanyard(&["secrets", "rotate", "KEY", &value, "--identity", "bob"]));
            daemon.kill();
            rotating.join().unwrap();
        });
        assert_eq!(get(&world, "ada"), get(&world, "bob"));
        let (ada, bob) = (listed(&world, "ada"), listed(&world, "bob"));
        assert_eq!(ada["version"], bob["version"]);
        let versions = world.json(&["secrets", "versions", "KEY", "--identity", "ada"]);
        assert_eq!(versions[0]["version"], ada["version"], "{versions}");
    }
}

#[test]
fn archiving_a_worktree_destroys_its_own_secrets_and_says_which() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "for-all");
    world.as_agent(1, "there", "true").ok();
    for key in ["KEY", "ONLY"] {
        let set = ["secrets", "set", key, "for-there", "--worktree", "there", "--identity", "ada"];
        world.lanyard(&set).ok();
    }
    let archived = world.json(&["worktrees", "archive", "there", "--force"]);
    assert_eq!(archived["secrets"], json!(["KEY", "ONLY"]), "{archived}");
    let left = world.json(&["secrets", "list", "--identity", "ada"]);
    assert_eq!(left.as_array().unwrap().len(), 1, "{left}");
    assert_eq!(get(&world, "ada"), "for-all\n");
    // A new worktree of that name begins without them.
    let said = world.as_agent(1, "there", "echo \"$KEY ${ONLY-none}\"").ok();
    assert_eq!(said, "for-all none\n");
}
