//! A mailbox that a real Dovecot keeps: what comes there reaches whom it names, once, and nothing there changes.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::Instant;
use tests::{DEADLINE, Door, Dovecot, MAILBOX_PASSWORD, World, text};

/// A world with the agents ada and bob.
fn world() -> World {
    let world = World::new();
    world.seat(1, "ada", "KEY", "token-of-ada");
    world.seat(2, "bob", "KEY", "token-of-bob");
    world
}

/// A letter to an address, as a server has it that has written nothing above it.
fn letter(to: &str, subject: &str) -> String {
    format!(
        "From: Shop <no-reply@shop.example>\nTo: {to}\nSubject: {subject}\nMessage-ID: <{}@shop.example>\n\
         Date: Sat, 21 Nov 2026 12:00:00 +0000\n\nYour code is 482913.\n",
        subject.replace(' ', ".")
    )
}

/// Adds the mailbox as the source `box`, whose address is me@example.com.
#[track_caller]
fn add(door: &mut Door, url: &str, settings: Value) -> Value {
    let mut all = json!({ "username": "me@example.com" });
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let call =
        json!({ "name": "box", "kind": "imap", "url": url, "settings": all, "secret": MAILBOX_PASSWORD });
    let added = door.ask("sources.add", call);
    assert!(added["Ok"].is_object(), "{added}");
    added["Ok"].clone()
}

/// Waits until the source is in a state that fits.
#[track_caller]
fn is(world: &World, door: &mut Door, fits: impl Fn(&Value) -> bool) -> Value {
    let mut other = world.door();
    let until = Instant::now() + DEADLINE;
    loop {
        let sources = other.ask("sources.list", json!({}))["Ok"].take();
        let found = sources.as_array().unwrap().iter().find(|one| one["name"] == "box").cloned();
        let found = found.unwrap_or_else(|| panic!("no box in {sources}"));
        if fits(&found) {
            return found;
        }
        assert!(Instant::now() < until, "{found}");
        door.event(|event| event["SourceChanged"].is_object() || event["MessageArrived"].is_object());
    }
}

fn well(source: &Value) -> bool {
    source["state"]["state"] == "listening"
}

/// The subjects of an identity's messages; each must be there once.
#[track_caller]
fn subjects(door: &mut Door, identity: &str) -> BTreeSet<String> {
    let listed = door.ask("inbox.list", json!({ "identity": identity, "limit": 200 }))["Ok"].take();
    let all: Vec<&Value> =
        listed["messages"].as_array().unwrap_or_else(|| panic!("{listed}")).iter().collect();
    let subjects: BTreeSet<String> = all.iter().map(|one| text(one, "subject").to_string()).collect();
    assert_eq!(subjects.len(), all.len(), "something came twice: {listed}");
    subjects
}

/// Waits until an identity has so many messages.
#[track_caller]
fn count(world: &World, door: &mut Door, identity: &str, wanted: usize) -> BTreeSet<String> {
    let mut other = world.door();
    loop {
        let found = subjects(&mut other, identity);
        if found.len() >= wanted {
            assert_eq!(found.len(), wanted, "{found:?}");
            return found;
        }
        door.event(|event| event["MessageArrived"].is_object());
    }
}

fn url(dovecot: &Dovecot) -> String {
    format!("imap://127.0.0.1:{}", dovecot.port)
}

#[test]
fn a_mail_that_is_delivered_unblocks_the_agent_whom_it_names_and_nobody_else_sees_it() {
    let world = world();
    let mut dovecot = world.dovecot("");
    let mut door = world.listening();
    add(&mut door, &url(&dovecot), json!({}));
    is(&world, &mut door, well);
    let mut waiting = world.door();
    // It is asked once a minute without IDLE, which is later than a test waits.
    for round in 0..5 {
        let subject = format!("Round {round}");
        let wait = json!({ "id": 9, "method": "inbox.wait", "params": { "identity": "ada", "subject": subject, "awaited": "code" } });
        waiting.send(format!("{wait}\n").as_bytes()).unwrap();
        dovecot.deliver(&letter("me+ada@example.com", &subject));
        let answer = waiting.line().unwrap();
        let message = &answer["answer"]["result"]["Ok"];
        assert_eq!(
            (text(message, "subject"), text(message, "source")),
            (subject.as_str(), "box"),
            "{answer}"
        );
        assert_eq!(message["found"]["codes"][0]["value"], "482913");
    }
    let id = count(&world, &mut door, "ada", 5);
    assert!(id.contains("Round 4") && subjects(&mut door, "bob").is_empty());
    assert!(!world.log().contains(MAILBOX_PASSWORD) && !world.log().contains("482913"));
}

