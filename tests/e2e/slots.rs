//! Slots: twelve from the start, more on request.

use tests::{World, text};

#[test]
fn there_are_twelve_slots_from_the_start() {
    let world = World::new();
    let slots = world.json(&["slot", "list"]);
    let slots = slots.as_array().unwrap();
    assert_eq!(
        slots.iter().map(|slot| slot["slot"].as_u64().unwrap()).collect::<Vec<_>>(),
        Vec::from_iter(1..=12)
    );
    assert!(slots.iter().all(|slot| slot["identity"].is_null() && text(slot, "agent") == "shell"));
}

#[test]
fn a_number_beyond_the_last_adds_slots() {
    let world = World::new();
    world.identity("ada");
    let badge = world.json(&["slot", "set", "15", "--identity", "ada", "--agent", "claude", "--hue", "3"]);
    assert_eq!(text(&badge["identity"], "name"), "ada");
    assert_eq!((text(&badge, "agent"), badge["hue"].as_u64()), ("claude", Some(3)));
    assert_eq!(world.json(&["slot", "list"]).as_array().unwrap().len(), 15);
}

#[test]
fn a_badge_names_the_credentials_and_shows_no_value() {
    let world = World::new();
    world.seat(1, "ada", "GITHUB_TOKEN", "ghp_value");
    let list = world.lanyard(&["slot", "list", "--json"]).ok();
    assert!(list.contains("GITHUB_TOKEN") && !list.contains("ghp_value"), "{list}");
}

#[test]
fn a_cleared_slot_is_empty() {
    let world = World::new();
    world.seat(1, "ada", "KEY", "value");
    world.lanyard(&["slot", "clear", "1"]).ok();
    assert!(world.json(&["slot", "list"])[0]["identity"].is_null());
}

#[test]
fn a_slot_that_does_not_exist_and_an_agent_that_nobody_knows_are_refused() {
    let world = World::new();
    world.identity("ada");
    for slot in ["0", "100", "4000000000"] {
        world.lanyard(&["slot", "set", slot, "--identity", "ada"]).fails(1);
    }
    world.lanyard(&["slot", "set", "1", "--agent", "nobody"]).fails(1);
    world.lanyard(&["slot", "set", "1", "--identity", "nobody"]).fails(1);
    world.lanyard(&["slot", "set", "1", "--hue", "12"]).fails(1);
    assert_eq!(world.json(&["slot", "list"]).as_array().unwrap().len(), 12);
}

#[test]
fn a_slot_in_use_keeps_its_identity() {
    let world = World::new();
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    world.identity("bob");
    world.start(1, "one", &["cat"]);
    world.lanyard(&["slot", "set", "1", "--identity", "bob"]).fails(1);
    world.lanyard(&["slot", "clear", "1"]).fails(1);
    assert_eq!(text(&world.json(&["slot", "list"])[0]["identity"], "name"), "ada");
}
