//! Sources as their owner sets them up, and the ways by which an identity's mail goes out.

use serde_json::{Value, json};
use std::net::TcpListener;
use tests::{Door, MailServer, World, text};

fn send(world: &World, from: &str, to: &str, subject: &str) -> Value {
    let args = ["email", "send", "--identity", from, "--to", to, "--subject", subject, "--body", "Hello"];
    world.json(&args)
}

/// Waits until the newest message that an identity sent fits.
#[track_caller]
fn sent(world: &World, door: &mut Door, identity: &str, fits: impl Fn(&Value) -> bool) -> Value {
    loop {
        let mut all = world.json(&["email", "list", "--sent", "--identity", identity]);
        if all["messages"][0].is_object() && fits(&all["messages"][0]["sending"]) {
            return all["messages"][0].take();
        }
        door.event(|event| event["InboxChanged"].is_object());
    }
}

fn is_sent(sending: &Value) -> bool {
    sending["state"] == "sent"
}

fn relay(world: &World, name: &str, server: &MailServer, more: &[&str]) {
    let url = format!("smtp://127.0.0.1:{}", server.port);
    let args = ["sources", "add", name, "--kind", "smtp", "--url", &url];
    world.lanyard_with(&[&args[..], more].concat(), "pass word").ok();
}