#[test]
fn what_a_server_delivered_is_whose_it_says_and_a_sender_cannot_say_otherwise() {
    let world = world();
    let mut dovecot = world.dovecot("");
    let mut door = world.listening();
    // The writer names bob, and claims a delivery to bob; the server has delivered it to ada.
    let forged = |subject: &str| {
        format!(
            "Return-Path: <x@evil.example>\nX-Original-To: me+ada@example.com\nDelivered-To: me@example.com\n\
             Received: from evil.example by mx.example.com; Sat, 21 Nov 2026 12:00:00 +0000\n\
             Delivered-To: me+bob@example.com\n{}",
            letter("me+bob@example.com", subject)
        )
    };
    dovecot.deliver(&forged("Not for bob"));
    // Copies of one letter to both, as a server delivers them: each is one's own.
    for (name, subject) in [("ada", "Copy of ada"), ("bob", "Copy of bob")] {
        let written = letter("me+ada@example.com, me+bob@example.com", subject);
        dovecot.deliver(&format!(
            "Delivered-To: <me+{name}@example.com>\nReceived: from x by y; now\n{written}"
        ));
    }
    dovecot.deliver(&letter("me+nobody@example.com, bob@agents.example", "Caught for bob"));
    dovecot.deliver(&letter("me+ada@example.com, Bob <ME+Bob@Example.com>", "For both"));
    dovecot.deliver(&letter("me+nobody@example.com", "For nobody"));
    add(&mut door, &url(&dovecot), json!({ "domain": "agents.example" }));
    is(&world, &mut door, well);
    let names = |all: &[&str]| all.iter().map(|one| one.to_string()).collect::<BTreeSet<_>>();
    assert_eq!(subjects(&mut door, "ada"), names(&["Not for bob", "Copy of ada", "For both"]));
    assert_eq!(subjects(&mut door, "bob"), names(&["Caught for bob", "Copy of bob", "For both"]));
}

#[test]
fn nothing_changes_at_the_server_and_nothing_comes_twice_over_restarts() {
    let world = world();
    let mut dovecot = world.dovecot("");
    let mut door = world.listening();
    (0..3).for_each(|n| dovecot.deliver(&letter("me+ada@example.com", &format!("Early {n}"))));
    add(&mut door, &url(&dovecot), json!({}));
    is(&world, &mut door, well);
    assert_eq!(subjects(&mut door, "ada").len(), 3);
    let daemon = world.daemon_process();
    daemon.signal(rustix::process::Signal::TERM);
    daemon.wait_for_end();
    // What comes while nobody looks is there when somebody does.
    (0..2).for_each(|n| dovecot.deliver(&letter("me+ada@example.com", &format!("Late {n}"))));
    let before = dovecot.letters();
    let mut door = world.listening();
    is(&world, &mut door, well);
    assert_eq!(subjects(&mut door, "ada").len(), 5);
    world.daemon_process().kill();
    let mut door = world.listening();
    is(&world, &mut door, well);
    assert_eq!(subjects(&mut door, "ada").len(), 5);
    let after = dovecot.letters();
    assert_eq!(before.len(), 5);
    // Neither a byte nor a flag, which stand in the names.
    let bare = |letters: &std::collections::BTreeMap<String, Vec<u8>>| -> BTreeSet<(String, Vec<u8>)> {
        let name = |name: &str| name.rsplit('/').next().unwrap().trim_end_matches(":2,").to_string();
        letters.iter().map(|(file, bytes)| (name(file), bytes.clone())).collect()
    };
    assert_eq!(bare(&before), bare(&after));
}

#[test]
fn a_daemon_that_is_killed_in_the_middle_of_taking_over_goes_on_from_there() {
    let world = world();
    let mut dovecot = world.dovecot("");
    let mut door = world.listening();
    (0..180).for_each(|n| dovecot.deliver(&letter("me+ada@example.com", &format!("Letter {n}"))));
    add(&mut door, &url(&dovecot), json!({}));
    let found = is(&world, &mut door, |source| source["state"]["done"].as_u64() > Some(0));
    assert_eq!(found["state"]["state"], "syncing", "{found}");
    assert_eq!(found["state"]["total"], 180);
    world.daemon_process().kill();
    let mut door = world.listening();
    is(&world, &mut door, well);
    assert_eq!(subjects(&mut door, "ada").len(), 180);
}

