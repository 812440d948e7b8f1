//! Identities that Ravi provides: made there, linked, unlinked, and one key for each slot in which one sits.

use serde_json::{Value, json};
use tests::ravi_house::{MANAGEMENT, RaviHouse};
use tests::server::Fault;
use tests::{Door, World, text};

/// A world with Ravi as a source.
fn world() -> (World, RaviHouse) {
    let (world, house) = (World::new(), RaviHouse::new());
    house.add(&world);
    (world, house)
}

fn create(world: &World, name: &str) -> Value {
    world.json(&["identity", "create", "--name", name, "--provider", "ravi"])
}

fn sit(world: &World, slot: &str, name: &str) {
    world.lanyard(&["slot", "set", slot, "--identity", name]).ok();
}

/// Waits until so many keys live and each has a row here that says that it does.
#[track_caller]
fn wait_for_keys(world: &World, house: &RaviHouse, labels: &[&str]) {
    drop(house.wait("keys", |account| {
        let all = account.labels();
        all.len() == labels.len() && labels.iter().zip(&all).all(|(label, there)| there.starts_with(label))
    }));
    let mut door = door(world);
    while world.json(&["tokens", "list"]).as_array().unwrap().len() != labels.len() {
        door.event(|event| event["TokenChanged"].is_object());
    }
}

fn door(world: &World) -> Door {
    let mut door = world.door();
    door.ask("events.subscribe", json!({}));
    door
}

fn wait_for_mail(world: &World, subject: &str) -> Value {
    let wait = json!({ "identity": "build-1", "medium": "email", "subject": subject, "timeout_ms": 30000 });
    let mut answer = world.door().ask("inbox.wait", wait);
    assert!(answer["Ok"].is_object(), "{answer}");
    answer["Ok"].take()
}

#[test]
fn an_identity_is_made_at_ravi_and_has_its_address_and_number() {
    let (world, house) = world();
    let args = [
        "identity",
        "create",
        "--name",
        "build-1",
        "--provider",
        "ravi",
        "--email",
        "b1",
        "--provision-phone",
    ];
    let made = world.json(&args);
    assert_eq!((text(&made, "provider"), text(&made, "email")), ("ravi", "b1@in.ravi.test"));
    assert!(text(&made, "phone").starts_with("+1555"), "{made}");
    assert_eq!(made["ravi"]["uuid"], house.account().uuid("build-1").as_str());
    assert_eq!(made["ravi"]["source"], "ravi");
    assert_eq!(house.account().labels(), Vec::<String>::new(), "the key that came with it is taken back");
    let seen =
        world.lanyard(&["identity", "list"]).ok() + &world.lanyard(&["identity", "show", "build-1"]).ok();
    assert!(seen.contains("PROVIDER") && seen.contains("ravi, as build-1"), "{seen}");
    house.account().mail("build-1", "hello");
    assert_eq!(wait_for_mail(&world, "hello")["source"], "ravi");
    let told = world.lanyard(&["identity", "delete", "build-1", "--force"]).ok();
    assert!(told.contains("Ravi keeps build-1"), "{told}");
    assert_eq!(house.account().identities.len(), 2, "nothing is deleted there");
    assert!(!world.log().contains(MANAGEMENT));
}

#[test]
fn what_ravi_refuses_is_told_in_words_and_leaves_nothing_here() {
    let (world, house) = world();
    let three = [
        (402, json!({ "detail": "Upgrade now.", "code": "subscription_required" }), "plan does not include"),
        (
            409,
            json!({ "error": { "code": "identity.taken", "message": "It is taken.", "details": {} } }),
            "given it away: It is taken.",
        ),
        (
            400,
            json!({ "error": "invalid", "error_description": "Too short." }),
            "does not take it: Too short.",
        ),
        (401, json!({ "detail": "Invalid token." }), "does not take the key of"),
        (503, json!({ "detail": "Down." }), "say the same again"),
    ];
    for (status, body, words) in three {
        house.account().refusal = Some((status, body));
        let said = world.lanyard(&["identity", "create", "--name", "build-1", "--provider", "ravi"]).fails(1);
        assert!(said.contains(words), "{status}: {said}");
    }
    assert_eq!(world.json(&["identity", "list"]), json!([]));
    house.account().refusal = None;
    create(&world, "build-1");
    assert_eq!(house.account().identities.len(), 2);
    let slow = json!({ "detail": "Slow down.", "retry_after_seconds": 99 });
    house.account().refusal = Some((429, slow));
    let limited = ["identity", "create", "--name", "build-2", "--provider", "ravi"];
    assert!(world.lanyard(&limited).fails(1).contains("wants 99 s of rest"));
    // It is kept: Ravi is not even asked.
    house.account().refusal = None;
    assert!(world.lanyard(&limited).fails(1).contains("asked too often"));
    assert_eq!(house.account().identities.len(), 2);
}

