//! What goes out, what is kept how long, and what happens while the vault is locked.

use super::*;
use api::inbox::{Direction, SendMessage, Sending};
use api::secrets::Policy;

fn mail(to: &[&str], subject: &str, text: &str) -> SendMessage {
    SendMessage {
        identity: None,
        medium: Medium::Email,
        to: to.iter().map(|one| one.to_string()).collect(),
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: Some(subject.into()),
        text: SecretText::new(text.into()),
        html: None,
        answers: None,
        to_all: false,
        reason: None,
        wait_ms: None,
    }
}

#[tokio::test]
async fn a_message_is_on_its_way_until_it_is_settled() {
    let room = Room::new().await;
    let call = SendMessage { bcc: vec!["eve@x.example".into()], ..mail(&["dan@x.example"], "Hi", "there") };
    let sent = room.inbox.send(&Caller::Owner, &room.ada, call).await.unwrap();
    assert_eq!(
        (sent.direction, sent.sending, sent.unread),
        (Direction::Outgoing, Some(Sending::Queued), false)
    );
    let queued = room.inbox.queued().await.unwrap();
    assert_eq!((queued.len(), queued[0].id.as_str(), queued[0].tries), (1, sent.id.as_str(), 0));
    let outgoing = room.inbox.outgoing(&sent.id).await.unwrap();
    assert_eq!(
        (outgoing.to, outgoing.bcc),
        (vec!["dan@x.example".to_string()], vec!["eve@x.example".to_string()])
    );
    assert!(outgoing.message_id.ends_with("@lanyard.localhost"), "{}", outgoing.message_id);
    let again_at = queued[0].due_at + 60_000;
    room.inbox.trying(&sent.id, again_at).await.unwrap();
    let queued = room.inbox.queued().await.unwrap();
    assert_eq!((queued[0].tries, queued[0].due_at), (1, again_at));
    let failed = Sending::Failed { reason: "550 no such user dan@x.example".into() };
    room.inbox.settle(&sent.id, failed.clone(), None, None).await.unwrap();
    assert!(room.inbox.queued().await.unwrap().is_empty());
    assert_eq!(room.read(&sent.id).await.message.sending, Some(failed));
    assert_eq!(code(room.inbox.settle(&sent.id, Sending::Sent, None, None).await), Code::Conflict);
}

