//! The room as a whole: what comes is sealed, found, waited for, kept and forgotten.

mod sending;

use super::*;
use crate::caller::Asker;
use crate::failpoint::Failpoints;
use crate::grants::Grants;
use api::inbox::{
    Awaited, DeleteMessage, ListMessages, MarkMessage, Medium, ReadAttachment, ReadMessage, SetInbox,
    WaitForMessage,
};
use api::{Millis, SecretText};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use vault::{Keychain, KeychainError, MasterKey};

const START: Millis = 1_700_000_000_000;
const DAY: Millis = 24 * 3600 * 1000;

// Tests run beside each other in one process under `cargo test`: only the one that moves the time reads this clock.
static NOW: AtomicI64 = AtomicI64::new(START);

/// A machine without a keychain.
struct Silent;

impl Keychain for Silent {
    fn read(&self, _: &str) -> Result<Option<MasterKey>, KeychainError> {
        Err(KeychainError::Unavailable("there is none".into()))
    }
    fn write(&self, _: &str, _: &MasterKey) -> Result<(), KeychainError> {
        Err(KeychainError::Unavailable("there is none".into()))
    }
    fn delete(&self, _: &str) -> Result<(), KeychainError> {
        Ok(())
    }
}

/// The room with two identities, ada and bob.
struct Room {
    inbox: Inbox,
    ada: IdentityRow,
    bob: IdentityRow,
    folder: tempfile::TempDir,
}

async fn opened(folder: &Path, clock: Clock, unlocked: bool) -> Inbox {
    let (bus, ending) = (Bus::default(), CancellationToken::new());
    let store = Store::open(&folder.join("lanyard.db")).await.unwrap();
    let passphrase = folder.join("passphrase");
    std::fs::write(&passphrase, "long enough").unwrap();
    let passphrase = unlocked.then_some(passphrase);
    let keychain = Arc::new(Silent);
    let safe = Safe::open(store.clone(), bus.clone(), clock, keychain, passphrase).await.unwrap();
    let audit = Audit::open(store.clone(), bus.clone(), clock).await.unwrap();
    let grants = Grants::new(store.clone(), bus.clone(), clock, audit.clone(), Failpoints::default());
    let approvals = Approvals::open(store.clone(), bus.clone(), clock, audit.clone(), grants, ending.clone())
        .await
        .unwrap();
    let (domain, data) = ("lanyard.localhost".into(), folder.to_path_buf());
    Inbox::open(Parts { store, bus, clock, safe, approvals, audit, domain, data, ending }).await.unwrap()
}

async fn identity(inbox: &Inbox, name: &str, phone: Option<&str>) -> IdentityRow {
    let id = store::new_id();
    let row = IdentityRow {
        name: name.into(),
        email: format!("{name}@lanyard.localhost"),
        phone: phone.map(String::from),
        author_name: name.into(),
        author_email: format!("{name}@lanyard.localhost"),
        wrapped_key: inbox.parts.safe.new_key(&id).unwrap(),
        created_at: 1,
        updated_at: 1,
        id,
    };
    inbox.parts.store.insert_identity(&row, None).await.unwrap();
    row
}

impl Room {
    async fn new() -> Self {
        Self::at(Clock::of_the_machine()).await
    }

    async fn at(clock: Clock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inbox = opened(folder.path(), clock, true).await;
        let ada = identity(&inbox, "ada", Some("+4915112345678")).await;
        let bob = identity(&inbox, "bob", None).await;
        Self { inbox, ada, bob, folder }
    }

    async fn receive(&self, identity: &IdentityRow, key: Option<&str>, raw: &str) -> Received {
        self.inbox
            .receive(arrived(identity, key, Content::Mail(raw.replace('\n', "\r\n").into())))
            .await
            .unwrap()
    }

    /// A mail of a subject and a text, with a Message-ID of its own.
    async fn mail(&self, identity: &IdentityRow, subject: &str, text: &str) -> String {
        let id = store::new_id();
        let raw = format!(
            "From: Shop <hello@shop.example>\nTo: {}\nSubject: {subject}\nMessage-ID: <{id}@shop.example>\n\
             MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{text}\n",
            identity.email
        );
        match self.receive(identity, None, &raw).await {
            Received::New(id) => id,
            other => panic!("it is new: {other:?}"),
        }
    }

    async fn list(&self, identity: Option<&IdentityRow>, call: ListMessages) -> Vec<String> {
        let page = self.inbox.list(identity, call).await.unwrap();
        page.messages.into_iter().map(|message| message.subject).collect()
    }

