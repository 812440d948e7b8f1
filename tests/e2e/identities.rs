//! Identities: made, shown, made current, renamed, deleted.

use serde_json::json;
use tests::{World, text};

#[test]
fn an_identity_gets_an_address_and_an_author_from_its_name() {
    let world = World::new();
    let made = world.identity("agent-build-1");
    assert_eq!(text(&made, "email"), "agent-build-1@lanyard.localhost");
    assert_eq!(text(&made, "author_name"), "agent-build-1");
    assert_eq!(text(&made, "author_email"), "agent-build-1@lanyard.localhost");
    assert_eq!(text(&made, "provider"), "local");
    assert_eq!(world.json(&["identity", "show", "agent-build-1"]), made);
    assert_eq!(world.json(&["identity", "list"]), json!([made]));
    assert!(world.lanyard(&["identity", "list"]).ok().contains("agent-build-1"));
}

#[test]
fn what_is_given_takes_the_place_of_the_defaults() {
    let world = World::new();
    let create = ["identity", "create", "--name", "ada", "--email", "build-1", "--phone", "+4930123456"];
    let author = ["--author-name", "Ada L", "--author-email", "ada@example.test"];
    let made = world.json(&[&create[..], &author[..]].concat());
    assert_eq!(text(&made, "email"), "build-1@lanyard.localhost");
    assert_eq!(text(&made, "phone"), "+4930123456");
    assert_eq!(text(&made, "author_name"), "Ada L");
    assert_eq!(text(&made, "author_email"), "ada@example.test");
    let whole = world.json(&["identity", "create", "--name", "bob", "--email", "bob@example.test"]);
    assert_eq!(text(&whole, "email"), "bob@example.test");
}

#[test]
fn the_domain_of_addresses_is_a_setting() {
    let world = World::new();
    std::fs::create_dir(world.home()).unwrap();
    std::fs::write(world.home().join("settings.toml"), "email_domain = \"agents.example.test\"\n").unwrap();
    assert_eq!(text(&world.identity("ada"), "email"), "ada@agents.example.test");
}

#[test]
fn the_current_identity_is_meant_where_none_is_named() {
    let world = World::new();
    world.identity("ada");
    world.identity("bob");
    world.lanyard(&["identity", "use", "bob"]).ok();
    world.lanyard(&["secrets", "set", "KEY", "of-bob"]).ok();
    assert_eq!(world.lanyard(&["secrets", "get", "KEY", "--identity", "bob"]).ok(), "of-bob\n");
    world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).fails(1);
    world.lanyard(&["identity", "use", "ada"]).ok();
    world.lanyard(&["secrets", "get", "KEY"]).fails(1);
}

#[test]
fn a_renamed_identity_keeps_its_secrets() {
    let world = World::new();
    let made = world.identity("ada");
    world.lanyard(&["secrets", "set", "KEY", "value", "--identity", "ada"]).ok();
    let renamed = world.json(&["identity", "update", "ada", "--name", "eve"]);
    assert_eq!(renamed["id"], made["id"]);
    assert_eq!(world.lanyard(&["secrets", "get", "KEY", "--identity", "eve"]).ok(), "value\n");
    world.lanyard(&["identity", "show", "ada"]).fails(1);
}

#[test]
fn a_name_is_taken_only_once() {
    let world = World::new();
    world.identity("ada");
    let told = world.lanyard(&["identity", "create", "--name", "ada"]).fails(1);
    assert!(told.contains("ada"), "{told}");
    assert_eq!(world.json(&["identity", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn deleting_an_identity_with_secrets_has_to_be_confirmed_and_is_for_ever() {
    let world = World::new();
    world.identity("ada");
    world.lanyard(&["secrets", "set", "KEY", "value", "--identity", "ada"]).ok();
    let told = world.lanyard(&["identity", "delete", "ada"]).fails(1);
    assert!(told.contains("--force"), "{told}");
    assert_eq!(world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).ok(), "value\n");
    world.lanyard(&["identity", "delete", "ada", "--force"]).ok();
    world.identity("ada");
    world.lanyard(&["secrets", "get", "KEY", "--identity", "ada"]).fails(1);
}

#[test]
fn an_identity_that_works_in_a_slot_is_not_deleted() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    let session = world.start(1, "one", &["cat"]);
    let told = world.lanyard(&["identity", "delete", "ada", "--force"]).fails(1);
    assert!(told.contains("slot 1") || told.contains("session"), "{told}");
    world.lanyard(&["sessions", "stop", text(&session, "id")]).ok();
    world.lanyard(&["identity", "delete", "ada", "--force"]).ok();
}
