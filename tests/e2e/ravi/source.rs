//! Ravi as a source: a server modelled on what is known of it, whose mail and texts come here and which sends ours.

use super::PHONE;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tests::server::{Fault, Reply, Request, Server};
use tests::{Door, World};

const KEY: &str = "ravi_mgmt_a-key-that-nobody-may-see";
const UUID: &str = "6f1c2c1e-0000-4000-8000-000000000001";

/// What the stand-in holds.
#[derive(Default)]
struct Account {
    /// Its messages: their events' numbers are their places, from 1 on.
    messages: Vec<Value>,
    /// What was sent: the path and the body.
    sent: Vec<(String, Value)>,
    /// From where on events were asked for.
    since: Vec<i64>,
    /// Whether it tells no events.
    is_silent: bool,
    /// How many requests are refused yet as too many.
    limits: u32,
}

type Shared = Arc<Mutex<Account>>;

fn ravi() -> (Server, Shared) {
    let account = Shared::default();
    let shared = account.clone();
    (Server::start(move |request| shared.lock().unwrap().answer(request)), account)
}

impl Account {
    fn answer(&mut self, request: &Request) -> Reply {
        if request.bearer() != KEY {
            return Reply::json(401, &json!({ "detail": "Invalid token." }));
        }
        if self.limits > 0 {
            self.limits -= 1;
            return Reply::json(
                429,
                &json!({ "detail": "Request was throttled.", "retry_after_seconds": 1 }),
            );
        }
        let asked = |name: &str| {
            let pairs = request.query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(known, _)| *known == name).map(|(_, value)| value.to_string()).next()
        };
        let parts: Vec<&str> = request.line.split(['/', ' ']).collect();
        assert_eq!(parts.last(), Some(&""), "a path without its slash: {}", request.line);
        if parts[3] != "identities" && asked("identity").as_deref() != Some(UUID) {
            return Reply::json(
                400,
                &json!({ "error": { "code": "validation.failed", "message": "whose?" } }),
            );
        }
        match (parts[0], &parts[3..parts.len() - 1]) {
            ("GET", ["identities"]) => {
                let ada = json!({ "uuid": UUID, "name": "Ada L.", "inbox": "ADA@lanyard.localhost", "phone": null });
                let stranger =
                    json!({ "uuid": "other", "name": "nobody", "inbox": "x@ravi.test", "phone": "+1999" });
                Reply::json(
                    200,
                    &json!({ "count": 2, "next": null, "previous": null, "results": [ada, stranger] }),
                )
            }
            ("GET", ["events"]) if !self.is_silent => {
                let since: i64 = asked("since").unwrap().parse().unwrap();
                self.since.push(since);
                Reply::json(200, &json!({ "events": self.events(since) }))
            }
            ("GET", ["email-messages" | "messages", id]) => {
                match self.messages.iter().find(|m| m["id"] == **id) {
                    Some(message) => Reply::json(200, message),
                    None => Reply::json(404, &json!({ "detail": "Not found." })),
                }
            }
            ("GET", ["email-inbox"]) => Reply::json(200, &json!([{ "thread_id": "t1", "unread_count": 1 }])),
            ("GET", ["email-inbox", "t1"]) => {
                Reply::json(200, &json!({ "thread_id": "t1", "messages": self.messages }))
            }
            ("GET", ["sms-inbox"]) => Reply::json(200, &json!([])),
            ("GET", ["email"]) => Reply::json(200, &json!([{ "id": 7, "email": "ada@lanyard.localhost" }])),
            ("POST", path) => {
                let inbox = asked("inbox").map(|id| format!("?inbox={id}")).unwrap_or_default();
                self.sent.push((format!("{}{inbox}", path.join("/")), request.json()));
                Reply::json(201, &json!({ "id": 90, "direction": "outgoing" }))
            }
            _ => Reply::json(404, &json!({ "detail": "Not found." })),
        }
    }

    fn events(&self, since: i64) -> Vec<Value> {
        let event = |(at, message): (usize, &Value)| {
            let kind =
                if message["body"].is_null() { "email.message.received" } else { "sms.message.received" };
            let seq = at + 1;
            json!({ "id": format!("e{seq}"), "seq": seq, "type": kind, "data": { "message_id": message["id"] } })
        };
        let all = self.messages.iter().enumerate().map(event);
        all.filter(|event| event["seq"].as_i64().unwrap() > since).collect()
    }

    fn mail(&mut self, id: &str, subject: &str) {
        self.messages.push(json!({
            "id": id, "from_email": "shop@x.test", "to_email": "ada@lanyard.localhost", "subject": subject,
            "text_content": "Your code is 551234", "direction": "incoming", "is_read": false,
            "message_id": format!("<{id}@x.test>"), "created_dt": "2026-11-20T10:00:00.5Z",
        }));
    }

    fn text(&mut self, id: &str) {
        self.messages.push(json!({
            "id": id, "from_number": "+15550100009", "to_number": PHONE, "body": "Your code is 847291",
            "direction": "incoming", "is_read": false, "created_dt": "2026-11-20T10:00:01Z",
        }));
    }
}

