//! `lanyard inbox examine`: codes and links of a message, with no daemon and from everywhere.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tests::World;

/// A message of the corpus; how well all of it is answered, the backend measures.
fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name)
}

fn examined(world: &World, name: &str, more: &[&str]) -> Value {
    let path = corpus(name).display().to_string();
    world.lanyard(&[&["inbox", "examine", &path], more].concat()).json()
}

#[test]
fn a_mail_and_a_text_message_are_examined_without_a_daemon() {
    let world = World::new();
    let found = examined(&world, "github-device-en.eml", &[]);
    assert_eq!(found["codes"][0]["value"], "384219");
    assert_eq!(found["links"], json!([]));
    let link = examined(&world, "zoom-activate-en.eml", &[]);
    assert!(
        link["links"][0]["url"].as_str().expect("a link").starts_with("https://us05web.zoom.us/activate?")
    );
    assert!(link["links"][0]["confidence"].as_f64().is_some_and(|sure| (0.5..=1.0).contains(&sure)));
    assert_eq!(examined(&world, "neg-receipt-stripe-en.eml", &[]), json!({ "codes": [], "links": [] }));
    assert_eq!(examined(&world, "sms-google.txt", &["--sms"])["codes"][0]["value"], "306118");
    assert!(!world.owner_socket().exists(), "a daemon was started for it");
}

#[test]
fn what_cannot_be_examined_is_told() {
    let world = World::new();
    let lanyard = |args: &[&str], input: &str| world.lanyard_with(args, input);
    assert_eq!(
        lanyard(&["inbox", "examine", "-", "--sms"], "Your code is 4711").json()["codes"][0]["value"],
        "4711"
    );
    for told in [
        lanyard(&["inbox", "examine", "-"], "").fails(1),
        lanyard(&["inbox", "examine", "/nonexistent.eml"], "").fails(1),
        lanyard(&["inbox", "examine", "/"], "").fails(1),
        lanyard(&["--json", "inbox", "examine", "-"], " \n").fails(1),
    ] {
        assert!(told.contains("hint"), "{told}");
    }
    lanyard(&["inbox", "examine"], "").fails(2);
    // Bytes that are no mail are one without anything in it.
    assert_eq!(lanyard(&["inbox", "examine", "-"], "\0--").json(), json!({ "codes": [], "links": [] }));
}

#[test]
fn an_agent_examines_in_its_slot() {
    let world = World::new();
    world.seat(1, "ada", "TOKEN", "value");
    world.project("work");
    let path = corpus("npm-otp-en.eml").display().to_string();
    let found = world.as_agent(1, "try", &format!("lanyard inbox examine {path}")).json();
    assert_eq!(found["codes"][0]["value"], "30917562");
}