#[test]
fn the_first_look_takes_over_no_more_than_it_is_told_to() {
    let world = world();
    let mut dovecot = world.dovecot("");
    let mut door = world.listening();
    (0..10).for_each(|n| dovecot.deliver(&letter("me+ada@example.com", &format!("Letter {n}"))));
    add(&mut door, &url(&dovecot), json!({ "most": "4" }));
    is(&world, &mut door, well);
    let found = subjects(&mut door, "ada");
    assert!(found.len() == 4 && found.contains("Letter 9") && !found.contains("Letter 5"), "{found:?}");
    door.ask("sources.remove", json!({ "source": "box" }));
    add(&mut door, &url(&dovecot), json!({ "days": "0" }));
    is(&world, &mut door, well);
    dovecot.deliver(&letter("me+ada@example.com", "New"));
    assert!(count(&world, &mut door, "ada", 5).contains("New"));
}

#[test]
fn a_mailbox_that_counts_anew_brings_nothing_twice() {
    let world = world();
    let mut dovecot = world.dovecot("");
    let mut door = world.listening();
    (0..3).for_each(|n| dovecot.deliver(&letter("me+ada@example.com", &format!("Early {n}"))));
    // One without an id, and without a date.
    dovecot.deliver("To: me+ada@example.com\nSubject: Bare\n\nHello.\n");
    add(&mut door, &url(&dovecot), json!({}));
    is(&world, &mut door, well);
    assert_eq!(subjects(&mut door, "ada").len(), 4);
    dovecot.kill();
    let broken = is(&world, &mut door, |source| source["state"]["state"] == "failed");
    assert!(broken["state"]["again_at"].is_i64() && !text(&broken["state"], "reason").is_empty(), "{broken}");
    dovecot.renumber(1_234_567);
    dovecot.deliver(&letter("me+ada@example.com", "After"));
    dovecot.revive();
    door.ask("sources.sync", json!({ "source": "box" }));
    is(&world, &mut door, well);
    assert!(count(&world, &mut door, "ada", 5).contains("After"));
}

#[test]
fn what_was_deleted_here_stays_there_and_does_not_come_back() {
    let world = world();
    let mut dovecot = world.dovecot("");
    let mut door = world.listening();
    ["Kept", "Deleted", "Bare"].iter().for_each(|one| dovecot.deliver(&letter("me+ada@example.com", one)));
    add(&mut door, &url(&dovecot), json!({}));
    is(&world, &mut door, well);
    let mut other = world.door();
    let listed = other.ask("inbox.list", json!({ "identity": "ada" }))["Ok"].take();
    for message in listed["messages"].as_array().unwrap().iter().filter(|one| text(one, "subject") != "Kept")
    {
        assert!(other.ask("inbox.delete", json!({ "message": message["id"] }))["Ok"].is_object());
    }
    assert_eq!(dovecot.letters().len(), 3);
    dovecot.kill();
    is(&world, &mut door, |source| source["state"]["state"] == "failed");
    // The mailbox counts anew, and one letter stands there with a line more, as after a move.
    dovecot.renumber(7_654_321);
    dovecot.deliver(&format!("X-Moved: yes\n{}", letter("me+ada@example.com", "Deleted")));
    dovecot.deliver(&letter("me+ada@example.com", "After"));
    dovecot.revive();
    door.ask("sources.sync", json!({ "source": "box" }));
    is(&world, &mut door, well);
    let found = count(&world, &mut door, "ada", 2);
    assert!(found.contains("Kept") && found.contains("After"), "{found:?}");
}

#[test]
fn a_wrong_password_is_told_and_the_server_is_left_alone() {
    let world = world();
    let mut dovecot = world.dovecot("");
    let mut door = world.listening();
    let settings = json!({ "username": "me@example.com" });
    let call = json!({ "name": "box", "kind": "imap", "url": url(&dovecot), "settings": settings, "secret": "not-the-password" });
    assert!(door.ask("sources.add", call)["Ok"].is_object());
    let failed = is(&world, &mut door, |source| source["state"]["state"] == "failed");
    let reason = text(&failed["state"], "reason");
    assert!(reason.contains("refused the login") && !reason.contains("not-the-password"), "{failed}");
    let wait = failed["state"]["again_at"].as_i64().unwrap() - failed_at();
    assert!(wait > 50 * 60_000, "it is tried again in {wait} ms");
    dovecot.deliver(&letter("me+ada@example.com", "Hello"));
    assert!(
        door.ask("sources.update", json!({ "source": "box", "secret": MAILBOX_PASSWORD }))["Ok"].is_object()
    );
    is(&world, &mut door, well);
    assert_eq!(subjects(&mut door, "ada").len(), 1);
    assert!(!world.log().contains("not-the-password"));
}

