//! Messages that others post to us, and Twilio's: what is signed comes in once, and nothing else does.

use reqwest::blocking::Response;
use ring::hmac;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tests::server::{Fault, Reply, Request, Server};
use tests::{DEADLINE, Door, World, client, text};

const KEY: &str = "whsec_c29tZS1sb25nLXNlY3JldC1rZXktb2YtYS10ZXN0";
const RAW_KEY: &[u8] = b"some-long-secret-key-of-a-test";
const TOKEN: &str = "twilio-token-of-the-account";
const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const MAIL: &str = "From: Shop <no-reply@shop.example>\r\nTo: ada@lanyard.localhost\r\nSubject: Hello\r\n\
    Message-ID: <1@shop.example>\r\n\r\nYour code is 482913.\r\n";

/// A world with the agents ada and bob, who have numbers, and the address of the web door.
fn world() -> (World, String) {
    let world = World::new();
    for (slot, name, phone) in [(1, "ada", "+15550100"), (2, "bob", "+15550200")] {
        world.seat(slot, name, "KEY", &format!("token-of-{name}"));
        world.lanyard(&["identity", "update", name, "--phone", phone]).ok();
    }
    let address = world.lanyard(&["web"]).ok();
    let origin = address.trim().split_once("/#").expect("the address carries a code").0.to_string();
    (world, origin)
}

fn ask(door: &mut Door, method: &str, params: Value) -> Value {
    let mut answer = door.ask(method, params);
    assert!(answer.get("Ok").is_some(), "{method}: {answer}");
    answer["Ok"].take()
}

fn webhook(world: &World, settings: Value) -> Door {
    let mut door = world.door();
    ask(
        &mut door,
        "sources.add",
        json!({ "name": "hook", "kind": "webhook", "settings": settings, "secret": KEY }),
    );
    door
}