#[test]
fn an_identity_whose_making_was_cut_short_is_taken_and_not_made_twice() {
    let (mut world, house) = (World::new(), RaviHouse::new());
    house.add(&world);
    world.lanyard(&["daemon", "stop"]).ok();
    world.set("LANYARD_DIE_AT", "ravi.make.after");
    let args = ["identity", "create", "--name", "build-1", "--provider", "ravi"];
    assert_ne!(world.lanyard(&args).status, Some(0));
    world.unset("LANYARD_DIE_AT");
    assert_eq!(world.json(&["identity", "list"]), json!([]));
    let made = world.json(&args);
    assert_eq!(made["ravi"]["uuid"], house.account().uuid("build-1").as_str());
    // An answer that is lost on the way is the same.
    house.fails("POST /api/identities", Fault::Lost);
    let again = ["identity", "create", "--name", "build-2", "--provider", "ravi"];
    assert!(world.lanyard(&again).fails(1).contains("say the same again"));
    house.heals();
    create(&world, "build-2");
    assert_eq!(house.account().identities.len(), 3);
}

#[test]
fn an_identity_that_exists_is_linked_once_and_unlinked() {
    let (world, house) = world();
    world.identity("build-1");
    world.identity("build-2");
    let linked = world.json(&["identity", "link", "build-1", "--ravi", "older"]);
    assert_eq!((text(&linked, "provider"), text(&linked, "email")), ("ravi", "older@in.ravi.test"));
    let uuid = house.account().uuid("older");
    let taken = world.lanyard(&["identity", "link", "build-2", "--ravi", &uuid]).fails(1);
    assert!(taken.contains("linked to an identity here already"), "{taken}");
    let twice = world.lanyard(&["identity", "link", "build-1", "--ravi", "older"]).fails(1);
    assert!(twice.contains("of Ravi's already"), "{twice}");
    world.lanyard(&["identity", "link", "build-2", "--ravi", "nobody"]).fails(1);
    sit(&world, "1", "build-1");
    wait_for_keys(&world, &house, &["lanyard-build-1-slot-1-"]);
    let free = world.json(&["identity", "unlink", "build-1"]);
    assert_eq!(text(&free, "provider"), "local");
    wait_for_keys(&world, &house, &[]);
    world.lanyard(&["identity", "unlink", "build-1"]).fails(1);
}

#[test]
fn who_sits_down_has_one_key_at_ravi_by_which_its_mail_comes_and_none_once_it_is_up() {
    let (world, house) = world();
    create(&world, "build-1");
    sit(&world, "3", "build-1");
    wait_for_keys(&world, &house, &["lanyard-build-1-slot-3-"]);
    let key = house.account().keys[0]["key"].as_str().unwrap().to_string();
    // From the next look on its traffic goes by that key.
    drop(house.wait("its key in use", |account| account.asked.iter().any(|(_, by)| *by == key)));
    house.account().asked.clear();
    house.account().mail("build-1", "by its key");
    wait_for_mail(&world, "by its key");
    let uuid = house.account().uuid("build-1");
    let own: Vec<_> = house.account().asked.iter().filter(|(of, _)| *of == uuid).cloned().collect();
    assert!(!own.is_empty() && own.iter().all(|(_, by)| *by == key), "{own:?}");
    sit(&world, "5", "build-1");
    wait_for_keys(&world, &house, &["lanyard-build-1-slot-3-", "lanyard-build-1-slot-5-"]);
    world.lanyard(&["slot", "clear", "3"]).ok();
    wait_for_keys(&world, &house, &["lanyard-build-1-slot-5-"]);
    create(&world, "build-2");
    sit(&world, "5", "build-2");
    wait_for_keys(&world, &house, &["lanyard-build-2-slot-5-"]);
    world.lanyard(&["identity", "delete", "build-2"]).ok();
    wait_for_keys(&world, &house, &[]);
    let seen = world.lanyard(&["tokens", "list", "--all", "--json"]).ok() + &world.log();
    assert!(!seen.contains("ravi_id_"), "{seen}");
}

#[test]
fn a_key_that_ravi_no_longer_takes_is_replaced_and_the_source_says_so() {
    let (world, house) = world();
    create(&world, "build-1");
    sit(&world, "3", "build-1");
    wait_for_keys(&world, &house, &["lanyard-build-1-slot-3-"]);
    let mut door = door(&world);
    let old = house.account().keys.remove(0);
    let reason = loop {
        let sources = door.ask("sources.list", json!({}));
        let ravi = sources["Ok"].as_array().unwrap().iter().find(|one| one["name"] == "ravi").unwrap();
        if let Some(reason) = ravi["state"]["reason"].as_str() {
            break reason.to_string();
        }
        door.event(|event| event["SourceChanged"].is_object());
    };
    assert!(reason.contains("key of slot 3") && reason.contains("401"), "{reason}");
    wait_for_keys(&world, &house, &["lanyard-build-1-slot-3-"]);
    assert_ne!(house.account().keys[0]["key"], old["key"]);
    house.account().mail("build-1", "afterwards");
    wait_for_mail(&world, "afterwards");
}

