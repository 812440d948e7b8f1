//! Ravi as a source: a server modelled on what is known of it, whose mail and texts come here and which sends ours.

use super::PHONE;
use serde_json::{Value, json};
use tests::ravi::{RAVI_KEY as KEY, Ravi};
use tests::server::Fault;
use tests::{Door, World};

pub(super) fn world() -> World {
    let world = World::new();
    world.lanyard(&["identity", "create", "--name", "ada", "--phone", PHONE]).ok();
    world
}

pub(super) fn ask(door: &mut Door, method: &str, params: Value) -> Value {
    let mut answer = door.ask(method, params);
    assert!(answer.get("Ok").is_some(), "{method}: {answer}");
    answer["Ok"].take()
}

pub(super) fn add(door: &mut Door, ravi: &Ravi) {
    let source = json!({ "name": "ravi", "kind": "ravi", "url": ravi.url(), "settings": { "poll": "3" }, "secret": KEY });
    ask(door, "sources.add", source);
}

pub(super) fn wait_for(door: &mut Door, medium: &str, from: &str, subject: Option<&str>) -> Value {
    let wait =
        json!({ "identity": "ada", "medium": medium, "from": from, "subject": subject, "timeout_ms": 30000 });
    ask(door, "inbox.wait", wait)
}

#[test]
fn what_comes_to_ravi_comes_here_once_and_a_killed_daemon_goes_on() {
    let (world, ravi) = (world(), Ravi::new());
    ravi.account().mail("12", "Grüße");
    ravi.account().text("13", PHONE);
    let mut door = world.door();
    add(&mut door, &ravi);
    let mail = wait_for(&mut door, "email", "shop@x.test", Some("Grüße"));
    assert_eq!((&mail["found"]["codes"][0]["value"], &mail["source"]), (&json!("551234"), &json!("ravi")));
    let sms = wait_for(&mut door, "sms", "+15550100009", None);
    assert_eq!(sms["found"]["codes"][0]["value"], "847291");
    drop(door);

    world.daemon_process().kill();
    ravi.account().since.clear();
    ravi.account().mail("14", "after the end");
    let mut door = world.door();
    wait_for(&mut door, "email", "shop@x.test", Some("after the end"));
    let first = ravi.account().since[0];
    assert!(first > 0, "it begins where the last one was: {first}");
    let all = ask(&mut door, "inbox.list", json!({ "identity": "ada" }));
    assert_eq!(all["messages"].as_array().unwrap().len(), 3, "{all}");
    let changes = |line: &String| !line.starts_with("GET ");
    assert!(!ravi.asked().iter().any(changes), "nothing is changed there: {:?}", ravi.asked());
    let seen = world.lanyard(&["sources", "list", "--json"]).ok() + &world.log();
    assert!(!seen.contains(KEY), "{seen}");
}

#[test]
fn without_events_what_is_unread_is_fetched_and_known_the_next_time() {
    let (world, ravi) = (world(), Ravi::new());
    ravi.account().is_silent = true;
    ravi.account().mail("12", "first");
    let mut door = world.door();
    add(&mut door, &ravi);
    wait_for(&mut door, "email", "shop@x.test", Some("first"));
    ravi.account().mail("13", "second");
    wait_for(&mut door, "email", "shop@x.test", Some("second"));
    let all = ask(&mut door, "inbox.list", json!({ "identity": "ada" }));
    assert_eq!(all["messages"].as_array().unwrap().len(), 2, "{all}");
}

#[test]
fn a_limit_is_kept_and_a_key_that_is_worth_nothing_is_told() {
    let (world, ravi) = (world(), Ravi::new());
    ravi.account().mail("12", "late");
    ravi.account().limits = 1;
    let mut door = world.door();
    ask(&mut door, "events.subscribe", json!({}));
    add(&mut door, &ravi);
    wait_for(&mut door, "email", "shop@x.test", Some("late"));
    ravi.fails("GET /api/events", Fault::Status(402));
    let failed = loop {
        let source = ask(&mut door, "sources.list", json!({})).as_array().unwrap().clone();
        let source = source.into_iter().find(|source| source["name"] == "ravi").unwrap();
        if source["state"]["state"] == "failed" {
            break source["state"].clone();
        }
        door.event(|event| event["SourceChanged"].is_object());
    };
    assert!(failed["reason"].as_str().unwrap().contains("402"), "{failed}");
    assert!(failed["again_at"].is_i64() && !failed.to_string().contains(KEY), "{failed}");
}

#[test]
fn what_an_identity_sends_goes_out_by_ravi() {
    let (world, ravi) = (world(), Ravi::new());
    ravi.account().mail("12", "hello");
    let mut door = world.door();
    ask(&mut door, "events.subscribe", json!({}));
    add(&mut door, &ravi);
    wait_for(&mut door, "email", "shop@x.test", None);
    let mail = json!({
        "identity": "ada", "medium": "email", "to": ["one@x.test", "two@x.test"], "subject": "hi", "text": "a < b",
    });
    ask(&mut door, "inbox.send", mail);
    ask(
        &mut door,
        "inbox.send",
        json!({ "identity": "ada", "medium": "sms", "to": ["+15550100009"], "text": "hi" }),
    );
    ravi.until("both are sent", |account| account.sent.len() == 2);
    let mut sent = ravi.account().sent.clone();
    sent.sort_by_key(|(path, _)| path.clone());
    let mail = json!({ "to_email": "one@x.test", "subject": "hi", "content": "a &lt; b", "cc": ["two@x.test"], "bcc": [] });
    assert_eq!(sent[0], ("email-messages/compose?inbox=7".to_string(), mail));
    assert_eq!(sent[1], ("messages/send".to_string(), json!({ "to_number": "+15550100009", "body": "hi" })));
}
