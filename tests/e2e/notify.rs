//! The ways besides the desktop: what their servers are told, and when; and what happens when those fail.

use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{SystemTime, UNIX_EPOCH};
use tests::server::{Fault, Reply, Request, Server};
use tests::{DEADLINE, Door, World, text};

const KEY: &str = "whsec_c29tZS1sb25nLXNlY3JldC1rZXktb2YtYS10ZXN0";

/// A server that takes everything, and what it is told.
fn receiver(port: u16, reply: Reply) -> (Server, Receiver<Request>) {
    let (tell, told) = channel();
    let server = Server::start_at(port, move |request| {
        tell.send(request.clone()).ok();
        reply.clone()
    });
    (server, told)
}

fn next(told: &Receiver<Request>) -> Request {
    told.recv_timeout(DEADLINE).expect("the server is told something")
}

/// A world with two agents' seats and a project.
fn world() -> World {
    let world = World::new();
    world.seat(1, "ada", "KEY", "token-of-ada");
    world.seat(2, "bob", "KEY", "token-of-bob");
    world.project("work");
    world
}

fn hook(world: &World, name: &str, url: &str, more: &[&str]) {
    let args = ["notify", "route", "add", name, "--kind", "webhook", "--url", url, "--secret", "-"];
    world.lanyard_with(&[&args[..], more].concat(), KEY).ok();
}

/// Waits until the newest message of a route fits.
#[track_caller]
fn logged(world: &World, door: &mut Door, route: &str, fits: impl Fn(&Value) -> bool) -> Value {
    loop {
        let mut log = world.json(&["notify", "log", "--route", route]);
        if log[0].is_object() && fits(&log[0]) {
            return log[0].take();
        }
        door.event(|event| event["NotifyChanged"].is_object());
    }
}

/// What the reference implementation says of a signature.
fn verified(world: &World, request: &Request, body: &str) -> bool {
    let headers: Value = ["webhook-id", "webhook-timestamp", "webhook-signature"]
        .map(|n| (n, request.header(n)))
        .into_iter()
        .collect();
    let script = "const { Webhook } = require('standardwebhooks'); \
        const [key, body, headers] = JSON.parse(require('fs').readFileSync(0)); \
        try { new Webhook(key).verify(body, headers); console.log('yes'); } catch (e) { console.log('no ' + e.message); }";
    let said = world.node_says(script, &json!([KEY, body, headers]).to_string()).ok();
    assert!(said.starts_with("yes") || said.contains("No matching signature"), "{said}");
    said.starts_with("yes")
}

#[test]
fn a_webhook_is_told_why_an_agent_failed_and_can_check_who_says_so() {
    let world = world();
    let (server, told) = receiver(0, Reply::bare(204));
    hook(&world, "hook", server.url(), &[]);
    world.start(1, "broken", &["sh", "-c", "exit 3"]);
    let request = next(&told);
    assert!(verified(&world, &request, &request.body));
    assert!(!verified(&world, &request, &request.body.replace("failed", "finished")));
    let body = request.json();
    assert_eq!(text(&body, "type"), "lanyard.notices");
    let notice = &body["data"]["notices"][0];
    for (field, value) in [
        ("event", "failed"),
        ("identity", "ada"),
        ("project", "work"),
        ("branch", "broken"),
        ("agent", "command"),
    ] {
        assert_eq!(text(notice, field), value);
    }
    assert_eq!(notice["slot"], 1);
    assert!(text(&body["data"], "title").contains("Slot 1 · ada failed"), "{body}");
    assert!(!request.body.contains("token-of-ada"));
    let everything = [world.lanyard(&["notify", "list", "--json"]).ok(), world.log()].concat();
    assert!(!everything.contains(KEY) && !everything.contains(&KEY[6..]));
}

#[test]
fn a_webhook_is_tried_again_under_the_same_id_until_it_is_taken() {
    let world = world();
    let (server, told) = receiver(0, Reply::bare(204));
    server.fails("POST", Fault::Status(500));
    hook(&world, "hook", server.url(), &[]);
    let mut door = world.listening();
    world.start(1, "broken", &["sh", "-c", "exit 3"]);
    let first = logged(&world, &mut door, "hook", |one| one["said"].is_string());
    assert_eq!((text(&first, "state"), first["tries"].as_u64()), ("waiting", Some(1)));
    assert!(text(&first, "said").contains("500"), "{first}");
    server.heals();
    let taken = next(&told);
    assert_eq!(taken.header("webhook-id"), text(&first, "id"));
    assert!(verified(&world, &taken, &taken.body));
    let sent = logged(&world, &mut door, "hook", |one| text(one, "state") == "sent");
    assert!(sent["tries"].as_u64() >= Some(2) && text(&sent, "said").contains("204"), "{sent}");
}