fn failed_at() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

#[test]
fn tls_is_checked_from_the_first_byte_and_before_a_word_is_said() {
    for trusted in [true, false] {
        let mut world = World::new();
        if trusted {
            world.set("SSL_CERT_FILE", world.path("loopback.pem").display().to_string());
        }
        world.seat(1, "ada", "KEY", "token-of-ada");
        let mut dovecot = world.dovecot("disable_plaintext_auth = yes\nssl = required\n");
        dovecot.deliver(&letter("me+ada@example.com", "Hello"));
        let mut door = world.listening();
        for (address, settings) in [
            (format!("imaps://127.0.0.1:{}", dovecot.tls_port), json!({})),
            (url(&dovecot), json!({ "starttls": "yes" })),
        ] {
            add(&mut door, &address, settings);
            if trusted {
                is(&world, &mut door, well);
                assert_eq!(subjects(&mut door, "ada").len(), 1);
            } else {
                let failed = is(&world, &mut door, |source| source["state"]["state"] == "failed");
                assert!(text(&failed["state"], "reason").contains("certificate"), "{failed}");
            }
            assert!(door.ask("sources.remove", json!({ "source": "box" }))["Ok"].is_object());
        }
        assert_eq!(dovecot.log().contains("Login: user=<me@example.com>"), trusted, "{}", dovecot.log());
    }
}

#[test]
fn one_identitys_own_mailbox_in_another_folder_of_a_server_that_does_not_tell() {
    let world = world();
    let mut dovecot = world.dovecot("imap_capability = IMAP4rev1 LITERAL+ UIDPLUS\n");
    let mut door = world.listening();
    let settings = json!({ "username": "ada", "poll": "5" });
    let call = json!({ "name": "box", "kind": "imap", "identity": "ada", "url": url(&dovecot), "settings": settings,
        "secret": MAILBOX_PASSWORD });
    assert!(door.ask("sources.add", call)["Ok"].is_object());
    is(&world, &mut door, well);
    // Nobody asks for it now: it is found at the next look.
    dovecot.deliver(&letter("undisclosed-recipients:;", "Whoever it names"));
    assert!(count(&world, &mut door, "ada", 1).contains("Whoever it names"));
    let missing = json!({ "source": "box", "settings": { "folder": "Missing" } });
    assert!(door.ask("sources.update", missing)["Ok"].is_object());
    let failed = is(&world, &mut door, |source| source["state"]["state"] == "failed");
    assert!(text(&failed["state"], "reason").contains("refused"), "{failed}");
    // Another folder begins at its own beginning, though its numbers are the same ones.
    dovecot.archive(&letter("me@example.com", "In the archive"));
    let archive = json!({ "source": "box", "settings": { "folder": "Archive" } });
    assert!(door.ask("sources.update", archive)["Ok"].is_object());
    is(&world, &mut door, well);
    assert!(count(&world, &mut door, "ada", 2).contains("In the archive"));
}

#[test]
fn a_letter_that_is_too_large_is_told_of_and_the_next_one_comes() {
    let world = world();
    let mut dovecot = world.dovecot("");
    let mut door = world.listening();
    let film =
        letter("me+ada@example.com", "A film") + &"0123456789abcdefghijklmnopqrstuvwxyz\n".repeat(1_100_000);
    dovecot.deliver(&film);
    dovecot.deliver(&letter("me+ada@example.com", "A letter"));
    add(&mut door, &url(&dovecot), json!({}));
    is(&world, &mut door, well);
    assert_eq!(subjects(&mut door, "ada").len(), 2);
    let listed = door.ask("inbox.list", json!({ "identity": "ada", "search": "film" }))["Ok"].take();
    assert!(text(&listed["messages"][0], "preview").contains("more than Lanyard takes"), "{listed}");
}