fn messages(door: &mut Door, identity: &str) -> Vec<Value> {
    ask(door, "inbox.list", json!({ "identity": identity }))["messages"].as_array().unwrap().clone()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// What is posted, and how.
#[derive(Clone)]
struct Post {
    source: &'static str,
    id: &'static str,
    at: u64,
    kind: &'static str,
    body: Vec<u8>,
    signed: Vec<u8>,
    host: Option<&'static str>,
    origin: Option<&'static str>,
}

impl Post {
    fn mail(id: &'static str, mail: &str) -> Self {
        let body = mail.as_bytes().to_vec();
        let (signed, at) = (body.clone(), now());
        Self { source: "hook", id, at, kind: "message/rfc822", body, signed, host: None, origin: None }
    }

    fn text(id: &'static str, text: Value) -> Self {
        Self { kind: "application/json", ..Self::mail(id, &text.to_string()) }
    }

    fn send(&self, origin: &str) -> Response {
        let key = hmac::Key::new(hmac::HMAC_SHA256, RAW_KEY);
        let content = [format!("{}.{}.", self.id, self.at).as_bytes(), &self.signed].concat();
        let signature = format!("v1,{}", base64(hmac::sign(&key, &content).as_ref()));
        // A connection that was refused half-way is not used again.
        let client = client().pool_max_idle_per_host(0).build().expect("a client");
        let mut request = client.post(format!("{origin}/inbox/{}", self.source)).body(self.body.clone());
        let time = self.at.to_string();
        let headers =
            [("webhook-id", self.id), ("webhook-timestamp", &time), ("webhook-signature", &signature)];
        for (name, value) in headers.into_iter().chain([("content-type", self.kind)]) {
            request = request.header(name, value);
        }
        for (name, value) in [("host", self.host), ("origin", self.origin)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        request.send().expect("it answers")
    }
}

fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine;
    ::base64::prelude::BASE64_STANDARD.encode(bytes)
}

#[test]
fn what_is_signed_comes_in_once_also_after_a_restart() {
    let (world, origin) = world();
    let mut door = webhook(&world, json!({}));
    let post = Post::mail("msg_1", MAIL);
    let taken = |response: Response| {
        assert_eq!(response.status(), 200);
        text(&response.json::<Value>().unwrap(), "taken").to_string()
    };
    assert_eq!(taken(post.send(&origin)), "new");
    // It is durable when it was answered.
    let found = messages(&mut door, "ada");
    assert_eq!((found.len(), text(&found[0], "subject"), text(&found[0], "source")), (1, "Hello", "hook"));
    assert_eq!(found[0]["found"]["codes"][0]["value"], "482913");
    assert_eq!(taken(post.send(&origin)), "known");
    world.daemon_process().kill();
    let address = world.lanyard(&["web"]).ok();
    let origin = address.trim().split_once("/#").unwrap().0.to_string();
    assert_eq!(taken(post.send(&origin)), "known");
    let sms = Post::text(
        "msg_2",
        json!({ "from": "+15550999", "to": "+1 555 0200", "body": "Code: 771122", "more": 1 }),
    );
    assert_eq!(taken(sms.send(&origin)), "new");
    let mut door = world.door();
    assert_eq!(messages(&mut door, "ada").len(), 1);
    let found = messages(&mut door, "bob");
    assert_eq!((text(&found[0], "medium"), text(&found[0], "from")), ("sms", "+15550999"));
    let written = world.log() + &world.json(&["audit", "list"]).to_string();
    assert!(
        !written.contains("482913") && !written.contains("no-reply@") && !written.contains(KEY),
        "{written}"
    );
}

#[test]
fn what_the_owner_deleted_is_not_brought_back_by_posting_or_listing_it_again() {
    let (world, origin) = world();
    let held = Held::default();
    let (server, _) = twilio(0, &held);
    webhook(&world, json!({}));
    let mut door = phone(&world, &server, json!({ "public": PUBLIC }), TOKEN);
    is(&world, &mut door, well);
    let post = Post::mail("msg_1", MAIL);
    let texted = |origin: &str| post_text(origin, &fields(), TOKEN, PUBLIC).status();
    assert_eq!((post.send(&origin).status().as_u16(), texted(&origin).as_u16()), (200, 200));
    let mut other = world.door();
    let found = messages(&mut other, "ada");
    assert_eq!(found.len(), 2);
    for message in &found {
        ask(&mut other, "inbox.delete", json!({ "message": message["id"] }));
    }
    world.daemon_process().kill();
    let address = world.lanyard(&["web"]).ok();
    let origin = address.trim().split_once("/#").unwrap().0.to_string();
    let again = post.send(&origin);
    assert_eq!((again.status().as_u16(), texted(&origin).as_u16()), (200, 200));
    assert_eq!(again.json::<Value>().unwrap()["taken"], "known");
    // Another id, and the same mail.
    assert_eq!(Post::mail("msg_2", MAIL).send(&origin).json::<Value>().unwrap()["taken"], "known");
    hold(&held, "SM1", "+15550999", "+15550100", "G-123456 ist Ihr Code ü");
    hold(&held, "SM2", "+15550999", "+15550100", "After it");
    let (mut door, mut other) = (world.door(), world.door());
    ask(&mut door, "events.subscribe", json!({}));
    ask(&mut other, "sources.sync", json!({ "source": "phone" }));
    while messages(&mut other, "ada").is_empty() {
        door.event(|event| event["MessageArrived"].is_object());
    }
    let found = messages(&mut other, "ada");
    assert_eq!((found.len(), text(&found[0], "preview")), (1, "After it"));
}

#[test]
fn the_reference_implementation_can_post_as_well() {
    let (world, origin) = world();
    let mut door = webhook(&world, json!({}));
    let script = "const { Webhook } = require('standardwebhooks'); \
        const [key, url, body] = JSON.parse(require('fs').readFileSync(0)); const at = new Date(); \
        fetch(url, { method: 'POST', body, headers: { 'content-type': 'message/rfc822', 'webhook-id': 'msg_node', \
        'webhook-timestamp': String(Math.floor(at / 1000)), 'webhook-signature': new Webhook(key).sign('msg_node', at, body) } }) \
        .then(async (answer) => console.log(answer.status, await answer.text()));";
    let said = world.node_says(script, &json!([KEY, format!("{origin}/inbox/hook"), MAIL]).to_string()).ok();
    assert!(said.starts_with("200") && said.contains("new"), "{said}");
    assert_eq!(messages(&mut door, "ada").len(), 1);
}

#[test]
fn what_is_not_signed_is_refused_in_the_same_words_as_a_source_that_does_not_exist() {
    let (world, origin) = world();
    let mut door = webhook(&world, json!({ "public": "https://hooks.example/inbox/hook" }));
    ask(
        &mut door,
        "sources.add",
        json!({ "name": "other", "kind": "webhook", "secret": "another-long-secret-key" }),
    );
    let good = Post::mail("msg_1", MAIL);
    let forged = MAIL.replace("ada@", "bob@").into_bytes();
    let mut answers = Vec::new();
    for bad in [
        Post { body: forged, ..good.clone() },
        Post { source: "missing", ..good.clone() },
        Post { source: "other", ..good.clone() },
        Post { source: "local", ..good.clone() },
        Post { id: "", ..good.clone() },
        Post { host: Some("evil.example"), ..good.clone() },
        Post { origin: Some("http://127.0.0.1"), ..good.clone() },
    ] {
        let begun = Instant::now();
        let response = bad.send(&origin);
        assert_eq!(response.status(), 401);
        answers.push((response.text().unwrap(), begun.elapsed()));
    }
    let times: Vec<u128> = answers.iter().map(|(_, time)| time.as_millis()).collect();
    assert!(answers.iter().all(|(words, _)| *words == answers[0].0), "{answers:?}");
    // A refusal takes its time, whatever it is for.
    assert!(times.iter().all(|time| *time >= 300), "{times:?}");
    for late in [now() - 400, now() + 400] {
        assert_eq!(Post { at: late, ..good.clone() }.send(&origin).status(), 400);
    }
    for (status, bad) in [
        (415, Post { kind: "text/html", ..good.clone() }),
        (400, Post { kind: "application/json", ..good.clone() }),
        (422, Post::mail("msg_2", &MAIL.replace("ada@", "nobody@"))),
        (422, Post::text("msg_3", json!({ "from": "+1", "to": "+15550999", "body": "x" }))),
        (413, Post::text("msg_4", json!({ "from": "+1", "to": "+15550100", "body": "x".repeat(20_000) }))),
    ] {
        assert_eq!(bad.send(&origin).status(), status, "{}", bad.id);
    }
    assert_eq!(status_of_announced(&origin, 38_000_000), "HTTP/1.1 413 Payload Too Large");
    assert!(messages(&mut door, "ada").is_empty() && messages(&mut door, "bob").is_empty());
    let audit = world.json(&["audit", "list"]).to_string();
    assert!(audit.matches("sources.posted").count() >= 12, "{audit}");
    assert!(!audit.contains("missing") && !audit.contains("evil.example"), "{audit}");
    // By the tunnel's name it comes in, and a tunnel's name is worth nothing elsewhere.
    assert_eq!(Post { host: Some("hooks.example"), ..good }.send(&origin).status(), 200);
    let page = client().build().unwrap().get(&origin).header("host", "hooks.example").send().unwrap();
    assert_eq!(page.status(), 403);
}

/// The answer to a body of this length that is announced and not sent before somebody asks for it: nobody does.
fn status_of_announced(origin: &str, length: usize) -> String {
    let more = format!("Content-Length: {length}\r\nExpect: 100-continue\r\n");
    said_to(origin, "/inbox/hook", &more, |_| {}).lines().next().unwrap_or_default().to_string()
}

/// What is answered to a body that is written to the end before anything is read, as many programs do.
fn said_to(origin: &str, path: &str, headers: &str, write: impl FnOnce(&mut TcpStream)) -> String {
    let address = origin.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("it waits no longer than a test may");
    let head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).expect("the head is sent");
    write(&mut stream);
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("it answers, and resets no connection");
    said
}