#[tokio::test]
async fn what_could_forge_a_header_or_flood_is_refused() {
    let room = Room::new().await;
    let refused = async |call| code(room.inbox.send(&Caller::Owner, &room.ada, call).await);
    for to in [
        "a@b.example\r\nBcc: all@x.example",
        "a@b.example, c@d.example",
        "<a@b.example>",
        "a b@c.example",
        "a@",
        "@b",
    ] {
        assert_eq!(refused(mail(&[to], "S", "t")).await, Code::Invalid, "{to}");
    }
    assert_eq!(refused(mail(&["a@b.example"], "S\r\nBcc: x@y.example", "t")).await, Code::Invalid);
    assert_eq!(refused(mail(&[], "S", "t")).await, Code::Invalid);
    let many: Vec<String> = (0..51).map(|n| format!("a{n}@b.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(refused(mail(&many, "S", "t")).await, Code::TooLarge);
    assert_eq!(refused(mail(&["a@b.example"], &"s".repeat(501), "t")).await, Code::TooLarge);
    assert_eq!(refused(mail(&["a@b.example"], "S", &"t".repeat(1024 * 1024 + 1))).await, Code::TooLarge);
    let sms =
        |to: &str, text: &str| SendMessage { medium: Medium::Sms, subject: None, ..mail(&[to], "", text) };
    assert_eq!(refused(sms("015112345678", "hi")).await, Code::Invalid);
    assert_eq!(refused(sms("+4915112345678", &"x".repeat(1601))).await, Code::TooLarge);
    assert_eq!(
        code(room.inbox.send(&Caller::Owner, &room.bob, sms("+4915112345678", "hi")).await),
        Code::Conflict
    );
    assert!(room.inbox.queued().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_goes_to_whom_it_belongs_and_stays_in_its_thread() {
    let room = Room::new().await;
    let raw = "From: Dan <dan@x.example>\nTo: ada@lanyard.localhost, eve@x.example\nCc: fay@x.example\n\
               Subject: Plans\nMessage-ID: <2@x.example>\nReferences: <1@x.example>\n\nhow about it?\n";
    let Received::New(id) = room.receive(&room.ada, None, raw).await else { panic!("new") };
    let reply =
        |all| SendMessage { answers: Some(id.clone()), to_all: all, subject: None, ..mail(&[], "", "yes") };
    let ada = agent(&room.ada);
    let sent = room.inbox.send(&ada, &room.ada, reply(false)).await.unwrap();
    assert_eq!((sent.subject.as_str(), &sent.to[..]), ("Re: Plans", &["dan@x.example".to_string()][..]));
    assert_eq!(sent.thread, room.read(&id).await.message.thread);
    let outgoing = room.inbox.outgoing(&sent.id).await.unwrap();
    assert_eq!(outgoing.answers.as_deref(), Some("2@x.example"));
    assert_eq!(outgoing.references, ["1@x.example", "2@x.example"]);
    let all = room.inbox.send(&ada, &room.ada, reply(true)).await.unwrap();
    assert_eq!(all.cc, ["eve@x.example", "fay@x.example"]);
    // An answer to what the identity itself has sent goes where that went.
    let again = SendMessage { answers: Some(sent.id), ..reply(false) };
    assert_eq!(room.inbox.send(&ada, &room.ada, again).await.unwrap().to, ["dan@x.example"]);
    let bobs = room.inbox.send(&agent(&room.bob), &room.bob, reply(false)).await;
    assert_eq!(code(bobs), Code::NotFound, "another's message cannot be answered");
}

#[tokio::test]
async fn an_agent_sends_only_as_much_as_its_owner_lets_it() {
    let room = Room::new().await;
    let ada = agent(&room.ada);
    for _ in 0..120 {
        room.inbox.send(&ada, &room.ada, mail(&["a@b.example"], "S", "t")).await.unwrap();
    }
    assert_eq!(code(room.inbox.send(&ada, &room.ada, mail(&["a@b.example"], "S", "t")).await), Code::Refused);
    room.inbox.send(&Caller::Owner, &room.ada, mail(&["a@b.example"], "S", "t")).await.unwrap();
    let deny = SetInbox { identity: "bob".into(), keep_days: None, sending: Some(Policy::Deny) };
    room.inbox.set(&room.bob, deny).await.unwrap();
    let sent = room.inbox.send(&agent(&room.bob), &room.bob, mail(&["a@b.example"], "S", "t")).await;
    assert_eq!(code(sent), Code::Refused);
}

#[tokio::test]
async fn while_the_vault_is_locked_nothing_comes_and_nothing_is_lost() {
    let room = Room::new().await;
    let id = room.mail(&room.ada, "Before", "x").await;
    let locked = opened(room.folder.path(), Clock::of_the_machine(), false).await;
    let came = arrived(&room.ada, None, Content::Mail(b"Subject: During\r\n\r\nplatypus\r\n".to_vec()));
    assert_eq!(code(locked.receive(came).await), Code::Locked);
    assert_eq!(code(locked.list(None, ListMessages::default()).await), Code::Locked);
    let wait = locked.wait(&Caller::Owner, room.ada.clone(), WaitForMessage::default()).await;
    assert_eq!(code(wait), Code::Locked, "a wait that can't end well ends at once");
    assert_eq!(
        code(locked.read(&Caller::Owner, ReadMessage { message: id, peek: false }).await),
        Code::Locked
    );
    assert_eq!(room.list(None, ListMessages::default()).await, ["Before"]);
}

#[tokio::test]
async fn what_is_old_enough_is_forgotten_and_nothing_else() {
    let room = Room::at(Clock::of_a_test(|| NOW.load(Ordering::SeqCst), || 0)).await;
    room.mail(&room.ada, "Old", "marzipan").await;
    room.mail(&room.bob, "Bobs", "marzipan").await;
    let of_a_source = "Subject: Fetched\nMessage-ID: <1@x.example>\n\nx\n";
    assert!(matches!(room.receive(&room.ada, Some("7"), of_a_source).await, Received::New(_)));
    let on_its_way =
        room.inbox.send(&Caller::Owner, &room.ada, mail(&["a@b.example"], "Waits", "t")).await.unwrap();
    NOW.fetch_add(29 * DAY, Ordering::SeqCst);
    room.mail(&room.ada, "New", "marzipan").await;
    let keep = SetInbox { identity: "ada".into(), keep_days: Some(30), sending: None };
    assert_eq!(room.inbox.set(&room.ada, keep).await.unwrap().messages, 4, "nothing is old enough yet");
    NOW.fetch_add(2 * DAY, Ordering::SeqCst);
    room.inbox.forget_old().await.unwrap();
    assert_eq!(room.list(Some(&room.ada), ListMessages::default()).await, ["New", "Waits"]);
    assert_eq!(room.search(None, "marzipan").await, ["New", "Bobs"]);
    let settings = room.inbox.settings(&room.ada).await.unwrap();
    assert_eq!((settings.messages, settings.keep_days), (2, Some(30)));
    room.inbox.settle(&on_its_way.id, Sending::Sent, None, None).await.unwrap();
    room.inbox.forget_old().await.unwrap();
    assert_eq!(room.list(Some(&room.ada), ListMessages::default()).await, ["New"]);
    assert_eq!(room.inbox.list(Some(&room.ada), ListMessages::default()).await.unwrap().unread, 1);
    // Its source cannot bring it back, by its key or by what it says; bob never had it.
    for key in ["7", "8"] {
        assert_eq!(room.receive(&room.ada, Some(key), of_a_source).await, Received::Deleted);
    }
    assert!(matches!(room.receive(&room.bob, Some("7"), of_a_source).await, Received::New(_)));
    // Who sends it anew means it.
    let Received::New(anew) = room.receive(&room.ada, None, of_a_source).await else { panic!("new") };
    room.inbox.delete(DeleteMessage { message: anew }).await.unwrap();
    NOW.fetch_add(366 * DAY, Ordering::SeqCst);
    room.inbox.forget_old().await.unwrap();
    assert!(matches!(room.receive(&room.ada, Some("7"), of_a_source).await, Received::New(_)));
}

#[tokio::test]
async fn with_an_identity_go_its_messages_and_words() {
    let room = Room::new().await;
    for n in 0..5 {
        room.mail(&room.ada, &format!("Mail {n}"), "words and more words").await;
    }
    let bobs = room.mail(&room.bob, "Bobs", "words").await;
    let rows = async |sql: &'static str| {
        let mut connection = room.inbox.parts.store.quick_connection().await.unwrap();
        sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut connection).await.unwrap()
    };
    let words = rows("SELECT COUNT(*) FROM message_words").await;
    room.inbox.end_of_identity(&room.ada.id).await.unwrap();
    room.inbox.parts.store.delete_identity(&room.ada.id).await.unwrap();
    assert_eq!(rows("SELECT COUNT(*) FROM messages").await, 1);
    assert_eq!(rows("SELECT COUNT(*) FROM message_parts").await, 2);
    let left = rows("SELECT COUNT(*) FROM message_words").await;
    assert!(left > 0 && left < words / 4, "{left} of {words} words are left");
    assert_eq!(rows("SELECT COUNT(*) FROM inboxes").await, 1);
    // An identity that goes while a mail for it comes takes that with it.
    let came = arrived(&room.ada, None, Content::Mail(b"Subject: Late\r\n\r\nx\r\n".to_vec()));
    assert_eq!(code(room.inbox.receive(came).await), Code::NotFound);
    room.inbox.delete(DeleteMessage { message: bobs }).await.unwrap();
    assert_eq!(rows("SELECT COUNT(*) FROM message_words").await, 0);
    let next = room.mail(&room.bob, "Next", "x").await;
    assert_eq!(room.read(&next).await.message.number, 7, "a number is never given twice");
}

#[tokio::test]
async fn files_come_in_parts_and_whole() {
    let room = Room::new().await;
    let bytes: Vec<u8> = (0..2_500_000_u32).map(|n| (n % 251) as u8).collect();
    let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &bytes);
    let lines: Vec<&str> =
        encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let raw = format!(
        "From: a@b.example\nSubject: Files\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n\
         --b\nContent-Type: text/plain\n\nsee there\n--b\nContent-Type: application/octet-stream\n\
         Content-Disposition: attachment; filename=\"data.bin\"\nContent-Transfer-Encoding: base64\n\n{}\n--b--\n",
        lines.join("\n")
    );
    let Received::New(id) = room.receive(&room.ada, None, &raw).await else { panic!("new") };
    let file = room.read(&id).await.files.remove(0);
    assert_eq!((file.name.as_str(), file.size), ("data.bin", bytes.len() as u64));
    let (mut offset, mut got) = (Some(0), Vec::new());
    while let Some(from) = offset {
        let call = ReadAttachment { message: id.clone(), index: 0, offset: from };
        let part = room.inbox.attachment(&agent(&room.ada), call).await.unwrap();
        // EXPOSE: the test's own bytes.
        got.extend(base64::Engine::decode(&base64::prelude::BASE64_STANDARD, part.base64.expose()).unwrap());
        offset = part.next;
    }
    assert!(got == bytes, "the file is another");
    let beyond = ReadAttachment { message: id.clone(), index: 0, offset: 2_500_001 };
    assert_eq!(code(room.inbox.attachment(&Caller::Owner, beyond).await), Code::Invalid);
    let none = ReadAttachment { message: id, index: 1, offset: 0 };
    assert_eq!(code(room.inbox.attachment(&Caller::Owner, none).await), Code::NotFound);
}

#[tokio::test]
async fn a_page_of_huge_messages_still_fits_into_a_frame() {
    let room = Room::new().await;
    let links: String =
        (0..10).map(|n| format!("https://x.example/verify/{n}/{} ", "\u{1}é".repeat(500))).collect();
    let to: Vec<String> = (0..120).map(|n| format!("{}{n}@x.example", "a".repeat(200))).collect();
    for n in 0..100 {
        let raw = format!(
            "From: a@b.example\nTo: {}\nSubject: {n} {}\n\nverify: {links}\n",
            to.join(",\n "),
            "s".repeat(5000)
        );
        room.receive(&room.ada, None, &raw).await;
    }
    let (mut before, mut seen) = (None, 0);
    loop {
        let page = room
            .inbox
            .list(None, ListMessages { before, limit: Some(200), ..Default::default() })
            .await
            .unwrap();
        assert!(serde_json::to_vec(&page).unwrap().len() < api::wire::FRAME_MAX);
        seen += page.messages.len();
        let Some(next) = page.next else { break };
        before = Some(next);
    }
    assert_eq!(seen, 100);
    let raw = format!("From: a@b.example\nSubject: long\n\n{}\n", "\u{1}".repeat(800_000));
    let Received::New(id) = room.receive(&room.ada, None, &raw).await else { panic!("new") };
    let whole = room.read(&id).await;
    assert!(serde_json::to_vec(&whole).unwrap().len() < api::wire::FRAME_MAX);
    assert!(!whole.text.is_empty());
}