#[test]
fn wherever_the_daemon_is_killed_no_key_is_left_that_nobody_knows_of() {
    let points = [
        "request.before",
        "request.after",
        "intent.before",
        "intent.after",
        "mint.file.after",
        "mint.spawn.after",
        "mint.told.after",
        "answer.before",
        "answer.after",
        "forget.after",
        "condemn.before",
        "condemn.after",
        "revoke.before",
        "revoke.after",
    ];
    std::thread::scope(|scope| {
        for half in points.chunks(points.len() / 2) {
            scope.spawn(move || half.iter().for_each(|point| killed_at(point)));
        }
    });
}

fn killed_at(point: &str) {
    let (mut world, house) = world();
    create(&world, "build-1");
    world.lanyard(&["daemon", "stop"]).ok();
    world.set("LANYARD_DIE_AT", point);
    let process = world.daemon_process();
    // Whether the daemon still lives to answer is not the point here.
    world.lanyard(&["slot", "set", "3", "--identity", "build-1"]);
    if ["condemn", "revoke"].iter().any(|late| point.starts_with(late)) {
        drop(house.wait("a key", |account| account.keys.len() == 1));
        world.lanyard(&["slot", "clear", "3"]);
    }
    process.wait_for_end();
    world.unset("LANYARD_DIE_AT");
    let seated = world.json(&["slot", "list"])[2]["identity"].is_object();
    let labels: &[&str] = if seated { &["lanyard-build-1-slot-3-"] } else { &[] };
    wait_for_keys(&world, &house, labels);
    world.lanyard(&["slot", "clear", "3"]).ok();
    wait_for_keys(&world, &house, &[]);
}

#[test]
fn an_agent_gets_a_key_for_its_worktree_if_the_policy_lets_it_and_it_goes_with_the_worktree() {
    let (world, house) = world();
    world.project("work");
    create(&world, "build-1");
    sit(&world, "1", "build-1");
    wait_for_keys(&world, &house, &["lanyard-build-1-slot-1-"]);
    world.lanyard(&["issuers", "update", "ravi", "--policy", "deny"]).ok();
    assert!(world.as_agent(1, "one", "lanyard tokens request ravi").fails(1).contains("keeps the issuer"));
    world.lanyard(&["issuers", "update", "ravi", "--policy", "auto"]).ok();
    let refused = world.lanyard(&["issuers", "update", "ravi", "--url", "https://other.test"]).fails(1);
    assert!(refused.contains("those of the source"), "{refused}");
    let list =
        world.as_agent(1, "two", "lanyard tokens list --json && lanyard tokens request ravi --json").ok();
    let (before, token) = list.split_once('\n').unwrap();
    assert_eq!(before, "[]", "an agent does not see the key of its slot");
    let token: Value = serde_json::from_str(token).unwrap();
    drop(house.wait("its own key", |account| account.keys.len() == 2));
    world.lanyard(&["identity", "create", "--name", "other"]).ok();
    let none = world.lanyard(&["tokens", "request", "ravi", "--identity", "other"]).fails(1);
    assert!(none.contains("no identity of Ravi's"), "{none}");
    world.lanyard(&["worktrees", "archive", "two"]).ok();
    assert_eq!(text(&world.json(&["tokens", "show", text(&token, "id")]), "state"), "revoked");
    wait_for_keys(&world, &house, &["lanyard-build-1-slot-1-"]);
}

#[test]
fn a_source_that_is_removed_takes_its_keys_back_also_if_ravi_is_away() {
    let (world, house) = world();
    create(&world, "build-1");
    sit(&world, "3", "build-1");
    wait_for_keys(&world, &house, &["lanyard-build-1-slot-3-"]);
    let both = world.lanyard(&["issuers", "remove", "ravi"]).fails(1);
    assert!(both.contains("source as well"), "{both}");
    house.fails("DELETE", Fault::Status(503));
    world.lanyard(&["sources", "remove", "ravi"]).ok();
    assert_eq!(text(&world.json(&["identity", "show", "build-1"]), "provider"), "local");
    let left = world.json(&["tokens", "list"]);
    assert_eq!((text(&left[0], "state"), house.account().keys.len()), ("revoking", 1), "{left}");
    assert_eq!(world.json(&["issuers", "list"])[0]["name"], "ravi");
    // The next daemon knows of it as well, and the issuer goes with the last key.
    world.daemon_process().kill();
    house.heals();
    let mut door = door(&world);
    wait_for_keys(&world, &house, &[]);
    while world.json(&["issuers", "list"]) != json!([]) {
        door.event(|event| event["IssuerChanged"].is_object());
    }
}