#[test]
fn what_is_too_large_is_read_away_so_that_its_sender_hears_why() {
    let (world, origin) = world();
    let mut door = webhook(&world, json!({}));
    let large = vec![b'x'; 40_000_000];
    let length = format!("Content-Length: {}\r\n", large.len());
    let whole = |stream: &mut TcpStream| stream.write_all(&large).expect("all of it is read");
    for source in ["hook", "missing"] {
        let said = said_to(&origin, &format!("/inbox/{source}"), &length, whole);
        assert!(said.starts_with("HTTP/1.1 413 ") && said.contains("too large"), "{said}");
    }
    let said = said_to(&origin, "/inbox/hook", "Transfer-Encoding: chunked\r\n", |stream| {
        for chunk in large.chunks(1_000_000) {
            write!(stream, "{:x}\r\n", chunk.len())
                .and_then(|()| stream.write_all(chunk))
                .expect("it is read");
            stream.write_all(b"\r\n").expect("it is read");
        }
        stream.write_all(b"0\r\n\r\n").expect("it is read");
    });
    assert!(said.starts_with("HTTP/1.1 413 "), "{said}");
    // The other doors of the same port: a call that is too large, and Ravi's shape without a key.
    for (path, status) in [("/call", "HTTP/1.1 413 "), ("/api/secrets/", "HTTP/1.1 401 ")] {
        let said = said_to(&origin, path, &length, whole);
        assert!(said.starts_with(status), "{path}: {said}");
    }
    assert_eq!(Post::mail("msg_1", MAIL).send(&origin).status(), 200);
    assert_eq!(messages(&mut door, "ada").len(), 1);
}