#[test]
fn a_source_is_added_shown_changed_and_removed_and_its_secret_is_told_nowhere() {
    let world = World::new();
    world.identity("ada");
    let mut door = world.listening();
    let add =
        ["sources", "add", "out", "--kind", "smtp", "--url", "smtps://mail.example.com", "--identity", "ada"];
    let secret = ["--set", "username=me", "--secret", "-", "--json"];
    let added = world.lanyard_with(&[&add[..], &secret].concat(), "very-secret-word").json();
    door.event(|event| event["SourceChanged"]["source"] == added["id"]);
    assert_eq!((text(&added, "name"), text(&added, "kind"), &added["secret"]), ("out", "smtp", &json!(true)));
    assert_eq!(added["settings"], json!({ "username": "me" }));
    world.lanyard(&["sources", "update", "out", "--url", "smtps://other.example.com"]).ok();
    let shown = world.json(&["sources", "show", "out"]);
    assert_eq!(text(&shown, "url"), "smtps://other.example.com");
    let listed = world.lanyard(&["sources", "list"]).ok();
    assert!(listed.contains("ada") && listed.contains("local") && listed.contains("listening"), "{listed}");
    let everything = [listed, world.lanyard(&["audit", "list", "--json"]).ok(), world.log()].concat();
    assert!(!everything.contains("very-secret-word"));
    assert_eq!(world.files_with("very-secret-word"), Vec::<std::path::PathBuf>::new());
    world.lanyard(&["sources", "remove", "out"]).ok();
    assert_eq!(world.json(&["sources", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_set_up_that_cannot_work_is_refused_with_what_is_wrong() {
    let world = World::new();
    let refused = |args: &[&str]| world.lanyard(&[&["sources"], args].concat()).fails(1);
    assert!(refused(&["add", "x", "--kind", "smtp"]).contains("--url"));
    let args = ["add", "x", "--kind", "smtp", "--url", "smtp://a.example"];
    assert!(refused(&[&args[..], &["--set", "usrname=me"]].concat()).contains("there is no setting"));
    assert!(refused(&[&args[..], &["--set", "username=me"]].concat()).contains("--secret"));
    let told = world.lanyard(&[&["sources"], &args[..], &["--secret", "hunter2"]].concat()).fails(2);
    assert!(told.contains("--secret -") && !told.contains("hunter2"), "{told}");
    assert!(refused(&[&args[..], &["--set", "starttls=perhaps"]].concat()).contains("yes or no"));
    assert!(refused(&[&args[..], &["--identity", "nobody"]].concat()).contains("nobody"));
    assert!(refused(&["add", "local", "--kind", "smtp", "--url", "smtp://a.example"]).contains("already"));
    assert!(refused(&["remove", "local"]).contains("settings.toml"));
    assert!(refused(&["sync", "nothing"]).contains("sources list"));
    assert_eq!(world.json(&["sources", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn the_sources_of_an_identity_go_with_it() {
    let world = World::new();
    world.identity("ada");
    world.identity("bob");
    let server = world.mail_server("plain", None);
    relay(&world, "of-ada", &server, &["--identity", "ada"]);
    relay(&world, "of-all", &server, &[]);
    let mut door = world.listening();
    let id = text(&world.json(&["sources", "show", "of-ada"]), "id").to_string();
    world.lanyard(&["identity", "delete", "ada", "--force"]).ok();
    door.event(|event| event["SourceChanged"]["source"] == id);
    let names: Vec<String> = world
        .json(&["sources", "list"])
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(one, "name").to_string())
        .collect();
    assert_eq!(names, ["local", "of-all"]);
}

#[test]
fn an_identity_writes_to_another_here_without_any_relay() {
    let world = World::new();
    world.identity("ada");
    world.identity("bob");
    let mut door = world.listening();
    send(&world, "ada", "bob@lanyard.localhost", "Hello neighbour");
    sent(&world, &mut door, "ada", is_sent);
    let came = world.json(&["email", "list", "--received", "--identity", "bob"]);
    let came = &came["messages"][0];
    assert_eq!((text(came, "subject"), text(came, "from")), ("Hello neighbour", "ada@lanyard.localhost"));
    assert!(
        world
            .lanyard(&["email", "send", "--identity", "ada", "--to", "you@example.com", "--body", "x"])
            .fails(1)
            .contains("lanyard sources add")
    );
    assert_eq!(
        world.json(&["email", "list", "--sent", "--identity", "ada"])["messages"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn what_one_identity_writes_to_another_comes_in_the_order_in_which_it_was_written() {
    let world = World::new();
    world.identity("ada");
    world.identity("bob");
    // Whatever ada writes to somebody elsewhere is stuck at a server that says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", silent.local_addr().unwrap());
    world.lanyard(&["sources", "add", "out", "--kind", "smtp", "--url", &url]).ok();
    let (mut door, mut asking) = (world.listening(), world.door());
    let subjects: Vec<String> = (0..40).map(|n| format!("Number {n}")).collect();
    let ask = |n: usize, to: &[&str]| {
        json!({ "id": n, "method": "inbox.send", "params": { "identity": "ada", "medium": "email", "to": to,
            "subject": subjects[n], "text": "x".repeat(if n.is_multiple_of(3) { 20_000 } else { 10 }) } })
    };
    // One after the other, without waiting for any.
    for n in 0..subjects.len() {
        let to = if n % 5 == 0 {
            &["bob@lanyard.localhost", "you@example.com"][..]
        } else {
            &["bob@lanyard.localhost"]
        };
        asking.send(format!("{}\n", ask(n, to)).as_bytes()).unwrap();
        assert!(asking.line().unwrap()["answer"]["result"]["Ok"].is_object());
    }
    let args = ["email", "list", "--received", "--identity", "bob", "--limit", "100"];
    let came = loop {
        let came = world.json(&args)["messages"].as_array().unwrap().clone();
        if came.len() == subjects.len() {
            break came;
        }
        door.event(|event| event["MessageArrived"].is_object());
    };
    let came: Vec<&str> = came.iter().rev().map(|one| text(one, "subject")).collect();
    assert_eq!(came, subjects);
}

#[test]
fn a_mail_goes_to_those_whom_the_relay_takes_and_who_was_refused_is_told() {
    let world = World::new();
    world.identity("ada");
    let server = world.mail_server("plain", None);
    relay(&world, "out", &server, &[]);
    let mut door = world.listening();
    send(&world, "ada", "you@example.com,gone@example.com,him@example.com", "For three");
    let failed = sent(&world, &mut door, "ada", |sending| sending["state"] == "failed");
    let reason = text(&failed["sending"], "reason");
    assert!(reason.starts_with("gone@example.com: it refused (550): "), "{reason}");
    assert!(reason.contains("nobody of that name") && reason.ends_with("; the other 2 have it"), "{reason}");
    let letter = server.letter();
    assert_eq!(letter["to"], json!(["you@example.com", "him@example.com"]));
    // Who is refused for now alone gets it later alone, also by the next daemon.
    send(&world, "ada", "you@example.com,once@example.com", "For two");
    assert_eq!(server.letter()["to"], json!(["you@example.com"]));
    sent(&world, &mut door, "ada", |sending| sending["state"] != "failed");
    world.daemon_process().kill();
    let mut door = world.listening();
    sent(&world, &mut door, "ada", is_sent);
    assert_eq!(server.letter()["to"], json!(["once@example.com"]));
    send(&world, "ada", "gone@example.com", "For nobody");
    let failed = sent(&world, &mut door, "ada", |sending| sending["state"] == "failed");
    assert!(text(&failed["sending"], "reason").starts_with("it refused (550): "), "{failed}");
}

#[test]
fn mail_goes_out_by_the_identitys_own_source_first() {
    let mut world = World::new();
    world.set("SSL_CERT_FILE", world.certificate().display().to_string());
    world.identity("ada");
    world.identity("bob");
    let (own, all) = (world.mail_server("tls", Some("pass word")), world.mail_server("plain", None));
    relay(&world, "all", &all, &[]);
    let url = format!("smtps://127.0.0.1:{}", own.port);
    let args = ["sources", "add", "own", "--kind", "smtp", "--url", &url, "--identity", "ada"];
    world.lanyard_with(&[&args[..], &["--set", "username=me", "--secret", "-"]].concat(), "pass word").ok();
    let mut door = world.listening();
    send(&world, "ada", "you@example.com", "By her own");
    sent(&world, &mut door, "ada", is_sent);
    let letter = own.letter();
    assert_eq!((text(&letter, "subject"), text(&letter, "user")), ("By her own", "me"));
    assert!(text(&letter, "from").contains("ada@lanyard.localhost"), "{letter}");
    send(&world, "bob", "you@example.com", "By that for all");
    sent(&world, &mut door, "bob", is_sent);
    assert_eq!(text(&all.letter(), "subject"), "By that for all");
}

#[test]
fn the_relay_of_the_settings_sends_where_no_source_does_and_whom_it_refuses_is_told() {
    let world = World::new();
    let server = world.mail_server("plain", None);
    std::fs::create_dir_all(world.home()).unwrap();
    let settings = format!("[inbox]\nrelay = \"smtp://127.0.0.1:{}\"\n", server.port);
    std::fs::write(world.home().join("settings.toml"), settings).unwrap();
    world.identity("ada");
    world.identity("bob");
    let mut door = world.listening();
    let to = "you@example.com,bob@lanyard.localhost";
    world
        .lanyard(&["email", "send", "--identity", "ada", "--to", to, "--subject", "Both", "--body", "Hi"])
        .ok();
    sent(&world, &mut door, "ada", is_sent);
    let letter = server.letter();
    assert_eq!(letter["to"], json!(["you@example.com"]), "who is here got it here");
    assert_eq!(
        world.json(&["email", "list", "--received", "--identity", "bob"])["messages"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    send(&world, "ada", "gone@example.com", "Never");
    let refused = sent(&world, &mut door, "ada", |sending| sending["state"] == "failed");
    assert!(text(&refused["sending"], "reason").contains("nobody of that name"), "{refused}");
    send(&world, "ada", "busy@example.com", "Later");
    // What is put off says nothing but that it still waits; the log says that it was tried, in no words of the server's.
    while !world.log().contains("was not sent") {
        door.event(|event| event["InboxChanged"].is_object());
    }
    assert!(!world.log().contains("try again later"));
    let waits = sent(&world, &mut door, "ada", |sending| sending["state"] == "queued");
    assert_eq!(text(&waits, "subject"), "Later");
}

#[test]
fn what_is_on_its_way_outlives_a_killed_daemon_and_goes_out_once_its_relay_is_there() {
    let world = World::new();
    let daemon = world.daemon();
    world.identity("ada");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("smtp://127.0.0.1:{port}");
    world.lanyard(&["sources", "add", "out", "--kind", "smtp", "--url", &url]).ok();
    let mut door = world.listening();
    send(&world, "ada", "you@example.com", "Patience");
    // The first try is over, since nobody is there.
    door.event(|event| event["InboxChanged"].is_object());
    daemon.kill();
    let server = world.mail_server("plain", None);
    let _daemon = world.daemon();
    let mut door = world.listening();
    let url = format!("smtp://127.0.0.1:{}", server.port);
    world.lanyard(&["sources", "update", "out", "--url", &url]).ok();
    sent(&world, &mut door, "ada", is_sent);
    assert_eq!(text(&server.letter(), "subject"), "Patience");
}

#[test]
fn a_source_waits_for_a_locked_vault_and_goes_on_when_it_opens() {
    let mut world = World::new();
    let daemon = world.daemon();
    let args = ["sources", "add", "out", "--kind", "smtp", "--url", "smtps://mail.example.com"];
    world.lanyard_with(&[&args[..], &["--set", "username=me", "--secret", "-"]].concat(), "pass word").ok();
    daemon.end();
    world.unset("LANYARD_PASSPHRASE_FILE");
    let _daemon = world.daemon();
    let mut door = world.listening();
    let mut wait_for = |state: &str| loop {
        let shown = world.json(&["sources", "show", "out"]);
        if text(&shown["state"], "state") == state {
            return shown;
        }
        door.event(|event| event["SourceChanged"].is_object());
    };
    assert!(text(&wait_for("failed")["state"], "reason").contains("locked"));
    world.lanyard_with(&["unlock"], tests::PASSPHRASE).ok();
    wait_for("listening");
}