#[test]
fn a_message_outlives_a_dead_server_and_a_killed_daemon() {
    let world = world();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    hook(&world, "hook", &format!("http://127.0.0.1:{port}/a/path"), &[]);
    let mut door = world.listening();
    world.start(1, "broken", &["sh", "-c", "exit 3"]);
    let first = logged(&world, &mut door, "hook", |one| one["said"].is_string());
    assert!(text(&first, "said").contains("cannot be reached"), "{first}");
    world.daemon_process().kill();
    let (_server, told) = receiver(port, Reply::bare(200));
    let _daemon = world.daemon();
    let taken = next(&told);
    assert_eq!((taken.line.as_str(), taken.header("webhook-id")), ("POST /a/path", text(&first, "id")));
    assert_eq!(taken.json()["data"]["notices"][0]["branch"], "broken");
}

#[test]
fn a_server_that_never_answers_delays_nobody_else() {
    let world = world();
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let (server, told) = receiver(0, Reply::bare(200));
    hook(&world, "deaf", &format!("http://{}", deaf.local_addr().unwrap()), &[]);
    hook(&world, "hook", server.url(), &[]);
    world.start(1, "first", &["sh", "-c", "exit 3"]);
    assert_eq!(next(&told).json()["data"]["notices"][0]["branch"], "first");
    // The connection of the deaf one is there and waits, and the next message passes it.
    let _held = deaf.accept().unwrap();
    world.start(2, "second", &["sh", "-c", "exit 3"]);
    assert_eq!(next(&told).json()["data"]["notices"][0]["branch"], "second");
    assert_eq!(world.json(&["notify", "log", "--route", "hook"]).as_array().unwrap().len(), 2);
}

#[test]
fn quiet_hours_go_by_the_clock_of_this_place_and_let_through_what_is_named() {
    let mut world = World::new();
    // Nine hours east of Greenwich, without a file of time zones.
    world.set("TZ", "LYT-9");
    world.seat(1, "ada", "KEY", "token-of-ada");
    world.project("work");
    let (server, told) = receiver(0, Reply::bare(200));
    hook(&world, "hook", server.url(), &[]);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 60 + 9 * 60;
    let time = |minutes: u64| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
    let around = format!("{}-{}", time(now + 23 * 60), time(now + 60));
    let set = world.json(&["notify", "quiet", &around, "--except", "failed"]);
    assert_eq!(set["quiet"]["except"], json!(["failed"]));
    world.as_agent(1, "quiet", "exit 0");
    world.as_agent(1, "loud", "exit 3");
    assert_eq!(next(&told).json()["data"]["notices"][0]["branch"], "loud");
    world.lanyard(&["notify", "quiet", "off"]).ok();
    world.as_agent(1, "day", "exit 0");
    assert_eq!(next(&told).json()["data"]["notices"][0]["branch"], "day");
    assert_eq!(world.json(&["notify", "log"]).as_array().unwrap().len(), 2);
}

#[test]
fn a_slot_that_is_muted_an_event_that_is_off_and_a_rule_that_does_not_fit_tell_nothing() {
    let world = world();
    let (server, told) = receiver(0, Reply::bare(200));
    hook(&world, "hook", server.url(), &[]);
    hook(&world, "bobs", server.url(), &["--slots", "2", "--events", "failed"]);
    let set = world.json(&["notify", "mute", "1", "--for", "2h"]);
    assert_eq!(set["muted"][0]["slot"], 1);
    world.as_agent(1, "muted", "exit 3");
    world.lanyard(&["notify", "set", "--events", "failed,waiting"]).ok();
    world.as_agent(2, "off", "exit 0");
    world.lanyard(&["notify", "unmute", "1"]).ok();
    world.as_agent(1, "told", "exit 3");
    assert_eq!(next(&told).json()["data"]["notices"][0]["branch"], "told");
    let routes = world.json(&["notify", "log"]);
    let routes: Vec<&str> = routes.as_array().unwrap().iter().map(|one| text(one, "route")).collect();
    assert_eq!(routes, ["hook"]);
    world.as_agent(2, "both", "exit 3");
    let both = [next(&told), next(&told)].map(|request| request.json()["data"]["notices"][0]["slot"].clone());
    assert_eq!(both, [json!(2), json!(2)]);
}

