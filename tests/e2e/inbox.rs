//! Mail and text messages: an agent gets its own, waits for them, sends and answers, and sees nobody else's.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use tests::{DEADLINE, World, text};

/// A world where ada sits in slot 1 and bob in slot 2.
fn world() -> World {
    let world = World::new();
    furnish(&world);
    world
}

fn furnish(world: &World) {
    world.project("work");
    world.seat(1, "ada", "KEY", "value");
    world.seat(2, "bob", "KEY", "value");
}

/// Sends a mail from one identity to another, and waits until it is there.
#[track_caller]
fn mail(world: &World, from: &str, to: &str, subject: &str, body: &str) -> Value {
    let to = format!("{to}@lanyard.localhost");
    let args = ["email", "send", "--identity", from, "--to", &to, "--subject", subject, "--body", body];
    let sent = world.json(&args);
    settled(world, text(&sent, "id"))
}

/// Waits until nothing more happens to a message that goes out, and gives it.
#[track_caller]
fn settled(world: &World, id: &str) -> Value {
    let mut door = world.listening();
    loop {
        let message = world.json(&["inbox", "read", id, "--peek"]);
        if text(&message["sending"], "state") != "queued" {
            return message;
        }
        door.event(|event| event["InboxChanged"].is_object());
    }
}

/// The messages that a list has.
#[track_caller]
fn list(world: &World, args: &[&str]) -> Vec<Value> {
    let page = world.json(&[&["inbox", "list"], args].concat());
    page["messages"].as_array().expect("a page has messages").clone()
}

#[track_caller]
fn question(world: &World) -> Value {
    let mut door = world.listening();
    loop {
        let open = world.json(&["approvals", "list"]);
        if let Some(first) = open.as_array().unwrap().first() {
            return first.clone();
        }
        door.event(|event| event["ApprovalChanged"].is_object());
    }
}

