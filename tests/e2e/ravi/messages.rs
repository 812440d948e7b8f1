//! `ravi`: mail and text messages, as an agent reads, answers and waits for them.

use super::{PHONE, printed, world};
use serde_json::{Value, json};
use tests::{World, text};

/// Sends something from eve to ada, and waits until it is there.
pub fn write_to_ada(world: &World, medium: &str, subject: Option<&str>, body: &str) -> Value {
    let to = if medium == "sms" { PHONE } else { "ada@lanyard.localhost" };
    let mut door = world.door();
    let mail = json!({"identity": "eve", "medium": medium, "to": [to], "subject": subject, "text": body});
    let sent = door.ask("inbox.send", mail);
    assert!(sent["Ok"].is_object(), "{sent}");
    let came = door.ask("inbox.wait", json!({"identity": "ada", "medium": medium, "timeout_ms": 30000}));
    assert!(came["Ok"].is_object(), "{came}");
    came["Ok"].clone()
}

/// The guides look again and again until a mail with a link is there, and until a text with a code is there.
#[test]
fn the_polling_scripts_of_the_guides_find_link_and_code() {
    let world = world();
    let link = "while true; do\n\
        LINK=$(ravi email list --unread --json | jq -r '.[].body' | grep -o 'https://[^ ]*verify[^ ]*' | head -n 1)\n\
        if [ -n \"$LINK\" ]; then echo \"$LINK\"; exit 0; fi\nsleep 0.1\ndone";
    let script = world.script(1, "link", link);
    let body = "Hello ada, please confirm: https://shop.example.test/verify?token=abc";
    write_to_ada(&world, "email", Some("Verify your email"), body);
    assert_eq!(script.outcome().ok(), "https://shop.example.test/verify?token=abc\n");
    let code = "while true; do\n\
        CODE=$(ravi sms list --unread --json | jq -r '.[0].body // empty' | grep -o '[0-9]\\{6\\}')\n\
        if [ -n \"$CODE\" ]; then echo \"$CODE\"; exit 0; fi\nsleep 0.1\ndone";
    let script = world.script(1, "code", code);
    write_to_ada(&world, "sms", None, "Your verification code is 847291");
    assert_eq!(script.outcome().ok(), "847291\n");
}

#[test]
fn mail_and_texts_are_read_by_thread_and_one_by_one_and_answered() {
    let world = world();
    let mail = write_to_ada(&world, "email", Some("Verify your email"), "Your code is 551234");
    let text_message = write_to_ada(&world, "sms", None, "Your code is 847291");
    let threads = printed(&world.as_agent(1, "threads", "ravi inbox email --unread").ok());
    assert_eq!(
        (&threads[0]["unread_count"], &threads[0]["subject"]),
        (&json!(1), &json!("Verify your email"))
    );
    let flat = printed(&world.as_agent(1, "flat", "ravi message email --unread").ok());
    assert_eq!((&flat[0]["id"], &flat[0]["is_read"]), (&mail["number"], &json!(false)));
    assert_eq!(flat[0]["text_content"].as_str().unwrap().trim(), "Your code is 551234");
    let thread = text(&threads[0], "thread_id");
    let detail = printed(&world.as_agent(1, "thread", &format!("ravi inbox email '{thread}'")).ok());
    assert_eq!(detail["messages"][0]["from_email"], "eve@lanyard.localhost");
    assert_eq!(printed(&world.as_agent(1, "seen", "ravi inbox email --unread").ok()), json!([]));

    let talks = printed(&world.as_agent(1, "talks", "ravi inbox sms").ok());
    assert_eq!(talks[0]["conversation_id"], "1_+15550100002");
    let talk = printed(&world.as_agent(1, "talk", "ravi inbox sms 1_+15550100002").ok());
    assert_eq!(talk["messages"][0]["id"], text_message["number"]);

    let reply = format!("ravi email reply {} --body '<p>Thanks &amp; bye</p>'", mail["number"]);
    let reply = printed(&world.as_agent(1, "reply", &reply).ok());
    assert_eq!(
        (&reply["subject"], &reply["direction"]),
        (&json!("Re: Verify your email"), &json!("outgoing"))
    );
    assert_eq!(reply["text_content"], "Thanks & bye");
    let forward = format!("ravi email forward {} --to eve@lanyard.localhost --body look", mail["number"]);
    let forward = printed(&world.as_agent(1, "forward", &forward).ok());
    assert_eq!(forward["subject"], "Fwd: Verify your email");
    let send = printed(&world.as_agent(1, "send", "ravi sms send --to +15550100002 --body 'on my way'").ok());
    assert_eq!((&send["to_number"], &send["body"]), (&json!("+15550100002"), &json!("on my way")));
    let contacts = printed(&world.as_agent(1, "contacts", "ravi contacts search eve").ok());
    assert_eq!(contacts[0]["email"], "eve@lanyard.localhost");
}

#[test]
fn an_agent_speaks_for_no_other_identity() {
    let world = world();
    let mine = write_to_ada(&world, "email", Some("for ada"), "the secret of ada");
    world.lanyard(&["identity", "create", "--name", "bob"]).ok();
    world.lanyard(&["slot", "set", "2", "--identity", "bob"]).ok();
    let number = &mine["number"];
    let tries = [
        "ravi secrets get EVES --identity eve".to_string(),
        "ravi --identity eve secrets list".into(),
        "ravi --identity ada email list".into(),
        "ravi --identity ada inbox email".into(),
        "ravi identity create another".into(),
        "ravi identity use ada".into(),
        "ravi secrets delete EVES --identity eve".into(),
        "ravi passwords list --identity ada".into(),
        format!("ravi message email {number}"),
        format!("ravi message email {}", text(&mine, "id")),
        format!("ravi inbox email {}", text(&mine, "thread")),
        format!("ravi email reply {number} --body hi"),
        format!("ravi email forward {number} --to bob@lanyard.localhost --body hi"),
    ];
    let script: String = tries.iter().map(|one| format!("{one} && echo GOT; ")).collect();
    let outcome = world.as_agent(2, "pry", &format!("{script} true"));
    let all = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(!all.contains("GOT") && !all.contains("eves-value") && !all.contains("secret of ada"), "{all}");
    assert_eq!(outcome.stderr.matches("\"error\"").count(), tries.len(), "{all}");
    assert_eq!(printed(&world.as_agent(2, "own", "ravi email list").ok()), json!([]));
}
