//! Mails of Ravi's whole: their files, wherever these are, and answers that stay in their thread.

use super::source::{add, ask, wait_for, world};
use serde_json::{Value, json};
use tests::Door;
use tests::ravi::{RAVI_KEY, Ravi};
use tests::server::{Fault, Reply, Server};

fn files(door: &mut Door, message: &str) -> Vec<Value> {
    let body = ask(door, "inbox.read", json!({ "message": message, "peek": true }));
    body["files"].as_array().unwrap().clone()
}

#[test]
fn files_come_with_their_mail_or_later_and_the_key_goes_to_ravi_alone() {
    let (world, ravi) = (world(), Ravi::new());
    let elsewhere =
        Server::start(|request| Reply { body: format!("by {:?}", request.bearer()), ..Reply::bare(200) });
    {
        let mut account = ravi.account();
        account.files.insert("report".into(), "the report".into());
        account.files.insert("late".into(), "the late one".into());
        let mail = account.mail("12", "files");
        mail["attachments"] = json!([
            { "filename": "report.pdf", "content_type": "application/pdf", "size": 10, "download_url": format!("{}/files/report", ravi.url()) },
            { "filename": "late.txt", "content_type": "text/plain", "size_bytes": 12, "download_url": "/files/late" },
            { "filename": "other.txt", "content_type": "text/plain", "download_url": format!("{}/x", elsewhere.url()) },
            { "filename": "inside.txt", "content_type": "text/plain", "download_url": "https://169.254.169.254/latest" },
            { "filename": "clear.txt", "content_type": "text/plain", "download_url": "http://example.com/x" },
            { "filename": "large.bin", "content_type": "application/x", "size": 99_000_000, "download_url": "/files/report" },
            { "filename": "nowhere.txt" }, "no file",
        ]);
    }
    ravi.fails("GET /files/late", Fault::Status(503));
    let mut door = world.door();
    ask(&mut door, "events.subscribe", json!({}));
    add(&mut door, &ravi);
    let mail = wait_for(&mut door, "email", "shop@x.test", Some("files"));
    assert_eq!(mail["found"]["codes"][0]["value"], "551234", "it is a mail like any other: {mail}");
    let id = mail["id"].as_str().unwrap();
    let seen = files(&mut door, id);
    let of = |at: usize| (seen[at]["name"].as_str().unwrap(), seen[at]["size"].as_u64().unwrap());
    assert_eq!((of(0), of(2)), (("report.pdf", 10), ("other.txt", 5)), "{seen:?}");
    let why = |at: usize| seen[at]["missing"].as_str().unwrap_or_default();
    for (at, word) in [(1, "503"), (3, "public network"), (4, "https"), (5, "10 MiB"), (6, "no address")] {
        assert!(why(at).contains(word), "{word} of {:?}", seen[at]);
    }
    let refused = door.ask("inbox.attachment", json!({ "message": id, "index": 1 }));
    assert!(refused["Err"]["message"].as_str().is_some_and(|why| why.contains("503")), "{refused}");
    assert_eq!(ravi.account().fetched[0], RAVI_KEY);

    ravi.heals();
    while !files(&mut door, id)[1]["missing"].is_null() {
        door.event(|event| event["InboxChanged"].is_object() || event["SourceChanged"].is_object());
    }
    let part = ask(&mut door, "inbox.attachment", json!({ "message": id, "index": 1 }));
    assert_eq!(part["base64"], "dGhlIGxhdGUgb25l");
    let all = ask(&mut door, "inbox.list", json!({ "identity": "ada" }));
    assert_eq!(all["messages"].as_array().unwrap().len(), 1, "{all}");
    assert!(!elsewhere.asked().is_empty() && !world.log().contains(RAVI_KEY));
}

#[test]
fn an_answer_to_a_mail_of_ravis_stays_in_its_thread() {
    let (world, ravi) = (world(), Ravi::new());
    ravi.account().mail("12", "hello")["cc"] = json!("third@x.test");
    let mut door = world.door();
    add(&mut door, &ravi);
    let mail = wait_for(&mut door, "email", "shop@x.test", Some("hello"));
    let mut answer = |more: Value, count: usize| {
        let mut call =
            json!({ "identity": "ada", "medium": "email", "answers": mail["id"], "text": "a < b" });
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask(&mut door, "inbox.send", call);
        ravi.until("it is sent", |account| account.sent.len() == count);
        ravi.account().sent.last().unwrap().clone()
    };
    let bare = json!({ "content": "a &lt; b", "cc": [], "bcc": [] });
    assert_eq!(answer(json!({}), 1), ("email-messages/12/reply".to_string(), bare.clone()));
    assert_eq!(answer(json!({ "to_all": true }), 2), ("email-messages/12/reply-all".to_string(), bare));
    let more = json!({ "content": "a &lt; b", "cc": ["new@x.test"], "bcc": [] });
    let sent = answer(json!({ "to_all": true, "cc": ["new@x.test"] }), 3);
    assert_eq!(sent, ("email-messages/12/reply-all".to_string(), more));
    // Ravi would send it to others, or under another subject: a mail like any other.
    let (path, body) = answer(json!({ "to": ["one@x.test"] }), 4);
    assert_eq!((path.as_str(), &body["to_email"]), ("email-messages/compose?inbox=7", &json!("one@x.test")));
    ravi.fails("POST /api/email-messages/12/reply", Fault::Status(404));
    let (path, body) = answer(json!({}), 5);
    assert_eq!((path.as_str(), &body["subject"]), ("email-messages/compose?inbox=7", &json!("Re: hello")));
}