#[test]
fn a_delayed_route_is_for_what_nobody_has_reacted_to() {
    let world = world();
    let (server, told) = receiver(0, Reply::bare(200));
    hook(&world, "later", server.url(), &["--after", "1h"]);
    hook(&world, "soon", server.url(), &["--after", "2s"]);
    let mut door = world.listening();
    world.as_agent(1, "alone", "exit 3");
    let soon = next(&told).json();
    assert_eq!(soon["data"]["notices"][0]["branch"], "alone");
    let waiting = logged(&world, &mut door, "later", |_| true);
    assert_eq!((text(&waiting, "state"), waiting["tries"].as_u64()), ("waiting", Some(0)));
    // A click on a notification, or a look at the slot, is a reaction.
    assert!(door.ask("slots.open", json!({ "slot": 1 }))["Ok"].is_object());
    logged(&world, &mut door, "later", |one| text(one, "state") == "withdrawn");
}

#[test]
fn a_mailbox_gets_a_letter_over_tls_with_a_login() {
    for how in ["starttls", "tls"] {
        let mut world = World::new();
        world.set("SSL_CERT_FILE", world.path("loopback.pem").display().to_string());
        let server = world.mail_server(how, Some("letter-box"));
        world.seat(1, "ada", "KEY", "token-of-ada");
        world.project("work");
        let scheme = if how == "tls" { "smtps" } else { "smtp" };
        let url = format!("{scheme}://127.0.0.1:{}", server.port);
        let mut add = vec!["notify", "route", "add", "box", "--kind", "mail", "--url", &url, "--secret", "-"];
        let settings = [
            "from=Lanyard <lanyard@example.com>",
            "to=me@example.com, you@example.com",
            "username=olivia",
            "starttls=yes",
        ];
        settings.iter().for_each(|setting| add.extend(["--set", setting]));
        world.lanyard_with(&add, "letter-box").ok();
        world.start(1, "broken", &["sh", "-c", "exit 3"]);
        let letter = server.letter();
        assert_eq!(letter["to"], json!(["me@example.com", "you@example.com"]));
        assert_eq!((letter["secure"].as_bool(), text(&letter, "user")), (Some(true), "olivia"));
        assert_eq!(text(&letter, "subject"), "Slot 1 · ada failed");
        assert!(text(&letter, "text").contains("command · work · broken: "), "{letter}");
        assert!(!world.log().contains("letter-box"));
    }
}

#[test]
fn a_mail_server_that_refuses_is_named_and_one_that_is_busy_is_asked_again() {
    let world = world();
    let server = world.mail_server("plain", None);
    let url = format!("smtp://127.0.0.1:{}", server.port);
    let add =
        ["notify", "route", "add", "box", "--kind", "mail", "--url", &url, "--set", "from=l@example.com"];
    world.lanyard(&[&add[..], &["--set", "to=busy@example.com"]].concat()).ok();
    let mut door = world.listening();
    world.start(1, "broken", &["sh", "-c", "exit 3"]);
    let busy = logged(&world, &mut door, "box", |one| one["said"].is_string());
    assert_eq!(text(&busy, "state"), "waiting");
    assert!(text(&busy, "said").contains("451"), "{busy}");
    world.lanyard(&["notify", "route", "update", "box", "--set", "to=me@example.com"]).ok();
    let letter = server.letter();
    assert_eq!((letter["secure"].as_bool(), text(&letter, "subject")), (Some(false), "Slot 1 · ada failed"));
    assert!(text(&letter, "messageId").contains(text(&busy, "id")), "{letter}");
}