fn world() -> World {
    let world = World::new();
    world.lanyard(&["identity", "create", "--name", "ada", "--phone", PHONE]).ok();
    world
}

fn ask(door: &mut Door, method: &str, params: Value) -> Value {
    let mut answer = door.ask(method, params);
    assert!(answer.get("Ok").is_some(), "{method}: {answer}");
    answer["Ok"].take()
}

fn add(door: &mut Door, server: &Server) {
    let source = json!({ "name": "ravi", "kind": "ravi", "url": server.url(), "settings": { "poll": "3" }, "secret": KEY });
    ask(door, "sources.add", source);
}

fn wait_for(door: &mut Door, medium: &str, from: &str, subject: Option<&str>) -> Value {
    let wait =
        json!({ "identity": "ada", "medium": medium, "from": from, "subject": subject, "timeout_ms": 30000 });
    ask(door, "inbox.wait", wait)
}

#[test]
fn what_comes_to_ravi_comes_here_once_and_a_killed_daemon_goes_on() {
    let (world, (server, account)) = (world(), ravi());
    account.lock().unwrap().mail("12", "Grüße");
    account.lock().unwrap().text("13");
    let mut door = world.door();
    add(&mut door, &server);
    let mail = wait_for(&mut door, "email", "shop@x.test", Some("Grüße"));
    assert_eq!((&mail["found"]["codes"][0]["value"], &mail["source"]), (&json!("551234"), &json!("ravi")));
    let sms = wait_for(&mut door, "sms", "+15550100009", None);
    assert_eq!(sms["found"]["codes"][0]["value"], "847291");
    drop(door);

    world.daemon_process().kill();
    account.lock().unwrap().since.clear();
    account.lock().unwrap().mail("14", "after the end");
    let mut door = world.door();
    wait_for(&mut door, "email", "shop@x.test", Some("after the end"));
    let first = account.lock().unwrap().since[0];
    assert!(first > 0, "it begins where the last one was: {first}");
    let all = ask(&mut door, "inbox.list", json!({ "identity": "ada" }));
    assert_eq!(all["messages"].as_array().unwrap().len(), 3, "{all}");
    let changes = |line: &String| !line.starts_with("GET ");
    assert!(!server.asked().iter().any(changes), "nothing is changed there: {:?}", server.asked());
    let seen = world.lanyard(&["sources", "list", "--json"]).ok() + &world.log();
    assert!(!seen.contains(KEY), "{seen}");
}

#[test]
fn without_events_what_is_unread_is_fetched_and_known_the_next_time() {
    let (world, (server, account)) = (world(), ravi());
    account.lock().unwrap().is_silent = true;
    account.lock().unwrap().mail("12", "first");
    let mut door = world.door();
    add(&mut door, &server);
    wait_for(&mut door, "email", "shop@x.test", Some("first"));
    account.lock().unwrap().mail("13", "second");
    wait_for(&mut door, "email", "shop@x.test", Some("second"));
    let all = ask(&mut door, "inbox.list", json!({ "identity": "ada" }));
    assert_eq!(all["messages"].as_array().unwrap().len(), 2, "{all}");
}

#[test]
fn a_limit_is_kept_and_a_key_that_is_worth_nothing_is_told() {
    let (world, (server, account)) = (world(), ravi());
    account.lock().unwrap().mail("12", "late");
    account.lock().unwrap().limits = 1;
    let mut door = world.door();
    ask(&mut door, "events.subscribe", json!({}));
    add(&mut door, &server);
    wait_for(&mut door, "email", "shop@x.test", Some("late"));
    server.fails("GET /api/events", Fault::Status(402));
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
    let (world, (server, account)) = (world(), ravi());
    account.lock().unwrap().mail("12", "hello");
    let mut door = world.door();
    ask(&mut door, "events.subscribe", json!({}));
    add(&mut door, &server);
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
    while account.lock().unwrap().sent.len() < 2 {
        door.event(|event| event["InboxChanged"].is_object());
    }
    let mut sent = account.lock().unwrap().sent.clone();
    sent.sort_by_key(|(path, _)| path.clone());
    let mail = json!({ "to_email": "one@x.test", "subject": "hi", "content": "a &lt; b", "cc": ["two@x.test"], "bcc": [] });
    assert_eq!(sent[0], ("email-messages/compose?inbox=7".to_string(), mail));
    assert_eq!(sent[1], ("messages/send".to_string(), json!({ "to_number": "+15550100009", "body": "hi" })));
}