#[test]
fn a_mailbox_of_large_letters_is_taken_over_one_by_one() {
    let world = world();
    let mut dovecot = world.dovecot("");
    let mut door = world.listening();
    let file = "QUJD".repeat(19) + "\n";
    let file = file.repeat(160_000);
    for n in 0..2 {
        let head = letter("me+ada@example.com", &format!("Film {n}")).replace(
            "\n\n",
            "\nMIME-Version: 1.0\n\
            Content-Type: application/octet-stream; name=film\nContent-Transfer-Encoding: base64\n\n",
        );
        let (head, _) = head.split_once("\n\n").unwrap();
        dovecot.deliver(&format!("{head}\n\n{file}"));
    }
    dovecot.deliver(&letter("me+ada@example.com", "Small"));
    add(&mut door, &url(&dovecot), json!({}));
    assert!(count(&world, &mut door, "ada", 3).contains("Small"));
    let memory = peak_memory(&world);
    eprintln!("two letters of 12 MB, at most: {} MiB", memory / 1024);
    assert!(memory < 300 * 1024, "the daemon took {memory} KiB");
}

/// The most memory that the daemon has had, in KiB.
fn peak_memory(world: &World) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", world.daemon_process().pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap().to_string();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn what_an_identity_sends_goes_out_with_the_login_of_its_mailbox() {
    let mut world = World::new();
    world.set("SSL_CERT_FILE", world.path("loopback.pem").display().to_string());
    world.seat(1, "ada", "KEY", "token-of-ada");
    let dovecot = world.dovecot("");
    let server = world.mail_server("tls", Some(MAILBOX_PASSWORD));
    let mut door = world.listening();
    add(&mut door, &url(&dovecot), json!({ "smtp": format!("smtps://127.0.0.1:{}", server.port) }));
    is(&world, &mut door, well);
    let call = json!({ "identity": "ada", "medium": "email", "to": ["shop@example.org"], "subject": "Hello", "text": "It works." });
    assert!(door.ask("inbox.send", call)["Ok"].is_object());
    let letter = server.letter();
    assert_eq!((text(&letter, "subject"), text(&letter, "user")), ("Hello", "me@example.com"), "{letter}");
    assert_eq!(
        (&letter["to"], letter["secure"].as_bool()),
        (&json!(["shop@example.org"]), Some(true)),
        "{letter}"
    );
}

/// A server that says these things, one for each line that it hears after its greeting.
fn scripted(lines: &'static [&'static [u8]]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            for said in lines {
                // A client that has heard enough hangs up.
                let mut heard = String::new();
                let _gone = reader.get_mut().write_all(said);
                if said.starts_with(b"* BYE") || reader.read_line(&mut heard).unwrap_or(0) == 0 {
                    break;
                }
            }
        }
    });
    port
}

#[test]
fn a_server_that_lies_floods_or_says_nothing_costs_no_memory_and_is_named() {
    const GREETING: &[u8] = b"* OK ready\r\n";
    const IN: &[u8] = b"A0001 OK in\r\n";
    const CAN: &[u8] = b"* CAPABILITY IMAP4rev1\r\nA0002 OK\r\n";
    const OPEN: &[u8] =
        b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 2] x\r\nA0003 OK [READ-ONLY] x\r\n";
    const FOUND: &[u8] = b"* SEARCH 1\r\nA0004 OK x\r\n";
    const SIZED: &[u8] =
        b"* 1 FETCH (UID 1 RFC822.SIZE 100 INTERNALDATE \"21-Nov-2026 12:00:00 +0000\")\r\nA0005 OK x\r\n";
    const BOMB: &[u8] = b"* 1 FETCH (UID 1 BODY[] {4000000000}\r\n";
    const GARBAGE: &[u8] = b"\x00\xff garbage\r\n";
    const WEB: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\r\n";
    const KNOWS_US: &[u8] = b"* PREAUTH come in\r\n";
    const BYE: &[u8] = b"* BYE busy\r\n";
    const NOTHING: &[u8] = b"";
    let world = world();
    let mut door = world.listening();
    for (lines, words) in [
        (&[GREETING, IN, CAN, OPEN, FOUND, SIZED, BOMB][..], "more than was asked for"),
        (&[GREETING, IN, CAN, OPEN, GARBAGE][..], "no IMAP"),
        (&[WEB][..], "no IMAP"),
        (&[KNOWS_US][..], "does not greet"),
        (&[GREETING, BYE][..], "the connection was"),
        (&[NOTHING][..], "nothing came in time"),
    ] {
        let port = scripted(lines);
        add(&mut door, &format!("imap://127.0.0.1:{port}"), json!({}));
        let failed = is(&world, &mut door, |source| source["state"]["state"] == "failed");
        assert!(text(&failed["state"], "reason").contains(words), "{words}: {failed}");
        assert!(door.ask("sources.remove", json!({ "source": "box" }))["Ok"].is_object());
    }
    let memory = peak_memory(&world);
    assert!(memory < 200 * 1024, "the daemon took {memory} KiB");
}