#[test]
fn a_telephone_gets_a_text_by_twilio_as_its_documentation_asks() {
    let world = world();
    let taken = json!({ "sid": "SM0123", "status": "queued", "error_code": null });
    let (server, told) = receiver(0, Reply::json(201, &taken));
    let mut add =
        vec!["notify", "route", "add", "phone", "--kind", "twilio", "--url", server.url(), "--secret", "-"];
    ["account=AC0123", "from=+15550001111", "to=+15552223333"].iter().for_each(|s| add.extend(["--set", s]));
    world.lanyard_with(&add, "twilios-auth-token").ok();
    let mut door = world.listening();
    world.start(1, "broken", &["sh", "-c", "exit 3"]);
    let request = next(&told);
    assert_eq!(request.line, "POST /2010-04-01/Accounts/AC0123/Messages.json");
    assert_eq!(request.header("content-type"), "application/x-www-form-urlencoded");
    // AC0123:twilios-auth-token
    assert_eq!(request.header("authorization"), "Basic QUMwMTIzOnR3aWxpb3MtYXV0aC10b2tlbg==");
    let begins = "To=%2B15552223333&From=%2B15550001111&Body=Slot+1+%C2%B7+ada+failed%0A";
    assert!(request.body.starts_with(begins), "{}", request.body);
    let sent = logged(&world, &mut door, "phone", |one| text(one, "state") == "sent");
    assert!(text(&sent, "said").contains("SM0123"), "{sent}");

    server.fails("POST", Fault::Status(401));
    world.start(2, "again", &["sh", "-c", "exit 3"]);
    let failed = logged(&world, &mut door, "phone", |one| text(one, "state") == "failed");
    assert_eq!(failed["tries"], 1);
    assert!(
        text(&failed, "said").contains("401") && !failed.to_string().contains("twilios-auth-token"),
        "{failed}"
    );
}

#[test]
fn a_topic_of_ntfy_gets_json_with_the_token() {
    let world = world();
    let (server, told) = receiver(0, Reply::json(200, &json!({ "id": "abc", "event": "message" })));
    let add = ["notify", "route", "add", "push", "--kind", "ntfy", "--url", server.url(), "--secret", "-"];
    world.lanyard_with(&[&add[..], &["--set", "topic=my-agents"]].concat(), "tk_0123456789").ok();
    world.start(1, "broken", &["sh", "-c", "exit 3"]);
    let request = next(&told);
    assert_eq!((request.line.as_str(), request.bearer()), ("POST /", "tk_0123456789"));
    let body = request.json();
    assert_eq!((text(&body, "topic"), body["priority"].as_u64()), ("my-agents", Some(4)));
    assert_eq!(text(&body, "title"), "Slot 1 · ada failed");
}

#[test]
fn a_test_says_on_each_way_what_came_of_it() {
    let world = world();
    let (server, told) = receiver(0, Reply::bare(200));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    hook(&world, "good", server.url(), &[]);
    hook(&world, "dead", &format!("http://127.0.0.1:{port}"), &[]);
    let tests = world.lanyard(&["notify", "test", "--json"]);
    assert_eq!(tests.status, Some(1));
    let tests: Value = serde_json::from_str(&tests.stdout).unwrap();
    let of = |name: &str| tests.as_array().unwrap().iter().find(|one| text(one, "route") == name).unwrap();
    assert!(of("good")["ok"] == true && text(of("good"), "said").contains("200"), "{tests}");
    assert!(of("dead")["ok"] == false && text(of("dead"), "said").contains("cannot be reached"), "{tests}");
    // There is no desktop here.
    assert!(of("desktop")["ok"] == false, "{tests}");
    assert_eq!(text(&next(&told).json(), "type"), "lanyard.test");
    world.lanyard(&["notify", "test", "good"]).ok();
    assert!(world.lanyard(&["notify", "test", "nobody"]).fails(1).contains("no route"));
}

#[test]
fn a_route_that_cannot_work_is_refused_when_it_is_added() {
    let world = World::new();
    let refused = |kind: &str, more: &[&str], secret: &str| {
        let args = ["notify", "route", "add", "x", "--kind", kind, "--secret", "-"];
        world.lanyard_with(&[&args[..], more].concat(), secret).fails(1)
    };
    assert!(refused("webhook", &[], KEY).contains("--url"));
    assert!(refused("webhook", &["--url", "http://example.com"], KEY).contains("in clear"));
    assert!(refused("webhook", &["--url", "https://example.com"], "short").contains("too short"));
    assert!(refused("ntfy", &["--set", "topic=a/b"], "x").contains("topic"));
    assert!(refused("ntfy", &["--set", "topc=a"], "x").contains("there is no setting"));
    assert!(refused("twilio", &["--set", "account=AC1", "--set", "to=5"], "x").contains("number"));
    assert!(refused("mail", &["--url", "smtp://x", "--set", "from=a"], "x").contains("username"));
    assert_eq!(world.json(&["notify", "list"])["routes"], json!([]));
}