#[test]
fn while_the_vault_is_locked_what_is_posted_is_put_off_and_comes_at_the_next_try() {
    let (mut world, _) = world();
    let held = Held::default();
    let (server, _) = twilio(0, &held);
    webhook(&world, json!({}));
    let mut door = phone(&world, &server, json!({ "public": PUBLIC }), TOKEN);
    is(&world, &mut door, well);
    let daemon = world.daemon_process();
    daemon.signal(rustix::process::Signal::TERM);
    daemon.wait_for_end();
    world.unset("LANYARD_PASSPHRASE_FILE");
    let _daemon = world.daemon();
    let address = world.lanyard(&["web"]).ok();
    let origin = address.trim().split_once("/#").unwrap().0.to_string();
    let posts = || [Post::mail("msg_1", MAIL).send(&origin), post_text(&origin, &fields(), TOKEN, PUBLIC)];
    for response in posts() {
        assert_eq!(response.status(), 503);
        let again: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=300).contains(&again), "{again}");
        assert!(response.text().unwrap().contains("try again"));
    }
    world.lanyard_with(&["unlock"], tests::PASSPHRASE).ok();
    assert_eq!(posts().map(|response| response.status().as_u16()), [200, 200]);
    assert_eq!(messages(&mut world.door(), "ada").len(), 2);
}

/// What an account holds, newest first, as Twilio lists it: sid, from, to, body.
type Held = Arc<Mutex<Vec<[String; 4]>>>;

/// A stand-in for Twilio, which pages by two, and what it was told to send.
fn twilio(port: u16, held: &Held) -> (Server, Arc<Mutex<Vec<String>>>) {
    let (sent, held) = (Arc::new(Mutex::new(Vec::new())), held.clone());
    let told = sent.clone();
    let server = Server::start_at(port, move |request| answer(request, &held, &told));
    (server, sent)
}

fn answer(request: &Request, held: &Held, told: &Arc<Mutex<Vec<String>>>) -> Reply {
    let basic = format!("Basic {}", base64(format!("{ACCOUNT}:{TOKEN}").as_bytes()));
    let path = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json");
    if request.header("authorization") != basic {
        return Reply::json(401, &json!({ "code": 20003, "message": "Authenticate", "status": 401 }));
    }
    if request.line == format!("POST {path}") {
        told.lock().unwrap().push(request.body.clone());
        return Reply::json(201, &json!({ "sid": "SM_sent", "status": "queued" }));
    }
    assert_eq!(request.line, format!("GET {path}"));
    assert!(request.query.contains("DateSent%3E=20") || request.query.contains("Page="), "{}", request.query);
    let page: usize = request.query.split("Page=").nth(1).map_or(0, |rest| rest.parse().unwrap());
    let held = held.lock().unwrap();
    let listed: Vec<Value> = held.iter().skip(page * 2).take(2).map(|[sid, from, to, body]| {
        let direction = if from == "+15550100" { "outbound-api" } else { "inbound" };
        json!({ "sid": sid, "from": from, "to": to, "body": body, "direction": direction, "status": "received",
            "date_created": "Sat, 21 Nov 2026 10:00:00 +0000", "date_sent": "Sat, 21 Nov 2026 10:00:00 +0000" })
    }).collect();
    let next =
        (held.len() > page * 2 + 2).then(|| format!("{path}?DateSent%3E=2026-11-14&Page={}", page + 1));
    Reply::json(200, &json!({ "messages": listed, "next_page_uri": next, "page_size": 2 }))
}