    async fn search(&self, identity: Option<&IdentityRow>, words: &str) -> Vec<String> {
        self.list(identity, ListMessages { search: Some(words.into()), ..ListMessages::default() }).await
    }

    async fn read(&self, id: &str) -> api::inbox::MessageBody {
        let call = ReadMessage { message: id.into(), peek: true };
        self.inbox.read(&Caller::Owner, call).await.unwrap()
    }
}

fn arrived(identity: &IdentityRow, key: Option<&str>, content: Content) -> Arrived {
    Arrived { identity: identity.clone(), source: "local".into(), key: key.map(String::from), at: 0, content }
}

fn agent(identity: &IdentityRow) -> Caller {
    let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    let asker = Asker::new(peer::peer(&one).unwrap());
    let (session, worktree_id) = ("s".into(), "w".into());
    Caller::Agent { session, slot: 1, identity_id: identity.id.clone(), worktree_id, asker }
}

fn code<T: std::fmt::Debug>(result: Result<T>) -> Code {
    result.unwrap_err().downcast::<Error>().expect("it is an expected failure").code
}

#[tokio::test]
async fn what_comes_is_listed_read_and_counted() {
    let room = Room::new().await;
    let first = room.mail(&room.ada, "One", "the first").await;
    room.mail(&room.ada, "Two", "the second").await;
    room.mail(&room.bob, "Three", "the third").await;
    assert_eq!(room.list(None, ListMessages::default()).await, ["Three", "Two", "One"]);
    assert_eq!(room.list(Some(&room.ada), ListMessages::default()).await, ["Two", "One"]);
    let unread = async |who| room.inbox.list(who, ListMessages::default()).await.unwrap().unread;
    assert_eq!((unread(None).await, unread(Some(&room.ada)).await), (3, 2));
    let call = ReadMessage { message: first.clone(), peek: false };
    let body = room.inbox.read(&agent(&room.ada), call).await.unwrap();
    assert_eq!((body.text.trim(), body.message.from.as_str()), ("the first", "hello@shop.example"));
    assert_eq!((unread(Some(&room.ada)).await, body.message.unread), (1, false));
    let only = ListMessages { unread: true, ..ListMessages::default() };
    assert_eq!(room.list(Some(&room.ada), only).await, ["Two"]);
    let mark = MarkMessage { message: first, unread: true };
    room.inbox.mark(&Caller::Owner, mark.clone()).await.unwrap();
    room.inbox.mark(&Caller::Owner, mark).await.unwrap();
    assert_eq!(unread(Some(&room.ada)).await, 2, "a message is counted once");
}

#[tokio::test]
async fn an_agent_finds_no_trace_of_anothers_message() {
    let room = Room::new().await;
    let id = room.mail(&room.bob, "For bob", "secretly").await;
    let ada = agent(&room.ada);
    for message in [id.clone(), id[..13].to_string(), "1".to_string()] {
        let read = ReadMessage { message: message.clone(), peek: true };
        assert_eq!(code(room.inbox.read(&ada, read).await), Code::NotFound, "{message}");
        let mark = MarkMessage { message: message.clone(), unread: false };
        assert_eq!(code(room.inbox.mark(&ada, mark).await), Code::NotFound);
        let file = ReadAttachment { message, index: 0, offset: 0 };
        assert_eq!(code(room.inbox.attachment(&ada, file).await), Code::NotFound);
    }
    let none = ReadMessage { message: "9".into(), peek: true };
    let told =
        async |call| room.inbox.read(&ada, call).await.unwrap_err().to_string().replace(['1', '9'], "");
    let there = ReadMessage { message: "1".into(), peek: true };
    assert_eq!(told(none).await, told(there).await, "what is another's is told like what is not there");
    assert!(room.search(Some(&room.ada), "secretly").await.is_empty());
}