#[test]
fn an_agent_gets_its_own_code_and_link_by_waiting_for_them() {
    let world = world();
    let code = world.script(1, "one", "lanyard email code --subject verify --timeout 25s");
    mail(&world, "bob", "ada", "Nothing of the kind", "Just so");
    mail(&world, "bob", "ada", "Verify your account", "Your verification code is 483920.");
    assert_eq!(code.outcome().ok(), "483920\n");
    let link = world.script(1, "two", "lanyard email link --from bob@ --timeout 25s --json");
    let url = "https://shop.example/verify-email?token=abcdef0123456789abcdef";
    mail(&world, "bob", "ada", "Confirm your address", &format!("Please confirm your e-mail address: {url}"));
    let found = link.outcome().json();
    assert_eq!(text(&found, "value"), url);
    assert_eq!(text(&found["message"], "subject"), "Confirm your address");
    // A code that was given out is read, so that the next wait is for the next one.
    let told = world.as_agent(1, "three", "lanyard email code --timeout 1s --json").fails(124);
    assert!(told.contains(r#""code":"timeout""#), "{told}");
    assert_eq!(list(&world, &["--identity", "ada", "--unread"]).len(), 1);
}

#[test]
fn a_wait_outlives_a_killed_daemon_and_so_does_what_came() {
    let world = World::new();
    let daemon = world.daemon();
    furnish(&world);
    mail(&world, "bob", "ada", "Before", "the first");
    world.lanyard(&["inbox", "read", "2"]).ok();
    let waiting = world.script(
        1,
        "one",
        "echo begun >/dev/tty; lanyard email wait --subject after --timeout 25s --json",
    );
    world.wait_for_screen(&waiting.session, "begun");
    daemon.kill();
    let _daemon = world.daemon();
    mail(&world, "bob", "ada", "After", "the second");
    let outcome = waiting.outcome();
    assert!(outcome.clone().ok().contains(r#""subject":"After""#), "{outcome:?}");
    let subjects: Vec<String> = list(&world, &["--identity", "ada"])
        .iter()
        .map(|message| text(message, "subject").to_string())
        .collect();
    assert_eq!(subjects, ["After", "Before"], "each is there once");
}

#[test]
fn an_agent_of_another_slot_reaches_no_message_by_any_command() {
    let world = world();
    mail(&world, "bob", "ada", "Zanzibar", "Your verification code is 483920, marzipan");
    let all = list(&world, &["--identity", "ada"]);
    let (id, number) = (text(&all[0], "id"), all[0]["number"].to_string());
    world.lanyard(&["identity", "create", "--name", "eve"]).ok();
    world.lanyard(&["slot", "set", "3", "--identity", "eve"]).ok();
    let tries: Vec<String> = [id, &number]
        .iter()
        .flat_map(|which| {
            [
                "email read W",
                "inbox read W",
                "sms read W",
                "email file W 0",
                "email reply W --body x",
                "inbox delete W",
            ]
            .map(|line| line.replace('W', which))
        })
        .chain(
            [
                "email list --identity ada",
                "email wait --identity ada --timeout 1s",
                "email list --search marzipan",
                "email code --identity ada --timeout 1s",
                "email list --json",
                "inbox list --before 99 --json",
                "inbox settings ada",
                "inbox set ada --keep 1",
                "email code --timeout 1s",
            ]
            .map(String::from),
        )
        .collect();
    let lines: String = tries.iter().map(|line| format!("lanyard {line}; echo \"exit $?\"; ")).collect();
    let outcome = world.as_agent(3, "eves", &format!("({lines}) 2>&1"));
    let said = outcome.stdout;
    for word in ["Zanzibar", "483920", "marzipan", "bob@lanyard.localhost"] {
        assert!(!said.contains(word), "{word} was seen: {said}");
    }
    let done = said.matches("exit 0").count();
    assert_eq!(done, 3, "only lists that are empty are answered: {said}");
    assert!(said.matches("there is no message").count() >= 10, "{said}");
    assert_eq!(list(&world, &["--identity", "ada", "--unread"]).len(), 1, "it is still unread");
    // Words of the table that no command of ours says.
    let script = world.path("eve.py");
    let call =
        format!(r#"{{"id":1,"method":"inbox.mark","params":{{"message":"{number}","unread":false}}}}"#);
    let python = tests::python().expect("Python is there");
    let say = "import os, socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.connect(os.environ['LANYARD_SOCKET'])\n\
               s.sendall(sys.argv[1].encode() + b'\\n')\nf = s.makefile()\nf.readline()\nprint(f.readline())\n";
    fs::write(&script, say).unwrap();
    let line = format!("{} {} '{call}'", python.display(), script.display());
    let said = world.as_agent(3, "bare", &line).ok();
    assert!(said.contains("not_found"), "{said}");
}

#[test]
fn what_an_agent_sends_waits_for_its_owner_where_the_owner_wants_that() {
    let world = world();
    world.lanyard(&["inbox", "set", "ada", "--sending", "ask"]).ok();
    let send = |subject: &str| {
        format!(
            "lanyard email send --to bob@lanyard.localhost --subject {subject} --body 'marzipan' --reason please"
        )
    };
    let agent = world.script(1, "one", &send("First"));
    let asked = question(&world);
    assert_eq!((text(&asked, "action"), text(&asked, "subject")), ("send_message", "bob@lanyard.localhost"));
    assert_eq!(text(&asked, "reason"), "please");
    let details = asked["details"].as_array().unwrap();
    assert!(!asked.to_string().contains("marzipan"), "what it says stands in no event: {asked}");
    assert_eq!(asked["command"], json!(["lanyard", "email", "send"]));
    let number =
        details.iter().find(|pair| pair[0] == "message").expect("it names the message")[1].as_str().unwrap();
    let waits = world.json(&["email", "read", number, "--peek"]);
    assert_eq!(
        (text(&waits, "text"), text(&waits, "subject")),
        ("marzipan", "First"),
        "the owner reads it first"
    );
    assert!(list(&world, &["--identity", "bob"]).is_empty(), "it was sent before it was approved");
    world.lanyard(&["approvals", "approve", text(&asked, "id")]).ok();
    assert!(agent.outcome().ok().contains("on its way"));
    settled(&world, number);
    assert_eq!(list(&world, &["--identity", "bob"]).len(), 1);

    let agent = world.script(1, "two", &send("Second"));
    let asked = question(&world);
    world.lanyard(&["approvals", "deny", text(&asked, "id"), "--because", "not today"]).ok();
    assert!(agent.outcome().fails(1).contains("not today"));
    let refused = list(&world, &["--identity", "ada", "--sent"]).remove(0);
    assert_eq!(text(&refused["sending"], "state"), "failed");
    assert!(text(&refused["sending"], "reason").contains("not today"), "{refused}");
    assert_eq!(list(&world, &["--identity", "bob"]).len(), 1);

    world.lanyard(&["inbox", "set", "ada", "--sending", "deny"]).ok();
    assert!(world.as_agent(1, "three", &send("Third")).fails(1).contains("the owner lets no agent"));
}

#[test]
fn whoever_approves_a_message_sees_how_many_get_it_and_who() {
    let world = world();
    world.lanyard(&["sources", "add", "out", "--kind", "smtp", "--url", "smtp://127.0.0.1:9"]).ok();
    world.lanyard(&["inbox", "set", "ada", "--sending", "ask"]).ok();
    let names: Vec<String> =
        (10..50).map(|n| format!("somebody-with-a-rather-long-name-{n}@example.com")).collect();
    // The one in the middle goes unseen.
    let script = format!(
        "lanyard email send --to {} --bcc boss@lanyard.localhost,zed@example.com --subject All --body hello",
        names.join(",")
    );
    let agent = world.script(1, "one", &script);
    let asked = question(&world);
    let subject = text(&asked, "subject");
    assert!(subject.starts_with("42 recipients: ") && subject.chars().count() < 400, "{subject}");
    let everybody = |told: &str| {
        names
            .iter()
            .map(String::as_str)
            .chain(["boss@lanyard.localhost", "zed@example.com"])
            .all(|one| told.contains(one))
    };
    assert!(!everybody(subject) && everybody(&asked["details"].to_string()), "{asked}");
    let shown = world.lanyard(&["approvals", "show", &text(&asked, "id")[..13]]).ok();
    assert!(shown.contains("42 recipients") && everybody(&shown), "{shown}");
    world.lanyard(&["approvals", "approve", text(&asked, "id"), "--for", "session"]).ok();
    agent.outcome().ok();
    // That answer is for these alone: with one of them another it is asked again.
    let agent = world.script(1, "two", &script.replace("zed@", "zoe@"));
    let again = question(&world);
    assert_ne!(text(&again, "subject"), subject);
    assert!(again["details"].to_string().contains("zoe@example.com"), "{again}");
    world.lanyard(&["approvals", "deny", text(&again, "id")]).ok();
    agent.outcome().fails(1);
    world.lanyard(&["approvals", "show", "0"]).fails(1);
    world.lanyard(&["approvals", "show", "nothing"]).fails(1);
}

#[test]
fn what_was_asked_of_a_killed_daemon_is_not_sent() {
    let world = World::new();
    let daemon = world.daemon();
    furnish(&world);
    world.lanyard(&["inbox", "set", "ada", "--sending", "ask"]).ok();
    let send = "lanyard email send --to bob@lanyard.localhost --subject S --body x";
    let agent = world.script(1, "one", send);
    question(&world);
    daemon.kill();
    let _daemon = world.daemon();
    agent.outcome().fails(3);
    let sent = list(&world, &["--identity", "ada", "--sent"]);
    assert_eq!((sent.len(), text(&sent[0]["sending"], "state")), (1, "failed"));
    assert!(text(&sent[0]["sending"], "reason").contains("the daemon ended"), "{sent:?}");
    assert!(list(&world, &["--identity", "bob"]).is_empty());
}

#[test]
fn an_answer_is_in_the_thread_on_both_sides() {
    let world = world();
    let first = mail(&world, "bob", "ada", "Plans", "How about it?");
    let number = list(&world, &["--identity", "ada"])[0]["number"].to_string();
    let sent = world
        .as_agent(1, "one", &format!("lanyard email reply {number} --body 'By all means' --json"))
        .json();
    assert_eq!((text(&sent, "subject"), &sent["to"]), ("Re: Plans", &json!(["bob@lanyard.localhost"])));
    settled(&world, text(&sent, "id"));
    let answer = list(&world, &["--identity", "bob", "--received"]).remove(0);
    assert_eq!(text(&answer, "subject"), "Re: Plans");
    assert_eq!(text(&answer, "thread"), text(&first, "thread"), "bob's own mail and the answer to it");
    let thread = text(&sent, "thread").to_string();
    assert_eq!(list(&world, &["--identity", "ada", "--thread", &thread]).len(), 2);
    let found = list(&world, &["--search", "by all mean"]);
    assert_eq!(found.len(), 2, "the one that was sent and the one that came");
}

#[test]
fn nothing_forged_or_boundless_is_sent() {
    let world = world();
    let bob = "bob@lanyard.localhost";
    let many: Vec<String> = (0..51).map(|number| format!("bob+{number}@lanyard.localhost")).collect();
    let (many, long) = (many.join(","), "x".repeat(501));
    for (args, why) in [
        (&["--to", "bob@lanyard.localhost\r\nBcc: eve@x.example"][..], "no e-mail address"),
        (&["--to", "nobody"], "no e-mail address"),
        (&["--to", bob, "--bcc", "eve"], "no e-mail address"),
        (&["--to", bob, "--subject", "S\nBcc: eve@x.example"], "one line"),
        (&["--to", bob, "--subject", &long], "at most 500 characters"),
        (&["--to", &many], "at most 50 addresses"),
        (&["--to", "a@b.example"], "lanyard sources add"),
    ] {
        let told =
            world.lanyard(&[&["email", "send", "--identity", "ada", "--body", "x"], args].concat()).fails(1);
        assert!(told.contains(why), "{args:?}: {told}");
    }
    // No argument can hold this one.
    let call = json!({ "identity": "ada", "medium": "email", "to": ["x\u{0}@y.example"], "text": "x" });
    assert_eq!(world.door().ask("inbox.send", call)["Err"]["code"], "invalid");
    // What is too long for a mail, and what is too long to be asked at all: each escape takes six bytes there.
    for (body, why) in
        [("x".repeat(600_000), "at most 512 KiB"), ("\u{1}".repeat(500_000), "longer than 1 MiB")]
    {
        let file = world.path("body");
        fs::write(&file, &body).unwrap();
        for from in ["-", &file.display().to_string()] {
            let args = ["email", "send", "--identity", "ada", "--to", bob, "--body-file", from];
            let told = world.lanyard_with(&args, &body).fails(1);
            assert!(told.contains(why), "{from}: {told}");
        }
    }
    assert!(list(&world, &["--sent"]).is_empty());
}

#[test]
fn no_file_of_lanyards_holds_a_word_of_a_message() {
    let world = world();
    mail(&world, "bob", "ada", "Wobbegong", "Your verification code is 719204, quokka");
    let audited = world.json(&["audit", "list"]).to_string();
    assert!(audited.contains("inbox.received") && audited.contains("inbox.send"), "{audited}");
    for word in ["Wobbegong", "wobbegong", "719204", "quokka"] {
        assert!(!audited.contains(word), "{word} is in the audit");
        assert_eq!(world.files_with(word), Vec::<PathBuf>::new(), "{word}");
    }
}

#[test]
fn an_identitys_messages_go_with_it_and_one_is_deleted_by_its_number() {
    let world = world();
    mail(&world, "bob", "ada", "Kept", "x");
    let set = world.json(&["inbox", "set", "ada", "--keep", "30"]);
    assert_eq!((&set["keep_days"], &set["messages"]), (&json!(30), &json!(1)));
    assert_eq!(world.json(&["inbox", "set", "ada", "--keep", "0"])["keep_days"], Value::Null);
    world.lanyard(&["inbox", "delete", "1"]).ok();
    assert_eq!(world.json(&["inbox", "settings", "bob"])["messages"], 0);
    world.lanyard(&["inbox", "delete", "1"]).fails(1);
    let badge = world.json(&["slot", "list"]);
    assert_eq!(badge[0]["unread"], 1, "{badge}");
    let told = world.lanyard(&["identity", "delete", "ada"]).fails(1);
    assert!(told.contains("1 messages"), "{told}");
    world.lanyard(&["identity", "delete", "ada", "--force"]).ok();
    assert!(list(&world, &[]).is_empty());
}

#[test]
fn a_locked_vault_says_so_instead_of_waiting() {
    let mut world = World::new();
    let daemon = world.daemon();
    furnish(&world);
    mail(&world, "bob", "ada", "Before", "x");
    daemon.end();
    world.unset("LANYARD_PASSPHRASE_FILE");
    let _daemon = world.daemon();
    for args in [
        &["email", "list"][..],
        &["email", "wait", "--identity", "ada"],
        &["email", "code", "--identity", "ada"],
        &["inbox", "read", "2"],
    ] {
        assert!(world.lanyard(args).fails(1).contains("lanyard unlock"), "{args:?}");
    }
    let send = ["email", "send", "--identity", "bob", "--to", "ada@lanyard.localhost", "--body", "x"];
    world.lanyard(&send).fails(1);
}

/// Hands a mail to the mail server of this machine, word by word.
#[track_caller]
fn by_smtp(world: &World, to: &str, mail: &str) {
    let status = world.json(&["status"]);
    let mut stream = TcpStream::connect(text(&status, "smtp")).expect("the mail server takes connections");
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut replies = BufReader::new(stream.try_clone().unwrap());
    let mut hear = |expected: &str| {
        let mut line = String::new();
        while !line.starts_with(expected) {
            line.clear();
            assert!(replies.read_line(&mut line).expect("it answers") > 0, "it hung up before {expected}");
            assert!(line.starts_with(&expected[..1]), "{line}");
        }
    };
    hear("220 ");
    let data = format!("{}\r\n.", mail.replace('\n', "\r\n"));
    for (said, expected) in [
        ("EHLO test", "250 "),
        ("MAIL FROM:<a@b.example>", "250 "),
        (&format!("RCPT TO:<{to}>"), "250 "),
        ("DATA", "354 "),
        (&data, "250 "),
        ("QUIT", "221 "),
    ] {
        stream.write_all(format!("{said}\r\n").as_bytes()).expect("it listens");
        hear(expected);
    }
}

#[test]
fn a_file_of_a_mail_comes_out_byte_for_byte() {
    let world = world();
    let bytes: Vec<u8> = (0..1_500_000_u32).map(|n| (n * 7 % 253) as u8).collect();
    let encoded = BASE64_STANDARD.encode(&bytes);
    let lines: Vec<&str> =
        encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let mail = format!(
        "From: a@b.example\nReply-To: answers@b.example\nTo: ada@lanyard.localhost\nSubject: A file\nMIME-Version: 1.0\n\
         Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nsee there\n--b\n\
         Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\
         Content-Disposition: attachment; filename=\"data.bin\"\n\n{}\n--b--",
        lines.join("\n")
    );
    by_smtp(&world, "ada@lanyard.localhost", &mail);
    let file = world.path("taken");
    let line = format!("cd {} && lanyard email file 1 0 --output taken", world.path("").display());
    world.as_agent(1, "one", &line).ok();
    assert!(fs::read(&file).unwrap() == bytes, "the file is another");
    assert!(
        world.as_agent(1, "two", &line).fails(1).contains("writing the file"),
        "a file that is there is kept"
    );
    let read = world.json(&["email", "read", "1"]);
    assert_eq!(
        (text(&read["files"][0], "name"), &read["files"][0]["size"]),
        ("data.bin", &json!(bytes.len()))
    );
}

#[test]
fn a_text_message_brings_its_code_to_whom_it_is_for() {
    let world = world();
    world.lanyard(&["identity", "update", "ada", "--phone", "+4915100000001"]).ok();
    world.lanyard(&["identity", "update", "bob", "--phone", "+4915100000002"]).ok();
    let agent =
        world.script(1, "one", "lanyard sms code --from 0000002 --timeout 25s && lanyard sms list --json");
    let to = ["sms", "send", "--identity", "bob", "--to", "+4915100000001"];
    let send = |body: &str| world.json(&[&to[..], &["--body", body]].concat());
    settled(&world, text(&send("Your verification code: 719204"), "id"));
    let said = agent.outcome().ok();
    let (code, page) = said.split_once('\n').unwrap();
    assert_eq!(code, "719204");
    let page: Value = serde_json::from_str(page).unwrap();
    assert_eq!((page["messages"].as_array().unwrap().len(), &page["unread"]), (1, &json!(0)));
    assert!(list(&world, &["--identity", "ada", "--sent"]).is_empty());
    world.lanyard(&[&to[..], &["--body", ""]].concat()).fails(1);
    world.lanyard(&["sms", "send", "--identity", "bob", "--to", "12", "--body", "x"]).fails(1);
}