fn hold(held: &Held, sid: &str, from: &str, to: &str, body: &str) {
    held.lock().unwrap().insert(0, [sid, from, to, body].map(String::from));
}

fn phone(world: &World, server: &Server, settings: Value, token: &str) -> Door {
    let mut door = world.door();
    ask(&mut door, "events.subscribe", json!({}));
    let mut all = json!({ "account": ACCOUNT });
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let call =
        json!({ "name": "phone", "kind": "twilio", "url": server.url(), "settings": all, "secret": token });
    ask(&mut door, "sources.add", call);
    door
}

/// Waits until the source is in a state that fits.
#[track_caller]
fn is(world: &World, door: &mut Door, fits: impl Fn(&Value) -> bool) -> Value {
    let (mut other, until) = (world.door(), Instant::now() + DEADLINE);
    loop {
        let sources = ask(&mut other, "sources.list", json!({}));
        let found = sources.as_array().unwrap().iter().find(|one| one["name"] == "phone").unwrap();
        if fits(&found["state"]) {
            return found["state"].clone();
        }
        assert!(Instant::now() < until, "{found}");
        door.event(|event| event["SourceChanged"].is_object());
    }
}

fn well(state: &Value) -> bool {
    state["state"] == "listening"
}

#[test]
fn texts_are_fetched_page_by_page_and_once() {
    let (world, _) = world();
    let held = Held::default();
    let (server, _) = twilio(0, &held);
    for n in 0..5 {
        hold(&held, &format!("SM{n}"), "+15550999", "+15550100", &format!("Code {n}{n}{n}{n}{n}{n}"));
    }
    hold(&held, "SM_out", "+15550100", "+15550999", "Sent by us");
    hold(&held, "SM_else", "+15550999", "+15559999", "For somebody else");
    let mut door = phone(&world, &server, json!({}), TOKEN);
    is(&world, &mut door, well);
    let mut other = world.door();
    assert_eq!(messages(&mut other, "ada").len(), 5);
    assert!(messages(&mut other, "bob").is_empty());
    hold(&held, "SM_new", "+15550999", "+15550200", "For bob");
    ask(&mut other, "sources.sync", json!({ "source": "phone" }));
    door.event(|event| event["MessageArrived"].is_object());
    assert_eq!(messages(&mut other, "bob").len(), 1);
    world.daemon_process().kill();
    let mut door = world.door();
    ask(&mut door, "events.subscribe", json!({}));
    is(&world, &mut door, well);
    let mut other = world.door();
    assert_eq!((messages(&mut other, "ada").len(), messages(&mut other, "bob").len()), (5, 1));
}

#[test]
fn twilio_that_refuses_is_left_alone_and_one_that_is_busy_is_asked_again() {
    let (world, _) = world();
    let held = Held::default();
    let (server, _) = twilio(0, &held);
    let mut door = phone(&world, &server, json!({}), "not-the-token-of-it");
    let failed = is(&world, &mut door, |state| state["state"] == "failed");
    assert!(
        text(&failed, "reason").contains("401") && !failed.to_string().contains("not-the-token"),
        "{failed}"
    );
    let again = failed["again_at"].as_u64().unwrap() / 1000;
    assert!(again > now() + 3000, "it is asked again in {} s", again - now());
    server.fails("GET", Fault::Limited(Some("40".into())));
    let mut other = world.door();
    ask(&mut other, "sources.update", json!({ "source": "phone", "secret": TOKEN }));
    let failed = is(&world, &mut door, |state| {
        text(state, "state") == "failed" && state.to_string().contains("often")
    });
    assert!(failed["again_at"].as_u64().unwrap() / 1000 > now() + 30, "{failed}");
    server.heals();
    hold(&held, "SM1", "+15550999", "+15550100", "Hello");
    ask(&mut other, "sources.sync", json!({ "source": "phone" }));
    is(&world, &mut door, well);
    assert_eq!(messages(&mut other, "ada").len(), 1);
}