#[tokio::test]
async fn no_word_of_a_message_is_in_the_files() {
    let room = Room::new().await;
    let raw = "From: Quillon <quillon@zephyrshop.example>\nTo: ada@lanyard.localhost\nSubject: Wobbegong\n\
               Message-ID: <xylophone@zephyrshop.example>\nMIME-Version: 1.0\n\
               Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n\
               Your code is 483920, see https://zephyrshop.example/verify?t=kumquat\n--b\n\
               Content-Type: text/plain; name=\"platypus.txt\"\nContent-Disposition: attachment; filename=\"platypus.txt\"\n\n\
               marzipan\n--b--\n";
    room.receive(&room.ada, Some("uid.kiwano"), raw).await;
    let sms = Content::Text { from: "+4930777888".into(), to: "+49301".into(), body: "gingersnap".into() };
    room.inbox.receive(arrived(&room.ada, None, sms)).await.unwrap();
    let words = [
        "quillon",
        "zephyrshop",
        "wobbegong",
        "xylophone",
        "483920",
        "kumquat",
        "platypus",
        "marzipan",
        "kiwano",
        "4930777888",
        "gingersnap",
    ];
    let hold = |words: &[&str]| {
        let mut found = Vec::new();
        for file in std::fs::read_dir(room.folder.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            found.extend(words.iter().filter(|word| text.contains(**word)).map(|word| word.to_string()));
        }
        found
    };
    assert_eq!(hold(&words), [""; 0]);
    assert!(!hold(&["local"]).is_empty(), "what stands in clear is found so");
}

#[tokio::test]
async fn words_are_found_whatever_their_case_and_accents() {
    let room = Room::new().await;
    room.mail(&room.ada, "Your invoice", "Rechnung über 20 €, zahlbar in München").await;
    room.mail(&room.ada, "Password reset", "Somebody asked to reset the password of your account").await;
    room.mail(&room.ada, "検証コード", "コードは123です").await;
    room.mail(&room.bob, "Your invoice too", "Bill").await;
    let ada = Some(&room.ada);
    assert_eq!(room.search(ada, "MUNCHEN").await, ["Your invoice"]);
    assert_eq!(room.search(ada, "invoice rechnung").await, ["Your invoice"]);
    assert_eq!(room.search(ada, "invoice password").await, [""; 0]);
    assert_eq!(room.search(ada, "検証").await, ["検証コード"]);
    // The last word may be a beginning, the others may not.
    assert_eq!(room.search(ada, "your acco").await, ["Password reset"]);
    assert_eq!(room.search(ada, "acco your").await, [""; 0]);
    assert_eq!(room.search(ada, "invoix").await, [""; 0], "it begins like another word");
    assert_eq!(room.search(ada, "hello@shop.example").await.len(), 3);
    assert_eq!(room.search(None, "invoice").await, ["Your invoice too", "Your invoice"]);
    assert_eq!(
        code(room.inbox.list(ada, ListMessages { search: Some("?!".into()), ..Default::default() }).await),
        Code::Invalid
    );
}

#[tokio::test]
async fn pages_leave_nothing_out_whoever_is_looked_for() {
    let room = Room::new().await;
    for n in 0..7 {
        let whose = if n % 3 == 0 { &room.bob } else { &room.ada };
        room.mail(whose, &format!("Number {n}"), if n % 2 == 0 { "verified" } else { "verification" }).await;
    }
    for (search, all) in [(None, 7), (Some("number"), 7), (Some("veri"), 7), (Some("verific"), 3)] {
        let (mut before, mut seen) = (None, Vec::new());
        loop {
            let search = search.map(String::from);
            let call = ListMessages { search, before, limit: Some(2), ..ListMessages::default() };
            let page = room.inbox.list(None, call).await.unwrap();
            assert!(page.messages.len() <= 2);
            seen.extend(page.messages.iter().map(|message| message.number));
            assert_eq!(page.more, page.next.is_some());
            let Some(next) = page.next else { break };
            before = Some(next);
        }
        assert_eq!(seen.len(), all, "{search:?}");
        assert!(seen.is_sorted_by(|a, b| a > b), "{search:?}: {seen:?}");
    }
}

#[tokio::test]
async fn a_message_that_is_brought_twice_is_there_once() {
    let room = Room::new().await;
    let raw = |text: &str| format!("From: a@b.example\nSubject: S\nMessage-ID: <same@b.example>\n\n{text}\n");
    let Received::New(first) = room.receive(&room.ada, Some("1.7"), &raw("one")).await else { panic!("new") };
    assert_eq!(room.receive(&room.ada, Some("1.7"), &raw("whatever")).await, Received::Known(first.clone()));
    assert_eq!(
        room.receive(&room.ada, Some("2.7"), &raw("one")).await,
        Received::Known(first),
        "another UIDVALIDITY"
    );
    // A sender that gives all its mails one Message-ID still sends different ones.
    assert!(matches!(room.receive(&room.ada, None, &raw("two")).await, Received::New(_)));
    assert!(matches!(room.receive(&room.bob, Some("1.7"), &raw("one")).await, Received::New(_)));
    let batch = vec![arrived(&room.ada, Some("k"), Content::Mail(raw("x").into())); 2];
    let received = room.inbox.receive_all(batch).await.unwrap();
    assert!(matches!(&received[..], [Received::New(new), Received::Known(known)] if new == known));
}

#[tokio::test]
async fn answers_are_in_the_thread_of_what_they_answer() {
    let room = Room::new().await;
    let raw = |from: &str, subject: &str, id: &str, more: &str| {
        format!(
            "From: {from}\nTo: ada@lanyard.localhost\nSubject: {subject}\nMessage-ID: <{id}>\n{more}\nx {id}\n"
        )
    };
    let thread = async |raw: String| match room.receive(&room.ada, None, &raw).await {
        Received::New(id) | Received::Known(id) => room.read(&id).await.message.thread,
        Received::Deleted => panic!("nothing was deleted"),
    };
    let one = thread(raw("a@b.example", "Plans", "1@b", "")).await;
    let other = thread(raw("c@d.example", "Whatever", "2@d", "In-Reply-To: <1@b>\n")).await;
    assert_eq!(one, other, "it says so");
    assert_eq!(one, thread(raw("A@b.example", "AW: Re: plans", "3@b", "")).await, "it looks so");
    assert_ne!(
        one,
        thread(raw("e@f.example", "Plans", "4@f", "")).await,
        "somebody else has the same subject"
    );
    let text = async |from: &str, body: &str| {
        let sms = Content::Text { from: from.into(), to: "+491".into(), body: body.into() };
        match room.inbox.receive(arrived(&room.ada, None, sms)).await.unwrap() {
            Received::New(id) => room.read(&id).await.message.thread,
            other => panic!("it was taken for another: {other:?}"),
        }
    };
    let one = text("+4930111", "hi").await;
    assert_eq!(one, text("+4930111", "hello").await);
    assert_ne!(one, text("+4930222", "hi").await);
}

#[tokio::test]
async fn a_wait_ends_with_the_message_that_fits_and_with_no_other() {
    let room = Room::new().await;
    room.mail(&room.bob, "Your code", "Your verification code is 482913").await;
    let call = WaitForMessage {
        subject: Some("CODE".into()),
        from: Some("shop".into()),
        awaited: Awaited::Code,
        timeout_ms: Some(20_000),
        ..WaitForMessage::default()
    };
    let short = WaitForMessage { timeout_ms: Some(0), ..call.clone() };
    let ada = agent(&room.ada);
    let timed_out = room.inbox.wait(&ada, room.ada.clone(), short.clone()).await;
    assert_eq!(code(timed_out), Code::Timeout, "another's message was taken");
    let (inbox, identity) = (room.inbox.clone(), room.ada.clone());
    let waiting = tokio::spawn({
        let call = call.clone();
        async move { inbox.wait(&Caller::Owner, identity, call).await }
    });
    room.mail(&room.ada, "Your codeless newsletter", "Nothing to see").await;
    room.mail(&room.ada, "Another subject", "Your verification code is 111222").await;
    let other =
        "From: x@other.example\nSubject: Your code\nMessage-ID: <o@x>\n\nYour verification code is 333444\n";
    room.receive(&room.ada, None, other).await;
    let id = room.mail(&room.ada, "Your Code", "Your verification code is 482913").await;
    let message = waiting.await.unwrap().unwrap();
    assert_eq!((message.id.as_str(), message.found.codes[0].value.as_str()), (id.as_str(), "482913"));
    // It is still unread, so that it counts for who waits later as well; once it is read, it does not.
    assert_eq!(room.inbox.wait(&ada, room.ada.clone(), call.clone()).await.unwrap().id, id);
    room.inbox.mark(&ada, MarkMessage { message: id.clone(), unread: false }).await.unwrap();
    assert_eq!(code(room.inbox.wait(&ada, room.ada.clone(), short.clone()).await), Code::Timeout);
    let later = WaitForMessage { after: Some(message.at - 1), ..short };
    assert_eq!(room.inbox.wait(&ada, room.ada.clone(), later.clone()).await.unwrap().id, id);
    let unread = WaitForMessage { unread: true, ..later };
    assert_eq!(code(room.inbox.wait(&ada, room.ada.clone(), unread).await), Code::Timeout);
}