#[test]
fn a_text_that_twilio_posts_is_taken_by_its_signature_alone() {
    let (world, origin) = world();
    let held = Held::default();
    let (server, _) = twilio(0, &held);
    let mut door = phone(&world, &server, json!({ "public": PUBLIC }), TOKEN);
    is(&world, &mut door, well);
    let (fields, public) = (fields(), PUBLIC);
    let post = |fields: &[(&str, &str)], key: &str, url: &str| post_text(&origin, fields, key, url);
    for _ in 0..2 {
        let taken = post(&fields, TOKEN, public);
        assert_eq!(
            (taken.status().as_u16(), taken.headers()["content-type"].to_str().unwrap()),
            (200, "text/xml")
        );
        assert!(taken.text().unwrap().contains("<Response></Response>"));
    }
    let mut other = world.door();
    let found = messages(&mut other, "ada");
    assert_eq!((found.len(), text(&found[0], "preview")), (1, "G-123456 ist Ihr Code ü"));
    // The list knows it as well, and it is the same one.
    hold(&held, "SM1", "+15550999", "+15550100", "G-123456 ist Ihr Code ü");
    ask(&mut other, "sources.sync", json!({ "source": "phone" }));
    hold(&held, "SM2", "+15550999", "+15550200", "After it");
    ask(&mut other, "sources.sync", json!({ "source": "phone" }));
    door.event(|event| event["MessageArrived"].is_object());
    while messages(&mut other, "bob").is_empty() {
        door.event(|event| event["MessageArrived"].is_object());
    }
    assert_eq!(messages(&mut other, "ada").len(), 1);
    let foreign = fields.map(|(name, value)| (name, if name == "AccountSid" { "AC9" } else { value }));
    assert_eq!(post(&fields, "another-token", public).status(), 401);
    assert_eq!(post(&fields, TOKEN, "https://hooks.example/inbox/other").status(), 401);
    assert_eq!(post(&foreign, TOKEN, public).status(), 401);
    let nobodys = fields.map(|(name, value)| (name, if name == "To" { "+15550300" } else { value }));
    assert_eq!(post(&nobodys, TOKEN, public).status(), 422);
}

/// Where Twilio posts to, as it knows it.
const PUBLIC: &str = "https://hooks.example/inbox/phone";

/// A text for ada, as Twilio tells it.
fn fields() -> [(&'static str, &'static str); 6] {
    [
        ("To", "+15550100"),
        ("From", "+15550999"),
        ("Body", "G-123456 ist Ihr Code ü"),
        ("MessageSid", "SM1"),
        ("AccountSid", ACCOUNT),
        ("NumMedia", "0"),
    ]
}

/// Posts a text as Twilio does, signed by a key for an address.
fn post_text(origin: &str, fields: &[(&str, &str)], key: &str, url: &str) -> Response {
    let mut sorted = fields.to_vec();
    sorted.sort();
    let signed = sorted.iter().fold(url.to_string(), |signed, (name, value)| signed + name + value);
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let signature = base64(hmac::sign(&key, signed.as_bytes()).as_ref());
    let client = client().build().unwrap();
    let request = client.post(format!("{origin}/inbox/phone")).header("host", "hooks.example");
    let body: String = fields.iter().map(|(name, value)| format!("{name}={}&", escaped(value))).collect();
    let typed = request.header("content-type", "application/x-www-form-urlencoded");
    typed.header("x-twilio-signature", signature).body(body).send().unwrap()
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn a_text_is_sent_from_the_identitys_own_number() {
    let (world, _) = world();
    let held = Held::default();
    let (server, sent) = twilio(0, &held);
    let mut door = phone(&world, &server, json!({}), TOKEN);
    is(&world, &mut door, well);
    let call = json!({ "identity": "ada", "medium": "sms", "to": ["+15550777"], "text": "On my way" });
    let message = ask(&mut door, "inbox.send", call);
    let id = text(&message, "id").to_string();
    let mut other = world.door();
    loop {
        let seen = ask(&mut other, "inbox.read", json!({ "message": id, "peek": true }));
        if seen["sending"]["state"] == "sent" {
            break;
        }
        assert_eq!(seen["sending"]["state"], "queued", "{seen}");
        door.event(|event| event["InboxChanged"].is_object());
    }
    let sent = sent.lock().unwrap().clone();
    assert_eq!(sent, ["To=%2B15550777&From=%2B15550100&Body=On+my+way"]);
}
